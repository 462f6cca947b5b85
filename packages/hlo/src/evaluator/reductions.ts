// reduce, argReduce, reduceWindow and cumulative. Floats are combined in float64 and rounded once (cumulative: each
// result), so a float32 sum here is nearer to the true one than what kernels give.
import { sizeOf } from "@org/tensor";
import { attributesOf, type HloDType, type HloInstruction, type Reducer } from "../instruction.ts";
import { isFloat } from "../opcodes.ts";
import { allocate, denseStrides, fromNumbers, type HloArray, isWide, numbersOf } from "./array.ts";
import { integerRange } from "./convert.ts";
import { binaryFunction } from "./elementwise.ts";
import { type RunningSums, sumColumns } from "./running-sums.ts";

/** What combining nothing gives: 0, 1, the least or greatest of the type (infinities for floats), all ones, 0. */
export function reducerIdentity(reducer: Reducer, dtype: HloDType): number | bigint {
  const wide = isWide(dtype);
  switch (reducer) {
    case "add":
    case "or":
      return wide ? 0n : 0;
    case "multiply":
      return wide ? 1n : 1;
    case "and":
      return dtype === "bool" ? 1 : wide ? -1n : -1;
    case "maximum":
    case "minimum": {
      if (isFloat(dtype)) return reducer === "maximum" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
      const bound = integerRange(dtype)[reducer === "maximum" ? 0 : 1];
      return wide ? bound : Number(bound);
    }
  }
}

/** Accumulators: float64 for floats, the storage type for integers, so that they wrap. */
function accumulators(dtype: HloDType, count: number, reducer: Reducer): Float64Array {
  const made = (isFloat(dtype) ? new Float64Array(count) : allocate(dtype, count)) as Float64Array;
  return made.fill(reducerIdentity(reducer, dtype) as number);
}

const combinerOf = (reducer: Reducer, dtype: HloDType): ((a: number, b: number) => number) =>
  binaryFunction(reducer, dtype, () => {});

/** `running`: float32 sums of columns (the dimensions in front are summed away) are made as sumColumns says. */
export function reduce(instruction: HloInstruction, x: HloArray, running?: RunningSums): HloArray {
  const { dtype, dims } = instruction;
  const { reducer, dimensions } = attributesOf(instruction, "reduce");
  const ofColumns = dimensions.length > 0 && dimensions.every((d) => d < dimensions.length);
  if (running && reducer === "add" && dtype === "float32" && ofColumns && dims.length > 0)
    return { dtype, dims, data: sumColumns(x, sizeOf(dims), running) };
  const combine = combinerOf(reducer, dtype);
  const out = accumulators(dtype, sizeOf(dims), reducer);
  const from = numbersOf(x) as Float32Array;
  const kept = x.dims.map((_, d) => d).filter((d) => !dimensions.includes(d));
  const dense = denseStrides(dims);
  const strides = x.dims.map((_, d) => dense[kept.indexOf(d)] ?? 0);
  const index = x.dims.map(() => 0);
  let at = 0;
  for (let i = 0; i < from.length; i++) {
    out[at] = combine(out[at]!, from[i]!);
    for (let d = index.length - 1; d >= 0; d--) {
      at += strides[d]!;
      if (++index[d]! < x.dims[d]!) break;
      at -= strides[d]! * x.dims[d]!;
      index[d] = 0;
    }
  }
  return fromNumbers(dtype, dims, out);
}

/** How elements lie along one dimension: `outer` blocks of `extent` rows of `inner` elements. */
function along(dims: readonly number[], dimension: number): { outer: number; extent: number; inner: number } {
  return {
    outer: sizeOf(dims.slice(0, dimension)),
    extent: dims[dimension]!,
    inner: sizeOf(dims.slice(dimension + 1)),
  };
}

export function argReduce(instruction: HloInstruction, x: HloArray): HloArray {
  const { reducer, dimension } = attributesOf(instruction, "argReduce");
  const { outer, extent, inner } = along(x.dims, dimension);
  const from = numbersOf(x);
  const out = new Int32Array(outer * inner);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      let best: number | bigint | undefined;
      let bestAt = 0;
      for (let k = 0; k < extent; k++) {
        const value = from[(o * extent + k) * inner + i]!;
        if (Number.isNaN(value)) continue;
        if (best === undefined || (reducer === "maximum" ? value > best : value < best)) {
          best = value;
          bestAt = k;
        }
      }
      out[o * inner + i] = bestAt;
    }
  return { dtype: "int32", dims: instruction.dims, data: out };
}

export function cumulative(instruction: HloInstruction, x: HloArray): HloArray {
  const { dtype, dims } = instruction;
  const { reducer, dimension, exclusive, reverse } = attributesOf(instruction, "cumulative");
  const { outer, extent, inner } = along(dims, dimension);
  const combine = combinerOf(reducer, dtype);
  const from = numbersOf(x) as Float32Array;
  const out = accumulators(dtype, from.length, reducer);
  const running = accumulators(dtype, 1, reducer);
  const identity = running[0]!;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++) {
      running[0] = identity;
      for (let k = 0; k < extent; k++) {
        const at = (o * extent + (reverse ? extent - 1 - k : k)) * inner + i;
        if (exclusive) out[at] = running[0]!;
        running[0] = combine(running[0]!, from[at]!);
        if (!exclusive) out[at] = running[0]!;
      }
    }
  return fromNumbers(dtype, dims, out);
}

export function reduceWindow(instruction: HloInstruction, x: HloArray): HloArray {
  const { dtype, dims } = instruction;
  const { reducer, window } = attributesOf(instruction, "reduceWindow");
  const combine = combinerOf(reducer, dtype);
  const from = numbersOf(x) as Float32Array;
  const out = accumulators(dtype, sizeOf(dims), reducer);
  const dense = denseStrides(x.dims);
  const rank = dims.length;
  const index = dims.map(() => 0);
  /** Combines what the window at `index` covers, from dimension d on. */
  const visit = (d: number, base: number, at: number): void => {
    if (d === rank) {
      out[at] = combine(out[at]!, from[base]!);
      return;
    }
    for (let k = 0; k < window.size[d]!; k++) {
      const place = index[d]! * window.strides[d]! + k * window.dilation[d]! - window.padding[d]![0];
      const row = place / window.baseDilation[d]!;
      if (Number.isInteger(row) && row >= 0 && row < x.dims[d]!) visit(d + 1, base + row * dense[d]!, at);
    }
  };
  for (let at = 0; at < out.length; at++) {
    visit(0, 0, at);
    for (let d = rank - 1; d >= 0 && ++index[d]! === dims[d]; d--) index[d] = 0;
  }
  return fromNumbers(dtype, dims, out);
}
