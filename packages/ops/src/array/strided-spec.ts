// What a strided slice's begin, end, strides and masks mean for a given shape. No op: strided-slice.ts.
// Source: core/util/strided_slice_op.cc (ValidateStridedSliceOp).
import type { Dim } from "../shape-rules.ts";

/** The five bit masks of a strided slice: bit i is about the i-th index of the specification. */
export interface SliceMasks {
  readonly begin: number;
  readonly end: number;
  readonly ellipsis: number;
  readonly newAxis: number;
  readonly shrinkAxis: number;
}

/** A strided slice made explicit for every dimension of the input. */
export interface DenseSlice {
  readonly begin: readonly number[];
  readonly end: readonly number[];
  readonly strides: readonly number[];
  /** Dims after slicing, before axes are shrunk and added; null where not known. */
  readonly processing: readonly Dim[];
  /** Dims of the result. */
  readonly final: readonly Dim[];
}

const newAxis = -2;
const shrinkAxis = -1;

interface Sparse {
  readonly begin: readonly number[] | undefined;
  readonly end: readonly number[] | undefined;
  readonly strides: readonly number[];
  readonly masks: SliceMasks;
}

interface Expanded {
  readonly begin: number[];
  readonly end: number[];
  readonly strides: number[];
  beginMask: number;
  endMask: number;
  shrinkMask: number;
  /** For each final dimension the processed one that it comes from, or newAxis, or shrinkAxis. */
  readonly gather: number[];
}

/** One entry a dimension: the ellipsis (implied at the end) spelled out. */
function expand(sparse: Sparse, rank: number, fail: (sentence: string) => never): Expanded {
  const { masks, strides } = sparse;
  let count = strides.length;
  let { ellipsis } = masks;
  if (ellipsis & (ellipsis - 1)) fail("Multiple ellipses in slice spec not allowed");
  let addedAfterEllipsis = 0;
  let seen = false;
  for (let i = 0; i < count; i++) {
    if (seen && masks.newAxis & (1 << i)) addedAfterEllipsis++;
    if (ellipsis & (1 << i)) seen = true;
  }
  if (!seen) {
    ellipsis |= 1 << count;
    count++;
  }
  const dense: Expanded = {
    begin: new Array<number>(rank).fill(0),
    end: new Array<number>(rank).fill(0),
    strides: new Array<number>(rank).fill(1),
    beginMask: 0,
    endMask: 0,
    shrinkMask: 0,
    gather: [],
  };
  let at = 0;
  for (let i = 0; i < count; i++) {
    const bit = 1 << i;
    if (ellipsis & bit) {
      const next = Math.min(rank - (count - i) + 1 + addedAfterEllipsis, rank);
      for (; at < next; at++) {
        dense.beginMask |= 1 << at;
        dense.endMask |= 1 << at;
        dense.gather.push(at);
      }
    } else if (masks.newAxis & bit) dense.gather.push(newAxis);
    else {
      if (at === rank) fail(`Index out of range using input dim ${at}; input has only ${rank} dims`);
      dense.begin[at] = sparse.begin?.[i] ?? 0;
      dense.end[at] = sparse.end?.[i] ?? 0;
      dense.strides[at] = strides[i]!;
      if (masks.begin & bit) dense.beginMask |= 1 << at;
      if (masks.end & bit) dense.endMask |= 1 << at;
      if (masks.shrinkAxis & bit) {
        dense.gather.push(shrinkAxis);
        dense.shrinkMask |= 1 << at;
      } else dense.gather.push(at);
      at++;
    }
  }
  return dense;
}

/** Elements of an interval under a stride. */
function lengthOf(interval: number, stride: number): number {
  return interval === 0 || interval < 0 !== stride < 0 ? 0 : Math.ceil(interval / stride);
}

/**
 * The slice for an input of `dims` (null: not known); begin and end may be unknown too. `fail` gets TensorFlow's
 * sentence where the slice is none.
 */
export function denseSlice(
  sparse: Sparse,
  dims: readonly Dim[],
  fail: (sentence: string) => never,
): DenseSlice {
  const { begin, end, strides } = sparse;
  if ((begin && begin.length !== strides.length) || (end && end.length !== strides.length)) {
    fail(
      `Expected begin, end, and strides to be 1D equal size tensors, but got shapes [${begin?.length}], [${end?.length}], and [${strides.length}] instead.`,
    );
  }
  const dense = expand(sparse, dims.length, fail);
  const known = begin !== undefined && end !== undefined;
  const processing = dims.map((dim, i): Dim => {
    const stride = dense.strides[i]!;
    const shrinks = Boolean(dense.shrinkMask & (1 << i));
    if (stride === 0) fail(`strides[${i}] must be non-zero`);
    if (dim === null) return shrinks ? 1 : null;
    if (shrinks && stride <= 0) fail("only stride 1 allowed on non-range indexing.");
    const beginMasked = Boolean(dense.beginMask & (1 << i));
    const endMasked = Boolean(dense.endMask & (1 << i));
    if (known) {
      if (shrinks) {
        const x = dense.begin[i]!;
        const forward = x < 0 ? x + dim : x;
        if (forward < 0 || forward >= dim) fail(`slice index ${x} of dimension ${i} out of bounds.`);
        dense.begin[i] = forward;
        dense.end[i] = forward + 1;
      } else {
        const [low, high] = stride > 0 ? [0, dim] : [-1, dim - 1];
        const clamp = (x: number): number => Math.min(Math.max(x < 0 ? x + dim : x, low), high);
        dense.begin[i] = beginMasked ? (stride > 0 ? low : high) : clamp(dense.begin[i]!);
        dense.end[i] = endMasked ? (stride > 0 ? high : low) : clamp(dense.end[i]!);
      }
      return lengthOf(dense.end[i]! - dense.begin[i]!, stride);
    }
    if (shrinks) return 1;
    return beginMasked && endMasked ? lengthOf(stride < 0 ? -dim : dim, stride) : null;
  });
  const final = dense.gather.flatMap((from): Dim[] =>
    from >= 0 ? [processing[from]!] : from === newAxis ? [1] : [],
  );
  return { begin: dense.begin, end: dense.end, strides: dense.strides, processing, final };
}
