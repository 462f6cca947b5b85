// Strided views: how the elements of an array lie in the memory of the array that it was transposed, sliced, reversed,
// reshaped or broadcast from. Numbers (extent, stride, offset) are data; whether a dimension is whole, broadcast or
// next to another one is structure, and known without looking at extents, so that a batch of 1 is seen as any other.
import { sizeOf } from "@org/tensor";
import { denseStrides } from "../evaluator/array.ts";
import { type Attributes, attributesOf, type HloInstruction } from "../instruction.ts";
import type { Movement } from "./loop-nest.ts";

export interface ViewDimension {
  readonly extent: number;
  readonly stride: number;
  /** Does not move: the stride is 0. */
  readonly broadcast: boolean;
  /** Which of the memory's dimensions it runs over, [from, to): neighbours have to === from. Halves come from splitting one. */
  readonly from: number;
  readonly to: number;
  /** Runs over all of them, not over a slice. */
  readonly whole: boolean;
  /** Neither skips nor goes backwards. */
  readonly plain: boolean;
}

export interface View {
  readonly dimensions: readonly ViewDimension[];
  readonly offset: number;
}

/** All of a dense row-major array. */
export function denseView(dims: readonly number[]): View {
  const strides = denseStrides(dims);
  const dimensions = dims.map((extent, d) => ({
    extent,
    stride: strides[d]!,
    broadcast: false,
    from: d,
    to: d + 1,
    whole: true,
    plain: true,
  }));
  return { dimensions, offset: 0 };
}

/** A dimension that reads the same for each of `extent` indices. */
export function broadcastDimension(extent: number): ViewDimension {
  return { extent, stride: 0, broadcast: true, from: -1, to: -1, whole: false, plain: false };
}

/** The numbers of an iota: memory in which each number is its own address. */
export function iotaView(dims: readonly number[], dimension: number): View {
  const dimensions = dims.map((extent, d) =>
    d === dimension
      ? { extent, stride: 1, broadcast: false, from: 0, to: 1, whole: true, plain: true }
      : broadcastDimension(extent),
  );
  return { dimensions, offset: 0 };
}

/** Two neighbouring dimensions as one, where strides can say it by structure. */
export function mergeDimensions(outer: ViewDimension, inner: ViewDimension): ViewDimension | undefined {
  if (outer.broadcast && inner.broadcast) return broadcastDimension(outer.extent * inner.extent);
  const adjacent =
    !outer.broadcast &&
    !inner.broadcast &&
    outer.plain &&
    inner.plain &&
    inner.whole &&
    outer.to === inner.from;
  if (!adjacent) return undefined;
  return { ...inner, extent: outer.extent * inner.extent, from: outer.from, whole: outer.whole };
}

/** All of a list merged to one; undefined where two cannot. Of none: a broadcast of 1. */
export function mergeAll(dimensions: readonly ViewDimension[]): ViewDimension | undefined {
  const [first, ...rest] = dimensions;
  if (!first) return broadcastDimension(1);
  return rest.reduce<ViewDimension | undefined>(
    (merged, next) => merged && mergeDimensions(merged, next),
    first,
  );
}

/** How a view moves along each dimension. */
export function movementsOf(dimensions: readonly ViewDimension[]): Movement[] {
  return dimensions.map((dimension) => {
    if (dimension.broadcast) return "broadcast";
    const innermost = !dimensions.some((other) => !other.broadcast && other.from >= dimension.to);
    return dimension.plain && dimension.stride === 1 && innermost ? "unit" : "strided";
  });
}

/** Whether `opcode` is one that applyView knows. */
export function isView(opcode: string): boolean {
  return (
    opcode === "reshape" ||
    opcode === "broadcast" ||
    opcode === "transpose" ||
    opcode === "reverse" ||
    opcode === "slice"
  );
}

/** The view that `instruction` makes of a view of its operand; undefined where strides cannot say it (some reshapes). */
export function applyView(view: View, instruction: HloInstruction): View | undefined {
  switch (instruction.opcode) {
    case "reshape":
      return reshapeView(view, instruction.dims);
    case "broadcast": {
      const { dimensions } = attributesOf(instruction, "broadcast");
      const placed = instruction.dims.map((extent, d) => {
        const from = dimensions.indexOf(d);
        return from < 0 ? broadcastDimension(extent) : view.dimensions[from]!;
      });
      return { dimensions: placed, offset: view.offset };
    }
    case "transpose":
      return transposeView(view, attributesOf(instruction, "transpose").permutation);
    case "reverse":
      return reverseView(view, attributesOf(instruction, "reverse").dimensions);
    case "slice":
      return sliceView(view, attributesOf(instruction, "slice"), instruction.dims);
    default:
      throw new TypeError(`${instruction.opcode} is no view`);
  }
}

export function transposeView(view: View, permutation: readonly number[]): View {
  return { dimensions: permutation.map((d) => view.dimensions[d]!), offset: view.offset };
}

function reverseView(view: View, reversed: readonly number[]): View {
  let { offset } = view;
  const dimensions = view.dimensions.map((dimension, d) => {
    if (!reversed.includes(d) || dimension.broadcast) return dimension;
    offset += dimension.stride * (dimension.extent - 1);
    return { ...dimension, stride: -dimension.stride, plain: false };
  });
  return { dimensions, offset };
}

function sliceView(
  view: View,
  { start, limit, strides }: Attributes["slice"],
  dims: readonly number[],
): View {
  let { offset } = view;
  const dimensions = view.dimensions.map((dimension, d) => {
    const extent = dims[d]!;
    if (dimension.broadcast) return { ...dimension, extent };
    offset += dimension.stride * start[d]!;
    const whole = dimension.whole && start[d] === 0 && limit[d] === dimension.extent && strides[d] === 1;
    const plain = dimension.plain && strides[d] === 1;
    return { ...dimension, extent, stride: dimension.stride * strides[d]!, whole, plain };
  });
  return { dimensions, offset };
}

/** Relabels: equal extents pair up from the left, what lies between is merged and split again. */
export function reshapeView(view: View, dims: readonly number[]): View | undefined {
  const made: ViewDimension[] = [];
  const from = view.dimensions;
  let [i, j] = [0, 0];
  const empty = sizeOf(dims) === 0;
  while (i < from.length && j < dims.length) {
    if (from[i]!.extent === dims[j]) {
      made.push(from[i++]!);
      j++;
      continue;
    }
    const [i0, j0] = [i, j];
    if (empty) [i, j] = [from.length, dims.length];
    else {
      let [left, right] = [from[i++]!.extent, dims[j++]!];
      while (left !== right)
        if (left < right) left *= from[i++]!.extent;
        else right *= dims[j++]!;
    }
    const merged = mergeAll(from.slice(i0, i));
    const parts = merged && splitDimension(merged, dims.slice(j0, j));
    if (!parts) return undefined;
    made.push(...parts);
  }
  // What is left on either side has extents of 1: dropped, or new.
  for (; j < dims.length; j++) made.push(broadcastDimension(dims[j]!));
  return { dimensions: made, offset: view.offset };
}

function splitDimension(dimension: ViewDimension, extents: readonly number[]): ViewDimension[] {
  if (dimension.broadcast) return extents.map(broadcastDimension);
  if (extents.length === 1) return [{ ...dimension, extent: extents[0]! }];
  const strides = denseStrides(extents);
  const width = (dimension.to - dimension.from) / extents.length;
  return extents.map((extent, k) => ({
    extent,
    stride: strides[k]! * dimension.stride,
    broadcast: false,
    from: dimension.from + k * width,
    to: k === extents.length - 1 ? dimension.to : dimension.from + (k + 1) * width,
    whole: k === 0 ? dimension.whole : true,
    plain: dimension.plain,
  }));
}

/** Whether the view runs over all of its memory in order, dimension by dimension. */
export function isIdentity(view: View): boolean {
  let at = 0;
  for (const { broadcast, from, to, whole, plain } of view.dimensions) {
    if (broadcast || !whole || !plain || from !== at) return false;
    at = to;
  }
  return view.offset === 0;
}
