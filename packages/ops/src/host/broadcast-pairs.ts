// Broadcasting for host kernels of two arguments: which element of each goes into each element of the result.
import { sizeOf } from "@org/tensor";
import type { HostContext } from "../op-entry.ts";

/** The result's dims. Throws TfError INVALID_ARGUMENT "Incompatible shapes: [2] vs. [3]". */
export function broadcastDims(c: HostContext, x: readonly number[], y: readonly number[]): number[] {
  const [a, b] = aligned(x, y);
  return a.map((dim, i) => {
    if (dim !== b[i] && dim !== 1 && b[i] !== 1)
      c.fail("INVALID_ARGUMENT", `Incompatible shapes: [${x}] vs. [${y}]`);
    return dim === 1 ? b[i]! : dim;
  });
}

/** Calls `visit` for each element of a result of `dims`: its place, and the places of what it is made of. */
export function forEachPair(
  dims: readonly number[],
  x: readonly number[],
  y: readonly number[],
  visit: (at: number, i: number, j: number) => void,
): void {
  const [a, b] = aligned(x, y);
  const count = sizeOf(dims);
  for (let at = 0; at < count; at++) {
    let [i, j, rest] = [0, 0, at];
    let [strideA, strideB] = [1, 1];
    for (let d = dims.length - 1; d >= 0; d--) {
      const index = rest % dims[d]!;
      rest = (rest - index) / dims[d]!;
      if (a[d] !== 1) i += index * strideA;
      if (b[d] !== 1) j += index * strideB;
      strideA *= a[d]!;
      strideB *= b[d]!;
    }
    visit(at, i, j);
  }
}

/** Both shapes with ones in front, up to the same rank. */
function aligned(x: readonly number[], y: readonly number[]): [number[], number[]] {
  const rank = Math.max(x.length, y.length);
  const pad = (shape: readonly number[]): number[] => [
    ...new Array<number>(rank - shape.length).fill(1),
    ...shape,
  ];
  return [pad(x), pad(y)];
}
