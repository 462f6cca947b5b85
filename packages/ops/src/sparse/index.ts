export {
  type SparseMergeOptions,
  type SparseTensorToDenseOptions,
  sparseMerge,
  sparseOps,
  sparseReorder,
  sparseTensorToDense,
} from "./sparse-merge.ts";
export type { SparseTensor } from "./sparse-tensor.ts";
