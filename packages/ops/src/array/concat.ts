// Joining along a dimension: Concat, ConcatV2, ConcatOffset. Source: core/framework/common_shape_fns.cc
// (ConcatShapeHelper), core/kernels/concat_op.cc, python/ops/array_grad.py (_ConcatGradHelper).
import {
  constantValue,
  IndexedSlices,
  type InferenceContext,
  isIndexedSlices,
  type Operation,
  outputContext,
  type Tensor,
} from "@org/graph";
import { ndArray, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { constantOf, convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostAxis } from "../lowering.ts";
import { cast } from "../math/cast.ts";
import { logicalAnd } from "../math/comparison.ts";
import { operator } from "../math/operator.ts";
import { where } from "../math/select.ts";
import type { OpEntry } from "../op-entry.ts";
import {
  addDims,
  invalid,
  mergeShapes,
  numbersOf,
  scalarValue,
  subshape,
  withRank,
  withRankAtLeast,
} from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { constant, identity } from "./constant.ts";
import { fill } from "./fill.ts";
import { gather } from "./gather.ts";
import { movesElements } from "./move-elements.ts";
import { stack } from "./pack.ts";
import { expandDims, squeeze } from "./reshape.ts";
import { rank, shape, shapeN } from "./shape-of.ts";
import { slice } from "./slice.ts";
import { split } from "./split.ts";

/** tf.concat: tensors joined along dimension `axis`; one tensor alone is passed on. @tfExport concat */
export function concat(
  values: readonly TensorLike[] | TensorLike,
  axis: TensorLike,
  options: NameOption = {},
): Tensor {
  const list = (Array.isArray(values) ? values : [values]) as readonly TensorLike[];
  const { name = "concat" } = options;
  if (list.length === 1) {
    const graph = resolveGraph([list, axis]);
    return withScope(graph, name, name, () => {
      convertToTensor(axis, { name: "concat_dim", dtype: "int32", graph });
      return identity(list[0]!, { name });
    });
  }
  return applyOne("ConcatV2", [list, axis], { name });
}

function concatShape(c: InferenceContext, start: number, end: number, axisAt: number): readonly Shape[] {
  withRank(c.input(axisAt), 0);
  const inputs = Array.from({ length: end - start }, (_, i) => c.input(start + i));
  const axis = scalarValue(c, axisAt);
  if (axis === undefined) {
    const length = inputs.find((shape) => shape.rank !== null)?.rank;
    if (length === undefined || length === null) return [Shape.unknown];
    if (length === 0) invalid("Can't concatenate scalars (use tf.stack instead)");
    for (const shape of inputs) withRank(shape, length);
    return [Shape.ofRank(length)];
  }
  const least = axis < 0 ? -axis : axis + 1;
  const parts = (shape: Shape) => {
    withRankAtLeast(shape, least);
    return {
      before: subshape(shape, 0, axis),
      middle: shape.dim(axis),
      after: axis === -1 ? Shape.scalar : subshape(shape, axis + 1),
    };
  };
  let all = parts(inputs.at(-1)!);
  for (let i = inputs.length - 2; i >= 0; i--) {
    const one = parts(inputs[i]!);
    all = {
      before: mergeShapes(one.before, all.before),
      middle: addDims(all.middle, one.middle),
      after: mergeShapes(one.after, all.after),
    };
  }
  return [all.before.concat(new Shape([all.middle])).concat(all.after)];
}

function entry(start: number, axisAt: (count: number) => number): OpSpec {
  const spec: OpSpec = {
    shape: (c) => concatShape(c, start, start + c.inputCount - 1, axisAt(c.inputCount)),
    hostInputs: [start === 0 ? 1 : 0],
    lower: (c) => {
      const values = Array.from({ length: c.inputCount - 1 }, (_, i) => c.input(start + i));
      const first = values[0]!;
      const axis = hostAxis(c, axisAt(c.inputCount), first.dims.length, "concatenating dimensions");
      values.forEach((value, i) => {
        const fits =
          value.dims.length === first.dims.length &&
          value.dims.every((dim, d) => d === axis || dim === first.dims[d]);
        if (!fits) {
          const what = value.dims.length === first.dims.length ? "Dimensions of" : "Ranks of all";
          const which = value.dims.length === first.dims.length ? "inputs" : "input tensors";
          c.fail(
            "INVALID_ARGUMENT",
            `ConcatOp : ${what} ${which} should match: shape[0] = [${first.dims}] vs. shape[${i}] = [${value.dims}]`,
          );
        }
      });
      return c.builder.concatenate(values, axis);
    },
    gradient: single((op, grad) => concatGrad(op, grad, start, axisAt(op.inputs.length))),
  };
  return movesElements(spec, (index, count) => index !== axisAt(count));
}

function concatGrad(op: Operation, grad: Grad, start: number, axisAt: number): readonly (Grad | undefined)[] {
  const inputs = op.inputs.slice(start, start + op.inputs.length - 1);
  const arrange = (grads: readonly Grad[]): readonly (Grad | undefined)[] =>
    start === 0 ? [...grads, undefined] : [undefined, ...grads];
  if (inputs.length === 1) return arrange([grad]);
  const axis = op.inputs[axisAt]!;
  return arrange(isIndexedSlices(grad) ? sparseParts(grad, inputs, axis) : denseParts(grad, inputs, axis));
}

/** Up to this many parts are cut with Slice; more by one Split. */
const slicedParts = 16;

function denseParts(grad: Tensor, inputs: readonly Tensor[], axis: Tensor): Grad[] {
  // A constant axis of another context is made again rather than brought in.
  const near =
    axis.op.type === "Const" && outputContext(axis.op) !== outputContext(grad.op)
      ? constantOf(axis.graph, axis.op.attrs.tensor("value"))
      : axis;
  const at = operator.mod(near, rank(inputs[0]!));
  const sizes = inputShapes(inputs);
  if (sizes.length > slicedParts) {
    const lengths = squeeze(slice(stack(sizes, 1), [at, int32(0)], [1, -1]));
    return [...split(grad, lengths, at)];
  }
  const offsets = applyOp("ConcatOffset", [at, sizes]).outputs;
  return offsets.map((offset, i) => slice(grad, offset, sizes[i]!));
}

/** Shapes as constants where all are known, else one ShapeN. */
function inputShapes(inputs: readonly Tensor[]): readonly Tensor[] {
  const shapes: Tensor[] = [];
  for (const input of inputs) {
    const one = shape(input);
    if (one.op.type !== "Const") return shapeN(inputs);
    shapes.push(one);
  }
  return shapes;
}

function sparseParts(grad: IndexedSlices, inputs: readonly Tensor[], axis: Tensor): Grad[] {
  const at = operator.mod(axis, rank(inputs[0]!));
  const known = constantValue(axis);
  if (!known) throw new TypeError("Can only compute IndexedSlices gradient with statically-known concat_dim");
  const length = inputs[0]!.shape.rank;
  let position = numbersOf(known)[0]!;
  if (position < 0) {
    if (length === null) {
      throw new TypeError(
        "Can only compute IndexedSlices gradient with negative concat_dim when first value rank is statically-known.",
      );
    }
    position += length;
  }
  const sizes = inputs.map((input) => shape(input));
  return position > 0 ? sparseColumns(grad, sizes, at) : sparseRows(grad, sizes, at);
}

/** Joined along another dimension: every part has all rows, cut. */
function sparseColumns(grad: IndexedSlices, sizes: readonly Tensor[], at: Tensor): Grad[] {
  const shapeOfShape = shape(sizes[0]!);
  const zero = int32(0);
  const mask = concat(
    [
      fill(expandDims(at, 0), zero),
      [1],
      fill(operator.sub(operator.sub(shapeOfShape, at), 1), zero),
    ] as TensorLike[],
    0,
  );
  let begin = fill(shapeOfShape, zero);
  return sizes.map((size) => {
    const values = slice(grad.values, begin, concat([[-1], slice(size, [1], [-1])] as TensorLike[], 0));
    begin = applyOne("Add", [begin, operator.mul(size, mask)]);
    return new IndexedSlices(values, grad.indices, size);
  });
}

/** Joined along the first dimension: every part has its own rows. */
function sparseRows(grad: IndexedSlices, sizes: readonly Tensor[], at: Tensor): Grad[] {
  let start = constant(0, grad.indices.dtype);
  return sizes.map((size) => {
    const rows = cast(gather(size, at), grad.indices.dtype);
    const end = operator.add(start, rows);
    const selected = squeeze(
      where(logicalAnd(operator.ge(grad.indices, start), operator.lt(grad.indices, end))),
      [1],
    );
    const indices = operator.sub(gather(grad.indices, selected), start);
    const values = gather(grad.values, selected);
    start = end;
    return new IndexedSlices(values, indices, size);
  });
}

/** Concat, ConcatV2, ConcatOffset. */
export const concatOps: readonly OpEntry[] = defineOps({
  Concat: entry(1, () => 0),
  ConcatV2: entry(0, (count) => count - 1),
  ConcatOffset: {
    shape: (c) => Array.from({ length: c.inputCount - 1 }, (_, i) => c.input(i + 1)),
    host: (c) => {
      const dims = Array.from({ length: c.inputCount - 1 }, (_, i) => numbersOf(c.input(i + 1)));
      const length = dims[0]!.length;
      const given = numbersOf(c.input(0))[0]!;
      const axis = given < 0 ? given + length : given;
      if (axis < 0 || axis >= length) {
        c.fail("INVALID_ARGUMENT", `Concat dim is out of range: ${given} vs. ${length}`);
      }
      let offset = 0;
      return dims.map((one, i) => {
        one.forEach((dim, d) => {
          if (d !== axis && dim !== dims[0]![d]) {
            c.fail(
              "INVALID_ARGUMENT",
              `All dimensions except ${axis} must match. Input ${i} has shape [${one.join(" ")}] and doesn't match input 0 with shape [${dims[0]!.join(" ")}].`,
            );
          }
        });
        const start = new Int32Array(length);
        start[axis] = offset;
        offset += one[axis]!;
        return ndArray("int32", [length], start);
      });
    },
    gradient: null,
  },
});
