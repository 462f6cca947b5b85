// Random computations from a seed: element-wise chains, views, broadcasts, reductions, products, several roots. Small, so
// that failures are readable; values stay in a range where float32 sums of them agree to a few ulp.
import { type DataOf, type DType, type NdArray, ndArray, sizeOf } from "@org/tensor";
import { HloBuilder } from "../builder.ts";
import { convertArray } from "../evaluator/convert.ts";
import type { HloComputation, HloDType, HloInstruction } from "../instruction.ts";

/** A generator of numbers in [0, 1): mulberry32, the same everywhere. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Random numbers of a type: floats in [-2, 2), integers in [-8, 8) or [0, 16). */
export function randomArray(dtype: HloDType, shape: readonly number[], random: () => number): NdArray {
  const numbers = Float64Array.from(
    { length: sizeOf(shape) },
    () => Math.round((random() * 4 - 2) * 64) / 64,
  );
  if (dtype === "float64") return ndArray(dtype, shape, numbers);
  const integral = dtype !== "float32" && dtype !== "float16" && dtype !== "bfloat16";
  const shift = dtype.startsWith("uint") ? 2 : 0;
  const scaled =
    integral && dtype !== "bool"
      ? numbers.map((x) => Math.floor((x + shift) * 4))
      : numbers.map((x) => (dtype === "bool" ? Number(x > 0) : x));
  const { data } = convertArray({ dtype: "float64", dims: shape, data: scaled }, dtype);
  return ndArray(dtype as DType, shape, data as DataOf<DType>);
}

export interface RandomProgram {
  readonly computation: HloComputation;
  readonly inputs: readonly NdArray[];
}

/** A random computation of about `size` instructions on `dtype`, with inputs for it. */
export function randomProgram(seed: number, size = 12, dtype: HloDType = "float32"): RandomProgram {
  const random = seededRandom(seed);
  const b = new HloBuilder(`random${seed}`);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const dim = (): number => pick([1, 2, 3, 4, 5, 8]);
  const values: HloInstruction[] = [];
  const inputs: NdArray[] = [];
  const input = (dims: readonly number[]): HloInstruction => {
    inputs.push(randomArray(dtype, dims, random));
    return b.parameter(dtype, dims);
  };
  const float = dtype.includes("float");
  const partner = (x: HloInstruction): HloInstruction => {
    const alike = values.filter((v) => v.dims.length <= x.dims.length && stretches(v.dims, x.dims));
    return b.broadcastTo(pick([...alike, b.scalar(dtype, 1), x]), x.dims);
  };
  const steps: ((x: HloInstruction) => HloInstruction)[] = [
    (x) => b.binary(pick(["add", "subtract", "multiply", "maximum", "minimum"]), x, partner(x)),
    (x) => b.binary(pick(["add", "multiply", "maximum"]), partner(x), x),
    (x) => b.unary(float ? pick(["tanh", "negate", "abs", "logistic"]) : pick(["negate", "abs", "sign"]), x),
    (x) => b.select(b.compare(pick(["LT", "GE", "EQ"]), x, partner(x)), x, partner(x)),
    (x) =>
      b.transpose(
        x,
        shuffled(
          x.dims.map((_, d) => d),
          random,
        ),
      ),
    (x) =>
      b.reverse(
        x,
        x.dims.map((_, d) => d).filter(() => random() < 0.5),
      ),
    (x) => {
      const start = x.dims.map((extent) => (extent > 2 ? Math.floor(random() * 2) : 0));
      return b.slice(
        x,
        start,
        x.dims,
        x.dims.map(() => pick([1, 1, 2])),
      );
    },
    (x) => b.reshape(x, pick([[sizeOf(x.dims)], [...x.dims, 1], [1, ...x.dims], halved(x.dims)])),
    (x) => (x.dims.length < 3 ? b.broadcastTo(x, [dim(), ...x.dims]) : x),
    (x) =>
      b.reduce(
        x,
        pick(["add", "maximum", "minimum"]),
        x.dims.map((_, d) => d).filter(() => random() < 0.5),
      ),
    (x) => (x.dims.length === 2 ? b.matmul(x, input([x.dims[1]!, dim()])) : x),
    (x) =>
      x.dims.length
        ? b.binary("multiply", x, b.iota(dtype, x.dims, Math.floor(random() * x.dims.length)))
        : x,
    (x) => (x.dims.length ? b.concatenate([x, x], Math.floor(random() * x.dims.length)) : x),
  ];
  for (let i = 0; i < 3; i++)
    values.push(input(Array.from({ length: Math.floor(random() * 3) + (i === 0 ? 1 : 0) }, dim)));
  while (values.length < size) {
    const made = pick(steps)(random() < 0.6 ? values.at(-1)! : pick(values));
    if (sizeOf(made.dims) <= 4096 && made.dims.length <= 4) values.push(damped(b, made, float));
    else values.push(input([dim()]));
  }
  const roots = [values.at(-1)!, ...values.slice(3).filter(() => random() < 0.25)];
  return { computation: b.build(roots), inputs };
}

/** Keeps float values from growing, so that cancellation does not blow rounding up. */
function damped(b: HloBuilder, x: HloInstruction, float: boolean): HloInstruction {
  const grows = x.opcode === "multiply" || x.opcode === "dot" || x.opcode === "reduce";
  return float && grows ? b.unary("tanh", x) : x;
}

function stretches(from: readonly number[], to: readonly number[]): boolean {
  const shift = to.length - from.length;
  return from.every((dim, i) => dim === 1 || dim === to[i + shift]);
}

function halved(dims: readonly number[]): number[] {
  const last = dims.at(-1) ?? 1;
  return last % 2 === 0 ? [...dims.slice(0, -1), last / 2, 2] : [...dims];
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
