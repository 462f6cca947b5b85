// Comparing values that are known while a graph is built, element by element, as NumPy broadcasts them.
import { dtypes, fromBits, isNarrowFloat, type NdArray, sizeOf } from "@org/tensor";

/** A relation of two elements. */
export type Comparison = (a: number | bigint | string, b: number | bigint | string) => boolean;

const decoder = new TextDecoder();

function element({ dtype, data }: NdArray, at: number): number | bigint | string {
  const value = (data as ArrayLike<unknown>)[at];
  if (value instanceof Uint8Array) return decoder.decode(value);
  return isNarrowFloat(dtype) ? fromBits(dtype, value as number) : (value as number | bigint);
}

/** Strides of `dims` along the last `rank` dimensions: 0 where a dimension is 1. */
function strides(dims: readonly number[], rank: number): number[] {
  const own: number[] = new Array<number>(rank).fill(0);
  let step = 1;
  for (let d = dims.length - 1; d >= 0; d--) {
    own[d + rank - dims.length] = dims[d] === 1 ? 0 : step;
    step *= dims[d]!;
  }
  return own;
}

/** Whether `holds` of every pair of elements; the shapes must broadcast. Complex numbers are not compared: true. */
export function holdsEverywhere(x: NdArray, y: NdArray, holds: Comparison): boolean {
  if (dtypes[x.dtype].kind === "complex") return true;
  const rank = Math.max(x.shape.length, y.shape.length);
  const extent = (dims: readonly number[], d: number): number => dims[d + dims.length - rank] ?? 1;
  const dims = Array.from({ length: rank }, (_, d) =>
    extent(x.shape, d) === 1 ? extent(y.shape, d) : extent(x.shape, d),
  );
  const [a, b] = [strides(x.shape, rank), strides(y.shape, rank)];
  const total = sizeOf(dims);
  for (let i = 0; i < total; i++) {
    let rest = i;
    let [p, q] = [0, 0];
    for (let d = rank - 1; d >= 0; d--) {
      const at = rest % dims[d]!;
      rest = Math.floor(rest / dims[d]!);
      p += at * a[d]!;
      q += at * b[d]!;
    }
    if (!holds(element(x, p), element(y, q))) return false;
  }
  return true;
}
