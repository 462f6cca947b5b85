// The Hurwitz zeta function and the polygamma functions, in double precision: the first terms, then Euler and Maclaurin's sum for the rest.
// Special cases are those of Eigen's zeta_impl and polygamma_impl, which TensorFlow's kernels call.
import { floatUnary } from "@org/hlo";

const { lgamma, digamma } = floatUnary;

/** B(2k) / (2k)! for k from 1. */
const bernoulli: readonly number[] = [
  1 / 12,
  -1 / 720,
  1 / 30240,
  -1 / 1209600,
  1 / 47900160,
  -691 / 1307674368000,
  1 / 74724249600,
  -3617 / 10670622842880000,
  43867 / 5109094217170944000,
  -174611 / 802857662698291200000,
];

/** The sum of (k + q)^-x over k from 0. Infinite for x = 1 and for q among 0, -1, -2 ...; NaN for x below 1, and for other q below 0 unless x is whole. */
export function zeta(x: number, q: number): number {
  if (x === 1) return Number.POSITIVE_INFINITY;
  if (!(x > 1) || Number.isNaN(q)) return Number.NaN;
  if (q <= 0) {
    if (q === Math.floor(q)) return Number.POSITIVE_INFINITY;
    if (x !== Math.floor(x)) return Number.NaN;
  }
  let sum = 0;
  let at = q;
  for (let n = 0; n < 10 || at <= 10; n++) {
    const term = at ** -x;
    sum += term;
    at++;
    if (at > 10 && Math.abs(term) <= 2 ** -54 * Math.abs(sum)) return sum;
  }
  // What is left: at^(1-x)/(x-1) + at^-x/2 + sum of B(2k)/(2k)! x (x+1) ... (x+2k-2) at^(-x-2k+1)
  const power = at ** -x;
  sum += (at * power) / (x - 1) + power / 2;
  let factor = x * (power / at);
  for (const [k, weight] of bernoulli.entries()) {
    const term = weight * factor;
    sum += term;
    if (Math.abs(term) <= 2 ** -53 * Math.abs(sum)) break;
    factor *= ((x + 2 * k + 1) * (x + 2 * k + 2)) / (at * at);
  }
  return sum;
}

/** The n-th derivative of digamma. NaN where n is not whole. */
export function polygamma(n: number, x: number): number {
  if (n !== Math.floor(n)) return Number.NaN;
  if (n === 0) return digamma(x);
  return (n % 2 === 0 ? -1 : 1) * Math.exp(lgamma(n + 1)) * zeta(n + 1, x);
}
