// erf, erfc, lgamma and digamma in float64, by series and recurrences that can be checked by eye. About 1e-14
// relative (lgamma near its zeros 1 and 2: absolute). Formulas: Abramowitz and Stegun 6.1, 6.3, 7.1.

/** The error function. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a > 2.5) return Math.sign(x) * (1 - erfcFraction(a));
  // 7.1.6: 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (1 3 5 ... (2n+1)); no term is negative, so nothing cancels.
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** 1 - erf(x), without losing the tail. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 1) return 1 - erf(x);
  return x > 28 ? 0 : erfcFraction(x);
}

/** 7.1.14: exp(-x^2)/sqrt(pi) / (x + (1/2)/(x + (2/2)/(x + (3/2)/(x + ...)))), from the inside, for x >= 1. */
function erfcFraction(x: number): number {
  let fraction = x;
  for (let n = Math.ceil(40 + 400 / (x * x)); n >= 1; n--) fraction = x + n / 2 / fraction;
  return expSquared(x) / Math.sqrt(Math.PI) / fraction;
}

/** exp(-x^2) with the square's rounding error put back. */
function expSquared(x: number): number {
  const high = Math.fround(x);
  return Math.exp(-high * high) * Math.exp(-(x - high) * (x + high));
}

/** The logarithm of |gamma(x)|; +inf at 0, -1, -2 ... */
export function lgamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return Number.POSITIVE_INFINITY;
  if (x <= 0 && Number.isInteger(x)) return Number.POSITIVE_INFINITY;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x); // 6.1.17
  let shift = 1;
  let z = x;
  for (; z < 10; z++) shift *= z; // 6.1.15
  // 6.1.41, Stirling.
  const r = 1 / (z * z);
  const tail =
    (1 / 12 -
      r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360360 - r / 156)))))) /
    z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + tail - Math.log(shift);
}

/** The derivative of lgamma; +inf at 0, -1, -2 ... and at -inf, as TensorFlow 1's kernel has it. */
export function digamma(x: number): number {
  if (Number.isNaN(x)) return x;
  if (!Number.isFinite(x)) return Number.POSITIVE_INFINITY;
  if (x <= 0 && Number.isInteger(x)) return Number.POSITIVE_INFINITY;
  if (x < 0.5) return digamma(1 - x) - Math.PI / Math.tan(Math.PI * (x - Math.round(x))); // 6.3.7
  let sum = 0;
  let z = x;
  for (; z < 10; z++) sum -= 1 / z; // 6.3.6
  const r = 1 / (z * z); // 6.3.18
  return (
    sum +
    Math.log(z) -
    0.5 / z -
    r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760 - r / 12))))))
  );
}

function sinPi(x: number): number {
  return Math.sin(Math.PI * (x - 2 * Math.round(x / 2)));
}
