// tf.signal.rfft, irfft and their kin of two and three dimensions: builders that find the length and pad. Source: python/ops/signal/fft_ops.py.
import { constantValueAsShape, type Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { zeros, zerosLike } from "../array/fill.ts";
import { stack, unstack } from "../array/pack.ts";
import { pad } from "../array/pad.ts";
import { rank as rankOf, shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { maximum } from "../math/binary.ts";
import { operator } from "../math/operator.ts";
import { subshape, withRankAtLeast } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";

/** A transform whose length (one number a dimension; those of the input unless given) may be told. */
export type RealFourierBuilder = (
  input: TensorLike,
  fftLength?: TensorLike | null,
  options?: NameOption,
) => Tensor;

function lengthOfReal(x: Tensor, rank: number): Tensor {
  const dims = subshape(x.shape, -rank);
  if (!dims.isFullyDefined()) return getItem(shapeOf(x), [{ start: -rank }]);
  return convertToTensor(dims.toNumbers(), { dtype: "int32" });
}

function lengthOfInverse(x: Tensor, rank: number): Tensor {
  const dims = subshape(x.shape, -rank);
  if (!dims.isFullyDefined()) {
    const lengths = [...unstack(getItem(shapeOf(x), [{ start: -rank }]))];
    const last = lengths.pop()!;
    lengths.push(maximum(0, operator.mul(int32(2), operator.sub(last, 1))));
    return stack(lengths);
  }
  const lengths = dims.toNumbers();
  lengths.push(Math.max(0, 2 * (lengths.pop()! - 1)));
  return convertToTensor(lengths, { dtype: "int32" });
}

/** Zeros behind the input, up to the length. */
function padded(x: Tensor, rank: number, length: Tensor, inverse: boolean): Tensor {
  const wanted = constantValueAsShape(length);
  if (x.shape.dims?.includes(0)) return x;
  if (wanted.isFullyDefined() && x.shape.rank !== null) {
    const have = subshape(x.shape, -wanted.toNumbers().length);
    if (have.isFullyDefined()) {
      const lengths = wanted.toNumbers();
      if (inverse) lengths.push(Math.floor(lengths.pop()! / 2) + 1);
      const paddings = lengths.map((dim, i) => [0, Math.max(dim - have.toNumbers()[i]!, 0)]);
      if (paddings.every(([, high]) => high === 0)) return x;
      const outer = Array.from({ length: Math.max(x.shape.rank - lengths.length, 0) }, () => [0, 0]);
      return pad(x, [...outer, ...paddings]);
    }
  }
  const inputRank = rankOf(x);
  const have = getItem(shapeOf(x), [{ start: -rank }]);
  const outerDims = maximum(0, operator.sub(inputRank, rank));
  const outer = zeros([outerDims] as TensorLike, length.dtype);
  let lengths = length;
  if (inverse) {
    const front = getItem(length, [{ stop: -1 }]);
    const half = operator.add(operator.floordiv(getItem(length, [{ start: -1 }]), 2), 1);
    lengths = concat([front, half], 0);
  }
  const missing = maximum(0, operator.sub(lengths, have));
  const high = concat([outer, missing], 0);
  return pad(x, stack([zerosLike(high), high], { axis: 1 }));
}

function builder(type: string, rank: number, inverse: boolean): RealFourierBuilder {
  return (input, fftLength, options = {}) => {
    const graph = resolveGraph([input, fftLength]);
    return withScope(graph, options.name, type.toLowerCase(), (scope) => {
      const x = convertToTensor(input, { graph, dtype: inverse ? "complex64" : "float32" });
      withRankAtLeast(x.shape, rank);
      const length =
        fftLength === undefined || fftLength === null
          ? inverse
            ? lengthOfInverse(x, rank)
            : lengthOfReal(x, rank)
          : convertToTensor(fftLength, { dtype: "int32" });
      return applyOne(type, [padded(x, rank, length, inverse), length], { name: scope });
    });
  };
}

/** tf.signal.rfft: the Fourier transform of the last dimension of a float32 tensor: the half that tells all, complex64. @tfExport signal.rfft */
export const rfft: RealFourierBuilder = builder("RFFT", 1, false);
/** tf.signal.irfft: its inverse: float32. @tfExport signal.irfft */
export const irfft: RealFourierBuilder = builder("IRFFT", 1, true);
/** tf.signal.rfft2d: of the last two dimensions. @tfExport signal.rfft2d */
export const rfft2d: RealFourierBuilder = builder("RFFT2D", 2, false);
/** tf.signal.irfft2d: its inverse. @tfExport signal.irfft2d */
export const irfft2d: RealFourierBuilder = builder("IRFFT2D", 2, true);
/** tf.signal.rfft3d: of the last three dimensions. @tfExport signal.rfft3d */
export const rfft3d: RealFourierBuilder = builder("RFFT3D", 3, false);
/** tf.signal.irfft3d: its inverse. @tfExport signal.irfft3d */
export const irfft3d: RealFourierBuilder = builder("IRFFT3D", 3, true);
