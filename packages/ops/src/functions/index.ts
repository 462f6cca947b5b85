export { type CallPlace, expandFunction, expandNamedCall, type FunctionRef, functionAttr } from "./call.ts";
