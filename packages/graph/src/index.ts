export { attrsOf } from "./attr-reader.ts";
export { attrValue } from "./attr-value.ts";
export type { AttrInput, Attrs } from "./attrs.ts";
export { CondContext } from "./cond-context.ts";
export { evaluateConstant, evaluateShape } from "./constant-folding.ts";
export { constantValue, constantValueAsShape } from "./constant-value.ts";
export {
  type ControlFlowContext,
  isInContext,
  isLoopConstantEnter,
  isLoopEnter,
  isLoopExit,
  isSwitch,
  outputContext,
  prependNameScope,
  stripNameScope,
  switchRefOrTensor,
  whileContextAround,
} from "./control-flow-context.ts";
export type { CreateOpOptions, OpInput } from "./create-op.ts";
export { canonicalDevice, type DeviceSpec, deviceToString, mergeDevices, parseDevice } from "./device.ts";
export { FuncGraph } from "./func-graph.ts";
export {
  type ArgumentShape,
  type FunctionGraph,
  type FunctionGraphOptions,
  functionDefToGraph,
} from "./function-def-to-graph.ts";
export {
  type FunctionArgument,
  type FunctionNodes,
  type FunctionNodesOptions,
  functionDefToGraphDef,
} from "./function-def-to-graph-def.ts";
export { FunctionLibrary } from "./function-library.ts";
export { type ControlInput, currentGraph, Graph, type GraphOptions, graphDefVersion } from "./graph.ts";
export { createGraphDebugInfoDef } from "./graph-debug-info.ts";
export type { GraphDefOptions } from "./graph-def.ts";
export type { ElementOptions } from "./graph-elements.ts";
export { type GraphFunctionOptions, graphToFunctionDef } from "./graph-to-function-def.ts";
export {
  type ImportGraphDefOptions,
  type ImportResult,
  type InputMap,
  importGraphDef,
  type UnknownOp,
} from "./import-graph-def.ts";
export type { ImportWarning } from "./import-node.ts";
export { IndexedSlices, isIndexedSlices } from "./indexed-slices.ts";
export { contextFromDef } from "./nested-context.ts";
export { mostOutputs } from "./node-signature.ts";
export {
  createOpRegistry,
  type OpRegistry,
  type OpRegistryPart,
  type RegisteredOp,
  registryOfOpList,
} from "./op-registry.ts";
export { type HandleData, isOperation, Operation } from "./operation.ts";
export type { DeviceOrFunction, ScopedAttr } from "./scopes.ts";
export type { InferenceContext, ShapeFunction } from "./shape-inference.ts";
export {
  asTensor,
  isTensor,
  isTensorLike,
  Tensor,
  type TensorConversionOptions,
  type TensorConvertible,
  tensorConversion,
} from "./tensor.ts";
export type { StackFrame } from "./trace-recorder.ts";
export { type EnterOptions, type GradState, WhileContext, type WhileParts } from "./while-context.ts";
