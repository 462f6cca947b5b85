// Gradients of RFFT and IRFFT: the other transform, scaled, with what the half that is left out makes up for.
// Source: _rfft_grad_helper and _irfft_grad_helper in python/ops/signal/fft_ops.py.
import type { Operation, Tensor } from "@org/graph";
import { ndArray } from "@org/tensor";
import { concat } from "../array/concat.ts";
import { ones } from "../array/fill.ts";
import { expandDims, reshape } from "../array/reshape.ts";
import { rank as rankOf, shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { tile } from "../array/tile.ts";
import { transpose } from "../array/transpose.ts";
import { real } from "../complex/parts.ts";
import { cast } from "../math/cast.ts";
import { conj } from "../math/conj.ts";
import { floormod } from "../math/division.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reduceProd } from "../math/reductions.ts";
import { exp, reciprocal } from "../math/unary.ts";
import type { TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { irfft, irfft2d, rfft, rfft2d } from "./real-fourier.ts";

const { add, mul, sub, mod, truediv } = operator;

type RealGradient = (op: Operation, grad: Tensor) => readonly [Tensor, undefined];

function elementsOf(x: Tensor, rank: number): Tensor {
  return reduceProd(getItem(shapeOf(x), [{ start: -rank }]));
}

/** 1, -1, 1, -1 ... */
function alternating(length: Tensor): Tensor {
  return cast(sub(int32(1), mul(int32(2), mod(range(length), 2))), "complex64");
}

/** e^(-2 pi i j k / length) for all j and k below `length`. */
function rootsOfUnity(length: Tensor): Tensor {
  const a = tile(expandDims(range(length), 0), [length, 1] as TensorLike);
  const b = transpose(a, [1, 0]);
  const products = cast(mul(a, b), "complex64");
  const turned = mul(ndArray("complex64", [], Float32Array.of(0, -2 * Math.PI)), products);
  return exp(truediv(turned, cast(length, "complex64")));
}

/** The matrix once for each matrix of `t`. */
function asOftenAs(t: Tensor, matrix: Tensor): Tensor {
  const outer = ones([sub(rankOf(t), 2)] as TensorLike, "int32");
  const expanded = reshape(matrix, concat([outer, shapeOf(matrix)], 0));
  return tile(expanded, concat([getItem(shapeOf(t), [{ stop: -2 }]), [1, 1]] as TensorLike[], 0));
}

/** The gradient of RFFT (rank 1) and RFFT2D. */
export function halfTransformGradient(rank: 1 | 2): RealGradient {
  return (op, grad) => {
    const length = op.inputs[1]!;
    const inputShape = shapeOf(op.inputs[0]!);
    const isEven = cast(sub(int32(1), mod(getItem(length, -1), 2)), "complex64");
    const first = getItem(grad, ["...", { start: 0, stop: 1 }]);
    let extra: Tensor;
    if (rank === 1) {
      const last = getItem(grad, ["...", { start: -1 }]);
      extra = add(first, mul(mul(isEven, last), alternating(getItem(inputShape, -1))));
    } else {
      const mask = asOftenAs(first, rootsOfUnity(getItem(inputShape, -2)));
      extra = matmul(mask, conj(first));
      const last = getItem(grad, ["...", { start: -1 }]);
      const term = matmul(mask, conj(last));
      const inner = getItem(inputShape, -1);
      const times = concat([ones([sub(rankOf(grad), 1)] as TensorLike, "int32"), [inner]] as TensorLike[], 0);
      extra = add(extra, mul(isEven, mul(tile(term, times), alternating(inner))));
    }
    const size = cast(elementsOf(op.inputs[0]!, rank), "float32");
    const inverse = (rank === 1 ? irfft : irfft2d)(grad, length);
    return [mul(0.5, add(mul(inverse, size), real(extra))), undefined];
  };
}

/** The gradient of IRFFT (rank 1) and IRFFT2D. */
export function halfTransformInverseGradient(rank: 1 | 2): RealGradient {
  return (op, grad) => {
    const length = op.inputs[1]!;
    const isOdd = floormod(getItem(length, -1), int32(2));
    const last = getItem(shapeOf(op.inputs[0]!), -1);
    const middle = mul(2, ones([add(sub(last, 2), isOdd)] as TensorLike));
    const mask = concat([[1], middle, ones([sub(int32(1), isOdd)] as TensorLike)] as TensorLike[], 0);
    const scale = reciprocal(cast(elementsOf(grad, rank), "float32"));
    const forward = (rank === 1 ? rfft : rfft2d)(grad, length);
    return [mul(forward, cast(mul(scale, mask), "complex64")), undefined];
  };
}
