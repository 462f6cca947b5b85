// dot and convolution. Floats are summed in float64 and rounded once; integers wrap.
import { sizeOf } from "@org/tensor";
import { attributesOf, type HloInstruction } from "../instruction.ts";
import { isFloat } from "../opcodes.ts";
import {
  allocate,
  copyStrided,
  denseStrides,
  fromNumbers,
  type HloArray,
  isWide,
  numbersOf,
} from "./array.ts";

/** The array with its dimensions in this order; itself where they are already. */
function permuted(x: HloArray, order: readonly number[]): HloArray {
  if (order.every((d, i) => d === i)) return x;
  const dense = denseStrides(x.dims);
  return copyStrided(
    x,
    order.map((d) => x.dims[d]!),
    order.map((d) => dense[d]!),
    0,
  );
}

export function dot(instruction: HloInstruction, lhs: HloArray, rhs: HloArray): HloArray {
  const { dtype, dims } = instruction;
  const { lhsBatch, rhsBatch, lhsContracting, rhsContracting } = attributesOf(instruction, "dot");
  const free = (x: HloArray, batch: readonly number[], contracting: readonly number[]): number[] =>
    x.dims.map((_, d) => d).filter((d) => !batch.includes(d) && !contracting.includes(d));
  const lhsFree = free(lhs, lhsBatch, lhsContracting);
  const rhsFree = free(rhs, rhsBatch, rhsContracting);
  const extents = (x: HloArray, list: readonly number[]): number => sizeOf(list.map((d) => x.dims[d]!));
  const batch = extents(lhs, lhsBatch);
  const [m, n, k] = [extents(lhs, lhsFree), extents(rhs, rhsFree), extents(lhs, lhsContracting)];
  const a = numbersOf(permuted(lhs, [...lhsBatch, ...lhsFree, ...lhsContracting]));
  const b = numbersOf(permuted(rhs, [...rhsBatch, ...rhsContracting, ...rhsFree]));
  if (isWide(dtype)) {
    const out = allocate(dtype, sizeOf(dims)) as BigInt64Array;
    wideProduct(a as BigInt64Array, b as BigInt64Array, out, batch, m, n, k);
    return { dtype, dims, data: out };
  }
  const float = isFloat(dtype);
  const out = (float ? new Float64Array(sizeOf(dims)) : new Int32Array(sizeOf(dims))) as Float64Array;
  if (float) floatProduct(a as Float32Array, Float64Array.from(b as Float32Array), out, batch, m, n, k);
  else narrowProduct(a as Int32Array, b as Int32Array, out, batch, m, n, k);
  return fromNumbers(dtype, dims, out);
}

/** out[i, j] += a[i, p] * b[p, j], four rows of b at a time. */
function floatProduct(
  a: Float32Array,
  b: Float64Array,
  out: Float64Array,
  batch: number,
  m: number,
  n: number,
  k: number,
): void {
  for (let g = 0; g < batch; g++)
    for (let i = 0; i < m; i++) {
      const row = (g * m + i) * k;
      const to = (g * m + i) * n;
      let p = 0;
      for (; p + 4 <= k; p += 4) {
        const [a0, a1, a2, a3] = [a[row + p]!, a[row + p + 1]!, a[row + p + 2]!, a[row + p + 3]!];
        const b0 = (g * k + p) * n;
        const [b1, b2, b3] = [b0 + n, b0 + 2 * n, b0 + 3 * n];
        for (let j = 0; j < n; j++)
          out[to + j]! += a0 * b[b0 + j]! + a1 * b[b1 + j]! + a2 * b[b2 + j]! + a3 * b[b3 + j]!;
      }
      for (; p < k; p++) {
        const factor = a[row + p]!;
        const from = (g * k + p) * n;
        for (let j = 0; j < n; j++) out[to + j]! += factor * b[from + j]!;
      }
    }
}

function narrowProduct(
  a: Int32Array,
  b: Int32Array,
  out: Float64Array,
  batch: number,
  m: number,
  n: number,
  k: number,
): void {
  for (let g = 0; g < batch; g++)
    for (let i = 0; i < m; i++)
      for (let p = 0; p < k; p++) {
        const factor = a[(g * m + i) * k + p]!;
        for (let j = 0; j < n; j++) out[(g * m + i) * n + j]! += Math.imul(factor, b[(g * k + p) * n + j]!); // an Int32Array: wraps
      }
}

function wideProduct(
  a: BigInt64Array,
  b: BigInt64Array,
  out: BigInt64Array,
  batch: number,
  m: number,
  n: number,
  k: number,
): void {
  for (let g = 0; g < batch; g++)
    for (let i = 0; i < m; i++)
      for (let p = 0; p < k; p++) {
        const factor = a[(g * m + i) * k + p]!;
        for (let j = 0; j < n; j++) out[(g * m + i) * n + j]! += factor * b[(g * k + p) * n + j]!;
      }
}

export function convolution(instruction: HloInstruction, lhs: HloArray, rhs: HloArray): HloArray {
  const { dtype, dims } = instruction;
  const { window, featureGroupCount: groups } = attributesOf(instruction, "convolution");
  const spatial = dims.slice(1, -1);
  const rank = spatial.length;
  const features = rhs.dims[rank]!;
  const outputs = dims.at(-1)!;
  const inputFeatures = lhs.dims.at(-1)!;
  const a = numbersOf(lhs) as Float32Array;
  const b = numbersOf(rhs) as Float32Array;
  const out = (
    isFloat(dtype) ? new Float64Array(sizeOf(dims)) : allocate(dtype, sizeOf(dims))
  ) as Float64Array;
  const product = (isFloat(dtype) || isWide(dtype) ? (x, y) => x * y : Math.imul) as (
    x: number,
    y: number,
  ) => number;
  const lhsStrides = denseStrides(lhs.dims);
  const rhsStrides = denseStrides(rhs.dims);
  const index = spatial.map(() => 0);
  const perGroup = outputs / groups;
  /** Adds, from spatial dimension d on, what lies under the window at `index`. */
  const visit = (d: number, from: number, tap: number, to: number): void => {
    if (d < rank) {
      for (let t = 0; t < window.size[d]!; t++) {
        const place = index[d]! * window.strides[d]! + t * window.dilation[d]! - window.padding[d]![0];
        const row = place / window.baseDilation[d]!;
        if (Number.isInteger(row) && row >= 0 && row < lhs.dims[d + 1]!)
          visit(d + 1, from + row * lhsStrides[d + 1]!, tap + t * rhsStrides[d]!, to);
      }
      return;
    }
    for (let o = 0; o < outputs; o++) {
      const first = Math.floor(o / perGroup) * features;
      for (let c = 0; c < features; c++)
        out[to + o]! += product(a[from + first + c]!, b[tap + c * outputs + o]!);
    }
  };
  const positions = sizeOf(spatial);
  for (let image = 0; image < dims[0]!; image++)
    for (let position = 0; position < positions; position++) {
      visit(
        0,
        image * sizeOf(lhs.dims.slice(1, -1)) * inputFeatures,
        0,
        (image * positions + position) * outputs,
      );
      for (let d = rank - 1; d >= 0 && ++index[d]! === spatial[d]; d--) index[d] = 0;
    }
  return fromNumbers(dtype, dims, out);
}
