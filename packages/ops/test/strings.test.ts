// Ops on strings, against TensorFlow 1.15.5's kernels: values, shapes and errors (recorded by fixtures/record-strings.py).
import { readFileSync } from "node:fs";
import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { constant, regexFullMatch } from "../src/index.ts";
import { inGraph } from "./in-graph.ts";
import { MiniSession } from "./mini-session.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/strings.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("strings", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});

describe("patterns of strangers", () => {
  it("ends where an engine that backtracks would try 2^40 ways", async () => {
    const match = inGraph(() => regexFullMatch(constant(["a".repeat(40)]), "(a|a|aa)*b"));
    const result = await new MiniSession(match.graph).fetch(match);
    expect(result).toEqual(ndArray("bool", [1], Uint8Array.of(0)));
  });

  it("refuses what RE2 would make too large", async () => {
    const match = inGraph(() => regexFullMatch(constant(["a"]), "((a{1000}){1000}){1000}"));
    await expect(new MiniSession(match.graph).fetch(match)).rejects.toThrow(
      "invalid repetition size: {1000}",
    );
  });
});
