// tf.defun (framework.function.Defun) and tf.customGradient, in the default graph where no graph is current: see @org/ops.
import * as ops from "@org/ops";
import { inDefaultGraph, lift } from "./default-graph.ts";

type AnyFunction = (...args: never[]) => unknown;

export type {
  ArgumentTypes,
  CallOptions,
  CallResult,
  DefinedFunction,
  DefunOptions,
  FunctionCaller,
  WithGradient,
} from "@org/ops";

/** As `defun` of @org/ops; calls build in the default graph where none is current. */
export const defun: typeof ops.defun = ((...args: Parameters<typeof ops.defun>) =>
  new Proxy(ops.defun(...args) as AnyFunction, {
    apply: (target, self, given) => inDefaultGraph(() => Reflect.apply(target, self, given) as unknown),
    get: (target, key) => inDefaultGraph(() => Reflect.get(target, key) as unknown),
  })) as typeof ops.defun;

/** As `customGradient` of @org/ops; calls build in the default graph where none is current. */
export const customGradient: typeof ops.customGradient = ((f: never) =>
  lift(ops.customGradient(f) as AnyFunction)) as never;
