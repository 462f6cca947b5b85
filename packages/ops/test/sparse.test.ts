// Ops on sparse tensors, against TensorFlow 1.15.5's kernels (recorded by fixtures/record-sparse.py).
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/sparse.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("sparse tensors", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});
