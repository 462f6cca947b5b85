// Sparse tensors as three tensors. Source: python/framework/sparse_tensor.py.
import { isIndexedSlices, isTensor, type Tensor } from "@org/graph";

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
