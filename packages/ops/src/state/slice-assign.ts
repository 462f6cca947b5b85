// Values put into a slice of a variable: what Python's `v[1:3].assign(x)` builds. StridedSliceAssign, ResourceStridedSliceAssign.
// Source: core/ops/array_ops.cc, core/kernels/strided_slice_op.cc (StridedSliceAssignOp), python/ops/array_ops.py (_SliceHelperVar).
import type { Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { isVariable, type ResourceVariable, type Variable } from "@org/variables";
import { applyOne, applyOp } from "../apply-op.ts";
import { hostSlice, spreadSlice } from "../array/strided-lowering.ts";
import { getItem, type Index } from "../array/strided-slice.ts";
import { convertToTensor } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { filledOf } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { readAfter } from "./assign.ts";

/**
 * Assigns `value` to a slice of a variable, as `variable[index].assign(value)` does in Python: `assignItem(v, { start: 1, stop: 3 }, x)`. The
 * value (or what a function gives, called when the slice has been read, as in Python) must have the slice's shape (else UNIMPLEMENTED when
 * run). The ref after it; of a resource variable the value, read after it.
 * Throws a TypeError where the target is no variable.
 * @tfExport assignItem
 */
export function assignItem(
  variable: Variable | ResourceVariable,
  index: Index | readonly Index[],
  value: TensorLike | (() => TensorLike),
  options: NameOption = {},
): Tensor {
  if (!isVariable(variable)) throw new TypeError("Sliced assignment is only supported for variables");
  const { op } = getItem(variable.value(), index);
  const [, begin, end, strides] = op.inputs as [Tensor, Tensor, Tensor, Tensor];
  const name = options.name ?? `${op.name}/_assign`;
  const masks = ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"] as const;
  const attrs = Object.fromEntries(masks.map((mask) => [mask, op.attrs.int(mask)]));
  const made = typeof value === "function" ? (value as () => TensorLike)() : value;
  if (!variable.isResource)
    return applyOne("StridedSliceAssign", [variable, begin, end, strides, made], { name, attrs });
  const { handle, dtype, graph } = variable as ResourceVariable;
  const given = convertToTensor(made, { dtype, graph });
  return readAfter(
    variable as ResourceVariable,
    applyOp("ResourceStridedSliceAssign", [handle, begin, end, strides, given], { name, attrs }),
  );
}

/** The new value of the variable at input 0. */
function assigned(c: LoweringContext): HloInstruction {
  const [old, value] = [c.input(0), c.input(4)];
  const spec = hostSlice(c, 1, old.dims);
  if (sizeOf(spec.processing as readonly number[]) === 0) return old;
  if (`${spec.final}` !== `${value.dims}`)
    c.fail(
      "UNIMPLEMENTED",
      `sliced l-value shape ${new Shape([...spec.final])} does not match r-value shape ${new Shape([...value.dims])}. Automatic broadcasting not yet implemented.`,
    );
  const { builder } = c;
  const put = spreadSlice(c, value, builder.scalar(value.dtype, 0), old.dims, spec);
  const isPut = spreadSlice(
    c,
    filledOf(c, "bool", value.dims, true),
    builder.scalar("bool", false),
    old.dims,
    spec,
  );
  return builder.select(isPut, put, old);
}

const ofVariable: Pick<OpSpec, "variables" | "hostInputs" | "gradient" | "lower"> = {
  variables: [0],
  hostInputs: [1, 2, 3],
  gradient: null,
  lower: (c) => ({ assign: new Map([[0, assigned(c)]]) }),
};

/** Entries of the assignments to slices. */
export const sliceAssignOps: readonly OpEntry[] = defineOps({
  StridedSliceAssign: { ...ofVariable, shape: unchanged },
  ResourceStridedSliceAssign: { ...ofVariable, shape: () => [] },
  TensorStridedSliceUpdate: { shape: unchanged, hostInputs: [1, 2, 3], lower: assigned },
});
