// The discrete Fourier transform of one line of complex numbers, of any length, in double precision: by halves where the length is a power of two
// (Cooley and Tukey), else as a convolution whose length is one (Bluestein). Not the ops: see fourier-ops.ts.

/** A plan for one length: transforms in place. */
export interface FourierPlan {
  readonly length: number;
  /** X[k] = sum x[n] e^(-2 pi i k n / length); `inverse`: with +i, divided by the length. */
  transform(re: Float64Array, im: Float64Array, inverse: boolean): void;
}

/** cos and sin of `step` times 0, 1, 2 ... */
function angles(count: number, step: number): [Float64Array, Float64Array] {
  const cos = Float64Array.from({ length: count }, (_, i) => Math.cos(step * i));
  return [cos, Float64Array.from({ length: count }, (_, i) => Math.sin(step * i))];
}

/** Both arrays with bit-reversed places exchanged. */
function reverseBits(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    [re[i], re[j]] = [re[j]!, re[i]!];
    [im[i], im[j]] = [im[j]!, im[i]!];
  }
}

/** The forward transform for a power of two. */
function halving(n: number): (re: Float64Array, im: Float64Array) => void {
  const [cos, sin] = angles(n >> 1, (-2 * Math.PI) / n);
  return (re, im) => {
    reverseBits(re, im);
    for (let half = 1; half < n; half <<= 1) {
      const step = n / (2 * half);
      for (let start = 0; start < n; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [i, j] = [start + k, start + k + half];
          const [c, s] = [cos[k * step]!, sin[k * step]!];
          const x = re[j]! * c - im[j]! * s;
          const y = re[j]! * s + im[j]! * c;
          re[j] = re[i]! - x;
          im[j] = im[i]! - y;
          re[i] = re[i]! + x;
          im[i] = im[i]! + y;
        }
      }
    }
  };
}

/** The forward transform for any length: k n = (k^2 + n^2 - (k - n)^2) / 2 makes it a convolution with e^(i pi n^2 / length). */
function convolving(n: number): (re: Float64Array, im: Float64Array) => void {
  let size = 1;
  while (size < 2 * n - 1) size *= 2;
  const forward = halving(size);
  const [cos, sin] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) {
    // i^2 modulo 2 n, or the angle would lose digits.
    const angle = (Math.PI * Number((BigInt(i) * BigInt(i)) % BigInt(2 * n))) / n;
    cos[i] = Math.cos(angle);
    sin[i] = Math.sin(angle);
  }
  const [chirpRe, chirpIm] = [new Float64Array(size), new Float64Array(size)];
  for (let i = 0; i < n; i++) {
    chirpRe[i] = chirpRe[(size - i) % size] = cos[i]!;
    chirpIm[i] = chirpIm[(size - i) % size] = sin[i]!;
  }
  forward(chirpRe, chirpIm);
  return (re, im) => {
    const [a, b] = [new Float64Array(size), new Float64Array(size)];
    for (let i = 0; i < n; i++) {
      a[i] = re[i]! * cos[i]! + im[i]! * sin[i]!;
      b[i] = im[i]! * cos[i]! - re[i]! * sin[i]!;
    }
    forward(a, b);
    for (let i = 0; i < size; i++) {
      const [x, y] = [a[i]!, b[i]!];
      a[i] = x * chirpRe[i]! - y * chirpIm[i]!;
      b[i] = x * chirpIm[i]! + y * chirpRe[i]!;
    }
    // The inverse is the forward transform with the parts exchanged.
    forward(b, a);
    for (let i = 0; i < n; i++) {
      const [x, y] = [a[i]! / size, b[i]! / size];
      re[i] = x * cos[i]! + y * sin[i]!;
      im[i] = y * cos[i]! - x * sin[i]!;
    }
  };
}

/** A plan for lines of `length` elements. */
export function fourierPlan(length: number): FourierPlan {
  const forward =
    length <= 1 ? () => {} : (length & (length - 1)) === 0 ? halving(length) : convolving(length);
  return {
    length,
    transform(re, im, inverse) {
      if (!inverse) return forward(re, im);
      forward(im, re);
      for (let i = 0; i < length; i++) {
        re[i] = re[i]! / length;
        im[i] = im[i]! / length;
      }
    },
  };
}
