// Stacks: what a loop pushes in each iteration and its backward loop pops. Source: core/kernels/stack.cc.
import type { Operation } from "@org/graph";
import { type DType, dtypeToProto } from "@org/tensor";
import { failHeld, type Held, type HeldKernel, integersOf, onHost } from "./held.ts";
import type { TensorValue } from "./values.ts";

class Stack implements Held {
  readonly title: string;
  readonly dtype: DType;
  /** How many it may hold; negative: any number. */
  readonly maxSize: number;
  readonly #values: TensorValue[] = [];
  #isClosed = false;

  constructor(name: string, dtype: DType, maxSize: number) {
    this.title = `Stack[${name}]`;
    this.dtype = dtype;
    this.maxSize = maxSize;
  }

  /** Takes over the caller's reference. */
  push(value: TensorValue, op: Operation): void {
    this.#checkOpen(op);
    if (value.dtype !== this.dtype)
      failHeld(op, `Must have type ${dtypeToProto(this.dtype)} but got ${dtypeToProto(value.dtype)}`);
    if (this.maxSize >= 0 && this.#values.length >= this.maxSize)
      failHeld(op, `${this.title} overflowed its max_size (${this.maxSize})`);
    this.#values.push(value);
  }

  /** The last value, with its reference. */
  pop(op: Operation): TensorValue {
    this.#checkOpen(op);
    return this.#values.pop() ?? failHeld(op, `${this.title} is empty when calling Pop().`);
  }

  close(): void {
    for (const value of this.#values) value.release();
    this.#values.length = 0;
    this.#isClosed = true;
  }

  #checkOpen(op: Operation): void {
    if (this.#isClosed) failHeld(op, `${this.title} has already been closed.`);
  }
}

const make: HeldKernel = (c) => {
  const stack = (limit: number) => [c.hold(new Stack(c.op.name, c.op.attrs.type("elem_type"), limit))];
  return c.op.type === "Stack" ? stack(-1) : onHost(c.tensor(0), (limit) => stack(integersOf(limit)[0]!));
};
const push: HeldKernel = (c) => {
  const value = c.tensor(1);
  const stack = c.held(0, Stack);
  stack.push(value.retain(), c.op);
  return [value.retain()];
};
const pop: HeldKernel = (c) => [c.held(0, Stack).pop(c.op)];
const close: HeldKernel = (c) => {
  c.held(0, Stack).close();
  return [];
};

export const stackKernels: Readonly<Record<string, HeldKernel>> = {
  Stack: make,
  StackV2: make,
  StackPush: push,
  StackPushV2: push,
  StackPop: pop,
  StackPopV2: pop,
  StackClose: close,
  StackCloseV2: close,
};
