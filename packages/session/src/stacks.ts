// Stacks of one run: what a loop pushes in each iteration and its backward loop pops. Values stay where they are (on
// devices, too). Source: core/kernels/stack.cc.
import { TfError } from "@org/errors";
import type { Operation } from "@org/graph";
import type { TensorValue } from "./values.ts";

/** A stack: what its handle points to. */
export class StackState {
  readonly name: string;
  readonly dtype: string;
  /** How many it may hold; negative: any number. */
  readonly maxSize: number;
  readonly #values: TensorValue[] = [];
  #isClosed = false;

  constructor(name: string, dtype: string, maxSize: number) {
    this.name = name;
    this.dtype = dtype;
    this.maxSize = maxSize;
  }

  /** Takes over the caller's reference. Throws TfError INVALID_ARGUMENT for another type, or where the stack is closed or full. */
  push(value: TensorValue, op: Operation): void {
    this.#checkOpen(op);
    if (value.dtype !== this.dtype) throw fail(op, `Must have type ${this.dtype} but got ${value.dtype}`);
    if (this.maxSize >= 0 && this.#values.length >= this.maxSize)
      throw fail(op, `Stack[${this.name}] overflowed its max_size (${this.maxSize})`);
    this.#values.push(value);
  }

  /** The last value, with its reference. Throws TfError INVALID_ARGUMENT where there is none. */
  pop(op: Operation): TensorValue {
    this.#checkOpen(op);
    const value = this.#values.pop();
    if (value === undefined) throw fail(op, `Stack[${this.name}] is empty when calling Pop().`);
    return value;
  }

  close(): void {
    for (const value of this.#values) value.release();
    this.#values.length = 0;
    this.#isClosed = true;
  }

  #checkOpen(op: Operation): void {
    if (this.#isClosed) throw fail(op, `Stack[${this.name}] has already been closed.`);
  }
}

function fail(op: Operation, sentence: string): TfError {
  return new TfError("INVALID_ARGUMENT", sentence, { node: op.name, op: op.type });
}
