// Sparse tensors and segments of rows, in the default graph where no graph is given: see @org/ops for what they do.
import * as ops from "@org/ops";
import { lift, liftClass } from "./default-graph.ts";

export const SparseTensor: typeof ops.SparseTensor = /* @__PURE__ */ liftClass(ops.SparseTensor as never);
export type SparseTensor = ops.SparseTensor;
export const sparsePlaceholder: typeof ops.sparsePlaceholder = /* @__PURE__ */ lift(ops.sparsePlaceholder);
export const sparseSegmentMean: typeof ops.sparseSegmentMean = /* @__PURE__ */ lift(ops.sparseSegmentMean);
export const sparseSegmentSqrtN: typeof ops.sparseSegmentSqrtN = /* @__PURE__ */ lift(ops.sparseSegmentSqrtN);
export const sparseSegmentSum: typeof ops.sparseSegmentSum = /* @__PURE__ */ lift(ops.sparseSegmentSum);
export const sparseFillEmptyRows: typeof ops.sparseFillEmptyRows = /* @__PURE__ */ lift(
  ops.sparseFillEmptyRows,
);
export const sparseReshape: typeof ops.sparseReshape = /* @__PURE__ */ lift(ops.sparseReshape);
export const sparseTensorDenseMatmul: typeof ops.sparseTensorDenseMatmul = /* @__PURE__ */ lift(
  ops.sparseTensorDenseMatmul,
);
