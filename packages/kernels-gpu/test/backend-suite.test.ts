// The published suite of the Backend contract.
import { testBackend } from "@org/hlo/testing";
import { afterAll, describe, expect, it } from "vitest";
import { gpu } from "../src/index.ts";
import { describeGpu, openSharedDevice } from "./webgpu.ts";

await describeGpu("gpu()", (root) => {
  const device = openSharedDevice(root);
  const skipped = new Set<string>();
  testBackend({ describe, it }, async () => gpu({ device: await device }), {
    flushesSubnormals: true,
    onSkip: (_test, reason) => skipped.add(reason),
  });

  it("skips nothing but types of 64 bits, lgamma and digamma, and products and the like of small types", () => {
    const known = /64|lgamma|digamma|(dot|cumulative|scatter|sort) (u?int8|u?int16|b?float16|bool)$/;
    expect([...skipped].filter((reason) => !known.test(reason))).toEqual([]);
  });

  afterAll(async () => (await device).destroy());
});
