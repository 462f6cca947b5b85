// A rectangular part of a tensor, as partitioned variables are saved in, and the "shape and slice" strings
// that SaveV2 and RestoreV2 take. Source: tensorflow/core/framework/tensor_slice.cc, core/util/saved_tensor_slice_util.cc.
import { TfError } from "@org/errors";
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

/** Whether a slice is the whole of a tensor of `shape`, be it as "all" or by its extents. */
export function isFullSlice(slice: TensorSlice, shape: readonly number[]): boolean {
  return slice.lengths.every((length, i) => length === -1 || (slice.starts[i] === 0 && length === shape[i]));
}

/** "-:0,3" for [all, 0..3). */
export function sliceToString(slice: TensorSlice): string {
  return slice.lengths.map((length, i) => (length === -1 ? "-" : `${slice.starts[i]},${length}`)).join(":");
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
    const match = /^(\d+),(\d+)$/.exec(part);
    if (!match) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Expected a pair of numbers or '-' but got '${part}': string = ${text}`,
      );
    }
    const start = Number(match[1]);
    const length = Number(match[2]);
    if (length <= 0 || !Number.isSafeInteger(start + length)) {
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

/** The slice's shape within a tensor of `shape`. INVALID_ARGUMENT where rank or bounds do not fit. */
export function sliceShape(slice: TensorSlice, shape: readonly number[]): number[] {
  if (slice.lengths.length !== shape.length) {
    throw new TfError(
      "INVALID_ARGUMENT",
      `Mismatching ranks: shape = [${shape}], slice = ${sliceToString(slice)}`,
    );
  }
  return shape.map((dim, i) => {
    const length = slice.lengths[i]!;
    if (length === -1) return dim;
    if (slice.starts[i]! + length > dim) {
      throw new TfError(
        "INVALID_ARGUMENT",
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

/** What two slices of a tensor of `shape` share, in its coordinates; undefined where they do not meet. */
export function intersectSlices(
  a: TensorSlice,
  b: TensorSlice,
  shape: readonly number[],
): { start: number[]; size: number[] } | undefined {
  const start: number[] = [];
  const size: number[] = [];
  for (let i = 0; i < shape.length; i++) {
    const lengthOf = (s: TensorSlice): number => (s.lengths[i] === -1 ? shape[i]! : s.lengths[i]!);
    const from = Math.max(a.starts[i]!, b.starts[i]!);
    const to = Math.min(a.starts[i]! + lengthOf(a), b.starts[i]! + lengthOf(b));
    if (to <= from && shape[i] !== 0) return undefined;
    start.push(from);
    size.push(Math.max(0, to - from));
  }
  return { start, size };
}
