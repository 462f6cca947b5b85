// The rules that shape functions are made of: merging, rank checks, broadcasting, with TensorFlow's sentences.
// Source: core/framework/shape_inference.cc and common_shape_fns.cc. No op's own rule: those stand beside the ops.
import { TfError } from "@org/errors";
import type { InferenceContext, ShapeFunction } from "@org/graph";
import { type NdArray, Shape } from "@org/tensor";

/** Dimension or null where not known. */
export type Dim = number | null;

/** Throws TfError INVALID_ARGUMENT with `sentence`; the graph adds the node and its input shapes. */
export function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

/** The shape, at least of rank `rank` where it was not known. Throws "Shape must be rank 2 but is rank 1". */
export function withRank(shape: Shape, rank: number): Shape {
  if (shape.rank === null) return Shape.ofRank(rank);
  if (shape.rank !== rank) invalid(`Shape must be rank ${rank} but is rank ${shape.rank}`);
  return shape;
}

/** Throws "Shape must be at least rank 2 but is rank 1". */
export function withRankAtLeast(shape: Shape, rank: number): Shape {
  if (shape.rank !== null && shape.rank < rank) {
    invalid(`Shape must be at least rank ${rank} but is rank ${shape.rank}`);
  }
  return shape;
}

/** Throws "Shape must be at most rank 1 but is rank 2". */
export function withRankAtMost(shape: Shape, rank: number): Shape {
  if (shape.rank !== null && shape.rank > rank) {
    invalid(`Shape must be at most rank ${rank} but is rank ${shape.rank}`);
  }
  return shape;
}

/** What two dimensions know together. Throws "Dimensions must be equal, but are 3 and 2". */
export function mergeDims(a: Dim, b: Dim): Dim {
  if (a === null) return b;
  if (b !== null && a !== b) invalid(`Dimensions must be equal, but are ${a} and ${b}`);
  return a;
}

/** Throws "Dimension must be 2 but is 3". */
export function withValue(dim: Dim, value: number): number {
  if (dim !== null && dim !== value) invalid(`Dimension must be ${value} but is ${dim}`);
  return value;
}

/** What two shapes know together. Throws where ranks or dimensions differ. */
export function mergeShapes(a: Shape, b: Shape): Shape {
  if (b.dims === null) return a;
  if (a.dims === null) return b;
  if (a.dims.length !== b.dims.length) {
    invalid(`Shapes must be equal rank, but are ${a.dims.length} and ${b.dims.length}`);
  }
  return new Shape(
    a.dims.map((x, i) => {
      const y = b.dims![i]!;
      if (x !== null && y !== null && x !== y) {
        invalid(
          `Dimension ${i} in both shapes must be equal, but are ${x} and ${y}. Shapes are ${a} and ${b}.`,
        );
      }
      return x ?? y;
    }),
  );
}

/** Dims [start, end) with negative ends counted from the back; unknown where the rank is. */
export function subshape(shape: Shape, start: number, end: number = Number.POSITIVE_INFINITY): Shape {
  return shape.dims === null ? Shape.unknown : new Shape(shape.dims.slice(start, end));
}

/** The shape with one dimension replaced. */
export function replaceDim(shape: Shape, index: number, dim: Dim): Shape {
  if (shape.dims === null) return shape;
  const dims = [...shape.dims];
  const at = index < 0 ? index + dims.length : index;
  if (at < 0 || at >= dims.length) {
    invalid(`Out of range dim_index ${index} for shape with ${dims.length} dimensions`);
  }
  dims[at] = dim;
  return new Shape(dims);
}

/** Sum of two dimensions. */
export function addDims(a: Dim, b: Dim): Dim {
  if (a === 0) return b;
  if (b === 0) return a;
  return a === null || b === null ? null : a + b;
}

/** Product of two dimensions; a zero makes it zero even where the other is not known. */
export function multiplyDims(a: Dim, b: Dim): Dim {
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  if (b === 1) return a;
  return a === null || b === null ? null : a * b;
}

/** The smaller of two dimensions. */
export function minDims(a: Dim, b: Dim): Dim {
  if (a === 0 || b === 0) return 0;
  return a === null || b === null ? null : Math.min(a, b);
}

/** The shape of an element-wise op with broadcasting. Throws "Dimensions must be equal, but are 3 and 2". */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  if (a.dims === null || b.dims === null) return Shape.unknown;
  const rank = Math.max(a.dims.length, b.dims.length);
  const dims: Dim[] = [];
  for (let i = 0; i < rank; i++) {
    const at = i - (rank - a.dims.length);
    const bt = i - (rank - b.dims.length);
    const x = at < 0 ? 1 : a.dims[at]!;
    const y = bt < 0 ? 1 : b.dims[bt]!;
    if (x === null || y === null) {
      // One not known: a known extent above 1 wins; 1 stretches to what the other turns out to be.
      if (x !== null && x > 1) dims.push(x);
      else if (y !== null && y > 1) dims.push(y);
      else if (x === 1) dims.push(y);
      else if (y === 1) dims.push(x);
      else dims.push(null);
    } else if (x === 1) dims.push(y);
    else if (y === 1) dims.push(x);
    else dims.push(mergeDims(x, y));
  }
  return new Shape(dims);
}

/** The elements of an integer array as numbers. */
export function numbersOf(value: NdArray): number[] {
  return Array.from(value.data as ArrayLike<number | bigint>, Number);
}

/** The value of a scalar integer input, where known. Throws "Input must be scalar but has rank 1". */
export function scalarValue(c: InferenceContext, index: number): number | undefined {
  const value = c.inputValue(index);
  if (!value) return undefined;
  if (value.shape.length !== 0) invalid(`Input must be scalar but has rank ${value.shape.length}`);
  return Number((value.data as ArrayLike<number | bigint>)[0]);
}

/** An axis in [0, rank). Throws TensorFlow's sentence for `MakeDimForScalarInputWithNegativeIndexing`. */
export function scalarAxis(c: InferenceContext, index: number, rank: number | null): Dim {
  const value = scalarValue(c, index);
  if (value === undefined) return null;
  if (rank === null) return value < 0 ? null : value;
  if (value < -rank || value >= rank) {
    invalid(`Dimension size, given by scalar input ${value} must be in range [-${rank}, ${rank})`);
  }
  return value < 0 ? value + rank : value;
}

/** A dimension that a scalar input gives. */
export function scalarDim(c: InferenceContext, index: number): Dim {
  const value = scalarValue(c, index);
  if (value === undefined) return null;
  if (value < 0)
    invalid(`Dimension size, given by scalar input ${index}, must be non-negative but is ${value}`);
  return value;
}

/** The shape that a shape argument tells. Throws where it is no vector or holds what is below -1. */
export function shapeFromInput(c: InferenceContext, index: number): Shape {
  withRank(c.input(index), 1);
  const value = c.inputValue(index);
  if (value) {
    for (const dim of numbersOf(value))
      if (dim < -1) invalid(`Invalid value in tensor used for shape: ${dim}`);
  }
  return c.inputAsShape(index);
}

/** Output 0 has the shape of input 0. */
export const unchanged: ShapeFunction = (c) => [c.input(0)];

/** One output of unknown shape. */
export const unknownShape: ShapeFunction = () => [Shape.unknown];

/** One scalar output. */
export const scalarShape: ShapeFunction = () => [Shape.scalar];

/** The two inputs broadcast. */
export const broadcastShape: ShapeFunction = (c) => [broadcastShapes(c.input(0), c.input(1))];

/** All inputs have one shape, which the output has (MergeBothInputsShapeFn, AddN). */
export const mergedInputs: ShapeFunction = (c) => {
  let shape = c.input(c.inputCount - 1);
  for (let i = c.inputCount - 2; i >= 0; i--) shape = mergeShapes(c.input(i), shape);
  return [shape];
};

/** The shape that attribute "shape" holds. */
export const explicitShape: ShapeFunction = (c) => [c.attrs.shape("shape")];

/** Output has the shape of input 0, at least of `rank`. */
export function unchangedAtLeast(rank: number): ShapeFunction {
  return (c) => [withRankAtLeast(c.input(0), rank)];
}
