// Ops on images, against TensorFlow 1.15.5's kernels: values, shapes and errors (recorded by fixtures/record-images.py); and their gradients.
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { checks } from "./gradient-checks/images.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/images.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("images", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) =>
    // Colors go through float32 several times, in another order than TensorFlow's kernels; its gradients of float64 images have float32 weights.
    expectCase(one, {
      ...(/Adjust|HSV|Bicubic/.test(one.op) && { float32: 6e-6 }),
      ...(one.op.includes("Grad") && { float64: 1e-6 }),
    }),
  );
});

describe("gradients of resizing, in float32", () => {
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
});
