// What a tensor's shape is: Shape, ShapeN, Size, Rank. Their builders make a Const where the shape is known already.
// Source: core/ops/array_ops.cc, python/ops/array_ops.py.
import type { IndexedSlices, Tensor } from "@org/graph";
import { type DType, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import type { OpEntry } from "../op-entry.ts";
import { scalarShape } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { constant } from "./constant.ts";

export interface ShapeOptions extends NameOption {
  /** int32 unless given. */
  readonly outType?: "int32" | "int64" | undefined;
  /** Make a constant of a shape that is known: true unless given. */
  readonly optimize?: boolean | undefined;
}

/** tf.shape: the dims of a tensor, as a vector. @tfExport shape */
export function shape(input: TensorLike | IndexedSlices, options: ShapeOptions = {}): Tensor {
  const { name, outType = "int32", optimize = true } = options;
  const graph = resolveGraph([input]);
  return withScope(graph, name, "Shape", (scope) => {
    const tensor = convertToTensor(input, { graph });
    if (optimize && tensor.shape.isFullyDefined()) {
      return constant(tensor.shape.toNumbers(), outType, { name: scope });
    }
    return applyOne("Shape", [tensor], { name: scope, attrs: { out_type: outType } });
  });
}

/** tf.shape_n: the dims of several tensors of one type. @tfExport shapeN */
export function shapeN(
  inputs: readonly TensorLike[],
  options: NameOption & { outType?: "int32" | "int64" } = {},
): readonly Tensor[] {
  return applyOp("ShapeN", [inputs], { name: options.name, attrs: { out_type: options.outType } }).outputs;
}

/** tf.size: how many elements a tensor has. @tfExport size */
export function size(input: TensorLike | IndexedSlices, options: ShapeOptions = {}): Tensor {
  const { name, outType = "int32", optimize = true } = options;
  const graph = resolveGraph([input]);
  return withScope(graph, name, "Size", (scope) => {
    const tensor = convertToTensor(input, { graph });
    if (optimize) {
      const count = tensor.shape.numElements();
      if (count !== null) return constant(count, outType, { name: scope });
      if (tensor.shape.dims?.includes(0)) return constant(0, outType, { name: scope });
    }
    return applyOne("Size", [tensor], { name: scope, attrs: { out_type: outType } });
  });
}

/** tf.rank: how many dimensions a tensor has. @tfExport rank */
export function rank(
  input: TensorLike | IndexedSlices,
  options: NameOption & { optimize?: boolean } = {},
): Tensor {
  const graph = resolveGraph([input]);
  return withScope(graph, options.name, "Rank", (scope) => {
    const tensor = convertToTensor(input, { graph });
    if ((options.optimize ?? true) && tensor.shape.rank !== null) {
      return constant(tensor.shape.rank, "int32", { name: scope });
    }
    return applyOne("Rank", [tensor], { name: scope });
  });
}

function integers(dtype: DType, values: readonly number[], dims: readonly number[]): NdArray {
  return dtype === "int64"
    ? ndArray("int64", dims, BigInt64Array.from(values, BigInt))
    : ndArray("int32", dims, Int32Array.from(values));
}

/** Shape, ShapeN, Size, Rank. */
export const shapeOps: readonly OpEntry[] = defineOps({
  Shape: {
    shape: (c) => [new Shape([c.input(0).rank])],
    fromShapes: (c) => [integers(c.outputDType(0), c.shape(0), [c.shape(0).length])],
    gradient: null,
  },
  ShapeN: {
    shape: (c) => Array.from({ length: c.inputCount }, (_, i) => new Shape([c.input(i).rank])),
    fromShapes: (c) =>
      Array.from({ length: c.attrs.int("N") }, (_, i) =>
        integers(c.outputDType(i), c.shape(i), [c.shape(i).length]),
      ),
    gradient: null,
  },
  Size: {
    shape: scalarShape,
    fromShapes: (c) => [integers(c.outputDType(0), [sizeOf(c.shape(0))], [])],
    gradient: null,
  },
  Rank: {
    shape: scalarShape,
    fromShapes: (c) => [integers("int32", [c.shape(0).length], [])],
    gradient: null,
  },
});
