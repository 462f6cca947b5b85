export { type CallPlace, expandFunction, expandNamedCall, type FunctionRef, functionAttr } from "./call.ts";
export { customGradient, type WithGradient } from "./custom-gradient.ts";
export {
  type ArgumentTypes,
  type CallOptions,
  type CallResult,
  type DefinedFunction,
  type DefunOptions,
  defun,
  type FunctionCaller,
} from "./defun.ts";
export { forwardOf } from "./forward.ts";
