// What TensorFlow makes of Philox's bits: uniforms, normals (Box-Muller), truncated normals (rejection), integers in a
// range. Each sampler fills one group of outputs; `fill` runs groups in order, which gives what TensorFlow's threads
// give together. Not the ops: see random-ops.ts. Source: tensorflow/core/lib/random/random_distributions.h for the
// arithmetic, tensorflow/core/kernels/random_op.cc for groups and skips.
import { type DType, type NdArray, type NumericData, ndArray, sizeOf, toBits } from "@org/tensor";
import type { Philox } from "./philox.ts";

/** Element types that random floats come in. */
export type RandomFloat = "float16" | "bfloat16" | "float32" | "float64";

/** Generator steps that a random op sets aside for each output, whatever it uses of them. */
const RESERVED_STEPS_PER_OUTPUT = 256;

const words = new Uint32Array(1);
const single = new Float32Array(words.buffer);
const doubleWords = new Uint32Array(2);
const double = new Float64Array(doubleWords.buffer);

/** [0, 1) from the low 23 bits: they become a mantissa of 1.x, less 1. */
export function toSingle(x: number): number {
  words[0] = 0x3f800000 | (x & 0x7fffff);
  return single[0]! - 1;
}

/** [0, 1) from 20 bits of `x0` and all of `x1`. */
export function toDouble(x0: number, x1: number): number {
  doubleWords[0] = x1;
  doubleWords[1] = 0x3ff00000 | (x0 & 0xfffff);
  return double[0]! - 1;
}

/** [0, 1) in steps of 2^-10, as its half bits. */
const toHalf = (x: number): number => toBits("float16", (x & 0x3ff) / 1024);

/** [0, 1) in steps of 2^-7, as its bfloat16 bits. */
const toBfloat16 = (x: number): number => toBits("bfloat16", (x & 0x7f) / 128);

const smallest = 1.0e-7;
const smallestSingle = Math.fround(smallest);
const pair = new Float64Array(2);

/** Two normals from two words, in float arithmetic where TensorFlow's is. Leaves them in `pair`. */
function boxMullerSingle(x0: number, x1: number): void {
  const u1 = Math.max(toSingle(x0), smallestSingle);
  const angle = Math.fround(2 * Math.PI * toSingle(x1));
  const radius = Math.fround(Math.sqrt(Math.fround(-2 * Math.fround(Math.log(u1)))));
  pair[0] = Math.fround(Math.fround(Math.sin(angle)) * radius);
  pair[1] = Math.fround(Math.fround(Math.cos(angle)) * radius);
}

/** Two normals from four words. Leaves them in `pair`. */
function boxMullerDouble(x0: number, x1: number, x2: number, x3: number): void {
  const u1 = Math.max(toDouble(x0, x1), smallest);
  const angle = 2 * Math.PI * toDouble(x2, x3);
  const radius = Math.sqrt(-2 * Math.log(u1));
  pair[0] = Math.sin(angle) * radius;
  pair[1] = Math.cos(angle) * radius;
}

/** Two normals from four words, in double arithmetic. */
export function normalPair(x0: number, x1: number, x2: number, x3: number): readonly [number, number] {
  boxMullerDouble(x0, x1, x2, x3);
  return [pair[0]!, pair[1]!];
}

/** A distribution whose group takes one generator step: `size` outputs from four words. */
interface FixedSampler {
  readonly size: number;
  sample(words: Uint32Array, out: Float64Array): void;
}

const each = (of: (x: number) => number): FixedSampler => ({
  size: 4,
  sample(w, out) {
    for (let i = 0; i < 4; i++) out[i] = of(w[i]!);
  },
});

const narrowNormal: FixedSampler = {
  size: 4,
  sample(w, out) {
    for (let i = 0; i < 4; i += 2) {
      boxMullerSingle(w[i]!, w[i + 1]!);
      out[i] = pair[0]!;
      out[i + 1] = pair[1]!;
    }
  },
};

const uniformSamplers: Record<RandomFloat, FixedSampler> = {
  float32: each(toSingle),
  float16: each(toHalf),
  bfloat16: each(toBfloat16),
  float64: {
    size: 2,
    sample(w, out) {
      out[0] = toDouble(w[0]!, w[1]!);
      out[1] = toDouble(w[2]!, w[3]!);
    },
  },
};

const wideNormal: FixedSampler = {
  size: 2,
  sample(w, out) {
    boxMullerDouble(w[0]!, w[1]!, w[2]!, w[3]!);
    out[0] = pair[0]!;
    out[1] = pair[1]!;
  },
};

/** How a computed float is stored: 16-bit types by their bits. */
const stores: Record<RandomFloat, (x: number) => number> = {
  float32: (x) => x,
  float64: (x) => x,
  float16: (x) => toBits("float16", x),
  bfloat16: (x) => toBits("bfloat16", x),
};

/** Takes the generator for `count` outputs and moves `generator` on by what TensorFlow reserves for them. */
export function reserveOutputs(generator: Philox, count: number): Philox {
  const local = generator.clone();
  generator.skip(count * RESERVED_STEPS_PER_OUTPUT);
  return local;
}

function fill(
  data: NumericData,
  generator: Philox,
  sampler: FixedSampler,
  store: (x: number) => number,
): void {
  const step = new Uint32Array(4);
  const group = new Float64Array(sampler.size);
  for (let at = 0; at < data.length; at += sampler.size) {
    generator.next(step);
    sampler.sample(step, group);
    const end = Math.min(sampler.size, data.length - at);
    for (let i = 0; i < end; i++) data[at + i] = store(group[i]!);
  }
}

/** Uniforms in [0, 1), bit for bit TensorFlow's. */
export function randomUniform(generator: Philox, dtype: RandomFloat, shape: readonly number[]): NdArray {
  const local = reserveOutputs(generator, sizeOf(shape));
  const out = ndArray(dtype as DType, shape);
  // The samplers of 16-bit types yield bits already.
  fill(out.data as NumericData, local, uniformSamplers[dtype], (x) => x);
  return out;
}

/** Normals with mean 0 and deviation 1. */
export function randomNormal(generator: Philox, dtype: RandomFloat, shape: readonly number[]): NdArray {
  const local = reserveOutputs(generator, sizeOf(shape));
  const out = ndArray(dtype as DType, shape);
  fill(out.data as NumericData, local, dtype === "float64" ? wideNormal : narrowNormal, stores[dtype]);
  return out;
}

/**
 * Normals within two deviations: outliers are drawn again. How many words a group takes depends on the data, so each
 * starts at a place of its own, 256 words an output after the last.
 */
export function truncatedNormal(generator: Philox, dtype: RandomFloat, shape: readonly number[]): NdArray {
  const local = reserveOutputs(generator, sizeOf(shape));
  const out = ndArray(dtype as DType, shape);
  const data = out.data as NumericData;
  const wide = dtype === "float64";
  const size = wide ? 2 : 4;
  const stride = (size * RESERVED_STEPS_PER_OUTPUT) / 4;
  const store = stores[dtype];
  for (let at = 0; at < data.length; at += size) {
    const next = local.clone().singles();
    local.skip(stride);
    let found = 0;
    while (found < size) {
      if (wide) boxMullerDouble(next(), next(), next(), next());
      else boxMullerSingle(next(), next());
      for (let i = 0; i < 2 && found < size; i++)
        if (Math.abs(pair[i]!) < 2) {
          if (at + found < data.length) data[at + found] = store(pair[i]!);
          found++;
        }
    }
  }
  return out;
}

/** Integers in [low, high): the remainder of a 32-bit or 64-bit word. The caller has seen to low < high. */
export function randomUniformInt(
  generator: Philox,
  dtype: "int32" | "int64",
  shape: readonly number[],
  low: bigint,
  high: bigint,
): NdArray {
  const local = reserveOutputs(generator, sizeOf(shape));
  const out = ndArray(dtype, shape);
  const step = new Uint32Array(4);
  if (dtype === "int32") {
    const data = out.data as Int32Array;
    const range = Number(high - low);
    const base = Number(low);
    for (let at = 0; at < data.length; at += 4) {
      local.next(step);
      for (let i = 0; i < 4 && at + i < data.length; i++) data[at + i] = base + (step[i]! % range);
    }
    return out;
  }
  const data = out.data as BigInt64Array;
  const range = high - low;
  for (let at = 0; at < data.length; at += 2) {
    local.next(step);
    for (let i = 0; i < 2 && at + i < data.length; i++)
      data[at + i] = low + ((BigInt(step[2 * i]!) | (BigInt(step[2 * i + 1]!) << 32n)) % range);
  }
  return out;
}

/** The order in which RandomShuffle puts `size` rows: result row i is row `order[i]`. */
export function shuffledOrder(generator: Philox, size: number): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  if (size < 2) return order;
  const next = generator.clone().singles();
  generator.skip(Math.floor((size - 1 + 3) / 4));
  for (let i = 0; i < size - 1; i++) {
    const other = i + (next() % (size - i));
    const kept = order[i]!;
    order[i] = order[other]!;
    order[other] = kept;
  }
  return order;
}

/**
 * Draws `samples` classes a row from unnormalised log-probabilities [batch, classes]: one stream for all rows, as TensorFlow
 * does where one thread has them all (with large batches its numbers depend on the number of threads).
 */
export function multinomial(
  generator: Philox,
  logits: ArrayLike<number>,
  [batch, classes]: readonly [number, number],
  samples: number,
): number[] {
  // A draw takes a double, hence two words.
  const local = reserveOutputs(generator, batch * Math.floor((samples + 3) / 4) * 8);
  const next = local.singles();
  const out: number[] = [];
  for (let row = 0; row < batch; row++) {
    let largest = -Infinity;
    for (let j = 0; j < classes; j++) {
      const value = logits[row * classes + j]!;
      if (Number.isFinite(value)) largest = Math.max(largest, value);
    }
    let total = 0;
    const cumulative = Float64Array.from({ length: classes }, (_, j) => {
      const value = logits[row * classes + j]!;
      if (Number.isFinite(value)) total += Math.exp(value - largest);
      return total;
    });
    for (let s = 0; s < samples; s++) {
      const wanted = toDouble(next(), next()) * total;
      let found = 0;
      while (found < classes && cumulative[found]! <= wanted) found++;
      out.push(found);
    }
  }
  return out;
}
