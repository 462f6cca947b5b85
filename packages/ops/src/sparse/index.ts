export {
  type SetDifferenceOptions,
  type SetOptions,
  setDifference,
  setIntersection,
  setUnion,
} from "./set-ops.ts";
export { isSparseTensor, SparseTensor, sparseTensor } from "./sparse-tensor.ts";
export {
  addManySparseToTensorsMap,
  addSparseToTensorsMap,
  type SparseMapOptions,
  takeManySparseFromTensorsMap,
} from "./sparse-tensors-map.ts";
