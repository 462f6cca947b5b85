// Sparse tensors as three tensors. Source: python/framework/sparse_tensor.py.
import { isIndexedSlices, isTensor, type Tensor } from "@org/graph";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { mergeDims, withRank } from "../shape-rules.ts";
import type { TensorLike } from "../tensor-like.ts";

/** tf.SparseTensor: where values are, what they are, and the shape of the whole. An alias, no interface: so it may be fetched as a record. */
export type SparseTensor = {
  /** int64 [n, rank]. */
  readonly indices: Tensor;
  /** [n]. */
  readonly values: Tensor;
  /** int64 [rank]. */
  readonly denseShape: Tensor;
};

/** Whether `value` is made of the three tensors of a sparse one. */
export function isSparseTensor(value: unknown): value is SparseTensor {
  if (typeof value !== "object" || value === null || isIndexedSlices(value)) return false;
  const { indices, values, denseShape } = value as Partial<SparseTensor>;
  return isTensor(indices) && isTensor(values) && isTensor(denseShape);
}

/**
 * The three tensors of a sparse one, made of values where they are none: indices [n, rank] and the shape as int64, in a scope of their own
 * as tf.SparseTensor's constructor does. Throws a TypeError where a type does not fit, TfError INVALID_ARGUMENT where the shapes do not.
 */
export function sparseTensor(indices: TensorLike, values: TensorLike, denseShape: TensorLike): SparseTensor {
  const graph = resolveGraph([indices, values, denseShape]);
  return withScope(graph, undefined, "SparseTensor", () => {
    const made = {
      indices: convertToTensor(indices, { name: "indices", dtype: "int64", graph }),
      values: convertToTensor(values, { name: "values", graph }),
      denseShape: convertToTensor(denseShape, { name: "dense_shape", dtype: "int64", graph }),
    };
    const [rows, rank] = withRank(made.indices.shape, 2).dims!;
    mergeDims(rows!, withRank(made.values.shape, 1).dims![0]!);
    mergeDims(rank!, withRank(made.denseShape.shape, 1).dims![0]!);
    return made;
  });
}

/** tf.SparseTensor: `new SparseTensor([[0, 0], [1, 2]], [1, 2], [3, 4])`. What it makes is a plain record of three tensors; see sparseTensor. */
export const SparseTensor: new (
  indices: TensorLike,
  values: TensorLike,
  denseShape: TensorLike,
) => SparseTensor = function construct(indices: TensorLike, values: TensorLike, denseShape: TensorLike) {
  return sparseTensor(indices, values, denseShape);
} as never;
