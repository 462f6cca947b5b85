// The largest elements and whether a target is among them; L2Loss. Source: core/ops/nn_ops.cc,
// core/kernels/topk_op.cc, in_topk_op.cc, l2loss_op.cc, python/ops/nn_grad.py.
import type { InferenceContext, Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { zeros } from "../array/fill.ts";
import { gather, scatterNd } from "../array/gather.ts";
import { stack } from "../array/pack.ts";
import { expandDims, reshape } from "../array/reshape.ts";
import { shape, size } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, type Grad, several, single } from "../gradient.ts";
import { allDimensions, filled, hostNumber } from "../lowering.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reduceProd } from "../math/reductions.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import {
  type Dim,
  invalid,
  mergeDims,
  scalarDim,
  scalarShape,
  subshape,
  withRank,
  withRankAtLeast,
} from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";

/** tf.nn.l2_loss: half the sum of squares. @tfExport nn.l2Loss */
export function l2Loss(t: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("L2Loss", [t], options);
}

/** tf.nn.top_k: the k (1 unless given) largest of the last dimension, in order, and where they are. @tfExport nn.topK */
export function topK(
  input: TensorLike,
  k: TensorLike = 1,
  options: NameOption & { sorted?: boolean } = {},
): { values: Tensor; indices: Tensor } {
  const [values, indices] = applyOp("TopKV2", [input, k], {
    name: options.name,
    attrs: { sorted: options.sorted },
  }).outputs as [Tensor, Tensor];
  return { values, indices };
}

/** tf.nn.in_top_k: whether each row's target is among its k largest predictions. @tfExport nn.inTopK */
export function inTopK(
  predictions: TensorLike,
  targets: TensorLike,
  k: TensorLike,
  options: NameOption = {},
): Tensor {
  return withScope(resolveGraph([predictions, targets, k]), options.name, "in_top_k", () =>
    applyOne("InTopKV2", [predictions, targets, k], { name: options.name }),
  );
}

function topKShape(c: InferenceContext, k: Dim): readonly Shape[] {
  const input = withRankAtLeast(c.input(0), 1);
  const last = input.dim(-1);
  if (last !== null && k !== null && last < k) {
    invalid(`input must have last dimension >= k = ${k} but is ${last}`);
  }
  const out = input.rank === null ? Shape.unknown : subshape(input, 0, -1).concat(new Shape([k]));
  return [out, out];
}

function lowerTopK(c: LoweringContext, k: number): readonly HloInstruction[] {
  const x = c.input(0);
  const { dims } = x;
  if (dims.length < 1) c.fail("INVALID_ARGUMENT", `input must be >= 1-D, got shape [${dims}]`);
  const last = dims.at(-1)!;
  if (k < 0) c.fail("INVALID_ARGUMENT", `Need k >= 0, got ${k}`);
  if (last < k) c.fail("INVALID_ARGUMENT", `input must have at least k columns. Had ${last}, needed ${k}`);
  const b = c.builder;
  const positions = b.iota("int32", dims, dims.length - 1);
  const sorted = b.sort([x, positions], { descending: true });
  const start = dims.map(() => 0);
  const limit = [...dims.slice(0, -1), k];
  return [0, 1].map((i) => b.slice(b.getTupleElement(sorted, i), start, limit));
}

function topKGrad(op: Operation, grads: readonly (Grad | undefined)[]): readonly (Tensor | undefined)[] {
  if (grads[0] === undefined) return op.inputs.map(() => undefined);
  const inShape = shape(op.inputs[0]!);
  const indShape = shape(op.outputs[1]!);
  const indLast = gather(cast(indShape, "int64"), operator.sub(size(indShape), 1));
  const ind2d = reshape(op.outputs[1]!, stack([-1, indLast]));
  const inLast = gather(cast(inShape, "int64"), operator.sub(size(inShape), 1));
  const outer = getItem(shape(ind2d), 0);
  const starts = range(int32(0), operator.mul(cast(outer, "int64"), inLast), inLast);
  const offsets = cast(expandDims(starts, -1), "int32");
  const linear = reshape(operator.add(ind2d, offsets), [-1]);
  const scattered = scatterNd(expandDims(linear, -1), reshape(dense(grads[0]), [-1]), [
    reduceProd(inShape),
  ] as TensorLike);
  const first = reshape(scattered, inShape);
  return op.inputs.map((_, i) => (i === 0 ? first : zeros([], "int32")));
}

/** Whether the target's prediction is finite, all are, and fewer than k are larger. */
function lowerInTopK(c: LoweringContext, k: number): HloInstruction {
  const b = c.builder;
  const predictions = c.input(0);
  const targets = c.input(1);
  const { dims } = predictions;
  if (dims.length !== 2) c.fail("INVALID_ARGUMENT", "predictions must be 2-dimensional");
  if (targets.dims.length !== 1) c.fail("INVALID_ARGUMENT", "targets must be 1-dimensional");
  if (dims[0] !== targets.dims[0]) {
    c.fail(
      "INVALID_ARGUMENT",
      `First dimension of predictions ${dims[0]} must match length of targets ${targets.dims[0]}`,
    );
  }
  const hit = b.compare("EQ", b.broadcast(targets, dims, [0]), b.iota(targets.dtype, dims, 1));
  const picked = b.reduce(b.select(hit, predictions, filled(c, predictions, 0)), "add", [1]);
  const larger = b.compare("GT", predictions, b.broadcast(picked, dims, [0]));
  const count = b.reduce(b.convert(larger, "int32"), "add", [1]);
  const inTop = b.compare("LT", count, b.broadcastTo(b.scalar("int32", k), count.dims));
  const finite = b.reduce(b.unary("isFinite", predictions), "and", [1]);
  const known = b.reduce(hit, "or", [1]);
  return b.binary("and", inTop, b.binary("and", finite, known));
}

function inTopKShape(c: InferenceContext): readonly Shape[] {
  const rows = mergeDims(withRank(c.input(0), 2).dim(0), withRank(c.input(1), 1).dim(0));
  return [new Shape([rows])];
}

const inTopKSpec = (k: (c: LoweringContext) => number, hostInputs: readonly number[]): OpSpec => ({
  shape: inTopKShape,
  ...(hostInputs.length > 0 ? { hostInputs } : {}),
  lower: (c) => lowerInTopK(c, k(c)),
  gradient: null,
});

/** TopK, TopKV2, InTopK, InTopKV2, L2Loss. */
export const topKOps: readonly OpEntry[] = defineOps({
  TopK: {
    shape: (c) => topKShape(c, c.attrs.int("k")),
    lower: (c) => lowerTopK(c, c.attrs.int("k")),
    gradient: several(topKGrad),
  },
  TopKV2: {
    shape: (c) => topKShape(c, scalarDim(c, 1)),
    hostInputs: [1],
    lower: (c) => lowerTopK(c, hostNumber(c, 1)),
    gradient: several(topKGrad),
  },
  InTopK: inTopKSpec((c) => c.attrs.int("k"), []),
  InTopKV2: inTopKSpec((c) => hostNumber(c, 2), [2]),
  L2Loss: {
    shape: scalarShape,
    lower: (c) => {
      const x = c.input(0);
      const sum = c.builder.reduce(c.builder.binary("multiply", x, x), "add", allDimensions(x));
      return c.builder.binary("multiply", sum, c.builder.scalar(x.dtype, 0.5));
    },
    gradient: single((op, grad) => operator.mul(op.inputs[0]!, grad)),
  },
});
