// Tensors of one value: Fill, ZerosLike, OnesLike; zeros and ones make a Const below 1000 elements.
// Source: core/ops/array_ops.cc, python/ops/array_ops.py.

import { isTensor, isTensorLike, type Tensor } from "@org/graph";
import type { HloDType } from "@org/hlo";
import { type DType, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { byParts, onesOf } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { single } from "../gradient.ts";
import { filledOf, hostNumbers } from "../lowering.ts";
import { operator } from "../math/operator.ts";
import { reduceSum } from "../math/reductions.ts";
import type { OpEntry } from "../op-entry.ts";
import { invalid, numbersOf, shapeFromInput, unchanged, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike, ValueLike } from "../tensor-like.ts";
import { constant } from "./constant.ts";
import { allBut, movesElements } from "./move-elements.ts";
import { reshape } from "./reshape.ts";
import { shape as shapeOf } from "./shape-of.ts";

/** tf.fill: a tensor of `dims` that is `value` all over. @tfExport fill */
export function fill(dims: TensorLike, value: TensorLike, options: NameOption = {}): Tensor {
  return applyOne("Fill", [dims, value], options);
}

/** Above that many elements, zeros and ones are made when the graph runs. */
const constantLimit = 1000;

function uniform(
  value: 0 | 1,
  dims: TensorLike,
  dtype: DType,
  name: string | undefined,
  defaultName: string,
): Tensor {
  const graph = resolveGraph([dims]);
  const element: ValueLike = dtype === "bool" ? value === 1 : dtype === "string" ? "" : value;
  return withScope(graph, name, defaultName, (scope) => {
    let at = dims;
    if (!isTensor(at)) {
      const known = staticDims(at);
      if (Array.isArray(at) && at.some((dim) => isTensorLike(dim))) askedProduct(at);
      if (known && sizeOf(known) < constantLimit) {
        return constant(element, dtype, { shape: known, name: scope, graph });
      }
      at = known
        ? constant(known, "int32", { name: "shape_as_tensor", graph })
        : convertToTensor(at, { dtype: "int32", graph });
    }
    if ((at as Tensor).shape.rank === 0) at = reshape(at, [-1]);
    return fill(at, constant(element, dtype, { graph }), { name: scope });
  });
}

/**
 * Python asks whether the product of the dims is small, and where one is a tensor it makes nodes by asking. They stay
 * in the graph, read by nobody.
 */
function askedProduct(dims: readonly TensorLike[]): void {
  const product = dims.reduce((all, dim) =>
    typeof all === "number" && typeof dim === "number" ? all * dim : operator.mul(all, dim),
  );
  operator.lt(product, constantLimit);
}

/** Dims that are numbers already. */
function staticDims(dims: TensorLike): number[] | undefined {
  if (dims instanceof Shape) return dims.isFullyDefined() ? dims.toNumbers() : undefined;
  if (typeof dims === "number") return [dims];
  if (Array.isArray(dims)) {
    return dims.every((dim) => typeof dim === "number") ? (dims as number[]) : undefined;
  }
  return ArrayBuffer.isView(dims) ? Array.from(dims as Int32Array, Number) : undefined;
}

/** tf.zeros: a tensor of zeros (false, ""). @tfExport zeros */
export function zeros(dims: TensorLike, dtype: DType = "float32", options: NameOption = {}): Tensor {
  return uniform(0, dims, dtype, options.name, "zeros");
}

/** tf.ones: a tensor of ones (true). @tfExport ones */
export function ones(dims: TensorLike, dtype: DType = "float32", options: NameOption = {}): Tensor {
  return uniform(1, dims, dtype, options.name, "ones");
}

/** What `zerosLike` and `onesLike` take. */
export interface LikeOptions extends NameOption {
  readonly dtype?: DType | undefined;
  /** Use what the graph knows of the shape: true unless given. */
  readonly optimize?: boolean | undefined;
}

/** tf.zeros_like: zeros of another tensor's shape and, unless given, type. @tfExport zerosLike */
export function zerosLike(tensor: TensorLike, options: LikeOptions = {}): Tensor {
  const { dtype, optimize = true } = options;
  const graph = resolveGraph([tensor]);
  return withScope(graph, options.name, "zeros_like", (scope) => {
    const like = convertToTensor(tensor, { name: "tensor", graph });
    if (optimize && like.shape.isFullyDefined() && like.dtype !== "variant") {
      return zeros(like.shape, dtype ?? like.dtype, { name: scope });
    }
    if (dtype !== undefined && dtype !== like.dtype && dtype !== "variant") {
      return zeros(shapeOf(like, { optimize }), dtype, { name: scope });
    }
    return applyOne("ZerosLike", [like], { name: scope });
  });
}

/** tf.ones_like: ones of another tensor's shape and, unless given, type. @tfExport onesLike */
export function onesLike(tensor: TensorLike, options: LikeOptions = {}): Tensor {
  const { dtype, optimize = true } = options;
  const graph = resolveGraph([tensor]);
  return withScope(graph, options.name, "ones_like", (scope) => {
    const like = convertToTensor(tensor, { name: "tensor", graph });
    const result = ones(shapeOf(like, { optimize }), dtype ?? like.dtype, { name: scope });
    result.setShape(like.shape);
    return result;
  });
}

/** Fill, ZerosLike, OnesLike. */
export const fillOps: readonly OpEntry[] = defineOps({
  Fill: movesElements(
    {
      shape: (c) => {
        withRank(c.input(0), 1);
        withRank(c.input(1), 0);
        const dims = c.inputValue(0);
        if (dims && numbersOf(dims).some((dim) => dim < 0)) invalid("Fill dimensions must be >= 0");
        return [shapeFromInput(c, 0)];
      },
      hostInputs: [0],
      lower: (c) => {
        const value = c.input(1);
        if (value.dims.length !== 0) {
          c.fail("INVALID_ARGUMENT", `value must be a scalar, got shape [${value.dims}]`);
        }
        const dims = hostNumbers(c, 0);
        if (dims.some((dim) => dim < 0))
          c.fail("INVALID_ARGUMENT", `Dimension ${Math.min(...dims)} must be >= 0`);
        return c.builder.broadcast(value, dims, []);
      },
      gradient: single((_, grad) => [undefined, reduceSum(grad)]),
    },
    allBut(0),
  ),
  ZerosLike: byParts({
    shape: unchanged,
    lower: (c) => filledOf(c, c.outputDType(0) as HloDType, c.input(0).dims, 0),
    gradient: null,
  }),
  OnesLike: {
    shape: unchanged,
    lower: (c) => filledOf(c, c.outputDType(0) as HloDType, c.input(0).dims, 1),
    host: (c) => [onesOf(c.outputDType(0), c.input(0).shape)],
    gradient: null,
  },
});
