// Rows by index and back: Gather, GatherV2, GatherNd, ScatterNd. An index out of range is a fault that fails the run.
// Source: core/ops/array_ops.cc, core/kernels/gather_op.cc, scatter_nd_op.cc, python/ops/array_grad.py.

import { constantValue, IndexedSlices, type InferenceContext, type Operation, type Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { isVariable, type ResourceVariable } from "@org/variables";
import { applyOne } from "../apply-op.ts";
import { byParts } from "../complex/kernels.ts";
import { defineOps } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { filledOf, hostAxis, hostNumbers } from "../lowering.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { unsortedSegmentSum } from "../math/segment.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import {
  invalid,
  mergeShapes,
  numbersOf,
  scalarValue,
  shapeFromInput,
  subshape,
  withRank,
  withRankAtLeast,
} from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { concat } from "./concat.ts";
import { identity } from "./constant.ts";
import { ones, zeros } from "./fill.ts";
import { linearIndices } from "./linear-indices.ts";
import { allBut, movesElements } from "./move-elements.ts";
import { stack } from "./pack.ts";
import { expandDims, reshape, squeeze } from "./reshape.ts";
import { shape, size } from "./shape-of.ts";
import { getItem } from "./strided-slice.ts";
import { transpose } from "./transpose.ts";

export interface GatherOptions extends NameOption {
  readonly axis?: TensorLike | undefined;
  readonly batchDims?: number | undefined;
}

/** Rows of a resource variable, which is not read as a whole. Source: ResourceVariable.sparse_read. */
function sparseRead(
  { handle, dtype, graph }: ResourceVariable,
  indices: TensorLike,
  name = "Gather",
): Tensor {
  const rows = graph.asDefault(() =>
    graph.nameScope(name, (scope) =>
      applyOne("ResourceGather", [handle, indices], { name: scope, attrs: { dtype } }),
    ),
  );
  return identity(rows);
}

/** tf.gather: the slices of `params` along `axis` (0 unless given) that `indices` name. @tfExport gather */
export function gather(params: TensorLike, indices: TensorLike, options: GatherOptions = {}): Tensor {
  const { name, batchDims = 0 } = options;
  const { axis = int32(batchDims) } = options;
  const variable: unknown = params;
  if (batchDims === 0 && options.axis === undefined && isVariable(variable) && variable.isResource) {
    return sparseRead(variable as ResourceVariable, indices, name);
  }
  return applyOne("GatherV2", [params, indices, typeof axis === "number" ? int32(axis) : axis], {
    name,
    attrs: { batch_dims: batchDims },
  });
}

/** tf.gather_nd: the slices that index vectors (the last dimension of `indices`) name. @tfExport gatherNd */
export function gatherNd(params: TensorLike | Grad, indices: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("GatherNd", [params, indices], options);
}

/** tf.scatter_nd: zeros of `shape` with updates added where index vectors say. @tfExport scatterNd */
export function scatterNd(
  indices: TensorLike,
  updates: TensorLike | Grad,
  dims: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("ScatterNd", [indices, updates, dims], options);
}

/** params, indices, axis and batchDims to the result: batch dimensions are gathered one from another. */
function lowerGather(c: LoweringContext, axis: number, batchDims: number): HloInstruction {
  const params = c.input(0);
  const indices = c.input(1);
  if (batchDims === 0) return c.builder.gather(params, indices, axis);
  const b = c.builder;
  const batch = params.dims.slice(0, batchDims);
  if (`${indices.dims.slice(0, batchDims)}` !== `${batch}`) {
    c.fail(
      "INVALID_ARGUMENT",
      `params.shape[0:${batchDims}] and indices.shape[0:${batchDims}] must be equal`,
    );
  }
  // Batch and gathered dimension become one: row = batch index * extent + index.
  const rank = params.dims.length;
  const outer = params.dims.slice(batchDims, axis);
  const order = [
    ...batch.map((_, i) => i),
    axis,
    ...outer.map((_, i) => batchDims + i),
    ...Array.from({ length: rank - axis - 1 }, (_, i) => axis + 1 + i),
  ];
  const moved = b.transpose(params, order);
  const extent = params.dims[axis]!;
  const rest = moved.dims.slice(batchDims + 1);
  const rows = b.reshape(moved, [sizeOf(batch) * extent, ...rest]);
  const perBatch = indices.dims.slice(batchDims);
  const flat = b.reshape(indices, [sizeOf(batch), sizeOf(perBatch)]);
  const base = b.binary(
    "multiply",
    b.iota(flat.dtype, flat.dims, 0),
    b.broadcastTo(b.extent(flat.dtype, extent), flat.dims),
  );
  const taken = b.reshape(b.gather(rows, b.binary("add", flat, base), 0), [...batch, ...perBatch, ...rest]);
  // [batch, indices, outer, inner] -> [batch, outer, indices, inner]
  const at = batchDims;
  const n = perBatch.length;
  return b.transpose(taken, [
    ...batch.map((_, i) => i),
    ...outer.map((_, i) => at + n + i),
    ...perBatch.map((_, i) => at + i),
    ...Array.from({ length: rest.length - outer.length }, (_, i) => at + n + outer.length + i),
  ]);
}

function gatherShape(c: InferenceContext): readonly Shape[] {
  const params = withRankAtLeast(c.input(0), 1);
  return [c.input(1).concat(subshape(params, 1))];
}

function gatherV2Shape(c: InferenceContext): readonly Shape[] {
  const params = withRankAtLeast(c.input(0), 1);
  const indices = c.input(1);
  withRank(c.input(2), 0);
  const axis = scalarValue(c, 2);
  if (axis === undefined) {
    return [
      params.rank === null || indices.rank === null
        ? Shape.unknown
        : Shape.ofRank(params.rank + indices.rank - 1),
    ];
  }
  withRankAtLeast(params, axis < 0 ? -axis : axis + 1);
  const batchDims = c.attrs.has("batch_dims") ? c.attrs.int("batch_dims") : 0;
  withRankAtLeast(params, batchDims < 0 ? -batchDims : batchDims + 1);
  const outer = subshape(params, 0, axis).concat(subshape(indices, batchDims));
  return [axis === -1 ? outer : outer.concat(subshape(params, axis + 1))];
}

/** Shape of params as int32 next to params, for it may be large. */
function paramsShape(params: Tensor): Tensor {
  return params.graph.colocateWith(params.op, () => cast(shape(params, { outType: "int64" }), "int32"));
}

function gatherGrad(params: Tensor, indices: Tensor, grad: Grad): Grad {
  const dims = paramsShape(params);
  const count = expandDims(size(indices), 0);
  const valuesShape = concat([count, getItem(dims, [{ start: 1 }])], 0);
  const values = reshape(grad, valuesShape);
  return new IndexedSlices(values, reshape(indices, count), dims);
}

function gatherV2Grad(op: Operation, grad: Grad): readonly (Grad | undefined)[] {
  const [params, indices, axis] = op.inputs as [Tensor, Tensor, Tensor];
  const dims = paramsShape(params);
  const count = expandDims(size(indices), 0);
  const given = op.attrs.has("batch_dims") ? op.attrs.int("batch_dims") : 0;
  const batchDims = given < 0 ? given + (indices.shape.rank ?? 0) : given;
  const known = constantValue(axis);
  if (known && numbersOf(known)[0] === 0) {
    const valuesShape = concat([count, getItem(dims, [{ start: 1 }])], 0);
    const values = reshape(grad, valuesShape);
    return [new IndexedSlices(values, reshape(indices, count), dims), undefined, undefined];
  }
  // The gathered dimension goes behind the batch ones, its rows are summed, and it goes back.
  const outerShape = getItem(dims, [{ stop: axis }]);
  const innerShape = getItem(getItem(dims, [{ start: axis }]), [{ start: 1 }]);
  const valuesShape = concat([outerShape, [-1], innerShape] as TensorLike[], 0);
  const rank = size(valuesShape);
  const axisDims = size(outerShape);
  const batches = range(batchDims);
  const beforeAxis = range(batchDims, axisDims);
  const inner = range(operator.add(axisDims, 1), rank);
  const values = reshape(grad, valuesShape);
  const forwards = transpose(values, concat([batches, [axisDims], beforeAxis, inner] as TensorLike[], 0));
  const summed = batchGatherGrad(dims, forwards, indices, batchDims, getItem(dims, axis));
  const back = concat([batches, operator.add(beforeAxis, 1), [batchDims], inner] as TensorLike[], 0);
  return [transpose(summed, back), undefined, undefined];
}

/** Indices with each batch's rows counted on from the batch before. Source: _GetBatchIndices in array_grad.py. */
function batchIndices(dims: Tensor, indices: Tensor, batchDims: number): Tensor {
  const dtype = indices.dtype;
  const rank = indices.shape.rank ?? 0;
  const lengths = cast(dims, dtype);
  let stride = ones([], dtype);
  let result = indices;
  for (let dim = batchDims; dim > 0; dim--) {
    const length = getItem(lengths, dim - 1);
    stride = operator.mul(stride, getItem(lengths, dim));
    const start = zeros([], dtype);
    const step = ones([], dtype);
    const offsets = operator.mul(range(start, length, step), stride);
    const spread = stack([
      ...new Array<number>(dim - 1).fill(1),
      length,
      ...new Array<number>(rank - dim).fill(1),
    ]);
    result = operator.add(result, reshape(offsets, spread));
  }
  return result;
}

function batchGatherGrad(
  dims: Tensor,
  values0: Tensor,
  indices0: Tensor,
  batchDims: number,
  rows0: Tensor,
): Tensor {
  const count = expandDims(size(indices0), 0);
  if (batchDims === 0) return unsortedSegmentSum(values0, reshape(indices0, count), rows0);
  const valuesShape = shape(values0);
  const outerShape = getItem(valuesShape, [{ stop: batchDims }]);
  const innerShape = getItem(getItem(valuesShape, [{ start: batchDims }]), [{ start: 1 }]);
  const batchSize = applyOne("Prod", [outerShape, [0]], { attrs: { keep_dims: false } });
  const flatShape = concat([[-1], innerShape] as TensorLike[], 0);
  const rows = operator.mul(rows0, batchSize);
  const indices = batchIndices(dims, indices0, batchDims);
  const values = reshape(values0, flatShape);
  const summed = unsortedSegmentSum(values, reshape(indices, count), rows);
  return reshape(summed, concat([outerShape, flatShape], 0));
}

/** Gather, GatherV2, GatherNd, ScatterNd. */
export const gatherOps: readonly OpEntry[] = defineOps({
  Gather: movesElements(
    {
      shape: gatherShape,
      lower: (c) => c.builder.gather(c.input(0), c.input(1), 0),
      gradient: single((op, grad) => [gatherGrad(op.inputs[0]!, op.inputs[1]!, grad), undefined]),
    },
    allBut(1),
  ),
  GatherV2: movesElements(
    {
      shape: gatherV2Shape,
      hostInputs: [2],
      lower: (c) => {
        const { length } = c.input(0).dims;
        if (length === 0) c.fail("INVALID_ARGUMENT", "params must be at least 1 dimensional");
        const axis = hostAxis(c, 2, length);
        const given = c.attrs.has("batch_dims") ? c.attrs.int("batch_dims") : 0;
        const batchDims = given < 0 ? given + c.input(1).dims.length : given;
        if (batchDims > axis) {
          c.fail(
            "INVALID_ARGUMENT",
            `batch_dims (${batchDims}) must be less than or equal to axis (${axis}).`,
          );
        }
        return lowerGather(c, axis, batchDims);
      },
      gradient: single(gatherV2Grad),
    },
    allBut(1, 2),
  ),
  GatherNd: movesElements(
    {
      shape: (c) => {
        const params = c.input(0);
        const indices = withRankAtLeast(c.input(1), 1);
        const depth = indices.dim(-1);
        if (params.dims === null || indices.dims === null || depth === null) return [Shape.unknown];
        if (depth > params.dims.length) {
          invalid(
            `indices.shape[-1] must be <= params.rank, but saw indices shape: ${indices} and params shape: ${params}`,
          );
        }
        return [subshape(indices, 0, -1).concat(subshape(params, depth))];
      },
      lower: (c) => {
        const params = c.input(0);
        const indices = c.input(1);
        const depth = indices.dims.at(-1);
        if (depth === undefined || depth > params.dims.length) {
          c.fail(
            "INVALID_ARGUMENT",
            `index innermost dimension length must be <= params rank; saw: ${depth} vs. ${params.dims.length}`,
          );
        }
        const rest = params.dims.slice(depth);
        const rows = c.builder.reshape(params, [sizeOf(params.dims.slice(0, depth)), ...rest]);
        return c.builder.gather(rows, linearIndices(c, indices, params.dims), 0);
      },
      gradient: single((op, grad) => {
        const [params, indices] = op.inputs as [Tensor, Tensor];
        const dims = shape(params, { outType: indices.dtype as "int32" | "int64" });
        if (indices.shape.rank === 2 && indices.shape.dim(-1) === 1) {
          return [new IndexedSlices(grad as Tensor, squeeze(indices, -1), dims), undefined];
        }
        return [scatterNd(indices, grad, dims), undefined];
      }),
    },
    allBut(1),
  ),
  ScatterNd: byParts({
    shape: (c) => {
      const indices = withRankAtLeast(c.input(0), 1);
      const updates = withRankAtLeast(c.input(1), 1);
      const out = shapeFromInput(c, 2);
      const depth = indices.dim(-1);
      if (indices.rank !== null && updates.rank !== null && out.rank !== null && depth !== null) {
        mergeShapes(subshape(indices, 0, -1), subshape(updates, 0, indices.rank - 1));
        mergeShapes(subshape(out, depth), subshape(updates, indices.rank - 1));
      }
      return [out];
    },
    hostInputs: [2],
    lower: (c) => {
      const indices = c.input(0);
      const updates = c.input(1);
      const dims = hostNumbers(c, 2);
      const depth = indices.dims.at(-1) ?? 0;
      const outer = indices.dims.slice(0, -1);
      const rest = dims.slice(depth);
      if (`${updates.dims}` !== `${[...outer, ...rest]}`) {
        c.fail(
          "INVALID_ARGUMENT",
          `Must have updates.shape = indices.shape[:batch_dim] + params_shape[slice_dim:], got updates.shape: [${updates.dims}], indices.shape: [${indices.dims}], params_shape: [${dims}]`,
        );
      }
      const zeros = filledOf(c, updates.dtype, [sizeOf(dims.slice(0, depth)), ...rest], 0);
      const filled = c.builder.scatter(zeros, linearIndices(c, indices, dims), updates, "add");
      return c.builder.reshape(filled, dims);
    },
    gradient: single((op, grad) => [undefined, gatherNd(grad, op.inputs[0]!), undefined]),
  }),
});
