// Rows picked by index and reduced by sorted segment id: SparseSegmentSum, Mean, SqrtN and their gradients.
// Source: core/ops/math_ops.cc, core/kernels/segment_reduction_ops.cc, python/ops/math_grad.py.
import type { InferenceContext, ShapeFunction, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { gather } from "../array/gather.ts";
import { shape } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, single } from "../gradient.ts";
import { filledOf, hostNumber, hostNumbers } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { invalid, mergeShapes, scalarValue, subshape, withRank, withRankAtLeast } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { scatterSegments, unsortedSegmentSum } from "./segment.ts";

export interface SparseSegmentOptions extends NameOption {
  /** How many rows the result has; the last id and one more unless given. */
  readonly numSegments?: TensorLike | undefined;
}

type SparseSegment = (
  data: TensorLike,
  indices: TensorLike,
  segmentIds: TensorLike,
  options?: SparseSegmentOptions,
) => Tensor;

const builder =
  (type: string): SparseSegment =>
  (data, indices, ids, { numSegments, name } = {}) =>
    numSegments === undefined
      ? applyOne(type, [data, indices, ids], { name })
      : applyOne(`${type}WithNumSegments`, [data, indices, ids, numSegments], { name });

/** tf.sparse_segment_sum: sums of the rows of `data` that `indices` name, by sorted segment ids; 0 where a segment has none. @tfExport sparseSegmentSum */
export const sparseSegmentSum: SparseSegment = builder("SparseSegmentSum");
/** tf.sparse_segment_mean: their means. @tfExport sparseSegmentMean */
export const sparseSegmentMean: SparseSegment = builder("SparseSegmentMean");
/** tf.sparse_segment_sqrt_n: their sums over the square root of how many there are. @tfExport sparseSegmentSqrtN */
export const sparseSegmentSqrtN: SparseSegment = builder("SparseSegmentSqrtN");

type Weight = "sum" | "mean" | "sqrtn";

/** What a row counts by: 1, 1/n or 1/sqrt(n), for each of `count` segments; segments without rows: 1. */
function weights(
  c: LoweringContext,
  like: HloInstruction,
  ids: HloInstruction,
  count: number,
  weight: Weight,
): HloInstruction {
  const b = c.builder;
  const ones = filledOf(c, like.dtype, ids.dims, 1);
  const counts = scatterSegments(c, ones, ids, count, "add", () => 0);
  const one = filledOf(c, like.dtype, counts.dims, 1);
  const least = b.binary("maximum", counts, one);
  return b.binary("divide", one, weight === "mean" ? least : b.unary("sqrt", least));
}

function checkIds(c: LoweringContext, ids: readonly number[], count: number): void {
  ids.forEach((id, i) => {
    if (id < 0) c.fail("INVALID_ARGUMENT", "segment ids must be >= 0");
    if (id > (ids[i + 1] ?? id)) c.fail("INVALID_ARGUMENT", "segment ids are not increasing");
    if (id >= count)
      c.fail(
        "INVALID_ARGUMENT",
        `Segment id ${id} out of range [0, ${count}), possibly because 'segment_ids' input is not sorted.`,
      );
  });
}

function vectors(c: LoweringContext): void {
  const [indices, ids] = [c.input(1), c.input(2)];
  if (indices.dims.length !== 1) c.fail("INVALID_ARGUMENT", "indices should be a vector.");
  if (ids.dims.length !== 1) c.fail("INVALID_ARGUMENT", "segment_ids should be a vector.");
  if (indices.dims[0] !== ids.dims[0])
    c.fail("INVALID_ARGUMENT", "segment_ids and indices should have same size.");
}

/** The number of rows that the last input tells, if it is known. */
function countOf(c: InferenceContext, name: string): number | null {
  const count = scalarValue(c, 3);
  if (count !== undefined && count < 0) invalid(`Cannot specify a negative value for ${name}`);
  return count ?? null;
}

function spec(weight: Weight, given: boolean, gradient: OpSpec["gradient"]): OpSpec {
  return {
    shape: (c) => {
      const data = withRankAtLeast(c.input(0), 1);
      mergeShapes(withRank(c.input(1), 1), withRank(c.input(2), 1));
      if (given) withRank(c.input(3), 0);
      return [new Shape([given ? countOf(c, "num_segments") : null]).concat(subshape(data, 1))];
    },
    hostInputs: given ? [2, 3] : [2],
    lower: (c) => {
      vectors(c);
      const b = c.builder;
      const [data, indices, ids] = [c.input(0), c.input(1), c.input(2)];
      const known = hostNumbers(c, 2);
      const least = (known.at(-1) ?? -1) + 1;
      const count = given ? hostNumber(c, 3) : least;
      if (least > count) c.fail("INVALID_ARGUMENT", "segment ids must be < num_segments");
      checkIds(c, known, count);
      const sums = scatterSegments(c, b.gather(data, indices, 0), ids, count, "add", () => 0);
      if (weight === "sum") return sums;
      return b.binary("multiply", sums, b.broadcast(weights(c, data, ids, count, weight), sums.dims, [0]));
    },
    ...(gradient === undefined ? {} : { gradient }),
  };
}

/** The rows of the gradient, weighted, added where they were picked from. */
function gradSpec(weight: Weight): OpSpec {
  const gradShape: ShapeFunction = (c) => {
    const grad = withRankAtLeast(c.input(0), 1);
    mergeShapes(withRank(c.input(1), 1), withRank(c.input(2), 1));
    withRank(c.input(3), 0);
    return [new Shape([countOf(c, "output_dim0")]).concat(subshape(grad, 1))];
  };
  return {
    shape: gradShape,
    hostInputs: [2, 3],
    lower: (c) => {
      vectors(c);
      const b = c.builder;
      const [grad, indices, ids] = [c.input(0), c.input(1), c.input(2)];
      const rows = hostNumber(c, 3);
      const count = grad.dims[0]!;
      const known = hostNumbers(c, 2);
      if ((known.at(-1) ?? 0) >= Math.max(count, 1)) c.fail("INVALID_ARGUMENT", "Invalid number of segments");
      checkIds(c, known, count);
      const scaled = b.binary(
        "multiply",
        grad,
        b.broadcast(weights(c, grad, ids, count, weight), grad.dims, [0]),
      );
      const tail = grad.dims.slice(1);
      const none = filledOf(c, grad.dtype, [rows, ...tail], 0);
      return b.scatter(none, indices, b.gather(scaled, ids, 0), "add");
    },
  };
}

/** Number of rows of the data. */
const rowsOf = (data: Tensor): Tensor => getItem(shape(data), 0);

const sumGradient = single((op, grad) => {
  const [data, indices, ids] = op.inputs as [Tensor, Tensor, Tensor];
  const rows = rowsOf(data);
  const back = unsortedSegmentSum(gather(dense(grad), ids), indices, rows);
  return [back, ...op.inputs.slice(1).map(() => undefined)];
});

const weightedGradient = (type: string): OpSpec["gradient"] =>
  single((op, grad) => {
    const [data, indices, ids] = op.inputs as [Tensor, Tensor, Tensor];
    const back = applyOne(type, [dense(grad), indices, ids, rowsOf(data)]);
    return [back, ...op.inputs.slice(1).map(() => undefined)];
  });

const meanGradient = weightedGradient("SparseSegmentMeanGrad");
const sqrtNGradient = weightedGradient("SparseSegmentSqrtNGrad");

/** SparseSegment*, with and without a number of segments, and their gradients. */
export const sparseSegmentOps: readonly OpEntry[] = defineOps({
  SparseSegmentSum: spec("sum", false, sumGradient),
  SparseSegmentSumWithNumSegments: spec("sum", true, sumGradient),
  SparseSegmentMean: spec("mean", false, meanGradient),
  SparseSegmentMeanWithNumSegments: spec("mean", true, meanGradient),
  SparseSegmentSqrtN: spec("sqrtn", false, sqrtNGradient),
  SparseSegmentSqrtNWithNumSegments: spec("sqrtn", true, sqrtNGradient),
  SparseSegmentMeanGrad: gradSpec("mean"),
  SparseSegmentSqrtNGrad: gradSpec("sqrtn"),
});
