// Special functions: what TensorFlow 1.15.5's kernels gave (fixtures/record-special.py), and gradients against numeric ones.
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { checks } from "./gradient-checks/special.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/special.json", import.meta.url), "utf8"),
) as readonly Case[];

/** TensorFlow's are those of their type: some lose more digits than others. */
const tolerances = { float32: 1e-5, float64: 1e-12, float16: 2e-3 };

describe("kernels", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) =>
    expectCase(one, tolerances),
  );
});

describe("gradients", () => {
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
});
