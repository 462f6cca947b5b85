// The ops behind TensorArray, in the version of TensorFlow 1.x (V3, by resource) and the one before (V2, by name).
// What they do in a run is the executor's: arrays live as long as a run, and their elements stay where they are.
// Source: tensorflow/core/ops/data_flow_ops.cc.
import type { InferenceContext, ShapeFunction } from "@org/graph";
import { Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import type { Gradient, OpEntry } from "../op-entry.ts";
import { mergeShapes, subshape, withRank } from "../shape-rules.ts";
import { tensorArrayGradients } from "./tensor-array.ts";

const pair = new Shape([2]);

function concatenated(a: Shape, b: Shape): Shape {
  return new Shape(a.dims && b.dims ? [...a.dims, ...b.dims] : null);
}

const checked =
  (
    ranks: Readonly<Record<number, number>>,
    shape: (c: InferenceContext) => readonly Shape[],
  ): ShapeFunction =>
  (c) => {
    mergeShapes(withRank(c.input(0), 1), pair);
    for (const [input, rank] of Object.entries(ranks)) withRank(c.input(Number(input)), rank);
    return shape(c);
  };

/** Shape functions by op, without the version at its end. */
const shapes: Readonly<Record<string, ShapeFunction>> = {
  Grad: checked({}, (c) => {
    const handle = c.handleShape(0);
    if (handle) c.setHandleShape(0, handle.dtype, handle.shape);
    return [pair, Shape.scalar];
  }),
  Write: checked({ 1: 0, 3: 0 }, (c) => {
    const handle = c.handleShape(0);
    if (handle) mergeShapes(handle.shape, c.input(2));
    return [Shape.scalar];
  }),
  Read: checked({ 1: 0, 2: 0 }, (c) => [c.handleShape(0)?.shape ?? Shape.unknown]),
  Gather: checked({ 1: 1, 2: 0 }, (c) => [
    concatenated(withRank(c.input(1), 1), c.handleShape(0)?.shape ?? c.attrs.shape("element_shape")),
  ]),
  Scatter: checked({ 1: 1, 3: 0 }, (c) => {
    const handle = c.handleShape(0);
    if (handle && c.input(2).rank !== null) mergeShapes(handle.shape, subshape(c.input(2), 1));
    return [Shape.scalar];
  }),
  Concat: checked({ 1: 0 }, () => [Shape.unknown, new Shape([null])]),
  Split: checked({ 2: 1, 3: 0 }, () => [Shape.scalar]),
  Size: checked({ 1: 0 }, () => [Shape.scalar]),
  Close: checked({}, () => []),
};

const made: OpSpec = {
  shape: (c) => {
    withRank(c.input(0), 0);
    const shape = c.attrs.shape("element_shape");
    const identical = c.attrs.has("identical_element_shapes") && c.attrs.bool("identical_element_shapes");
    if (identical || shape.isFullyDefined()) c.setHandleShape(0, c.attrs.type("dtype"), shape);
    return [pair, Shape.scalar];
  },
  gradient: null,
};

/** Where V2 tells less. */
const secondShapes: Readonly<Record<string, ShapeFunction>> = {
  Grad: checked({}, () => [pair]),
  Gather: checked({ 1: 1, 2: 0 }, () => [Shape.unknown]),
};

function versioned(version: "V2" | "V3"): Readonly<Record<string, OpSpec>> {
  return Object.fromEntries(
    Object.entries(shapes).map(([op, shape]) => [
      `TensorArray${op}${version}`,
      {
        shape: (version === "V2" && secondShapes[op]) || shape,
        gradient: (tensorArrayGradients[op] as Gradient | undefined) ?? null,
      },
    ]),
  );
}

export const tensorArrayOps: readonly OpEntry[] = defineOps({
  TensorArrayV3: made,
  TensorArrayV2: {
    shape: (c) => {
      withRank(c.input(0), 0);
      return [pair];
    },
    gradient: null,
  },
  ...versioned("V3"),
  ...versioned("V2"),
});
