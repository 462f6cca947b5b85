// Index vectors as row numbers: what GatherNd, ScatterNd and their kin have in common. No op.
// Source: core/kernels/{gather_nd_op,scatter_nd_op}.cc.
import type { HloInstruction } from "@org/hlo";
import { sizeOf } from "@org/tensor";
import { filledOf } from "../lowering.ts";
import type { LoweringContext } from "../op-entry.ts";

/** Index vectors as row numbers of the first `depth` dimensions. Each coordinate is checked by its own gather. */
export function linearIndices(
  c: LoweringContext,
  indices: HloInstruction,
  dims: readonly number[],
): HloInstruction {
  const b = c.builder;
  const depth = indices.dims.at(-1)!;
  const outer = indices.dims.slice(0, -1);
  const zeros = outer.map(() => 0);
  let linear: HloInstruction | undefined;
  for (let i = 0; i < depth; i++) {
    const one = b.reshape(b.slice(indices, [...zeros, i], [...outer, i + 1]), outer);
    const stride = sizeOf(dims.slice(i + 1, depth));
    // A coordinate beyond its dimension would name another row: outside all of them instead.
    const inside = b.binary(
      "and",
      b.compare("GE", one, filledOf(c, one.dtype, outer, 0)),
      b.compare("LT", one, b.broadcastTo(b.extent(one.dtype, dims[i]!), outer)),
    );
    const part = b.binary("multiply", one, b.broadcastTo(b.extent(one.dtype, stride), outer));
    const safe = b.select(inside, part, filledOf(c, one.dtype, outer, -(2 ** 30)));
    linear = linear ? b.binary("add", linear, safe) : safe;
  }
  return linear ?? filledOf(c, indices.dtype, outer, 0);
}
