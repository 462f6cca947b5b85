export {
  type SetDifferenceOptions,
  type SetOptions,
  setDifference,
  setIntersection,
  setUnion,
} from "./set-ops.ts";
export {
  type SparseMergeOptions,
  type SparseTensorToDenseOptions,
  sparseMerge,
  sparseOps,
  sparseReorder,
  sparseTensorToDense,
} from "./sparse-merge.ts";
export { type SparsePlaceholderOptions, sparsePlaceholder } from "./sparse-placeholder.ts";
export { sparseRetain } from "./sparse-retain.ts";
export { isSparseTensor, SparseTensor, sparseTensor } from "./sparse-tensor.ts";
export {
  addManySparseToTensorsMap,
  addSparseToTensorsMap,
  type SparseMapOptions,
  takeManySparseFromTensorsMap,
} from "./sparse-tensors-map.ts";
