// A fusion is what one kernel computes. `fuse` cuts a computation into a FusionPlan: the values that stay
// in memory between kernels, and the kernels in order.
import type { HloComputation, HloDType } from "./instruction.ts";

/**
 * - loop: every output element is an expression of elements of the inputs (element-wise ops, broadcasts, and views:
 *   transpose, reverse, slice, reshape where strides can say it, iota, scalar constants). Outputs share one iteration space.
 * - reduce: a loop's expression reduced over dimensions, then an expression of the result and inputs of the result's shape.
 * - rows: reductions over the last dimensions among element-wise ops that feed them and that read their results at every point of the same
 *   rows (softmax, layer normalisation), so that a row is near while it is worked on. Made only for backends that say so (Backend.alsoFuses).
 * - dot: a matrix product (views on its operands), then an expression of the result and of inputs broadcast to it (bias, relu).
 * - convolution: a convolution of two inputs, then an expression of the result and of inputs that are whole, or broadcast along all
 *   dimensions but the last. Made only for backends that say so (Backend.alsoFuses): for others convolutions are single.
 * - single: one instruction that is a kernel of its own (gather, scatter, pad, concatenate, convolution, sort, customCall ...).
 */
export type FusionKind = "loop" | "reduce" | "rows" | "dot" | "convolution" | "single";

export interface Fusion {
  readonly kind: FusionKind;
  /** parameters are the kernel's inputs, roots its outputs; concrete shapes of this use. */
  readonly computation: HloComputation;
  /**
   * The structure: the same for two fusions that one kernel can serve. Holds opcodes, types, ranks, attributes that are not
   * extents, and which operands are broadcast; no extents, no strides.
   */
  readonly key: string;
}

export interface FusionStep {
  readonly fusion: Fusion;
  /**
   * For each output, the inputs whose buffer it may overwrite, if nobody else needs them: equally long, and every element is
   * read at no other place than where it is written. A backend may still refuse.
   */
  readonly donations: readonly (readonly number[])[];
  /** Indices into FusionPlan.values. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/**
 * Memory between kernels. A reshape makes no value: its users read the operand's with other dims, which they have in their own
 * fusion's parameters (and roots in the computation's roots). So a value is a buffer, and `dims` are those of what wrote it.
 */
export interface PlannedValue {
  readonly dtype: HloDType;
  readonly dims: readonly number[];
}

export interface FusionPlan {
  readonly values: readonly PlannedValue[];
  /** parameters[i] is the value of the computation's parameter i. */
  readonly parameters: readonly number[];
  /** Values that are constants too large to be literals: uploaded once. */
  readonly constants: readonly { readonly value: number; readonly data: import("@org/tensor").NdArray }[];
  readonly steps: readonly FusionStep[];
  /** roots[i] is the value of the computation's root i; two roots, or a root and a parameter, or a constant, may be one value. */
  readonly roots: readonly number[];
}
