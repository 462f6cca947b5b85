// What lives as long as one run and is passed on by a handle: stacks and tensor arrays. Their values stay where they are (on
// devices, too) and are counted. Source: core/kernels/stack.cc, core/kernels/tensor_array.h.
import { type ErrorCode, TfError } from "@org/errors";
import type { Operation } from "@org/graph";
import type { NdArray } from "@org/tensor";
import type { TensorValue, Value } from "./values.ts";

/** Something that a handle points to. */
export interface Held {
  /** For messages: "Stack[name]", "TensorArray name". */
  readonly title: string;
  /** Gives up all values. */
  close(): void;
}

/** One execution of an op that works on something held. */
export interface HeldContext {
  readonly op: Operation;
  /** Input `index` as it is; not retained. */
  tensor(index: number): TensorValue;
  /** What the handle at input `index` points to. Throws TfError INVALID_ARGUMENT for another kind. */
  held<H extends Held>(index: number, type: abstract new (...args: never[]) => H): H;
  /** Keeps `held` to the end of the run; its handle. */
  hold(held: Held): Value;
  /** A value of the host's. */
  value(array: NdArray): TensorValue;
}

/** Outputs in order, each with a reference for the caller. */
export type HeldKernel = (c: HeldContext) => readonly Value[] | Promise<readonly Value[]>;

export function failHeld(op: Operation, sentence: string, code: ErrorCode = "INVALID_ARGUMENT"): never {
  throw new TfError(code, sentence, { node: op.name, op: op.type });
}

/** Calls `use` with the value on the host: at once where it is there. */
export function onHost<R>(value: TensorValue, use: (array: NdArray) => R | Promise<R>): R | Promise<R> {
  const array = value.onHost();
  return array instanceof Promise ? array.then(use) : use(array);
}

export const integersOf = (array: NdArray): number[] => Array.from(array.data as Int32Array, Number);
