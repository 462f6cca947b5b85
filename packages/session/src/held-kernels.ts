// All ops that work on what lives as long as a run, and how one of them runs.
import type { Operation } from "@org/graph";
import type { NdArray } from "@org/tensor";
import { failHeld, type Held, type HeldKernel } from "./held.ts";
import { stackKernels } from "./stacks.ts";
import { tensorArrayKernels } from "./tensor-arrays.ts";
import type { TensorValue, Value } from "./values.ts";

export const heldKernels: Readonly<Record<string, HeldKernel>> = { ...stackKernels, ...tensorArrayKernels };

/** What a run gives such an op. */
export interface HeldEnvironment {
  input(index: number): Value;
  hold(held: Held): void;
  value(array: NdArray): TensorValue;
}

/** Runs `op`: its outputs. Throws TfError INVALID_ARGUMENT where a handle is of another kind. */
export function runHeld(op: Operation, { input, hold, value }: HeldEnvironment): ReturnType<HeldKernel> {
  return heldKernels[op.type]!({
    op,
    value,
    tensor: (index) => input(index) as TensorValue,
    held: (index, type) => {
      const handle = input(index);
      if (handle.kind === "handle" && handle.held instanceof type) return handle.held;
      return failHeld(op, `Input ${index} of ${op.type} is a handle of another kind`);
    },
    hold: (held) => {
      hold(held);
      return { kind: "handle", held };
    },
  });
}
