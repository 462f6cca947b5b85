// Cast between element types. Source: core/kernels/cast_op.cc, python/ops/math_ops.py (cast).
import { IndexedSlices, isIndexedSlices, isTensor, type Tensor } from "@org/graph";
import type { HloDType } from "@org/hlo";
import { type DType, dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/**
 * tf.cast: the same values as `dtype`; a tensor of that type already is returned as it is. Floating-point numbers lose
 * their fraction towards zero.
 */
export function cast(x: TensorLike, dtype: DType, options?: NameOption): Tensor;
export function cast(x: IndexedSlices, dtype: DType, options?: NameOption): IndexedSlices;
export function cast(x: TensorLike | IndexedSlices, dtype: DType, options: NameOption = {}): Grad {
  if (isTensor(x) && x.dtype === dtype) return x;
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "Cast", (scope) => {
    if (isIndexedSlices(x)) {
      return new IndexedSlices(cast(x.values, dtype, { name: scope }), x.indices, x.denseShape);
    }
    const tensor = convertToTensor(x, { name: "x", graph });
    if (tensor.dtype === dtype) return tensor;
    return applyOne("Cast", [tensor], { name: scope, attrs: { DstT: dtype } });
  });
}

function isContinuous(dtype: DType): boolean {
  const { kind } = dtypes[dtype];
  return kind === "float" || kind === "complex";
}

/** Cast. */
export const castOps: readonly OpEntry[] = defineOps({
  Cast: {
    shape: unchanged,
    lower: (c) => {
      const to = c.outputDType(0);
      const { kind } = dtypes[to];
      if (kind !== "float" && kind !== "int" && kind !== "uint" && kind !== "bool") {
        c.fail("UNIMPLEMENTED", `Cast ${dtypes[c.inputDType(0)].cc} to ${dtypes[to].cc} is not supported`);
      }
      return c.builder.convert(c.input(0), to as HloDType);
    },
    gradient: single((op, grad) => {
      const from = op.inputs[0]!.dtype;
      return isContinuous(from) && isContinuous(grad.dtype) ? cast(grad as Tensor, from) : undefined;
    }),
  },
});
