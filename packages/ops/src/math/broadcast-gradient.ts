// Gradients of broadcasting: which dimensions to sum over so that a gradient gets its input's shape back.
// Source: SmartBroadcastGradientArgs in python/ops/math_grad.py, core/util/bcast.cc.
import { isIndexedSlices, type Tensor } from "@org/graph";
import { applyOp } from "../apply-op.ts";
import { reshape } from "../array/reshape.ts";
import { shape } from "../array/shape-of.ts";
import { cached, type Grad } from "../gradient.ts";
import { reduceSum } from "./reductions.ts";

/** The dimensions of the broadcast result that each of two shapes was stretched or extended along. */
export function broadcastReductionIndices(
  x: readonly number[],
  y: readonly number[],
): [readonly number[], readonly number[]] | undefined {
  const same = x.length === y.length && x.every((dim, i) => dim === y[i]);
  const ofX: number[] = [];
  const ofY: number[] = [];
  if (same) return [ofX, ofY];
  const rank = Math.max(x.length, y.length);
  for (let i = 0; i < rank; i++) {
    const a = x[i - (rank - x.length)] ?? 1;
    const b = y[i - (rank - y.length)] ?? 1;
    if (a !== b && a !== 1 && b !== 1) return undefined;
    if (a === 1) ofX.push(i);
    if (b === 1) ofY.push(i);
  }
  return [ofX, ofY];
}

/** How to bring a gradient back to one input: its shape, what to sum over, and whether there is anything to do. */
export interface Unbroadcast {
  readonly shape: Tensor | readonly number[];
  readonly axes: Tensor | readonly number[];
  readonly needed: boolean;
}

/** As `broadcast_gradient_args(shape(x), shape(y))`: nodes in any case. */
export function broadcastGradientArgs(
  x: Tensor,
  y: Tensor,
): { sx: Tensor; sy: Tensor; rx: Tensor; ry: Tensor } {
  const sx = shape(x);
  const sy = shape(y);
  const [rx, ry] = applyOp("BroadcastGradientArgs", [sx, sy]).outputs as [Tensor, Tensor];
  return { sx, sy, rx, ry };
}

/** As TensorFlow 1.15 does it: constants where both shapes are known, nodes otherwise. */
export function smartBroadcastGradientArgs(x: Tensor, y: Tensor, grad: Grad): [Unbroadcast, Unbroadcast] {
  if (isIndexedSlices(grad)) {
    const { sx, sy, rx, ry } = broadcastGradientArgs(x, y);
    return [
      { shape: sx, axes: rx, needed: true },
      { shape: sy, axes: ry, needed: true },
    ];
  }
  if (!x.shape.isFullyDefined() || !y.shape.isFullyDefined()) {
    const sx = shape(x, { optimize: false });
    const sy = shape(y, { optimize: false });
    const [rx, ry] = applyOp("BroadcastGradientArgs", [sx, sy]).outputs as [Tensor, Tensor];
    return [
      { shape: sx, axes: rx, needed: true },
      { shape: sy, axes: ry, needed: true },
    ];
  }
  const dimsX = x.shape.toNumbers();
  const dimsY = y.shape.toNumbers();
  const [axesX, axesY] = cached(x.graph, `BroadcastGradientArgs [${dimsX}] [${dimsY}]`, () => {
    // TensorFlow makes the op to evaluate it at once; it stays in the graph, read by nobody.
    applyOp("BroadcastGradientArgs", [dimsX, dimsY], { graph: x.graph });
    return broadcastReductionIndices(dimsX, dimsY) ?? [[], []];
  });
  return [
    { shape: dimsX, axes: axesX, needed: !x.shape.equals(grad.shape) },
    { shape: dimsY, axes: axesY, needed: !y.shape.equals(grad.shape) },
  ];
}

/** Sums a gradient over the dimensions that its input was stretched along, and gives it that input's shape. */
export function unbroadcast(grad: Grad | Tensor, { shape: to, axes }: Omit<Unbroadcast, "needed">): Tensor {
  return reshape(reduceSum(grad, axes), to);
}

/** Whether x, y and the gradient are known to have one shape. */
export function sameKnownShapes(x: Tensor, y: Tensor, grad: Grad): grad is Tensor {
  return (
    !isIndexedSlices(grad) &&
    x.shape.isFullyDefined() &&
    x.shape.equals(y.shape) &&
    x.shape.equals(grad.shape)
  );
}
