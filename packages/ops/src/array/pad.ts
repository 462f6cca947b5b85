// Borders: Pad and PadV2 (a constant), MirrorPad (the tensor's own edge). Source: core/ops/array_ops.cc (PadShapeFn),
// core/kernels/pad_op.cc, mirror_pad_op.cc, python/ops/array_ops.py, array_grad.py.

import { constantValue, type InferenceContext, type Operation, type Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { ndArray, Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { byParts } from "../complex/kernels.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { hostNumbers } from "../lowering.ts";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { addDims, invalid, numbersOf, withRank, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { stack } from "./pack.ts";
import { reshape } from "./reshape.ts";
import { rank, shape } from "./shape-of.ts";
import { slice } from "./slice.ts";

export interface PadOptions extends NameOption {
  /** CONSTANT unless given. */
  readonly mode?: "CONSTANT" | "REFLECT" | "SYMMETRIC" | undefined;
  /** What a constant border is made of: 0 unless given. */
  readonly constantValues?: TensorLike | undefined;
}

/** tf.pad: `paddings[i]` elements before and after dimension i. @tfExport pad */
export function pad(tensor: TensorLike | Grad, paddings: TensorLike, options: PadOptions = {}): Tensor {
  const { name, constantValues = 0, mode = "CONSTANT" } = options;
  let result: Tensor;
  if (mode !== "CONSTANT") {
    result = applyOne("MirrorPad", [tensor, paddings], { name, attrs: { mode } });
  } else if (constantValues === 0) {
    result = applyOne("Pad", [tensor, paddings], { name });
  } else {
    result = applyOne("PadV2", [tensor, paddings, constantValues], { name });
  }
  const known = constantValue(result.op.inputs[1]!);
  const input = result.op.inputs[0]!.shape;
  if (known && input.dims !== null && !result.shape.isFullyDefined()) {
    const pairs = numbersOf(known);
    result.setShape(
      input.dims.map((dim, i) => (dim === null ? null : dim + pairs[2 * i]! + pairs[2 * i + 1]!)),
    );
  }
  return result;
}

function padShape(c: InferenceContext, sign: 1 | -1): readonly Shape[] {
  const paddings = withRank(c.input(1), 2);
  withValue(paddings.dim(1), 2);
  let input = c.input(0);
  const count = paddings.dim(0) ?? input.rank;
  if (paddings.dim(0) !== null) input = withRank(input, paddings.dim(0)!);
  const value = c.inputValue(1);
  if (!value) return [count === null ? Shape.unknown : Shape.ofRank(count)];
  const pairs = numbersOf(value);
  const { dims } = withRank(input, value.shape[0]!);
  if (pairs.some((x) => x < 0)) invalid("Paddings must be non-negative");
  return [new Shape(dims!.map((dim, i) => addDims(dim, sign * (pairs[2 * i]! + pairs[2 * i + 1]!))))];
}

/** Pairs of a paddings argument, checked. */
function paddingPairs(c: LoweringContext, length: number): { low: number[]; high: number[] } {
  const { shape: dims } = c.hostInput(1);
  if (dims.length !== 2 || dims[0] !== length || dims[1] !== 2) {
    c.fail(
      "INVALID_ARGUMENT",
      `The first dimension of paddings must be the rank of inputs[${length},2] [${dims}]`,
    );
  }
  const values = hostNumbers(c, 1);
  const low = Array.from({ length }, (_, i) => values[2 * i]!);
  const high = Array.from({ length }, (_, i) => values[2 * i + 1]!);
  for (let i = 0; i < length; i++) {
    if (low[i]! < 0 || high[i]! < 0) {
      c.fail("INVALID_ARGUMENT", `Paddings must be non-negative: ${low[i]} ${high[i]}`);
    }
  }
  return { low, high };
}

function padGrad(op: Operation, grad: Grad): readonly (Tensor | undefined)[] {
  const [x, paddings] = op.inputs as [Tensor, Tensor];
  const column = slice(paddings, [0, 0], stack([rank(x), 1]));
  const begin = reshape(column, [-1]);
  const back = slice(grad, begin, shape(x));
  return op.inputs.map((_, i) => (i === 0 ? back : undefined));
}

const constantPad: OpSpec = byParts({
  shape: (c) => padShape(c, 1),
  hostInputs: [1],
  lower: (c) => {
    const x = c.input(0);
    const value = c.inputCount > 2 ? c.input(2) : c.builder.scalar(x.dtype, 0);
    return c.builder.pad(x, value, paddingPairs(c, x.dims.length));
  },
  gradient: single(padGrad),
});

/** Where each padded position comes from: reflected at the edge, which REFLECT does not repeat. */
function mirrored(dim: number, low: number, high: number, offset: number): number[] {
  return Array.from({ length: low + dim + high }, (_, i) => {
    const at = i - low;
    if (at < 0) return -at - (1 - offset);
    return at < dim ? at : 2 * dim - 1 - at - offset;
  });
}

function indexArray(c: LoweringContext, values: readonly number[]): HloInstruction {
  return c.builder.constant(ndArray("int32", [values.length], Int32Array.from(values)));
}

function mirrorOffset(c: LoweringContext): number {
  return c.attrs.string("mode") === "REFLECT" ? 1 : 0;
}

/** Pad, PadV2, MirrorPad, MirrorPadGrad. */
export const padOps: readonly OpEntry[] = defineOps({
  Pad: constantPad,
  PadV2: constantPad,
  MirrorPad: {
    shape: (c) => padShape(c, 1),
    hostInputs: [1],
    lower: (c) => {
      let x = c.input(0);
      const { low, high } = paddingPairs(c, x.dims.length);
      const offset = mirrorOffset(c);
      c.input(0).dims.forEach((dim, i) => {
        if (low[i]! > dim - offset || high[i]! > dim - offset) {
          c.fail(
            "INVALID_ARGUMENT",
            `paddings must be ${offset ? "less than" : "no greater than"} the dimension size: ${low[i]}, ${high[i]} ${offset ? "not less than" : "greater than"} ${dim}`,
          );
        }
        if (low[i] || high[i])
          x = c.builder.gather(x, indexArray(c, mirrored(dim, low[i]!, high[i]!, offset)), i);
      });
      return x;
    },
    gradient: single((op, grad) => [
      applyOne("MirrorPadGrad", [grad, op.inputs[1]!], { attrs: { mode: op.attrs.string("mode") } }),
      undefined,
    ]),
  },
  MirrorPadGrad: {
    shape: (c) => padShape(c, -1),
    hostInputs: [1],
    lower: (c) => {
      let x = c.input(0);
      const { low, high } = paddingPairs(c, x.dims.length);
      const offset = mirrorOffset(c);
      // Every padded position adds to where it came from: a scatter along the first dimension, turn by turn.
      low.forEach((before, i) => {
        if (!before && !high[i]) return;
        const dim = x.dims[i]! - before - high[i]!;
        const order = [i, ...x.dims.map((_, d) => d).filter((d) => d !== i)];
        const front = c.builder.transpose(x, order);
        const zeros = c.builder.broadcast(c.builder.scalar(x.dtype, 0), [dim, ...front.dims.slice(1)], []);
        const summed = c.builder.scatter(
          zeros,
          indexArray(c, mirrored(dim, before, high[i]!, offset)),
          front,
          "add",
        );
        const inverse = order.map((_, d) => order.indexOf(d));
        x = c.builder.transpose(summed, inverse);
      });
      return x;
    },
    gradient: single((op, grad) => [
      applyOne("MirrorPad", [grad, op.inputs[1]!], { attrs: { mode: op.attrs.string("mode") } }),
      undefined,
    ]),
  },
});
