// Functions of one and two complex numbers, as C++'s <complex> has them. In double precision: complex64 is rounded when it is stored.
// What they are written into is a pair [re, im] that the caller owns, so that a loop over elements allocates nothing.

/** A complex number that is written into. */
export type Pair = [re: number, im: number];

/** Writes f(re + i im) into `out`. */
export type ComplexFunction = (re: number, im: number, out: Pair) => void;

/** Writes f(a + i b, c + i d) into `out`. */
export type ComplexOperator = (a: number, b: number, c: number, d: number, out: Pair) => void;

function set(out: Pair, re: number, im: number): void {
  out[0] = re;
  out[1] = im;
}

const multiply: ComplexOperator = (a, b, c, d, out) => set(out, a * c - b * d, a * d + b * c);

/** Scaled by the divisor's larger part, so that squares do not overflow (Smith's way). */
const divide: ComplexOperator = (a, b, c, d, out) => {
  if (c === 0 && d === 0) set(out, a / 0, b / 0);
  else if (Math.abs(c) >= Math.abs(d)) {
    const [ratio, scale] = [d / c, c + d * (d / c)];
    set(out, (a + b * ratio) / scale, (b - a * ratio) / scale);
  } else {
    const [ratio, scale] = [c / d, c * (c / d) + d];
    set(out, (a * ratio + b) / scale, (b * ratio - a) / scale);
  }
};

const exp: ComplexFunction = (a, b, out) => {
  const size = Math.exp(a);
  if (b === 0) set(out, size, b);
  else set(out, size * Math.cos(b), size * Math.sin(b));
};

const log: ComplexFunction = (a, b, out) => set(out, Math.log(Math.hypot(a, b)), Math.atan2(b, a));

const sqrt: ComplexFunction = (a, b, out) => {
  if (a === 0 && b === 0) return set(out, 0, b);
  const half = Math.sqrt((Math.abs(a) + Math.hypot(a, b)) / 2);
  if (a >= 0) set(out, half, b / (2 * half));
  else set(out, Math.abs(b) / (2 * half), b < 0 || Object.is(b, -0) ? -half : half);
};

const reciprocal: ComplexFunction = (a, b, out) => divide(1, 0, a, b, out);

const sinh: ComplexFunction = (a, b, out) => set(out, Math.sinh(a) * Math.cos(b), Math.cosh(a) * Math.sin(b));
const cosh: ComplexFunction = (a, b, out) => set(out, Math.cosh(a) * Math.cos(b), Math.sinh(a) * Math.sin(b));

/** (sinh 2a + i sin 2b) / (cosh 2a + cos 2b), which is +-1 where cosh would overflow. */
const tanh: ComplexFunction = (a, b, out) => {
  if (Math.abs(a) > 20)
    return set(out, Math.sign(a), 4 * Math.sin(b) * Math.cos(b) * Math.exp(-2 * Math.abs(a)));
  const scale = Math.cosh(2 * a) + Math.cos(2 * b);
  set(out, Math.sinh(2 * a) / scale, Math.sin(2 * b) / scale);
};

/** log(z + sqrt(z^2 + 1)), of the half plane where the sum does not cancel. */
const asinh: ComplexFunction = (a, b, out) => {
  const negative = a < 0 || (a === 0 && b < 0);
  const [x, y] = negative ? [-a, -b] : [a, b];
  sqrt(x * x - y * y + 1, 2 * x * y, out);
  log(out[0] + x, out[1] + y, out);
  if (negative) set(out, -out[0], -out[1]);
};

/** 2 log(sqrt((z + 1) / 2) + sqrt((z - 1) / 2)). */
const acosh: ComplexFunction = (a, b, out) => {
  sqrt((a + 1) / 2, b / 2, out);
  const [re, im] = out;
  sqrt((a - 1) / 2, b / 2, out);
  log(out[0] + re, out[1] + im, out);
  set(out, 2 * out[0], 2 * out[1]);
};

/** (log(1 + z) - log(1 - z)) / 2. */
const atanh: ComplexFunction = (a, b, out) => {
  const re = Math.log1p((4 * a) / ((1 - a) ** 2 + b * b)) / 4;
  set(out, re, Math.atan2(2 * b, (1 - a) * (1 + a) - b * b) / 2);
};

const pow: ComplexOperator = (a, b, c, d, out) => {
  // 0^0 is what e^(0 log 0) is.
  if (a === 0 && b === 0) {
    const power = c === 0 && d === 0 ? Number.NaN : 0;
    return set(out, power, power);
  }
  if (b === 0 && d === 0 && (a > 0 || Number.isInteger(c))) return set(out, a ** c, 0);
  log(a, b, out);
  multiply(out[0], out[1], c, d, out);
  exp(out[0], out[1], out);
};

/** What ops of one argument make of a complex number, by op type. */
export const complexFunctions: Readonly<Record<string, ComplexFunction>> = {
  Neg: (a, b, out) => set(out, -a, -b),
  Conj: (a, b, out) => set(out, a, -b),
  Sign: (a, b, out) => {
    const size = Math.hypot(a, b);
    if (size === 0) set(out, 0, 0);
    else set(out, a / size, b / size);
  },
  Inv: reciprocal,
  Reciprocal: reciprocal,
  Square: (a, b, out) => multiply(a, b, a, b, out),
  Sqrt: sqrt,
  Rsqrt: (a, b, out) => {
    sqrt(a, b, out);
    reciprocal(out[0], out[1], out);
  },
  Exp: exp,
  // e^a cos b - 1 without cancelling where both are small.
  Expm1: (a, b, out) => {
    const half = Math.sin(b / 2);
    set(out, Math.expm1(a) * Math.cos(b) - 2 * half * half, Math.exp(a) * Math.sin(b));
  },
  Log: log,
  Log1p: (a, b, out) => set(out, Math.log1p(a * (2 + a) + b * b) / 2, Math.atan2(b, 1 + a)),
  Sigmoid: (a, b, out) => {
    exp(-a, -b, out);
    reciprocal(1 + out[0], out[1], out);
  },
  Tanh: tanh,
  Sin: (a, b, out) => set(out, Math.sin(a) * Math.cosh(b), Math.cos(a) * Math.sinh(b)),
  Cos: (a, b, out) => set(out, Math.cos(a) * Math.cosh(b), -Math.sin(a) * Math.sinh(b)),
  // tan z = -i tanh(i z)
  Tan: (a, b, out) => {
    tanh(-b, a, out);
    set(out, out[1], -out[0]);
  },
  Sinh: sinh,
  Cosh: cosh,
  Asinh: asinh,
  Acosh: acosh,
  Atanh: atanh,
};

/** What ops of two arguments make of complex numbers, by op type; gradient ops take the function's result first. */
export const complexOperators: Readonly<Record<string, ComplexOperator>> = {
  Add: (a, b, c, d, out) => set(out, a + c, b + d),
  AddV2: (a, b, c, d, out) => set(out, a + c, b + d),
  Sub: (a, b, c, d, out) => set(out, a - c, b - d),
  Mul: multiply,
  MulNoNan: (a, b, c, d, out) => (c === 0 && d === 0 ? set(out, 0, 0) : multiply(a, b, c, d, out)),
  Div: divide,
  RealDiv: divide,
  DivNoNan: (a, b, c, d, out) => (c === 0 && d === 0 ? set(out, 0, 0) : divide(a, b, c, d, out)),
  Pow: pow,
  // (x - y) conj(x - y): a real number.
  SquaredDifference: (a, b, c, d, out) => set(out, (a - c) ** 2 + (b - d) ** 2, 0),
  Xdivy: (a, b, c, d, out) => (a === 0 && b === 0 ? set(out, 0, 0) : divide(a, b, c, d, out)),
  Xlogy: (a, b, c, d, out) => {
    if (a === 0 && b === 0) return set(out, 0, 0);
    log(c, d, out);
    multiply(a, b, out[0], out[1], out);
  },
  // y = 1/x: -conj(y) dy conj(y)
  InvGrad: (a, b, c, d, out) => {
    multiply(a, -b, a, -b, out);
    multiply(-out[0], -out[1], c, d, out);
  },
  ReciprocalGrad: (a, b, c, d, out) => {
    multiply(a, -b, a, -b, out);
    multiply(-out[0], -out[1], c, d, out);
  },
  // y = sqrt(x): dy / 2 / conj(y)
  SqrtGrad: (a, b, c, d, out) => divide(c / 2, d / 2, a, -b, out),
  // y = 1/sqrt(x): -dy conj(y)^3 / 2
  RsqrtGrad: (a, b, c, d, out) => {
    multiply(a, -b, a, -b, out);
    multiply(out[0], out[1], a, -b, out);
    multiply(-out[0] / 2, -out[1] / 2, c, d, out);
  },
  SigmoidGrad: (a, b, c, d, out) => {
    multiply(a, b, 1 - a, -b, out);
    multiply(out[0], out[1], c, d, out);
  },
  TanhGrad: (a, b, c, d, out) => {
    multiply(a, b, a, b, out);
    multiply(1 - out[0], -out[1], c, d, out);
  },
};
