// tf.*: what builds ops and is more than a function or class of @org/ops in the default graph; those are marked @tfExport there, and written
// to gen/builders.ts.
import * as layers from "@org/layers";
import * as ops from "@org/ops";
import { lift, liftAll, liftClass } from "./default-graph.ts";
import { tablesInitializer } from "./gen/builders.ts";

export const SparseTensor: typeof ops.SparseTensor = /* @__PURE__ */ liftClass(ops.SparseTensor as never);
export type SparseTensor = ops.SparseTensor;
/** @deprecated Since TensorFlow 1.1: tablesInitializer. */
export const initializeAllTables: typeof ops.tablesInitializer = tablesInitializer;
export const confusionMatrix: typeof layers.confusionMatrix = /* @__PURE__ */ lift(layers.confusionMatrix);
const caseOf: typeof ops.case = /* @__PURE__ */ lift(ops.case);

export { caseOf as case };
/** Functions for Python's operators: `operator.add(a, b)` is `a + b` (AddV2), where `add(a, b)` is tf.add (Add). */
export const operator: typeof ops.operator = /* @__PURE__ */ liftAll(ops.operator);
export {
  AggregationMethod,
  AUTO_REUSE,
  FixedLenFeature,
  FixedLenSequenceFeature,
  fixedSizePartitioner,
  minMaxVariablePartitioner,
  orthogonalInitializer,
  QueueBase,
  SparseFeature,
  VariableScope,
  VarLenFeature,
  variableAxisSizePartitioner,
} from "@org/ops";
