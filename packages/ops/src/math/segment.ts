// Rows reduced by segment id: UnsortedSegment* (any order, negative ids dropped) and Segment* (sorted ids).
// Source: core/ops/math_ops.cc, core/kernels/segment_reduction_ops.cc, python/ops/math_grad.py.

import type { Operation, ShapeFunction, Tensor } from "@org/graph";
import type { Combiner, HloDType, HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { constant } from "../array/constant.ts";
import { fill, onesLike, zerosLike } from "../array/fill.ts";
import { gather } from "../array/gather.ts";
import { expandDims } from "../array/reshape.ts";
import { rank, shape } from "../array/shape-of.ts";
import { byParts } from "../complex/kernels.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { filledOf, hostNumber, hostNumbers, isFloating } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { mergeDims, scalarDim, subshape, withRank, withRankAtLeast } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { maximum } from "./binary.ts";
import { cast } from "./cast.ts";
import { equal, greater, greaterEqual, logicalAnd } from "./comparison.ts";
import { operator } from "./operator.ts";
import { where } from "./select.ts";

type Segment = (data: TensorLike, ids: TensorLike, count: TensorLike, options?: NameOption) => Tensor;
type SortedSegment = (data: TensorLike, ids: TensorLike, options?: NameOption) => Tensor;

const unsorted = (type: string): Segment => {
  return (data, ids, count, options = {}) => applyOne(type, [data, ids, count], options);
};
const sorted = (type: string): SortedSegment => {
  return (data, ids, options = {}) => applyOne(type, [data, ids], options);
};

/** tf.unsorted_segment_sum: row i of the result is the sum of the rows of `data` whose id is i. @tfExport unsortedSegmentSum */
export function unsortedSegmentSum(
  data: TensorLike,
  ids: TensorLike,
  count: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("UnsortedSegmentSum", [data, ids, count], options);
}
/** tf.unsorted_segment_max: the largest; the type's lowest number where a segment is empty. @tfExport unsortedSegmentMax */
export const unsortedSegmentMax: Segment = unsorted("UnsortedSegmentMax");
/** tf.unsorted_segment_min: the smallest; the type's highest number where a segment is empty. @tfExport unsortedSegmentMin */
export const unsortedSegmentMin: Segment = unsorted("UnsortedSegmentMin");
/** tf.unsorted_segment_prod: the product; 1 where a segment is empty. @tfExport unsortedSegmentProd */
export const unsortedSegmentProd: Segment = unsorted("UnsortedSegmentProd");
/** tf.segment_sum: sums of rows by sorted ids. @tfExport segmentSum */
export const segmentSum: SortedSegment = sorted("SegmentSum");
/** tf.segment_mean: means of rows by sorted ids. @tfExport segmentMean */
export const segmentMean: SortedSegment = sorted("SegmentMean");
/** tf.segment_max: the largest of rows by sorted ids. @tfExport segmentMax */
export const segmentMax: SortedSegment = sorted("SegmentMax");
/** tf.segment_min: the smallest of rows by sorted ids. @tfExport segmentMin */
export const segmentMin: SortedSegment = sorted("SegmentMin");
/** tf.segment_prod: products of rows by sorted ids. @tfExport segmentProd */
export const segmentProd: SortedSegment = sorted("SegmentProd");

const largest: Partial<Record<HloDType, number>> = {
  float32: 3.4028234663852886e38,
  float64: Number.MAX_VALUE,
  float16: 65504,
  bfloat16: 3.3895313892515355e38,
  int8: 127,
  int16: 32767,
  int32: 2147483647,
  uint8: 255,
  uint16: 65535,
  uint32: 4294967295,
};

export function extreme(dtype: HloDType, sign: 1 | -1): number | bigint {
  if (dtype === "int64") return sign === 1 ? 2n ** 63n - 1n : -(2n ** 63n);
  if (dtype === "uint64") return sign === 1 ? 2n ** 64n - 1n : 0n;
  const most = largest[dtype] ?? 0;
  if (sign === 1) return most;
  return isFloating(dtype) ? -most : dtype.startsWith("u") ? 0 : -most - 1;
}

type Initial = (dtype: HloDType) => number | bigint;

/** Rows scattered into `count` segments; negative ids go to a row that is cut off again. */
export function scatterSegments(
  c: LoweringContext,
  data: HloInstruction,
  ids: HloInstruction,
  count: number,
  combiner: Combiner,
  initial: Initial,
): HloInstruction {
  const b = c.builder;
  const rows = sizeOf(ids.dims);
  const tail = data.dims.slice(ids.dims.length);
  const flatIds = b.reshape(ids, [rows]);
  const flatData = b.reshape(data, [rows, ...tail]);
  const scalar = (value: number): HloInstruction => b.broadcastTo(b.extent(ids.dtype, value), [rows]);
  const beyond = b.select(
    b.compare("GE", flatIds, scalar(count)),
    b.binary("add", flatIds, scalar(1)),
    flatIds,
  );
  const negative = b.compare("LT", flatIds, filledOf(c, ids.dtype, [rows], 0));
  const target = b.select(negative, scalar(count), beyond);
  const start = b.broadcast(b.scalar(data.dtype, initial(data.dtype)), [count + 1, ...tail], []);
  const filled = b.scatter(start, target, flatData, combiner);
  return b.slice(
    filled,
    filled.dims.map(() => 0),
    [count, ...tail],
  );
}

/** A row for each segment: UnsortedSegmentReductionShapeFn. */
export const unsortedSegmentShape: ShapeFunction = (c) => {
  withRank(c.input(2), 0);
  const ids = c.input(1);
  const data = c.input(0);
  if (ids.rank === null) return [Shape.unknown];
  const count = scalarDim(c, 2);
  const start = subshape(withRankAtLeast(data, ids.rank), 0, ids.rank).dims;
  start?.forEach((dim, i) => {
    mergeDims(dim, ids.dims![i]!);
  });
  return [new Shape([count]).concat(subshape(data, ids.rank))];
};

function unsortedSpec(combiner: Combiner, initial: Initial, gradient: OpSpec["gradient"]): OpSpec {
  return {
    shape: unsortedSegmentShape,
    hostInputs: [2],
    lower: (c) => {
      const [data, ids] = [c.input(0), c.input(1)];
      const count = hostNumber(c, 2);
      if (`${data.dims.slice(0, ids.dims.length)}` !== `${ids.dims}`) {
        c.fail(
          "INVALID_ARGUMENT",
          `data.shape = [${data.dims}] does not start with segment_ids.shape = [${ids.dims}]`,
        );
      }
      if (count < 0) c.fail("INVALID_ARGUMENT", `Input num_segments == ${count} must not be negative.`);
      return scatterSegments(c, data, ids, count, combiner, initial);
    },
    ...(gradient === undefined ? {} : { gradient }),
  };
}

/** Sorted ids: the number of rows is the last id and one more. */
function sortedSpec(
  combiner: Combiner,
  initial: Initial,
  mean: boolean,
  gradient: OpSpec["gradient"],
): OpSpec {
  return {
    shape: (c) => {
      withRankAtLeast(c.input(0), 1);
      withRank(c.input(1), 1);
      return [new Shape([null]).concat(subshape(c.input(0), 1))];
    },
    hostInputs: [1],
    lower: (c) => {
      const ids = hostNumbers(c, 1);
      const data = c.input(0);
      if (ids.length !== data.dims[0]) {
        c.fail("INVALID_ARGUMENT", `segment_ids should be the same size as dimension 0 of input.`);
      }
      ids.forEach((id, i) => {
        if (id < (ids[i - 1] ?? 0)) c.fail("INVALID_ARGUMENT", "segment ids are not increasing");
      });
      const count = ids.length === 0 ? 0 : ids.at(-1)! + 1;
      const b = c.builder;
      const sums = scatterSegments(c, data, c.input(1), count, combiner, initial);
      // Segments between given ids are 0 (1 for products), whatever is reduced by.
      const ones = filledOf(c, data.dtype, [ids.length], 1);
      const counts = scatterSegments(c, ones, c.input(1), count, "add", () => 0);
      const spread = b.broadcast(counts, sums.dims, [0]);
      const none = filledOf(c, data.dtype, sums.dims, 0);
      if (mean) {
        const one = filledOf(c, data.dtype, sums.dims, 1);
        return b.binary("divide", sums, b.binary("maximum", spread, one));
      }
      if (combiner === "add" || combiner === "multiply") return sums;
      return b.select(b.compare("EQ", spread, none), none, sums);
    },
    ...(gradient === undefined ? {} : { gradient }),
  };
}

/** Rows by id, 0 for negative ids; clipped ids and the mask can be used again. */
function gatherDropNegatives(
  params: Tensor,
  ids: Tensor,
): { rows: Tensor; clipped: Tensor; positive: Tensor } {
  const clipped = maximum(ids, zerosLike(ids));
  const gathered = gather(params, clipped);
  const positive = positiveMask(gathered, ids);
  return { rows: maskRows(gathered, positive), clipped, positive };
}

/** Where ids are not negative, stretched to the rows that they picked. */
function positiveMask(gathered: Tensor, ids: Tensor): Tensor {
  let positive = greaterEqual(ids, 0);
  const extra = (gathered.shape.rank ?? 0) - (positive.shape.rank ?? 0);
  for (let i = 0; i < extra; i++) positive = expandDims(positive, -1);
  return operator.and(positive, onesLike(gathered, { dtype: "bool" }));
}

function maskRows(gathered: Tensor, positive: Tensor): Tensor {
  const none = zerosLike(gathered);
  return where(positive, gathered, none);
}

function unsortedSumGrad(op: Operation, grad: Grad): readonly (Grad | undefined)[] {
  return [gatherDropNegatives(dense(grad), op.inputs[1]!).rows, undefined, undefined];
}

function unsortedExtremeGrad(op: Operation, grad0: Grad): readonly (Grad | undefined)[] {
  const grad = dense(grad0);
  const [data, ids, count] = op.inputs as [Tensor, Tensor, Tensor];
  const { rows, clipped, positive } = gatherDropNegatives(op.outputs[0]!, ids);
  const selected = logicalAnd(equal(data, rows), positive);
  const shared = applyOne("UnsortedSegmentSum", [cast(selected, grad.dtype), ids, count]);
  const weighted = operator.truediv(grad, shared);
  const gathered = maskRows(gather(weighted, clipped), positive);
  return [where(selected, gathered, zerosLike(gathered)), undefined, undefined];
}

function unsortedProdGrad(op: Operation, grad0: Grad): readonly (Grad | undefined)[] {
  const [data, ids, count] = op.inputs as [Tensor, Tensor, Tensor];
  const isZero = equal(data, 0);
  const zeros = applyOne("UnsortedSegmentSum", [cast(isZero, "int32"), ids, count]);
  // Two zeros in a segment: no gradient at all.
  const several = greater(zeros, 1);
  const none = zerosLike(dense(grad0));
  const grad = where(several, none, grad0);
  const nonZero = where(isZero, onesLike(data), data);
  const product = applyOne("UnsortedSegmentProd", [nonZero, ids, count]);
  const clipped = maximum(ids, zerosLike(ids));
  const gatheredProduct = gather(op.outputs[0]!, clipped);
  const gatheredNonZero = gather(product, clipped);
  const divided = operator.truediv(gatheredProduct, data);
  const partial = where(isZero, gatheredNonZero, divided);
  const gathered = gather(grad, clipped);
  return [operator.mul(maskRows(gathered, positiveMask(gathered, ids)), partial), undefined, undefined];
}

function sortedSumGrad(op: Operation, grad: Grad): readonly (Grad | undefined)[] {
  return [gather(dense(grad), op.inputs[1]!), undefined];
}

function sortedMeanGrad(op: Operation, grad0: Grad): readonly (Grad | undefined)[] {
  const [data, ids] = op.inputs as [Tensor, Tensor];
  const grad = dense(grad0);
  const dims = rank(data);
  const idsShape = shape(ids);
  const rest = fill(expandDims(operator.sub(dims, 1), 0), int32(1));
  const ones = fill(concat([idsShape, rest], 0), constant(1, grad.dtype));
  const scaled = operator.truediv(grad, applyOne("SegmentSum", [ones, ids]));
  return [gather(scaled, ids), undefined];
}

function sortedExtremeGrad(op: Operation, grad0: Grad): readonly (Grad | undefined)[] {
  const [data, ids] = op.inputs as [Tensor, Tensor];
  const grad = dense(grad0);
  const none = zerosLike(data, { dtype: data.dtype });
  const gathered = gather(op.outputs[0]!, ids);
  const selected = equal(data, gathered);
  const shared = applyOne("SegmentSum", [cast(selected, grad.dtype), ids]);
  const weighted = operator.truediv(grad, shared);
  return [where(selected, gather(weighted, ids), none), undefined];
}

const zero: Initial = () => 0;
const one: Initial = () => 1;
const lowest: Initial = (dtype) => extreme(dtype, -1);
const highest: Initial = (dtype) => extreme(dtype, 1);

/** Segment reductions. */
export const segmentOps: readonly OpEntry[] = defineOps({
  UnsortedSegmentSum: byParts(unsortedSpec("add", zero, single(unsortedSumGrad))),
  UnsortedSegmentMax: unsortedSpec("maximum", lowest, single(unsortedExtremeGrad)),
  UnsortedSegmentMin: unsortedSpec("minimum", highest, single(unsortedExtremeGrad)),
  UnsortedSegmentProd: unsortedSpec("multiply", one, single(unsortedProdGrad)),
  SegmentSum: byParts(sortedSpec("add", zero, false, single(sortedSumGrad))),
  SegmentMean: sortedSpec("add", zero, true, single(sortedMeanGrad)),
  SegmentMax: sortedSpec("maximum", lowest, false, single(sortedExtremeGrad)),
  SegmentMin: sortedSpec("minimum", highest, false, single(sortedExtremeGrad)),
  // TensorFlow has no gradient for it either.
  SegmentProd: sortedSpec("multiply", one, false, undefined),
});
