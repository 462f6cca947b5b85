// A rectangular part of a tensor, as partitioned variables are saved in, and the "shape and slice" strings
// that SaveV2 and RestoreV2 take. Source: tensorflow/core/framework/tensor_slice.cc, core/util/saved_tensor_slice_util.cc.
import { type ErrorCode, TfError } from "@org/errors";
import type { ITensorSliceProto } from "@org/proto";

/** One extent a dimension; length -1 is "all of it", and start is then 0. */
export interface TensorSlice {
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
}

/** The whole of a tensor of that rank. */
export function fullSlice(rank: number): TensorSlice {
  return { starts: new Array<number>(rank).fill(0), lengths: new Array<number>(rank).fill(-1) };
}

/** Whether a slice is the whole of a tensor: "all" everywhere or, where `shape` is given, by its extents. */
export function isFullSlice(slice: TensorSlice, shape?: readonly number[]): boolean {
  return slice.lengths.every(
    (length, i) => slice.starts[i] === 0 && (length === -1 || (shape !== undefined && length === shape[i])),
  );
}

/** "-:0,3" for [all, 0..3). */
export function sliceToString(slice: TensorSlice): string {
  return slice.lengths
    .map((length, i) => (isFullAt(slice, i) ? "-" : `${slice.starts[i]},${length}`))
    .join(":");
}

/** Parses "-:0,3". INVALID_ARGUMENT where it is not a slice. */
export function parseSlice(text: string): TensorSlice {
  const starts: number[] = [];
  const lengths: number[] = [];
  for (const part of text === "" ? [] : text.split(":")) {
    if (part === "-") {
      starts.push(0);
      lengths.push(-1);
      continue;
    }
    const match = /^(-?\d+),(-?\d+)$/.exec(part);
    if (!match || match.slice(1).some((number) => BigInt(number) !== BigInt.asIntN(64, BigInt(number)))) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Expected a pair of numbers or '-' but got '${part}': string = ${text}`,
      );
    }
    const start = Number(match[1]);
    const length = Number(match[2]);
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(length))
      throw new TfError("INVALID_ARGUMENT", `A slice of more than 2^53 elements: string = ${text}`);
    if (start < 0 || length <= 0) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Expected non-negative start and positive length but got start = ${start}, length = ${length}: string = ${text}`,
      );
    }
    starts.push(start);
    lengths.push(length);
  }
  return { starts, lengths };
}

/** A parsed "shape and slice": the full shape, the slice, and the slice's own shape. */
export interface ShapeAndSlice {
  readonly shape: readonly number[];
  readonly slice: TensorSlice;
  readonly sliceShape: readonly number[];
}

/** Parses "4 5 0,2:-". INVALID_ARGUMENT with TensorFlow's sentences. */
export function parseShapeAndSlice(text: string): ShapeAndSlice {
  const parts = text.trimEnd().split(" ");
  if (parts.length < 2) {
    throw new TfError(
      "INVALID_ARGUMENT",
      `Need least two elements in shape_and_slice specification: ${text}`,
    );
  }
  const slice = parseSlice(parts.pop()!);
  const shape = parts.map((part) => {
    if (!/^\d+$/.test(part))
      throw new TfError("INVALID_ARGUMENT", `Non numerical dimension in shape_and_slice: ${text}`);
    return Number(part);
  });
  return { shape, slice, sliceShape: sliceShape(slice, shape) };
}

/** The slice's shape within a tensor of `shape`. Throws TfError INTERNAL, as TensorFlow, or `code` where rank or bounds do not fit. */
export function sliceShape(
  slice: TensorSlice,
  shape: readonly number[],
  code: ErrorCode = "INTERNAL",
): number[] {
  if (slice.lengths.length !== shape.length) {
    throw new TfError(code, `Mismatching ranks: shape = [${shape}], slice = ${sliceToString(slice)}`);
  }
  return shape.map((dim, i) => {
    const length = slice.lengths[i]!;
    if (length === -1) return dim;
    const start = slice.starts[i]!;
    const inside = Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length >= 0;
    if (!inside || start + length > dim) {
      throw new TfError(
        code,
        `Extent in dimension ${i} out of bounds: shape = [${shape}], slice = ${sliceToString(slice)}`,
      );
    }
    return length;
  });
}

/** Extents as protobuf has them; one without a length is a whole dimension. */
export function sliceFromProto(proto: ITensorSliceProto): TensorSlice {
  const extents = proto.extent ?? [];
  return {
    starts: extents.map((extent) => Number(extent.start ?? 0n)),
    lengths: extents.map((extent) =>
      extent.length === null || extent.length === undefined ? -1 : Number(extent.length),
    ),
  };
}

/** The inverse of sliceFromProto. */
export function sliceToProto(slice: TensorSlice): ITensorSliceProto {
  return {
    extent: slice.lengths.map((length, i) =>
      length === -1 ? {} : { start: BigInt(slice.starts[i]!), length: BigInt(length) },
    ),
  };
}

/** Whether dimension `i` of a slice is "all of it". */
const isFullAt = (slice: TensorSlice, i: number): boolean => slice.lengths[i] === -1 && slice.starts[i] === 0;

/** What two slices of one tensor share; undefined where they do not meet or are of other ranks. As TensorSlice::Intersect. */
export function intersectSlices(a: TensorSlice, b: TensorSlice): TensorSlice | undefined {
  if (a.lengths.length !== b.lengths.length) return undefined;
  const starts: number[] = [];
  const lengths: number[] = [];
  for (let i = 0; i < a.lengths.length; i++) {
    if (isFullAt(a, i) || isFullAt(b, i)) {
      const one = isFullAt(a, i) ? b : a;
      starts.push(one.starts[i]!);
      lengths.push(one.lengths[i]!);
      continue;
    }
    const start = Math.max(a.starts[i]!, b.starts[i]!);
    const end = Math.min(a.starts[i]! + a.lengths[i]!, b.starts[i]! + b.lengths[i]!);
    if (end <= start) return undefined;
    starts.push(start);
    lengths.push(end - start);
  }
  return { starts, lengths };
}

/** `slice` as seen from `base`, which holds it. As TensorSlice::ComputeRelative. */
export function relativeSlice(base: TensorSlice, slice: TensorSlice): TensorSlice {
  return {
    starts: slice.starts.map((start, i) => start - (isFullAt(base, i) ? 0 : base.starts[i]!)),
    lengths: slice.lengths.map((length, i) => (isFullAt(slice, i) ? base.lengths[i]! : length)),
  };
}

/** The smallest slice that holds both. As TensorSlice::UpdateToCover. */
export function coverSlices(a: TensorSlice, b: TensorSlice): TensorSlice {
  const full = a.lengths.map((_, i) => isFullAt(a, i) || isFullAt(b, i));
  const starts = full.map((all, i) => (all ? 0 : Math.min(a.starts[i]!, b.starts[i]!)));
  const end = (slice: TensorSlice, i: number): number => slice.starts[i]! + slice.lengths[i]!;
  return {
    starts,
    lengths: full.map((all, i) => (all ? -1 : Math.max(end(a, i), end(b, i)) - starts[i]!)),
  };
}

/** Whether two slices say the same, dimension by dimension. */
export function equalSlices(a: TensorSlice, b: TensorSlice): boolean {
  return (
    a.lengths.length === b.lengths.length &&
    a.lengths.every((length, i) => length === b.lengths[i] && a.starts[i] === b.starts[i])
  );
}
