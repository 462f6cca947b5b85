export { type CallPlace, expandFunction, expandNamedCall, type FunctionRef, functionAttr } from "./call.ts";
export {
  type ArgumentTypes,
  type CallOptions,
  type CallResult,
  type DefinedFunction,
  type DefunOptions,
  defun,
} from "./defun.ts";
