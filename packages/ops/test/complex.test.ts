// Complex numbers, against TensorFlow 1.15.5's kernels: values, shapes and errors (recorded by fixtures/record-complex.py).
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { checks } from "./gradient-checks/complex.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, type Tolerances, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/complex.json", import.meta.url), "utf8"),
) as readonly Case[];

/** Long sums in float32, in an order of Eigen's. */
const inTransforms: Tolerances = { complex64: 5e-5, float32: 5e-5, complex128: 1e-12 };

describe("complex numbers", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) =>
    expectCase(one, one.op.includes("FFT") ? inTransforms : {}),
  );
});

describe("gradients through complex numbers", () => {
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
});
