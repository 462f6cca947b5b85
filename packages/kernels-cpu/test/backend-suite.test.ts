// The published suite of the Backend contract, with and without relaxed SIMD.
import { testBackend } from "@org/hlo/testing";
import { describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";

const skipped = new Set<string>();
for (const relaxedSimd of [true, false]) {
  describe(relaxedSimd ? "cpu()" : "cpu({ relaxedSimd: false })", () => {
    testBackend({ describe, it }, () => cpu({ relaxedSimd }), {
      onSkip: (_test, reason) => skipped.add(reason),
    });
  });
}

it("skips nothing but what supports() says no to", () => {
  expect([...skipped].filter((reason) => !/customCall|sort (b?float16)/.test(reason))).toEqual([]);
});
