// Complex numbers and their parts: tf.complex, real, imag, angle, abs, and the ops between real and complex tensors.
// Source: core/ops/math_ops.cc, python/ops/{math_ops,math_grad}.py.
import type { Tensor } from "@org/graph";
import { allocateData, type DType, ndArray, sizeOf } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { zerosLike } from "../array/fill.ts";
import { reshape } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { after, dense, single } from "../gradient.ts";
import { broadcastDims, forEachPair } from "../host/broadcast-pairs.ts";
import { divNoNan } from "../math/division.ts";
import { type Operand, operator } from "../math/operator.ts";
import { reduceSum } from "../math/reductions.ts";
import { reciprocal } from "../math/unary.ts";
import type { OpEntry } from "../op-entry.ts";
import { broadcastShape, unchanged } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import { isComplex, partOf, realDType } from "./kernels.ts";

const { mul, neg } = operator;

/** tf.complex: complex64 of float32 parts, complex128 of float64 ones. Throws a TypeError for other types. @tfExport complex */
export function complex(re: Operand, im: Operand, options: NameOption = {}): Tensor {
  const graph = resolveGraph([re, im]);
  return withScope(graph, options.name, "Complex", (scope) => {
    const x = convertToTensor(re, { graph, name: "real" });
    const y = convertToTensor(im, { graph, name: "imag" });
    const key = `${x.dtype},${y.dtype}`;
    const result = { "float32,float32": "complex64", "float64,float64": "complex128" }[key];
    if (result === undefined)
      throw new TypeError(`real and imag have incorrect types: ${x.dtype} ${y.dtype}`);
    return applyOne("Complex", [x, y], { name: scope, attrs: { Tout: result } });
  });
}

/** A builder of a part: `otherwise` for a tensor that is real. */
function part(type: string, otherwise: (x: Tensor) => Tensor) {
  return (input: Operand, options: NameOption = {}): Tensor => {
    const graph = resolveGraph([input]);
    return withScope(graph, options.name, type, (scope) => {
      const x = convertToTensor(input, { graph, name: "input" });
      if (!isComplex(x.dtype)) return otherwise(x);
      return applyOne(type, [x], { name: scope, attrs: { Tout: realDType(x.dtype) } });
    });
  };
}

/** tf.math.real: the real parts; a real tensor itself. @tfExport real */
export const real: (input: Operand, options?: NameOption) => Tensor = part("Real", (x) => x);
/** tf.math.imag: the imaginary parts; zeros of a real tensor. @tfExport imag */
export const imag: (input: Operand, options?: NameOption) => Tensor = part("Imag", (x) => zerosLike(x));
/** tf.math.angle: atan2(imag, real); zeros of a real tensor, as in 1.15 (even below 0). @tfExport angle */
export const angle: (input: Operand, options?: NameOption) => Tensor = part("Angle", (x) => zerosLike(x));

/** A real number of each complex one. */
function measure(f: (re: number, im: number) => number, gradient: OpSpec["gradient"]): OpSpec {
  return {
    shape: unchanged,
    host: (c) => {
      const { dtype, shape, data } = c.input(0);
      const from = data as Float64Array;
      const to = allocateData(realDType(dtype), sizeOf(shape)) as Float64Array;
      for (let i = 0; i < to.length; i++) to[i] = f(from[2 * i]!, from[2 * i + 1]!);
      return [ndArray(realDType(dtype), shape, to as never)];
    },
    ...(gradient === undefined ? {} : { gradient }),
  };
}

const zero = (dtype: DType): Tensor => constant(0, dtype);

/** Entries of the ops between real and complex tensors. */
export const complexPartOps: readonly OpEntry[] = defineOps({
  Complex: {
    shape: broadcastShape,
    host: (c) => {
      const [re, im] = [c.input(0), c.input(1)];
      const dims = broadcastDims(c, re.shape, im.shape);
      const dtype = c.outputDType(0);
      const data = allocateData(dtype, sizeOf(dims)) as Float64Array;
      const [x, y] = [re.data as Float64Array, im.data as Float64Array];
      forEachPair(dims, re.shape, im.shape, (at, i, j) => {
        data[2 * at] = x[i]!;
        data[2 * at + 1] = y[j]!;
      });
      return [ndArray(dtype, dims, data as never)];
    },
    gradient: single((op, grad) => {
      const [x, y] = op.inputs as [Tensor, Tensor];
      const [sx, sy] = [shapeOf(x), shapeOf(y)];
      const [rx, ry] = applyOp("BroadcastGradientArgs", [sx, sy]).outputs as [Tensor, Tensor];
      return [reshape(reduceSum(real(grad), rx), sx), reshape(reduceSum(imag(grad), ry), sy)];
    }),
  },
  Real: {
    shape: unchanged,
    host: (c) => [partOf(c.input(0), 0)],
    gradient: single((_, grad) => {
      const none = zero(grad.dtype);
      return complex(grad, none);
    }),
  },
  Imag: {
    shape: unchanged,
    host: (c) => [partOf(c.input(0), 1)],
    gradient: single((_, grad) => {
      const none = zero(grad.dtype);
      return complex(none, grad);
    }),
  },
  Angle: measure(
    (re, im) => Math.atan2(im, re),
    // -grad / (Im(x) + i Re(x))
    single((op, grad) => {
      const x = op.inputs[0]!;
      return after(grad, () => {
        const [re, im] = [real(x), imag(x)];
        const z = reciprocal(complex(im, re));
        const none = zero(grad.dtype);
        const wide = complex(grad, none);
        return mul(neg(wide), z);
      });
    }),
  ),
  ComplexAbs: measure(
    Math.hypot,
    single((op, grad) => {
      const y = op.outputs[0]!;
      const along = mul(complex(grad, zerosLike(dense(grad))), op.inputs[0]!);
      return divNoNan(along, complex(y, zerosLike(y)));
    }),
  ),
});
