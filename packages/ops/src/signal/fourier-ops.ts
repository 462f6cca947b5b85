// tf.signal.fft and its kin: of the last one, two or three dimensions, complex or real. Host kernels.
// Source: core/ops/spectral_ops.cc, core/kernels/fft_ops.cc, python/ops/signal/fft_ops.py.
import type { Operation, Tensor } from "@org/graph";
import { allocateData, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { realDType } from "../complex/kernels.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { reduceProd } from "../math/reductions.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import {
  numbersOf,
  replaceDim,
  unchangedAtLeast,
  withRank,
  withRankAtLeast,
  withValue,
} from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { type FourierPlan, fourierPlan } from "./fourier.ts";
import { halfTransformGradient, halfTransformInverseGradient } from "./real-fourier-gradients.ts";

/** How many of the last dimensions are transformed. */
type Rank = 1 | 2 | 3;

type FourierBuilder = (input: TensorLike | Grad, options?: NameOption) => Tensor;

const transform = (type: string): FourierBuilder => {
  return (input, options = {}) => applyOne(type, [input], options);
};

/** tf.signal.fft: the Fourier transform of the last dimension of a complex tensor. @tfExport fft, signal.fft */
export const fft: FourierBuilder = transform("FFT");
/** tf.signal.ifft: its inverse. @tfExport ifft, signal.ifft */
export const ifft: FourierBuilder = transform("IFFT");
/** tf.signal.fft2d: of the last two dimensions. @tfExport signal.fft2d */
export const fft2d: FourierBuilder = transform("FFT2D");
/** tf.signal.ifft2d: its inverse. @tfExport signal.ifft2d */
export const ifft2d: FourierBuilder = transform("IFFT2D");
/** tf.signal.fft3d: of the last three dimensions. @tfExport signal.fft3d */
export const fft3d: FourierBuilder = transform("FFT3D");
/** tf.signal.ifft3d: its inverse. @tfExport signal.ifft3d */
export const ifft3d: FourierBuilder = transform("IFFT3D");

const plans = new Map<number, FourierPlan>();

/** Plans of the lengths that were asked for last. */
function planOf(length: number): FourierPlan {
  let plan = plans.get(length);
  if (!plan) {
    plan = fourierPlan(length);
    if (plans.size >= 16) plans.delete(plans.keys().next().value!);
    plans.set(length, plan);
  }
  return plan;
}

/** Real and imaginary parts, row-major. */
interface Grid {
  readonly shape: readonly number[];
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function transformAxis({ shape, re, im }: Grid, axis: number, inverse: boolean): void {
  const length = shape[axis]!;
  const stride = sizeOf(shape.slice(axis + 1));
  const plan = planOf(length);
  const [lineRe, lineIm] = [new Float64Array(length), new Float64Array(length)];
  const block = length * stride;
  for (let outer = 0; outer < re.length; outer += block) {
    for (let inner = 0; inner < stride; inner++) {
      const base = outer + inner;
      for (let i = 0; i < length; i++) {
        lineRe[i] = re[base + i * stride]!;
        lineIm[i] = im[base + i * stride]!;
      }
      plan.transform(lineRe, lineIm, inverse);
      for (let i = 0; i < length; i++) {
        re[base + i * stride] = lineRe[i]!;
        im[base + i * stride] = lineIm[i]!;
      }
    }
  }
}

/** The array cut to `dims`, as two parts. */
function cut(value: NdArray, dims: readonly number[]): Grid {
  const width = value.data.length === sizeOf(value.shape) ? 1 : 2;
  const from = value.data as Float64Array;
  const size = sizeOf(dims);
  const [re, im] = [new Float64Array(size), new Float64Array(size)];
  for (let flat = 0; flat < size; flat++) {
    let [rest, at, stride] = [flat, 0, 1];
    for (let d = dims.length - 1; d >= 0; d--) {
      at += (rest % dims[d]!) * stride;
      rest = Math.floor(rest / dims[d]!);
      stride *= value.shape[d]!;
    }
    re[flat] = from[at * width]!;
    if (width === 2) im[flat] = from[at * width + 1]!;
  }
  return { shape: dims, re, im };
}

function complexArray(c: HostContext, { re, im }: Grid, dims: readonly number[], lineOf: number): NdArray {
  // `lineOf`: how long lines lie in the grid; the first dims.at(-1) elements of each are taken.
  const data = allocateData(c.outputDType(0), sizeOf(dims)) as Float64Array;
  const kept = dims.at(-1)!;
  for (let i = 0; i < data.length / 2; i++) {
    const at = Math.floor(i / kept) * lineOf + (i % kept);
    data[2 * i] = re[at]!;
    data[2 * i + 1] = im[at]!;
  }
  return ndArray(c.outputDType(0), dims, data as never);
}

function checkRank(c: HostContext, rank: Rank): void {
  const { shape } = c.input(0);
  if (shape.length < rank)
    c.fail("INVALID_ARGUMENT", `Input must have rank of at least ${rank} but got: ${new Shape(shape)}`);
}

function sizeForGradient(grad: Tensor, rank: Rank): Tensor {
  return reduceProd(getItem(shapeOf(grad), [{ start: -rank }]));
}

function complexSpec(rank: Rank, inverse: boolean, gradient: FourierBuilder): OpSpec {
  return {
    shape: unchangedAtLeast(rank),
    host: (c) => {
      checkRank(c, rank);
      const { shape } = c.input(0);
      const grid = cut(c.input(0), shape);
      if (grid.re.length > 0)
        for (let axis = shape.length - rank; axis < shape.length; axis++) transformAxis(grid, axis, inverse);
      return [complexArray(c, grid, shape, shape.at(-1)!)];
    },
    gradient: single((_, grad) => {
      const given = dense(grad);
      if (!inverse) {
        const size = cast(sizeForGradient(given, rank), given.dtype);
        return operator.mul(gradient(given), size);
      }
      const size = cast(sizeForGradient(given, rank), realDType(given.dtype));
      const scale = cast(operator.truediv(1, size), given.dtype);
      return operator.mul(gradient(given), scale);
    }),
  };
}

/** The lengths that fft_length asks for, checked against the input. */
function lengthsOf(c: HostContext, rank: Rank, forward: boolean): number[] {
  checkRank(c, rank);
  const given = c.input(1);
  if (given.shape.length !== 1 || given.shape[0] !== rank)
    c.fail("INVALID_ARGUMENT", `fft_length must have shape [${rank}]`);
  const lengths = numbersOf(given);
  const { shape } = c.input(0);
  lengths.forEach((length, i) => {
    if (length < 0) c.fail("INVALID_ARGUMENT", `fft_length[${i}] must be >= 0, got ${length}`);
    const axis = shape.length - rank + i;
    const least = !forward && i === rank - 1 ? Math.floor(length / 2) + 1 : length;
    if (shape[axis] !== 0 && shape[axis]! < least)
      c.fail(
        "INVALID_ARGUMENT",
        `Input dimension ${axis} must have length of at least ${least} but got: ${shape[axis]}`,
      );
  });
  return lengths;
}

function realShape(rank: Rank, forward: boolean): NonNullable<OpSpec["shape"]> {
  return (c) => {
    let shape = withRankAtLeast(c.input(0), rank);
    const dim = withRank(c.input(1), 1).dim(0);
    withValue(dim, rank);
    const given = c.inputValue(1);
    const lengths = given ? numbersOf(given) : undefined;
    for (let i = 0; i < rank; i++) {
      const length = lengths?.[i];
      const half = forward && i === rank - 1 && length !== undefined && length !== 0;
      shape = replaceDim(shape, i - rank, half ? Math.floor(length / 2) + 1 : (length ?? null));
    }
    return [shape];
  };
}

function realForward(c: HostContext, rank: Rank): NdArray {
  const lengths = lengthsOf(c, rank, true);
  const outer = c.input(0).shape.slice(0, -rank);
  const last = lengths.at(-1)!;
  const half = last === 0 ? 0 : Math.floor(last / 2) + 1;
  const dims = [...outer, ...lengths.slice(0, -1), half];
  if (sizeOf(c.input(0).shape) === 0) return ndArray(c.outputDType(0), dims);
  const grid = cut(c.input(0), [...outer, ...lengths]);
  for (let axis = outer.length; axis < grid.shape.length; axis++) transformAxis(grid, axis, false);
  return complexArray(c, grid, dims, last);
}

function realInverse(c: HostContext, rank: Rank): NdArray {
  const lengths = lengthsOf(c, rank, false);
  const outer = c.input(0).shape.slice(0, -rank);
  const last = lengths.at(-1)!;
  const dims = [...outer, ...lengths];
  const result = ndArray(c.outputDType(0), dims);
  if (sizeOf(c.input(0).shape) === 0 || sizeOf(dims) === 0) return result;
  const half = Math.floor(last / 2) + 1;
  const grid = cut(c.input(0), [...dims.slice(0, -1), half]);
  for (let axis = outer.length; axis < dims.length - 1; axis++) transformAxis(grid, axis, true);
  // The other half of each line is the first one's mirror, conjugated.
  const [plan, data] = [planOf(last), result.data as Float32Array];
  const [re, im] = [new Float64Array(last), new Float64Array(last)];
  for (let line = 0; line < data.length / last; line++) {
    for (let i = 0; i < last; i++) {
      const at = line * half + (i < half ? i : last - i);
      re[i] = grid.re[at]!;
      im[i] = i < half ? grid.im[at]! : -grid.im[at]!;
    }
    plan.transform(re, im, true);
    for (let i = 0; i < last; i++) data[line * last + i] = re[i]!;
  }
  return result;
}

type RealGradient = (op: Operation, grad: Tensor) => readonly [Tensor, undefined];

function realSpec(rank: Rank, forward: boolean, gradient: RealGradient | undefined): OpSpec {
  return {
    shape: realShape(rank, forward),
    host: (c) => [forward ? realForward(c, rank) : realInverse(c, rank)],
    ...(gradient && { gradient: single((op, grad) => gradient(op, dense(grad))) }),
  };
}

/** Entries of the Fourier transforms. TensorFlow has no gradients of the real ones of three dimensions. */
export const fourierOps: readonly OpEntry[] = defineOps({
  FFT: complexSpec(1, false, ifft),
  IFFT: complexSpec(1, true, fft),
  FFT2D: complexSpec(2, false, ifft2d),
  IFFT2D: complexSpec(2, true, fft2d),
  FFT3D: complexSpec(3, false, ifft3d),
  IFFT3D: complexSpec(3, true, fft3d),
  RFFT: realSpec(1, true, halfTransformGradient(1)),
  IRFFT: realSpec(1, false, halfTransformInverseGradient(1)),
  RFFT2D: realSpec(2, true, halfTransformGradient(2)),
  IRFFT2D: realSpec(2, false, halfTransformInverseGradient(2)),
  RFFT3D: realSpec(3, true, undefined),
  IRFFT3D: realSpec(3, false, undefined),
});
