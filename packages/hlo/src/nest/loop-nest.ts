// What a code-generating backend consumes: a fusion as loops over strided memory with a straight-line body of scalar
// operations. Extents, strides, offsets and literals are data that a launch passes; `key` is all that
// code may depend on. `loopNest(fusion)` makes it; see build-nest.ts (how) and view.ts (strides).
import type { Direction, HloDType, HloInstruction, Opcode, Reducer } from "../instruction.ts";

/**
 * How a load or store moves along one dimension, as structure (a batch of 1 does not change it):
 * - "broadcast": not at all (stride 0);
 * - "unit": one element (stride 1) and, in the innermost dimension, contiguous;
 * - "strided": any stride, also negative.
 */
export type Movement = "broadcast" | "unit" | "strided";

/** Reads one element of an input for each point that its op runs at: data[offset + sum(index[d] * strides[d])]. */
export interface NestLoad {
  /** Which input: index into the fusion computation's parameters. */
  readonly parameter: number;
  readonly dtype: HloDType;
  /** In elements, one for each dimension of `extents`; 0 along reduced dimensions for ops behind the reductions. */
  readonly strides: readonly number[];
  readonly offset: number;
  /** One for each dimension; part of the key. */
  readonly movement: readonly Movement[];
}

/** The value offset + sum(index[d] * strides[d]) itself: an iota. */
export interface NestIndex {
  readonly strides: readonly number[];
  readonly offset: number;
  readonly movement: readonly Movement[];
}

/** Writes one element of an output for each point (loop, dot), each outer point (reduce), or either (rows). */
export interface NestStore {
  /** Which output: index into the fusion computation's roots. */
  readonly output: number;
  readonly dtype: HloDType;
  /** Index into `ops`. */
  readonly value: number;
  /** Dense and row-major over the outer dimensions, 0 along reduced ones; of rows, where each point is written, over all of them. */
  readonly strides: readonly number[];
  readonly offset: number;
}

/**
 * One scalar operation; its result is known by its place in `ops`. Arguments come before it. `dtype` is the
 * result's type; arithmetic is in that type (compare: in its arguments').
 */
export type NestOp =
  | { readonly kind: "load"; readonly load: number; readonly dtype: HloDType }
  | { readonly kind: "literal"; readonly literal: number; readonly dtype: HloDType }
  | { readonly kind: "index"; readonly index: number; readonly dtype: HloDType }
  /** Element-wise opcodes alone: unary, binary, compare, select, clamp, convert, bitcastConvert. */
  | {
      readonly kind: "compute";
      readonly opcode: Opcode;
      readonly dtype: HloDType;
      readonly args: readonly number[];
      /** Of compare. */
      readonly direction?: Direction;
    }
  /** The combination of `arg` over the reduced dimensions; from the reducer's identity. */
  | { readonly kind: "reduction"; readonly reducer: Reducer; readonly dtype: HloDType; readonly arg: number }
  /** An element of the matrix product, or of the convolution, at this point. */
  | { readonly kind: "product"; readonly dtype: HloDType };

/** An operand of a matrix product as strided memory. */
export interface NestMatrix {
  readonly parameter: number;
  readonly dtype: HloDType;
  /** [batch, row, column]: lhs rows are m, columns k; rhs rows are k, columns n. A batch that is broadcast has stride 0. */
  readonly strides: readonly [number, number, number];
  readonly offset: number;
  readonly movement: readonly [Movement, Movement, Movement];
}

/**
 * A fusion as loops.
 * - loop: `ops` run at every point of `extents`.
 * - reduce: `extents` are the outer dimensions, then the reduced ones from `outerRank` on. Ops before `inner` run at
 *   every point; ops from `inner` on (the reductions, and what follows) at every outer point, once its reductions are done.
 * - rows: `extents` are the outer dimensions, then the row. Reductions combine over the row; ops that read their results, also at
 *   every point, come behind. See row-passes.ts.
 * - dot: `extents` are [batch, m, n]; ops run at every point with the product.
 * - convolution: `extents` are [1, rows, outputs]: all dimensions but the last are rows; ops run at every point with its result.
 * There is at least one dimension of each sort (an extent of 1 where the array has none), and neighbours are merged where all
 * loads and stores allow it, by structure and not by extents.
 */
export interface LoopNest {
  readonly kind: "loop" | "reduce" | "rows" | "dot" | "convolution";
  /** Equal keys: one code serves both. Holds everything but extents, strides, offsets and the values of literals. */
  readonly key: string;
  /** May hold 0: then a loop writes nothing and a reduction gives identities. */
  readonly extents: readonly number[];
  readonly outerRank: number;
  /** Loads of one parameter with the same strides are one load. */
  readonly loads: readonly NestLoad[];
  readonly indices: readonly NestIndex[];
  /** Launch data: bool as 0 or 1, float16 and bfloat16 as the number, int64 and uint64 as bigint. */
  readonly literals: readonly (number | bigint)[];
  readonly ops: readonly NestOp[];
  readonly inner: number;
  readonly stores: readonly NestStore[];
  /** Of kind dot: the product of [batch, m, k] and [batch, k, n]. */
  readonly dot?: { readonly k: number; readonly lhs: NestMatrix; readonly rhs: NestMatrix };
  /** Of kind convolution: which instruction it is, and which inputs it reads, whole and as they lie. */
  readonly convolution?: {
    readonly instruction: HloInstruction;
    readonly lhs: number;
    readonly rhs: number;
  };
}
