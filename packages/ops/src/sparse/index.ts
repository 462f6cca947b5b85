export {
  type SetDifferenceOptions,
  type SetOptions,
  setDifference,
  setIntersection,
  setUnion,
} from "./set-ops.ts";
export { sparseFillEmptyRows } from "./sparse-fill-empty-rows.ts";
export { type SparseMatmulOptions, sparseTensorDenseMatmul } from "./sparse-matmul.ts";
export {
  type SparseMergeOptions,
  type SparseTensorToDenseOptions,
  sparseMerge,
  sparseOps,
  sparseReorder,
  sparseTensorToDense,
} from "./sparse-merge.ts";
export { type SparsePlaceholderOptions, sparsePlaceholder } from "./sparse-placeholder.ts";
export { sparseReshape } from "./sparse-reshape.ts";
export { sparseRetain } from "./sparse-retain.ts";
export { isSparseTensor, SparseTensor, sparseTensor } from "./sparse-tensor.ts";
export {
  addManySparseToTensorsMap,
  addSparseToTensorsMap,
  type SparseMapOptions,
  takeManySparseFromTensorsMap,
} from "./sparse-tensors-map.ts";
