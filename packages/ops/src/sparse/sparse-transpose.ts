// Sparse tensors made of others by their indices alone: tf.sparse_transpose, tf.sparse_reset_shape, tf.sparse_to_indicator.
// Source: python/ops/sparse_ops.py.
import { constantValue, constantValueAsShape, type Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { constant, identity } from "../array/constant.ts";
import { fill, onesLike } from "../array/fill.ts";
import { gather } from "../array/gather.ts";
import { expandDims } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { transpose } from "../array/transpose.ts";
import { assertEqual, assertLessEqual } from "../control/check-ops.ts";
import { withDependencies } from "../control/group.ts";
import { convertToTensor, withScope } from "../convert.ts";
import { add, maximum } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reduceMax } from "../math/reductions.ts";
import { invalid, mergeDims, numbersOf, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { sparseMerge, sparseReorder, sparseTensorToDense } from "./sparse-merge.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

/** tf.sparse_transpose: dimension i of the result is dimension perm[i]; unless given, all are turned round. Entries in order. @tfExport sparseTranspose */
export function sparseTranspose(
  input: SparseTensor,
  options: NameOption & { readonly perm?: TensorLike | undefined } = {},
): SparseTensor {
  const { indices, values, denseShape } = input;
  const { graph } = values;
  return withScope(graph, options.name, "SparseTranspose", () => {
    let order: TensorLike;
    if (options.perm === undefined) {
      const rank = applyOne("Size", [denseShape], { name: "Rank" });
      order = operator.sub(operator.sub(rank, 1), range(0, rank, 1));
    } else order = options.perm;
    const columns = transpose(gather(transpose(indices), order));
    const known = constantValue(convertToTensor(order, { preferredDType: "int32", graph }));
    const whole = constantValueAsShape(denseShape);
    const dims: TensorLike =
      known && whole.isFullyDefined()
        ? BigInt64Array.from(numbersOf(known), (d) => BigInt(whole.toNumbers()[d]!))
        : gather(denseShape, order);
    return sparseReorder(sparseTensor(columns, values, dims));
  });
}

/**
 * tf.sparse_reset_shape: the same entries in a shape of its own: `newShape`, not smaller (that fails the run, or throws TfError
 * INVALID_ARGUMENT where both are known), or else as small as the entries let it be. @tfExport sparseResetShape
 */
export function sparseResetShape(input: SparseTensor, newShape?: TensorLike): SparseTensor {
  const { graph } = input.values;
  return graph.asDefault(() => {
    const indices = identity(input.indices);
    const values = identity(input.values);
    const whole = identity(input.denseShape);
    if (newShape === undefined) {
      const largest = reduceMax(indices, { axis: 0 });
      const none = constant(0, "int64");
      return sparseTensor(indices, values, maximum(none, add(largest, onesLike(whole))));
    }
    let wanted = cast(convertToTensor(newShape, { preferredDType: "int64", graph }), "int64");
    withRank(wanted.shape, 1);
    mergeDims(wanted.shape.dims?.[0] ?? null, whole.shape.dims?.[0] ?? null);
    const told = constantValue(wanted);
    const own = constantValueAsShape(input.denseShape);
    if (told && own.isFullyDefined()) {
      const [asked, given] = [numbersOf(told), own.toNumbers()];
      if (!given.every((dim, d) => dim <= asked[d]!))
        invalid(
          `Requested new_shape should have dimension sizes >= sp_input.shape.  Found new_shape ([${given.join(" ")}]), sp_input.shape ([${asked.join(" ")}]).`,
        );
      return sparseTensor(indices, values, told);
    }
    wanted = withDependencies([assertEqual(shapeOf(whole), shapeOf(wanted))], wanted);
    wanted = withDependencies([assertLessEqual(whole, wanted)], wanted);
    return sparseTensor(indices, values, wanted);
  });
}

/** tf.sparse_to_indicator: bool, [..., vocabSize]: which ids each row of `input` (integers) has. @tfExport sparseToIndicator */
export function sparseToIndicator(
  input: SparseTensor,
  vocabSize: TensorLike,
  options: NameOption = {},
): Tensor {
  return withScope(input.values.graph, options.name, "SparseToIndicator", (scope) => {
    const count = getItem(shapeOf(input.indices), 0);
    const all = fill(expandDims(count, int32(0)), true);
    const marked = sparseTensor(input.indices, all, input.denseShape);
    const merged = sparseMerge(input, marked, vocabSize as number | Tensor, { name: scope });
    return sparseTensorToDense(merged, { defaultValue: false, validateIndices: false, name: scope });
  });
}
