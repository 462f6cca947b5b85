// Sparse tensors as three tensors. Source: python/framework/sparse_tensor.py.
import type { Tensor } from "@org/graph";

/** tf.SparseTensor: where values are, what they are, and the shape of the whole. */
export interface SparseTensor {
  /** int64 [n, rank]. */
  readonly indices: Tensor;
  /** [n]. */
  readonly values: Tensor;
  /** int64 [rank]. */
  readonly denseShape: Tensor;
}
