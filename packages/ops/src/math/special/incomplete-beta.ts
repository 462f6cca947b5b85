// The regularized incomplete beta function, in double precision, by its continued fraction (Abramowitz and Stegun 26.5.8).
// Special cases are those of Eigen's betainc_impl, which TensorFlow's kernel calls.
import { floatUnary } from "@org/hlo";

const { lgamma } = floatUnary;

const tiny = 1e-300;
const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);

/** The fraction, from the left (Lentz's way). */
function fraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= 5000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) <= 2 ** -52) break;
  }
  return value;
}

/** I(a, b, x). NaN for a and b not above 0 and x outside [0, 1]. */
export function betainc(a: number, b: number, x: number): number {
  if (!(a > 0) || !(b > 0) || !(x >= 0 && x <= 1)) return Number.NaN;
  if (x === 0 || x === 1) return x;
  const log = lgamma(a + b) - lgamma(a) - lgamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  if (x < (a + 1) / (a + b + 2)) return (Math.exp(log) * fraction(a, b, x)) / a;
  return 1 - (Math.exp(log) * fraction(b, a, 1 - x)) / b;
}
