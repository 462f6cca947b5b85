// tf.strings.join, tf.strings.reduce_join, tf.strings.unsorted_segment_join: strings put together, with what stands between them.
// Source: core/kernels/{string_join_op,reduce_join_op,unsorted_segment_join_op}.cc, python/ops/string_ops.py.
import type { Tensor } from "@org/graph";
import { coreShapes } from "@org/graph/core-ops";
import { type NdArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { rank } from "../array/shape-of.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { stringArray } from "../host/text.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reductionShape } from "../math/reductions.ts";
import { unsortedSegmentShape } from "../math/segment.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { numbersOf } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";

export interface JoinOptions extends NameOption {
  /** What stands between the strings: nothing unless given. */
  readonly separator?: string | undefined;
}

/** tf.strings.join, tf.string_join: the strings of several tensors, element by element; scalars are joined with each element. @tfExport stringJoin, strings.join */
export function stringJoin(inputs: readonly TensorLike[], options: JoinOptions = {}): Tensor {
  const { name, separator = "" } = options;
  return applyOne("StringJoin", [inputs], { name, attrs: { separator } });
}

export interface ReduceJoinOptions extends JoinOptions {
  /** Dimensions to join along, in this order: all, the last first, unless given. */
  readonly axis?: TensorLike | undefined;
  /** Keep joined dimensions as 1. */
  readonly keepdims?: boolean | undefined;
}

/** tf.strings.reduce_join, tf.reduce_join: strings joined along dimensions. An axis that is not there or is named twice fails the run. @tfExport reduceJoin, strings.reduceJoin */
export function reduceJoin(inputs: TensorLike, options: ReduceJoinOptions = {}): Tensor {
  const { axis, keepdims = false, separator = "" } = options;
  // TensorFlow opens its scope without the name, which goes to the op within.
  return withScope(resolveGraph([inputs, axis]), undefined, "ReduceJoin", () => {
    const x = convertToTensor(inputs);
    const axes = axis ?? allAxes(x);
    return applyOne("ReduceJoin", [x, axes], {
      name: options.name,
      attrs: { keep_dims: keepdims, separator },
    });
  });
}

function allAxes(x: Tensor): TensorLike {
  const { rank: known } = x.shape;
  if (known !== null) return convertToTensor(Int32Array.from({ length: known }, (_, i) => known - 1 - i));
  return range(operator.sub(rank(x), 1), int32(-1), int32(-1));
}

/** tf.strings.unsorted_segment_join: the strings of each segment joined; a segment without any is empty. @tfExport strings.unsortedSegmentJoin */
export function unsortedSegmentJoin(
  inputs: TensorLike,
  segmentIds: TensorLike,
  numSegments: TensorLike,
  options: JoinOptions = {},
): Tensor {
  const { name, separator = "" } = options;
  return applyOne("UnsortedSegmentJoin", [inputs, segmentIds, numSegments], { name, attrs: { separator } });
}

/** Strings with a separator between them. */
export function joined(parts: readonly Uint8Array[], separator: Uint8Array): Uint8Array {
  const between = separator.length * Math.max(0, parts.length - 1);
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, between));
  let at = 0;
  parts.forEach((part, i) => {
    if (i > 0) {
      out.set(separator, at);
      at += separator.length;
    }
    out.set(part, at);
    at += part.length;
  });
  return out;
}

function join(c: HostContext): NdArray {
  const inputs = Array.from({ length: c.inputCount }, (_, i) => c.input(i));
  const shapes = inputs.map(({ shape }) => shape).filter((shape) => shape.length > 0);
  const shape = shapes[0] ?? [];
  for (const other of shapes)
    if (`${other}` !== `${shape}`)
      c.fail("INVALID_ARGUMENT", `Input shapes do not match: [${shape}] vs. [${other}]`);
  const separator = c.attrs.bytes("separator");
  const strings = Array.from({ length: sizeOf(shape) }, (_, i) =>
    joined(
      inputs.map((input) => (input.data as Uint8Array[])[input.shape.length === 0 ? 0 : i]!),
      separator,
    ),
  );
  return stringArray(shape, strings);
}

/** For each element of a shape of `dims`, its offset where dimension i moves by `strides[i]`. */
function offsets(dims: readonly number[], strides: readonly number[]): number[] {
  return Array.from({ length: sizeOf(dims) }, (_, flat) => {
    let [offset, rest] = [0, flat];
    for (let d = dims.length - 1; d >= 0; d--) {
      offset += (rest % dims[d]!) * strides[d]!;
      rest = Math.floor(rest / dims[d]!);
    }
    return offset;
  });
}

function joinAlong(c: HostContext): NdArray {
  const { shape, data } = c.input(0);
  const order: number[] = [];
  for (const axis of numbersOf(c.input(1))) {
    if (axis < -shape.length || axis >= shape.length)
      c.fail(
        "OUT_OF_RANGE",
        `Invalid reduction dimension ${axis} for input with ${shape.length} dimension(s)`,
      );
    const at = axis < 0 ? axis + shape.length : axis;
    if (order.includes(at)) c.fail("INVALID_ARGUMENT", `Duplicate reduction dimension ${axis}`);
    order.push(at);
  }
  const strides = shape.map((_, i) => sizeOf(shape.slice(i + 1)));
  // The axis that is named first moves fastest.
  const inner = order.reverse();
  const outer = shape.map((_, i) => i).filter((i) => !inner.includes(i));
  const places = (axes: readonly number[]): number[] =>
    offsets(
      axes.map((i) => shape[i]!),
      axes.map((i) => strides[i]!),
    );
  const within = places(inner);
  const separator = c.attrs.bytes("separator");
  const strings = places(outer).map((base) =>
    joined(
      within.map((offset) => (data as Uint8Array[])[base + offset]!),
      separator,
    ),
  );
  const kept = shape.map((dim, i) => (inner.includes(i) ? 1 : dim));
  return stringArray(c.attrs.bool("keep_dims") ? kept : kept.filter((_, i) => !inner.includes(i)), strings);
}

function joinSegments(c: HostContext): NdArray {
  const [input, ids] = [c.input(0), c.input(1)];
  const count = numbersOf(c.input(2))[0]!;
  const [rankOfIds, rankOfInput] = [ids.shape.length, input.shape.length];
  if (rankOfIds === 0) c.fail("INVALID_ARGUMENT", "Segment_id cannot have rank 0");
  if (rankOfIds > rankOfInput)
    c.fail("OUT_OF_RANGE", `Invalid segment_id rank ${rankOfIds} for input with ${rankOfInput} dimension(s)`);
  ids.shape.forEach((dim, i) => {
    if (dim !== input.shape[i])
      c.fail(
        "INVALID_ARGUMENT",
        `Segment dimension is ${dim} while input dimension is ${rankOfInput} in rank ${i}`,
      );
  });
  const inner = input.shape.slice(rankOfIds);
  const width = sizeOf(inner);
  const segments: Uint8Array[][] = Array.from({ length: count * width }, () => []);
  numbersOf(ids).forEach((id, i) => {
    if (id < 0 || id >= count)
      c.fail(
        "INVALID_ARGUMENT",
        "segment_ids are not allowed to exceed num_segments or to have negative values.",
      );
    for (let k = 0; k < width; k++)
      segments[id * width + k]!.push((input.data as Uint8Array[])[i * width + k]!);
  });
  const separator = c.attrs.bytes("separator");
  return stringArray(
    [count, ...inner],
    segments.map((parts) => joined(parts, separator)),
  );
}

/** Entries of the ops that join strings. */
export const joiningOps: readonly OpEntry[] = defineOps({
  StringJoin: { shape: coreShapes.StringJoin!, host: (c) => [join(c)], gradient: null },
  ReduceJoin: { shape: reductionShape, host: (c) => [joinAlong(c)], gradient: null },
  UnsortedSegmentJoin: {
    shape: unsortedSegmentShape,
    host: (c) => {
      const count = c.input(2);
      if (count.shape.length !== 0)
        c.fail("INVALID_ARGUMENT", `num_segments should be a scalar, not shape ${new Shape(count.shape)}`);
      return [joinSegments(c)];
    },
    gradient: null,
  },
});
