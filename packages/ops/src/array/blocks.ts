// Elements moved in blocks: SpaceToDepth, DepthToSpace, SpaceToBatchND, BatchToSpaceND, Roll, ReverseSequence.
// Source: core/ops/array_ops.cc, core/ops/manip_ops.cc, core/kernels/spacetobatch_op.cc, roll_op.cc,
// reverse_sequence_op.cc, python/ops/array_grad.py, manip_grad.py.
import type { InferenceContext, Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostNumbers } from "../lowering.ts";
import { operator } from "../math/operator.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import {
  addDims,
  type Dim,
  invalid,
  mergeDims,
  mergeShapes,
  multiplyDims,
  numbersOf,
  replaceDim,
  subshape,
  unchanged,
  withRank,
  withRankAtLeast,
} from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { allBut, movesElements } from "./move-elements.ts";

type Format = "NHWC" | "NCHW";

/** tf.space_to_depth: blocks of pixels into channels. @tfExport spaceToDepth, nn.spaceToDepth */
export function spaceToDepth(
  input: TensorLike | Grad,
  blockSize: number,
  options: NameOption & { dataFormat?: Format } = {},
): Tensor {
  return applyOne("SpaceToDepth", [input], {
    name: options.name,
    attrs: { block_size: blockSize, data_format: options.dataFormat },
  });
}

/** tf.depth_to_space: channels into blocks of pixels. @tfExport depthToSpace, nn.depthToSpace */
export function depthToSpace(
  input: TensorLike | Grad,
  blockSize: number,
  options: NameOption & { dataFormat?: Format } = {},
): Tensor {
  return applyOne("DepthToSpace", [input], {
    name: options.name,
    attrs: { block_size: blockSize, data_format: options.dataFormat },
  });
}

/** tf.space_to_batch_nd: blocks of spatial dimensions into the batch, after padding. @tfExport spaceToBatchNd */
export function spaceToBatchNd(
  input: TensorLike | Grad,
  blockShape: TensorLike,
  paddings: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("SpaceToBatchND", [input, blockShape, paddings], options);
}

/** tf.batch_to_space_nd: the way back from `spaceToBatchNd`, then cropped. @tfExport batchToSpaceNd */
export function batchToSpaceNd(
  input: TensorLike | Grad,
  blockShape: TensorLike,
  crops: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("BatchToSpaceND", [input, blockShape, crops], options);
}

/** tf.roll: elements moved along axes; those that fall off come in at the other end. @tfExport roll */
export function roll(
  input: TensorLike | Grad,
  shift: TensorLike,
  axis: TensorLike,
  options: NameOption = {},
): Tensor {
  return applyOne("Roll", [input, shift, axis], options);
}

/** tf.reverse_sequence: the first `seqLengths[i]` elements of each batch row in reverse order. @tfExport reverseSequence */
export function reverseSequence(
  input: TensorLike | Grad,
  seqLengths: TensorLike,
  options: NameOption & { seqAxis: number; batchAxis?: number },
): Tensor {
  return applyOne("ReverseSequence", [input, seqLengths], {
    name: options.name,
    attrs: { seq_dim: options.seqAxis, batch_dim: options.batchAxis },
  });
}

function divided(dim: Dim, divisor: number): Dim {
  if (dim === null) return null;
  if (dim % divisor !== 0) invalid(`Dimension size must be evenly divisible by ${divisor} but is ${dim}`);
  return dim / divisor;
}

/** Positions of batch, height, width and channels. */
function layout(attrs: InferenceContext["attrs"]): readonly [number, number, number] {
  const format = attrs.has("data_format") ? attrs.string("data_format") : "NHWC";
  if (format !== "NHWC" && format !== "NCHW") invalid(`data_format ${format} is not supported`);
  return format === "NHWC" ? [1, 2, 3] : [2, 3, 1];
}

function blockImageShape(c: InferenceContext, toDepth: boolean): readonly Shape[] {
  const [h, w, channel] = layout(c.attrs);
  const size = c.attrs.int("block_size");
  const dims = [...withRank(c.input(0), 4).dims!];
  for (const at of [h, w]) dims[at] = toDepth ? divided(dims[at]!, size) : multiplyDims(dims[at]!, size);
  dims[channel] = toDepth ? multiplyDims(dims[channel]!, size * size) : divided(dims[channel]!, size * size);
  return [new Shape(dims)];
}

function checkDivides(c: LoweringContext, dim: number, size: number): number {
  if (dim % size !== 0)
    c.fail("INVALID_ARGUMENT", `Dimension size must be evenly divisible by ${size} but is ${dim}`);
  return dim / size;
}

function lowerSpaceToDepth(c: LoweringContext): HloInstruction {
  const x = c.input(0);
  const s = c.attrs.int("block_size");
  const [h, w, channel] = layout(c.attrs);
  const [rows, columns] = [checkDivides(c, x.dims[h]!, s), checkDivides(c, x.dims[w]!, s)];
  const [n, depth] = [x.dims[0]!, x.dims[channel]!];
  const b = c.builder;
  if (channel === 3) {
    const cut = b.transpose(b.reshape(x, [n, rows, s, columns, s, depth]), [0, 1, 3, 2, 4, 5]);
    return b.reshape(cut, [n, rows, columns, s * s * depth]);
  }
  const cut = b.transpose(b.reshape(x, [n, depth, rows, s, columns, s]), [0, 3, 5, 1, 2, 4]);
  return b.reshape(cut, [n, s * s * depth, rows, columns]);
}

function lowerDepthToSpace(c: LoweringContext): HloInstruction {
  const x = c.input(0);
  const s = c.attrs.int("block_size");
  const [h, w, channel] = layout(c.attrs);
  const [n, rows, columns] = [x.dims[0]!, x.dims[h]!, x.dims[w]!];
  const depth = checkDivides(c, x.dims[channel]!, s * s);
  const b = c.builder;
  if (channel === 3) {
    const cut = b.transpose(b.reshape(x, [n, rows, columns, s, s, depth]), [0, 1, 3, 2, 4, 5]);
    return b.reshape(cut, [n, rows * s, columns * s, depth]);
  }
  const cut = b.transpose(b.reshape(x, [n, s, s, depth, rows, columns]), [0, 3, 4, 1, 5, 2]);
  return b.reshape(cut, [n, depth, rows * s, columns * s]);
}

function batchShape(c: InferenceContext, toBatch: boolean): readonly Shape[] {
  const block = withRank(c.input(1), 1).dim(0);
  if (block === null) invalid("block_shape must have known size.");
  const input = withRankAtLeast(c.input(0), block + 1);
  mergeShapes(c.input(2), new Shape([block, 2]));
  const sizes = c.inputValue(1);
  const edges = c.inputValue(2);
  const pairs = edges && numbersOf(edges);
  let batch: Dim = sizes ? input.dim(0) : block > 0 ? null : input.dim(0);
  const spatial: Dim[] = new Array<Dim>(block).fill(null);
  if (sizes) {
    numbersOf(sizes).forEach((size, i) => {
      if (size < 1) invalid("block_shape must be positive");
      batch = batch === null ? null : toBatch ? multiplyDims(batch, size) : divided(batch, size);
      if (!pairs) return;
      const [low, high] = [pairs[2 * i]!, pairs[2 * i + 1]!];
      if (low < 0 || high < 0) invalid(`${toBatch ? "paddings" : "crops"} cannot be negative`);
      const dim = input.dim(i + 1);
      if (toBatch) spatial[i] = divided(addDims(dim, low + high), size);
      else if (dim !== null) {
        const whole = dim * size;
        if (whole < low + high) {
          invalid(`Negative dimension size caused by subtracting ${low + high} from ${whole}`);
        }
        spatial[i] = whole - low - high;
      }
    });
  }
  return [new Shape([batch, ...spatial]).concat(subshape(input, block + 1))];
}

function batchArguments(c: LoweringContext): { sizes: number[]; low: number[]; high: number[] } {
  const sizes = hostNumbers(c, 1);
  const pairs = hostNumbers(c, 2);
  return {
    sizes,
    low: sizes.map((_, i) => pairs[2 * i]!),
    high: sizes.map((_, i) => pairs[2 * i + 1]!),
  };
}

function lowerSpaceToBatch(c: LoweringContext): HloInstruction {
  const x = c.input(0);
  const b = c.builder;
  const { sizes, low, high } = batchArguments(c);
  const n = sizes.length;
  const rest = x.dims.slice(n + 1);
  const around = (edges: readonly number[]): number[] => [0, ...edges, ...rest.map(() => 0)];
  const padded = b.pad(x, b.scalar(x.dtype, 0), { low: around(low), high: around(high) });
  const outer = sizes.map((size, i) => checkDivides(c, padded.dims[i + 1]!, size));
  const cut = b.reshape(padded, [x.dims[0]!, ...sizes.flatMap((size, i) => [outer[i]!, size]), ...rest]);
  const order = [
    ...sizes.map((_, i) => 2 + 2 * i),
    0,
    ...sizes.map((_, i) => 1 + 2 * i),
    ...rest.map((_, i) => 1 + 2 * n + i),
  ];
  return b.reshape(b.transpose(cut, order), [x.dims[0]! * sizeOf(sizes), ...outer, ...rest]);
}

function lowerBatchToSpace(c: LoweringContext): HloInstruction {
  const x = c.input(0);
  const b = c.builder;
  const { sizes, low, high } = batchArguments(c);
  const n = sizes.length;
  const rest = x.dims.slice(n + 1);
  const spatial = x.dims.slice(1, n + 1);
  const batch = checkDivides(c, x.dims[0]!, sizeOf(sizes));
  const cut = b.reshape(x, [...sizes, batch, ...spatial, ...rest]);
  const order = [n, ...sizes.flatMap((_, i) => [n + 1 + i, i]), ...rest.map((_, i) => 2 * n + 1 + i)];
  const whole = spatial.map((dim, i) => dim * sizes[i]!);
  const joined = b.reshape(b.transpose(cut, order), [batch, ...whole, ...rest]);
  return b.slice(
    joined,
    [0, ...low, ...rest.map(() => 0)],
    [batch, ...whole.map((dim, i) => dim - high[i]!), ...rest],
  );
}

function lowerRoll(c: LoweringContext): HloInstruction {
  let x = c.input(0);
  const shifts = hostNumbers(c, 1);
  const axes = hostNumbers(c, 2);
  if (shifts.length !== axes.length) c.fail("INVALID_ARGUMENT", "shift and axis must have the same size");
  axes.forEach((given, i) => {
    const axis = given < 0 ? given + x.dims.length : given;
    const dim = x.dims[axis];
    if (dim === undefined) c.fail("INVALID_ARGUMENT", `axis ${given} is out of range`);
    if (dim === 0) return;
    const shift = ((shifts[i]! % dim) + dim) % dim;
    if (shift === 0) return;
    const part = (from: number, to: number): HloInstruction =>
      c.builder.slice(
        x,
        x.dims.map((_, d) => (d === axis ? from : 0)),
        x.dims.map((size, d) => (d === axis ? to : size)),
      );
    x = c.builder.concatenate([part(dim - shift, dim), part(0, dim - shift)], axis);
  });
  return x;
}

/** Batch and sequence to the front, rows picked by number, and back. */
function lowerReverseSequence(c: LoweringContext): HloInstruction {
  const x = c.input(0);
  const lengths = c.input(1);
  const b = c.builder;
  const [seq, batch] = [c.attrs.int("seq_dim"), c.attrs.int("batch_dim")];
  const [rows, steps] = [x.dims[batch]!, x.dims[seq]!];
  if (lengths.dims[0] !== rows) {
    c.fail(
      "INVALID_ARGUMENT",
      `Length of seq_lengths != input.dims(${batch}), (${lengths.dims[0]} vs. ${rows})`,
    );
  }
  const order = [batch, seq, ...x.dims.map((_, i) => i).filter((i) => i !== batch && i !== seq)];
  const front = b.transpose(x, order);
  const rest = front.dims.slice(2);
  const dims = [rows, steps];
  const { dtype } = lengths;
  const length = b.broadcast(lengths, dims, [0]);
  const step = b.iota(dtype, dims, 1);
  const scalar = (value: number): HloInstruction => b.broadcastTo(b.extent(dtype, value), dims);
  const mirrored = b.binary("subtract", b.binary("subtract", length, scalar(1)), step);
  const at = b.select(b.compare("LT", step, length), mirrored, step);
  const linear = b.binary("add", b.binary("multiply", b.iota(dtype, dims, 0), scalar(steps)), at);
  const picked = b.gather(b.reshape(front, [rows * steps, ...rest]), linear, 0);
  return b.transpose(
    picked,
    order.map((_, i) => order.indexOf(i)),
  );
}

const format = (op: Operation): { dataFormat: Format } => ({
  dataFormat: op.attrs.string("data_format") as Format,
});

function imageSpec(toDepth: boolean): OpSpec {
  return {
    shape: (c) => blockImageShape(c, toDepth),
    lower: toDepth ? lowerSpaceToDepth : lowerDepthToSpace,
    gradient: single((op, grad) =>
      (toDepth ? depthToSpace : spaceToDepth)(grad, op.attrs.int("block_size"), format(op)),
    ),
  };
}

/** Block moves, Roll, ReverseSequence. */
export const blockOps: readonly OpEntry[] = defineOps({
  SpaceToDepth: movesElements(imageSpec(true), allBut()),
  DepthToSpace: movesElements(imageSpec(false), allBut()),
  SpaceToBatchND: {
    shape: (c) => batchShape(c, true),
    hostInputs: [1, 2],
    lower: lowerSpaceToBatch,
    gradient: single((op, grad) => [
      batchToSpaceNd(grad, op.inputs[1]!, op.inputs[2]!),
      undefined,
      undefined,
    ]),
  },
  BatchToSpaceND: {
    shape: (c) => batchShape(c, false),
    hostInputs: [1, 2],
    lower: lowerBatchToSpace,
    gradient: single((op, grad) => [
      spaceToBatchNd(grad, op.inputs[1]!, op.inputs[2]!),
      undefined,
      undefined,
    ]),
  },
  Roll: movesElements(
    {
      shape: unchanged,
      hostInputs: [1, 2],
      lower: lowerRoll,
      gradient: single((op, grad) => [
        roll(grad, operator.neg(op.inputs[1]!), op.inputs[2]!),
        undefined,
        undefined,
      ]),
    },
    allBut(1, 2),
  ),
  ReverseSequence: movesElements(
    {
      shape: (c) => {
        const input = c.input(0);
        const lengths = withRank(c.input(1), 1);
        if (input.rank === null) return [Shape.unknown];
        const [seq, batch] = [c.attrs.int("seq_dim"), c.attrs.int("batch_dim")];
        if (batch >= input.rank) invalid(`batch_dim must be < input rank: ${batch} vs. ${input.rank}`);
        if (seq >= input.rank) invalid(`seq_dim must be < input rank: ${seq} vs. ${input.rank}`);
        return [replaceDim(input, batch, mergeDims(input.dim(batch), lengths.dim(0)))];
      },
      lower: lowerReverseSequence,
      gradient: single((op, grad) => [
        reverseSequence(grad, op.inputs[1]!, {
          seqAxis: op.attrs.int("seq_dim"),
          batchAxis: op.attrs.int("batch_dim"),
        }),
        undefined,
      ]),
    },
    allBut(1),
  ),
});
