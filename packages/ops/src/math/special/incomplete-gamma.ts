// The regularized incomplete gamma functions of two numbers, their derivatives by the first, and that of gamma samples. In double precision, by
// the series for small x and the continued fraction for large ones (Abramowitz and Stegun 6.5.29 and 6.5.31), differentiated term by term.
// Limits and special cases are those of Eigen's igamma_impl, which TensorFlow's kernels call.
import { floatUnary } from "@org/hlo";

const { lgamma, digamma } = floatUnary;

const epsilon = 2 ** -52;
const most = 2000;

/** A sum or a fraction, and its derivative by a. */
interface Term {
  readonly value: number;
  readonly slope: number;
}

/** 1 + x/(a+1) + x^2/((a+1)(a+2)) ... */
function series(a: number, x: number): Term {
  let [term, slope, sum, sums] = [1, 0, 1, 0];
  for (let n = 1; n <= most; n++) {
    slope = (slope * x - (term * x) / (a + n)) / (a + n);
    term = (term * x) / (a + n);
    sum += term;
    sums += slope;
    if (term <= epsilon * sum && Math.abs(slope) <= epsilon * Math.abs(sums)) break;
  }
  return { value: sum, slope: sums };
}

/** 1 / (x + 1 - a - (1 - a)/(x + 3 - a - ...)), by its convergents. */
function fraction(a: number, x: number): Term {
  let [y, z] = [1 - a, x + 2 - a];
  // Numerators and denominators of the last two convergents, and their derivatives.
  let [p0, p1, q0, q1] = [1, x + 1, x, z * x];
  let [dp0, dp1, dq0, dq1] = [0, 0, 0, -x];
  let value = p1 / q1;
  let slope = (dp1 - value * dq1) / q1;
  for (let n = 1; n <= most; n++) {
    y++;
    z += 2;
    const p = p1 * z - p0 * y * n;
    const q = q1 * z - q0 * y * n;
    const dp = dp1 * z - p1 - dp0 * y * n + p0 * n;
    const dq = dq1 * z - q1 - dq0 * y * n + q0 * n;
    [p0, p1, q0, q1] = [p1, p, q1, q];
    [dp0, dp1, dq0, dq1] = [dp1, dp, dq1, dq];
    if (q !== 0) {
      const [next, steep] = [p / q, (dp - (p / q) * dq) / q];
      const done =
        Math.abs(next - value) <= epsilon * Math.abs(next) &&
        Math.abs(steep - slope) <= epsilon * Math.abs(steep);
      [value, slope] = [next, steep];
      if (done) break;
    }
    if (Math.abs(p) > 2 ** 52) {
      [p0, p1, q0, q1] = [p0, p1, q0, q1].map((v) => v * 2 ** -52) as [number, number, number, number];
      [dp0, dp1, dq0, dq1] = [dp0, dp1, dq0, dq1].map((v) => v * 2 ** -52) as [
        number,
        number,
        number,
        number,
      ];
    }
  }
  return { value, slope };
}

/** Whether the upper function is told by the fraction, and the lower one from it. */
const isUpper = (a: number, x: number): boolean => x > 1 && x > a;

/** x^a e^-x / gamma(a + 1). */
const lowerFactor = (a: number, x: number): number => Math.exp(a * Math.log(x) - x - lgamma(a + 1));

/** x^a e^-x / gamma(a). */
const upperFactor = (a: number, x: number): number => Math.exp(a * Math.log(x) - x - lgamma(a));

/** The lower one, P(a, x). 0 for x = 0, whatever a; NaN for x below 0 and a not above 0. */
export function igamma(a: number, x: number): number {
  if (x === 0) return 0;
  if (!(x >= 0) || !(a > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return a === x ? Number.NaN : 1;
  if (a === Number.POSITIVE_INFINITY) return 0;
  return isUpper(a, x)
    ? 1 - upperFactor(a, x) * fraction(a, x).value
    : lowerFactor(a, x) * series(a, x).value;
}

/** The upper one, Q(a, x) = 1 - P(a, x). */
export function igammac(a: number, x: number): number {
  if (!(x >= 0) || !(a > 0)) return Number.NaN;
  if (x === 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return a === x ? Number.NaN : 0;
  if (a === Number.POSITIVE_INFINITY) return 1;
  return isUpper(a, x)
    ? upperFactor(a, x) * fraction(a, x).value
    : 1 - lowerFactor(a, x) * series(a, x).value;
}

/** dP(a, x) / da. */
export function igammaGradA(a: number, x: number): number {
  if (!(x >= 0) || !(a > 0)) return Number.NaN;
  if (x === 0) return 0;
  if (isUpper(a, x)) {
    const { value, slope } = fraction(a, x);
    return -upperFactor(a, x) * (slope + value * (Math.log(x) - digamma(a)));
  }
  const { value, slope } = series(a, x);
  return lowerFactor(a, x) * (slope + value * (Math.log(x) - digamma(a + 1)));
}

/** How a sample x of the gamma distribution changes with its parameter: -(dP/da) / (dP/dx). */
export function gammaSampleSlope(a: number, x: number): number {
  if (!(x >= 0) || !(a > 0)) return Number.NaN;
  if (x === 0) return 0;
  if (isUpper(a, x)) {
    const { value, slope } = fraction(a, x);
    return x * (slope + value * (Math.log(x) - digamma(a)));
  }
  const { value, slope } = series(a, x);
  return -(x / a) * (slope + value * (Math.log(x) - digamma(a + 1)));
}
