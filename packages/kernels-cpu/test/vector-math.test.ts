// Accuracy of the f32 functions, in units of the last place of the true result, over random bits (every exponent), the
// interesting interval, and special values. The bound of each is what README promises.
import { evaluate, type UnaryOpcode } from "@org/hlo";
import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { cpu } from "../src/index.ts";
import { build, generator, runOnCpu } from "./compare.ts";

const count = 20_000;
const special = [
  0,
  -0,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  1,
  -1,
  88.7,
  89,
  -87.5,
  -103.5,
  -104,
  1e-40,
  -1e-40,
  3.4e38,
  -3.4e38,
];

/** Distance in ulps of the f32 nearest `want`; infinite where NaN, infinity or the sign of 0 differ. */
function ulps(got: number, want: number): number {
  const rounded = Math.fround(want);
  if (Object.is(got, rounded)) return 0;
  if (Number.isNaN(got) || Number.isNaN(rounded)) return Number.POSITIVE_INFINITY;
  if (!Number.isFinite(got) || !Number.isFinite(rounded)) {
    // Just beyond the largest number, either side of overflow is near.
    return Math.abs(want) > 3.4028e38 && Math.abs(got) > 3.4028e38 ? 1 : Number.POSITIVE_INFINITY;
  }
  if (got === 0 && rounded === 0) return Object.is(got, rounded) ? 0 : Number.POSITIVE_INFINITY;
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(want) || 1e-45)));
  return Math.abs(got - want) / 2 ** (exponent - 23);
}

const bounds: Partial<Record<UnaryOpcode, readonly [ulp: number, low: number, high: number]>> = {
  exp: [1, -104, 89],
  expm1: [1.5, -20, 89],
  log: [1, 0, 4],
  log1p: [1.5, -1, 4],
  tanh: [2, -10, 10],
  logistic: [2, -104, 104],
  erf: [1.5, -4, 4],
  sin: [0.501, -1e5, 1e5],
  cos: [0.501, -1e5, 1e5],
  rsqrt: [1.5, 0, 4],
  sqrt: [0.5, 0, 4],
  tan: [0.501, -100, 100],
  atan: [0.501, -100, 100],
};

for (const relaxedSimd of [true, false]) {
  describe(`f32 functions ${relaxedSimd ? "with relaxed SIMD where it is there" : "without relaxed SIMD"}`, () => {
    const on = cpu({ relaxedSimd });
    for (const [opcode, [bound, low, high]] of Object.entries(bounds) as [
      UnaryOpcode,
      [number, number, number],
    ][]) {
      it(`${opcode} within ${bound} ulp`, () => {
        const next = generator(3);
        const bits = new Float32Array(Uint32Array.from({ length: count }, () => next() * 4294967296).buffer);
        const inside = Float32Array.from({ length: count }, () => low + next() * (high - low));
        const small = Float32Array.from({ length: count }, () => (next() - 0.5) * 0.5);
        const x = Float32Array.from([...special, ...bits, ...inside, ...small]);
        const make = (dtype: "float32" | "float64") =>
          build(`${opcode} ${dtype}`, (b) => [b.unary(opcode, b.parameter(dtype, [x.length]))]);
        const got = runOnCpu("loop", make("float32"), [ndArray("float32", [x.length], x)], [-1], on)
          .results[0]!.data;
        const want = evaluate(make("float64"), [ndArray("float64", [x.length], Float64Array.from(x))])[0]!
          .data;
        let worst = 0;
        let at = 0;
        for (let i = 0; i < x.length; i++) {
          const distance = ulps(got[i] as number, want[i] as number);
          if (!(distance <= worst)) [worst, at] = [distance, x[i]!];
        }
        expect(worst, `at ${at}`).toBeLessThanOrEqual(bound);
      });
    }

    it("exp of what is known to be 0 or less within 1 ulp, subnormals and NaN included", () => {
      const next = generator(11);
      const values = Float32Array.from({ length: count }, (_, i) => (i % 2 ? next() * 110 : next()));
      const bits = new Float32Array(Uint32Array.from({ length: count }, () => next() * 4294967296).buffer);
      const x = Float32Array.from([...special, ...values, ...bits]);
      const make = (dtype: "float32" | "float64") =>
        build(`exp(-|x|) ${dtype}`, (b) => [
          b.unary("exp", b.unary("negate", b.unary("abs", b.parameter(dtype, [x.length])))),
        ]);
      const got = runOnCpu("loop", make("float32"), [ndArray("float32", [x.length], x)], [-1], on).results[0]!
        .data;
      const want = evaluate(make("float64"), [ndArray("float64", [x.length], Float64Array.from(x))])[0]!.data;
      let worst = 0;
      let at = 0;
      for (let i = 0; i < x.length; i++) {
        const distance = ulps(got[i] as number, want[i] as number);
        if (!(distance <= worst)) [worst, at] = [distance, x[i]!];
      }
      expect(worst, `at ${at}`).toBeLessThanOrEqual(1);
    });

    it("power within 0.51 ulp, and as C has it for what is not finite or not positive", () => {
      const next = generator(5);
      const bits = (): number => new Float32Array(Uint32Array.of(next() * 4294967296).buffer)[0]!;
      const pairs: [number, number][] = [];
      for (let i = 0; i < count; i++) {
        pairs.push([bits(), bits()], [Math.exp((next() - 0.5) * 20), (next() - 0.5) * 20]);
        pairs.push([1 + (next() - 0.5) * 1e-3, (next() - 0.5) * 1e5], [Math.abs(bits()), (next() - 0.5) * 4]);
      }
      for (const x of special) for (const y of [...special, 2, 3, -3, 0.5]) pairs.push([x, y]);
      const [xs, ys] = [0, 1].map((i) => Float32Array.from(pairs, (pair) => pair[i]!)) as [
        Float32Array<ArrayBuffer>,
        Float32Array<ArrayBuffer>,
      ];
      const make = (dtype: "float32" | "float64") =>
        build(`power ${dtype}`, (b) => [
          b.binary("power", b.parameter(dtype, [xs.length]), b.parameter(dtype, [xs.length])),
        ]);
      const array = (dtype: "float32" | "float64", data: Float32Array<ArrayBuffer>) =>
        ndArray(dtype, [data.length], (dtype === "float32" ? data : Float64Array.from(data)) as never);
      const inputs = [array("float32", xs), array("float32", ys)];
      const got = runOnCpu("loop", make("float32"), inputs, [-1], on).results[0]!.data;
      const want = evaluate(make("float64"), [array("float64", xs), array("float64", ys)])[0]!.data;
      let worst = 0;
      let at = "";
      for (let i = 0; i < xs.length; i++) {
        const distance = ulps(got[i] as number, want[i] as number);
        if (!(distance <= worst)) [worst, at] = [distance, `${xs[i]}, ${ys[i]}`];
      }
      expect(worst, `at ${at}`).toBeLessThanOrEqual(0.51);
    });
  });
}
