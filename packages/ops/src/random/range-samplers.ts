// Samplers of classes from a range [0, n), with what TensorFlow expects of each class: uniform, log-uniform (words by frequency), by given
// weights, by what was seen. Not the ops: candidate-ops.ts. Source: core/kernels/range_sampler.cc, core/lib/random/{weighted_picker,
// distribution_sampler,simple_philox,exact_uniform_int}.
import { toDouble, toSingle } from "./distributions.ts";

/** Hands out 32 random bits. */
export type Bits = () => number;

/** Draws classes, and tells how probable each is, as a float32. */
export interface RangeSampler {
  readonly range: number;
  /** How many classes can be drawn. */
  readonly drawable: number;
  sample(bits: Bits): number;
  probability(value: number): number;
  /** Learns from classes that are true. Throws a RangeError for one outside of the range. */
  update?(values: readonly number[]): void;
}

/** [0, n) of 32 bits a draw, without bias: what would skew it is drawn again. */
function uniform32(bits: Bits, n: number): number {
  if ((n & (n - 1)) === 0) return (bits() & (n - 1)) >>> 0;
  const skewed = (0xffffffff % n) + 1;
  for (;;) {
    const drawn = bits();
    if (drawn >= skewed) return drawn % n;
  }
}

const all64 = 2n ** 64n - 1n;

/** [0, n) of 64 bits a draw, without bias. */
function uniform64(bits: Bits, n: bigint): number {
  const draw = (): bigint => BigInt(bits()) | (BigInt(bits()) << 32n);
  if ((n & (n - 1n)) === 0n) return Number(draw() & (n - 1n));
  const skewed = (all64 % n) + 1n;
  for (;;) {
    const drawn = draw();
    if (drawn >= skewed) return Number(drawn % n);
  }
}

/** Each class as often as any other. */
export function uniformSampler(range: number): RangeSampler {
  const each = Math.fround(1 / range);
  return {
    range,
    drawable: range,
    sample: (bits) => uniform64(bits, BigInt(range)),
    probability: () => each,
  };
}

/** Class k about as often as the k-th most frequent word is: log((k + 2) / (k + 1)) / log(range + 1). */
export function logUniformSampler(range: number): RangeSampler {
  const log = Math.log1p(range);
  return {
    range,
    drawable: range,
    sample: (bits) => (Math.trunc(Math.exp(toDouble(bits(), bits()) * log)) - 1) % range,
    probability: (value) => Math.fround(Math.log((value + 2) / (value + 1)) / log),
  };
}

/** Classes by weights (Walker's aliases). The sum is added up in float32, as TensorFlow does. */
export function weightedSampler(weights: Float32Array): RangeSampler {
  const n = weights.length;
  const total = weights.reduce((sum, weight) => Math.fround(sum + weight), 0);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const share = Float64Array.from(weights, (weight) => Math.fround(weight * n) / sum);
  const other = new Int32Array(n).fill(-1);
  const [low, high]: [number[], number[]] = [[], []];
  share.forEach((p, i) => {
    (p < 1 ? low : high).push(i);
  });
  while (low.length > 0 && high.length > 0) {
    const [l, h] = [low.pop()!, high.pop()!];
    other[l] = h;
    share[h] = share[h]! - (1 - share[l]!);
    (share[h]! < 1 ? low : high).push(h);
  }
  const keep = Float32Array.from(share);
  for (const i of [...high, ...low]) {
    keep[i] = 1;
    other[i] = i;
  }
  return {
    range: n,
    drawable: weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0),
    sample: (bits) => {
      const r = toSingle(bits());
      const at = uniform32(bits, n);
      return r < keep[at]! ? at : other[at]!;
    },
    probability: (value) => (value < 0 || value >= n ? 0 : Math.fround(weights[value]! / total)),
  };
}

const mostWeight = 2 ** 31 - 1;

/** Classes by how often they were seen, each once before it begins: sums of counts in a binary tree. */
export function learnedSampler(range: number): RangeSampler {
  let leaves = 1;
  while (leaves < range) leaves *= 2;
  // Node i has the children 2i and 2i + 1; the leaves come last.
  const tree = new Int32Array(2 * leaves);
  tree.fill(1, leaves, leaves + range);
  for (let i = leaves - 1; i >= 1; i--) tree[i] = tree[2 * i]! + tree[2 * i + 1]!;
  return {
    range,
    drawable: range,
    sample: (bits) => {
      let position = uniform32(bits, tree[1]!);
      let at = 1;
      while (at < leaves) {
        at *= 2;
        if (position >= tree[at]!) position -= tree[at++]!;
      }
      return at - leaves;
    },
    probability: (value) => Math.fround((tree[leaves + value] ?? 0) / Math.fround(tree[1]!)),
    update: (values) => {
      for (const value of values)
        if (value < 0 || value >= range) throw new RangeError(`class ${value} is not in [0, ${range})`);
      for (const value of values.slice(0, mostWeight - tree[1]!))
        for (let at = leaves + value; at >= 1; at >>= 1) tree[at]! += 1;
    },
  };
}

/** How often a class of probability `p` is expected among `count` that took `tries`. */
export function expectedCount(p: number, count: number, tries: number): number {
  if (tries === count) return Math.fround(p * count);
  return Math.fround(-Math.expm1(Math.fround(tries * Math.fround(Math.log1p(-p)))));
}
