// The published suite of the Backend contract.
import { backendCases, testBackend, unsupported } from "@org/hlo/testing";
import { afterAll, describe, expect, it } from "vitest";
import { gpu } from "../src/index.ts";
import { describeGpu, openSharedDevice } from "./webgpu.ts";

/** What WGSL promises of `/`, and of `sqrt`, which it takes for 1 / inverseSqrt(x): 2.5 and 2 ulp together. */
const ulps = { divide: 2.5, sqrt: 4.5 };

/** Random programs of each sort; METAGRAPH_PROGRAMS says how many: a driver in software compiles each for long. */
const programs = Number(globalThis.process?.env.METAGRAPH_PROGRAMS ?? 16);

await describeGpu("gpu()", (root) => {
  const device = openSharedDevice(root);
  afterAll(async () => (await device).destroy());
  testBackend({ describe, it: it.concurrent }, async () => gpu({ device: await device }), {
    flushesSubnormals: true,
    ulps,
    programs,
  });

  it("passes over nothing but types of 64 bits, lgamma and digamma, and products and the like of small types", async () => {
    const backend = await gpu({ device: await device });
    const missing = backendCases().flatMap(({ computation }) => unsupported(backend, computation) ?? []);
    const known = /64|lgamma|digamma|(dot|cumulative|scatter|sort) (u?int8|u?int16|b?float16|bool)/;
    expect([...new Set(missing)].filter((instruction) => !known.test(instruction))).toEqual([]);
    await backend.close();
  });
});
