// tf.sparse.retain: a part of a sparse tensor's values. Source: python/ops/sparse_ops.py.
import type { Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { identity } from "../array/constant.ts";
import { gather } from "../array/gather.ts";
import { reshape } from "../array/reshape.ts";
import { convertToTensor } from "../convert.ts";
import { mergeDims, withRank } from "../shape-rules.ts";
import type { TensorLike } from "../tensor-like.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

/**
 * tf.sparse_retain: the values for which the bool vector `toRetain` is true, where they were.
 * Throws TfError INVALID_ARGUMENT where it is no vector, or not as long as there are values.
 * @tfExport sparseRetain
 */
export function sparseRetain(input: SparseTensor, toRetain: TensorLike): SparseTensor {
  const { indices, values, denseShape } = input;
  return values.graph.asDefault(() => {
    const retain: Tensor = convertToTensor(toRetain);
    const { dims } = withRank(retain.shape, 1);
    mergeDims(values.shape.dims?.[0] ?? null, dims![0]!);
    const kept = reshape(applyOne("Where", [retain]), Int32Array.of(-1));
    const places = gather(indices, kept);
    return sparseTensor(places, gather(values, kept), identity(denseShape));
  });
}
