// Random numbers against what TensorFlow 1.15.5 gave for the same seeds (fixtures/record-random.py).
import { readFileSync } from "node:fs";
import { type DType, type NdArray, type NumericData, viewData } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  multinomial,
  type RandomFloat,
  randomNormal,
  randomUniform,
  randomUniformInt,
  shuffledOrder,
  truncatedNormal,
} from "../src/random/distributions.ts";
import { Philox } from "../src/random/philox.ts";

interface Long {
  crc32: number;
  first: string;
  last: string;
  sampled: string;
}
interface Case {
  op: string;
  dtype: DType;
  seed: string;
  seed2: string;
  shape: [number, number];
  runs: (string | Long)[];
  low?: string;
  high?: string;
  logits?: number[];
}
const cases = JSON.parse(readFileSync(new URL("./fixtures/random.json", import.meta.url), "utf8")) as Case[];

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (b) => Number.parseInt(b, 16));

/** Where a number stands in the order of its type's numbers: neighbours differ by 1. */
function ordinal(data: NumericData, i: number): bigint {
  const size = data.BYTES_PER_ELEMENT;
  const view = new DataView(data.buffer as ArrayBuffer, data.byteOffset + i * size, size);
  const bits =
    size === 8
      ? view.getBigInt64(0, true)
      : BigInt(size === 4 ? view.getInt32(0, true) : view.getInt16(0, true));
  const lowest = -(1n << BigInt(size * 8 - 1));
  return bits < 0n ? lowest - bits : bits;
}

function worstDistance(got: NumericData, want: NumericData): number {
  let worst = 0n;
  for (let i = 0; i < want.length; i++) {
    const distance = ordinal(got, i) - ordinal(want, i);
    if (distance > worst) worst = distance;
    if (-distance > worst) worst = -distance;
  }
  return Number(worst);
}

function draw(generator: Philox, c: Case): NdArray {
  if (c.op === "RandomUniform") return randomUniform(generator, c.dtype as RandomFloat, c.shape);
  if (c.op === "RandomStandardNormal") return randomNormal(generator, c.dtype as RandomFloat, c.shape);
  if (c.op === "TruncatedNormal") return truncatedNormal(generator, c.dtype as RandomFloat, c.shape);
  if (c.op === "RandomUniformInt")
    return randomUniformInt(generator, c.dtype as "int32", c.shape, BigInt(c.low!), BigInt(c.high!));
  if (c.op === "Multinomial") {
    const drawn = multinomial(generator, c.logits!, [1, c.logits!.length], c.shape[1]);
    return { dtype: "int64", shape: c.shape, data: BigInt64Array.from(drawn, BigInt) };
  }
  const [rows, columns = 1] = c.shape;
  const order = shuffledOrder(generator, rows);
  const data = Int32Array.from(
    { length: rows * columns },
    (_, i) => order[Math.floor(i / columns)]! * columns + (i % columns),
  );
  return { dtype: "int32", shape: c.shape, data };
}

describe("random numbers", () => {
  for (const op of new Set(cases.map((c) => c.op))) {
    const ulps = op === "RandomStandardNormal" || op === "TruncatedNormal" ? 2 : 0;
    it(`${op}: within ${ulps} ulp of TensorFlow's, run after run`, () => {
      for (const c of cases.filter((one) => one.op === op)) {
        const generator = Philox.fromSeeds(BigInt(c.seed), BigInt(c.seed2));
        for (const run of c.runs) {
          const got = draw(generator, c).data as NumericData;
          const long = typeof run !== "string";
          const want = viewData(c.dtype, hex(long ? run.sampled : run));
          const compared = long ? (got.filter((_: unknown, i: number) => i % 997 === 0) as NumericData) : got;
          expect(compared.length).toBe(want.length);
          expect(
            worstDistance(compared, want),
            `${c.op} ${c.dtype} seeds ${c.seed},${c.seed2}`,
          ).toBeLessThanOrEqual(ulps);
        }
      }
    });
  }
});
