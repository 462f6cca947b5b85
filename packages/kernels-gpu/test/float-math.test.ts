// How far the functions of wgsl/ are from the true values, over every exponent; and that they are what the README says.
import { evaluate, fuse, HloBuilder, type UnaryOpcode } from "@org/hlo";
import { runPlan } from "@org/hlo/testing";
import { ndArray } from "@org/tensor";
import { afterAll, expect, it } from "vitest";
import { gpu } from "../src/index.ts";
import { describeGpu, openSharedDevice } from "./webgpu.ts";

/** Numbers of every exponent from 2^low to 2^high, of both signs. */
function spread(low: number, high: number): Float32Array<ArrayBuffer> {
  const numbers: number[] = [];
  for (let e = low; e < high; e++)
    for (let k = 0; k < 64; k++) {
      const x = 2 ** e * (1 + (k + ((k * 7919) % 64) / 64) / 64);
      numbers.push(x, -x);
    }
  return Float32Array.from(numbers);
}

/** Units in the last place between two float32 numbers. */
function ulps(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected || (Number.isNaN(actual) && Number.isNaN(expected)))
    return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Number.POSITIVE_INFINITY;
  const size = Math.max(Math.abs(expected), 2 ** -126);
  return Math.abs(actual - expected) / 2 ** (Math.floor(Math.log2(size)) - 23);
}

const limits: Readonly<Partial<Record<UnaryOpcode, readonly [ulps: number, low: number, high: number]>>> = {
  exp: [2, -30, 8],
  expm1: [4, -30, 8],
  log: [2, -125, 128],
  log1p: [4, -30, 127],
  logistic: [4, -30, 8],
  tanh: [4, -30, 8],
  rsqrt: [2, -125, 128],
  sin: [3, -30, 127],
  cos: [3, -30, 127],
  tan: [5, -30, 127],
  asin: [4, -30, 1],
  acos: [4, -30, 1],
  atan: [4, -30, 127],
  sinh: [8, -30, 8],
  cosh: [8, -30, 8],
  asinh: [4, -30, 127],
  acosh: [4, 0, 127],
  atanh: [6, -30, 1],
  erf: [4, -30, 4],
  erfc: [8, -30, 5],
};

await describeGpu("float functions", (root) => {
  const device = openSharedDevice(root);
  afterAll(async () => (await device).destroy());

  for (const [opcode, [most, low, high]] of Object.entries(limits))
    it(`${opcode} is within ${most} ulp`, async () => {
      const x = ndArray("float32", [(high - low) * 128], spread(low, high));
      const b = new HloBuilder(opcode);
      const computation = b.build([b.unary(opcode as UnaryOpcode, b.parameter("float32", x.shape))]);
      const backend = await gpu({ device: await device });
      const { results } = await runPlan(backend, computation, fuse(computation), [x]);
      const [expected] = evaluate(computation, [x]);
      let worst = { ulps: 0, x: 0, actual: 0, expected: 0 };
      x.data.forEach((value, i) => {
        const [actual, wanted] = [results[0]!.data[i] as number, expected!.data[i] as number];
        const isSubnormal = Math.abs(wanted) < 2 ** -126 && Math.abs(actual) < 2 ** -126;
        const error = isSubnormal ? 0 : ulps(actual, wanted);
        if (error > worst.ulps) worst = { ulps: error, x: value as number, actual, expected: wanted };
      });
      expect(worst.ulps, JSON.stringify(worst)).toBeLessThanOrEqual(most);
      await backend.close();
    });
});
