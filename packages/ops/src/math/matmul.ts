// Matrix products: MatMul, BatchMatMul, BatchMatMulV2. Source: core/framework/common_shape_fns.cc,
// core/kernels/matmul_op.cc, python/ops/math_ops.py, math_grad.py.

import type { Operation, Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import { Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { reshape } from "../array/reshape.ts";
import { shape } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { complexProduct } from "../complex/kernels.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { broadcastDims } from "../lowering.ts";
import type { HostContext, LoweringContext, OpEntry } from "../op-entry.ts";
import {
  broadcastShapes,
  mergeDims,
  mergeShapes,
  subshape,
  withRank,
  withRankAtLeast,
} from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { conj } from "./conj.ts";
import { reduceSum } from "./reductions.ts";

export interface MatmulOptions extends NameOption {
  readonly transposeA?: boolean | undefined;
  readonly transposeB?: boolean | undefined;
  readonly adjointA?: boolean | undefined;
  readonly adjointB?: boolean | undefined;
}

/**
 * tf.matmul: the product of two matrices, or of the matrices in the last two dimensions.
 * Throws a TypeError where an operand is to be both transposed and adjoint.
 * @tfExport matmul, linalg.matmul
 */
export function matmul(a: TensorLike | Grad, b: TensorLike | Grad, options: MatmulOptions = {}): Tensor {
  const { name, transposeA = false, transposeB = false, adjointA = false, adjointB = false } = options;
  if (transposeA && adjointA) throw new TypeError("Only one of transpose_a and adjoint_a can be True.");
  if (transposeB && adjointB) throw new TypeError("Only one of transpose_b and adjoint_b can be True.");
  const graph = resolveGraph([a, b]);
  return withScope(graph, name, "MatMul", (scope) => {
    let x = convertToTensor(a, { name: "a", graph });
    let y = convertToTensor(b, { name: "b", graph });
    const flat = (t: Tensor): boolean => t.shape.rank !== null && t.shape.rank <= 2;
    if (!flat(x) || !flat(y)) {
      if (transposeA) x = conj(x);
      if (transposeB) y = conj(y);
      return applyOne("BatchMatMulV2", [x, y], {
        name: scope,
        attrs: { adj_x: adjointA || transposeA, adj_y: adjointB || transposeB },
      });
    }
    if (adjointA) x = conj(x);
    if (adjointB) y = conj(y);
    return applyOne("MatMul", [x, y], {
      name: scope,
      attrs: { transpose_a: transposeA || adjointA, transpose_b: transposeB || adjointB },
    });
  });
}

function product(a: Grad, b: Grad, transposeA: boolean, transposeB: boolean): Tensor {
  return applyOne("MatMul", [a, b], { attrs: { transpose_a: transposeA, transpose_b: transposeB } });
}

// C = A B: A' = C' B^T, B' = A^T C'; with transposed operands the same, turned.
function matmulGrad(op: Operation, grad: Grad): readonly Tensor[] {
  const ta = op.attrs.bool("transpose_a");
  const tb = op.attrs.bool("transpose_b");
  const a = conj(op.inputs[0]!);
  const b = conj(op.inputs[1]!);
  if (!ta && !tb) return [product(grad, b, false, true), product(a, grad, true, false)];
  if (!ta) return [product(grad, b, false, false), product(grad, a, true, false)];
  if (!tb) return [product(b, grad, false, true), product(a, grad, false, false)];
  return [product(b, grad, true, true), product(grad, a, true, true)];
}

function batchProducts(op: Operation, grad: Grad): [Tensor, Tensor] {
  const [x, y] = op.inputs as [Tensor, Tensor];
  const ax = op.attrs.bool("adj_x");
  const ay = op.attrs.bool("adj_y");
  const of = (a: Grad, b: Grad, adjointA: boolean, adjointB: boolean): Tensor =>
    matmul(a, b, { adjointA, adjointB });
  if (!ax && !ay) return [of(grad, y, false, true), of(x, grad, true, false)];
  if (!ax) return [of(grad, y, false, false), of(grad, x, true, false)];
  if (!ay) return [of(y, grad, false, true), of(x, grad, false, false)];
  return [of(y, grad, true, true), of(grad, x, true, true)];
}

function batchMatmulV2Grad(op: Operation, grad: Grad): readonly Tensor[] {
  const [x, y] = op.inputs as [Tensor, Tensor];
  const [gx, gy] = batchProducts(op, grad);
  if (x.shape.isFullyDefined() && x.shape.equals(y.shape)) return [gx, gy];
  const sx = shape(x);
  const sy = shape(y);
  const outer = [sx, sy].map((dims) => getItem(dims, [{ stop: -2 }]));
  const [rx, ry] = applyOp("BroadcastGradientArgs", outer).outputs as [Tensor, Tensor];
  return [reshape(reduceSum(gx, rx), sx), reshape(reduceSum(gy, ry), sy)];
}

/** A product over the last two dimensions of operands with equal batch dimensions. */
function batchDot(
  c: LoweringContext,
  x: HloInstruction,
  y: HloInstruction,
  ax: boolean,
  ay: boolean,
): HloInstruction {
  const rank = x.dims.length;
  const batch = Array.from({ length: rank - 2 }, (_, i) => i);
  const inner = [x.dims[ax ? rank - 2 : rank - 1], y.dims[ay ? rank - 1 : rank - 2]];
  if (inner[0] !== inner[1]) {
    c.fail(
      "INVALID_ARGUMENT",
      `In[0] mismatch In[1] shape: ${inner[0]} vs. ${inner[1]}: [${x.dims}] [${y.dims}] ${Number(ax)} ${Number(ay)}`,
    );
  }
  return c.builder.dot(x, y, {
    lhsBatch: batch,
    rhsBatch: batch,
    lhsContracting: [ax ? rank - 2 : rank - 1],
    rhsContracting: [ay ? rank - 1 : rank - 2],
  });
}

function lowerBatchMatmul(c: LoweringContext): HloInstruction {
  const [x, y] = [c.input(0), c.input(1)];
  if (x.dims.length < 2 || y.dims.length < 2) {
    c.fail(
      "INVALID_ARGUMENT",
      `In[0] and In[1] ndims must be >= 2: ${Math.min(x.dims.length, y.dims.length)}`,
    );
  }
  const batch = broadcastDims(c, x.dims.slice(0, -2), y.dims.slice(0, -2));
  const stretched = [x, y].map((t) => c.builder.broadcastTo(t, [...batch, ...t.dims.slice(-2)]));
  return batchDot(c, stretched[0]!, stretched[1]!, c.attrs.bool("adj_x"), c.attrs.bool("adj_y"));
}

function batchShape(broadcasts: boolean): NonNullable<OpEntry["shape"]> {
  return (c) => {
    const x = withRankAtLeast(c.input(0), 2);
    const y = withRankAtLeast(c.input(1), 2);
    const ax = c.attrs.bool("adj_x");
    const ay = c.attrs.bool("adj_y");
    mergeDims(x.dim(ax ? -2 : -1), y.dim(ay ? -1 : -2));
    const [bx, by] = [subshape(x, 0, -2), subshape(y, 0, -2)];
    const batch = broadcasts ? broadcastShapes(bx, by) : mergeShapes(bx, by);
    return [batch.concat(new Shape([x.dim(ax ? -1 : -2), y.dim(ay ? -2 : -1)]))];
  };
}

const adjoints = (c: HostContext): readonly [boolean, boolean] => [
  c.attrs.bool("adj_x"),
  c.attrs.bool("adj_y"),
];

/** MatMul, BatchMatMul, BatchMatMulV2. */
export const matmulOps: readonly OpEntry[] = defineOps({
  MatMul: complexProduct({
    shape: (c) => {
      const a = withRank(c.input(0), 2);
      const b = withRank(c.input(1), 2);
      const ta = c.attrs.bool("transpose_a");
      const tb = c.attrs.bool("transpose_b");
      mergeDims(a.dim(ta ? 0 : 1), b.dim(tb ? 1 : 0));
      return [new Shape([a.dim(ta ? 1 : 0), b.dim(tb ? 0 : 1)])];
    },
    lower: (c) => {
      const [a, b] = [c.input(0), c.input(1)];
      if (a.dims.length !== 2)
        c.fail("INVALID_ARGUMENT", `In[0] is not a matrix. Instead it has shape [${a.dims}]`);
      if (b.dims.length !== 2)
        c.fail("INVALID_ARGUMENT", `In[1] is not a matrix. Instead it has shape [${b.dims}]`);
      const [ta, tb] = [c.attrs.bool("transpose_a"), c.attrs.bool("transpose_b")];
      if (a.dims[ta ? 0 : 1] !== b.dims[tb ? 1 : 0]) {
        c.fail("INVALID_ARGUMENT", `Matrix size-incompatible: In[0]: [${a.dims}], In[1]: [${b.dims}]`);
      }
      return c.builder.dot(a, b, {
        lhsBatch: [],
        rhsBatch: [],
        lhsContracting: [ta ? 0 : 1],
        rhsContracting: [tb ? 1 : 0],
      });
    },
    gradient: single(matmulGrad),
  }),
  BatchMatMul: complexProduct(
    { shape: batchShape(false), lower: lowerBatchMatmul, gradient: single(batchProducts) },
    adjoints,
  ),
  BatchMatMulV2: complexProduct(
    { shape: batchShape(true), lower: lowerBatchMatmul, gradient: single(batchMatmulV2Grad) },
    adjoints,
  ),
});
