// Exponentially scaled modified Bessel functions of the first kind, in double precision: the power series up to 20, beyond the asymptotic one
// (Abramowitz and Stegun 9.6.10 and 9.7.1), whose smallest term is then below the precision.

function scaled(order: 0 | 1, x: number): number {
  const size = Math.abs(x);
  if (size <= 20) {
    let term = 1;
    let sum = 1;
    for (let k = 1; term > 2 ** -54 * sum; k++) {
      term *= (size * size) / (4 * k * (k + order));
      sum += term;
    }
    return Math.exp(-size) * sum * (order === 1 ? x / 2 : 1);
  }
  const square = 4 * order;
  let [term, sum] = [1, 1];
  for (let k = 1; k < 60; k++) {
    const next = (-term * (square - (2 * k - 1) ** 2)) / (8 * size * k);
    if (!(Math.abs(next) > 2 ** -54 * Math.abs(sum)) || Math.abs(next) > Math.abs(term)) break;
    term = next;
    sum += term;
  }
  return (sum / Math.sqrt(2 * Math.PI * size)) * (order === 1 ? Math.sign(x) : 1);
}

/** e^-|x| I0(x). */
export const besselI0e = (x: number): number => scaled(0, x);

/** e^-|x| I1(x). */
export const besselI1e = (x: number): number => scaled(1, x);
