// Special functions made of others: tf.lbeta, tf.math.bessel_i0 and bessel_i1, tf.math.polyval.
// Source: python/ops/special_math_ops.py, math_ops.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { zerosLike } from "../array/fill.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { operator } from "./operator.ts";
import { reduceSum } from "./reductions.ts";
import { besselI0e, besselI1e } from "./special-functions.ts";
import { abs, exp, lgamma } from "./unary.ts";

const { add, mul, sub } = operator;

/** tf.lbeta: log |beta(x)| of the last dimension: the sum of lgamma(x) less lgamma of the sum; -infinity of none. @tfExport lbeta, math.lbeta */
export function lbeta(x: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "lbeta", () => {
    const tensor = convertToTensor(x, { name: "x", graph });
    const sums = reduceSum(lgamma(tensor), [-1]);
    return sub(sums, lgamma(reduceSum(tensor, [-1])));
  });
}

function unscaled(name: string, scaled: (x: Tensor) => Tensor) {
  return (x: TensorLike, options: NameOption = {}): Tensor => {
    const graph = resolveGraph([x]);
    return withScope(graph, options.name, name, () => {
      const size = exp(abs(x));
      return mul(size, scaled(x as Tensor));
    });
  };
}

/** tf.math.bessel_i0: the modified Bessel function I0(x). @tfExport math.besselI0 */
export const besselI0: (x: TensorLike, options?: NameOption) => Tensor = unscaled("bessel_i0", besselI0e);
/** tf.math.bessel_i1: the modified Bessel function I1(x). @tfExport math.besselI1 */
export const besselI1: (x: TensorLike, options?: NameOption) => Tensor = unscaled("bessel_i1", besselI1e);

/** tf.math.polyval: the polynomial with these coefficients, the highest first, at x; zeros where there are none. @tfExport math.polyval */
export function polyval(coeffs: readonly TensorLike[], x: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([coeffs, x]);
  return withScope(graph, options.name, "polyval", (scope) => {
    const at = convertToTensor(x, { name: "x", graph });
    if (coeffs.length === 0) return zerosLike(at, { name: scope });
    const [first, ...rest] = coeffs.map((coeff, i) => convertToTensor(coeff, { name: `coeff_${i}`, graph }));
    return rest.reduce((sum, coeff) => add(coeff, mul(sum, at)), first!);
  });
}
