// Ops whose results' shapes hang on data, gradients of gradients of pools: TensorFlow 1.15.5's values, shapes and errors (recorded by
// fixtures/record-selections.py).
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/selections.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("selections", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});
