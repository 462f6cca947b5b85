// Ops on serialized data, against TensorFlow 1.15.5's kernels: values, shapes and errors (recorded by fixtures/record-parsing.py).
import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/parsing.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("parsing", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});
