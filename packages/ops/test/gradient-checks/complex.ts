// Numeric checks of gradients that go through complex numbers.
import type { Tensor } from "@org/graph";
import * as tf from "../../src/index.ts";
import type { NumericCheck } from "../numeric-gradient.ts";

const { add, mul } = tf.operator;
/** A complex tensor of two real ones, and real numbers of a complex one. */
const parts = (z: tf.TensorLike): Tensor[] => [tf.real(z), tf.imag(z)];
export const checks: readonly NumericCheck[] = [
  ...(
    [
      ["exp", tf.exp],
      ["log", tf.log],
      ["sqrt", tf.sqrt],
      ["rsqrt", tf.rsqrt],
      ["sin", tf.sin],
      ["cos", tf.cos],
      ["tan", tf.tan],
      ["sinh", tf.sinh],
      ["cosh", tf.cosh],
      ["tanh", tf.tanh],
      ["sigmoid", tf.sigmoid],
      ["square", tf.square],
      ["reciprocal", tf.reciprocal],
      ["log1p", tf.log1p],
      ["expm1", tf.expm1],
      ["asinh", tf.asinh],
      ["acosh", tf.acosh],
      ["conj", (z: Tensor) => tf.conj(z)],
    ] as const
  ).map(([name, f]) => ({
    name,
    f: (x: Tensor, y: Tensor) => parts(f(tf.complex(x, y) as never)),
    shapes: [[3], [3]],
    range: [0.3, 1.2] as const,
  })),
  { name: "complex, broadcast", f: (x, y) => parts(tf.complex(x, y)), shapes: [[2, 3], [3]] },
  { name: "angle", f: (x, y) => tf.angle(tf.complex(x, y)), shapes: [[4], [4]] },
  { name: "abs", f: (x, y) => tf.abs(tf.complex(x, y)), shapes: [[4], [4]] },
  {
    name: "products, quotients, sums",
    f: (a, b, c, d) => {
      const [z, w] = [tf.complex(a, b), tf.complex(c, d)];
      return parts(add(mul(z, w), tf.subtract(tf.realdiv(z, w), z)));
    },
    shapes: [[2, 3], [2, 3], [3], [3]],
  },
  {
    name: "pow",
    f: (a, b, c, d) => parts(tf.pow(tf.complex(a, b), tf.complex(c, d))),
    shapes: [[3], [3], [3], [3]],
    range: [0.3, 1.2],
  },
  {
    name: "matmul",
    f: (a, b, c, d) => parts(tf.matmul(tf.complex(a, b), tf.complex(c, d), { transposeB: true })),
    shapes: [
      [2, 3],
      [2, 3],
      [4, 3],
      [4, 3],
    ],
  },
  {
    name: "batch matmul of adjoints",
    f: (a, b, c, d) =>
      parts(tf.matmul(tf.complex(a, b), tf.complex(c, d), { adjointA: true, adjointB: true })),
    shapes: [
      [2, 3, 2],
      [2, 3, 2],
      [2, 4, 3],
      [2, 4, 3],
    ],
  },
  {
    name: "reductions",
    f: (a, b) => {
      const z = tf.complex(a, b);
      return [...parts(tf.reduceSum(z, 0)), ...parts(tf.reduceMean(z)), ...parts(tf.reduceProd(z, 1))];
    },
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  {
    name: "moving elements",
    f: (a, b) => {
      const z = tf.complex(a, b);
      const turned = tf.transpose(z, null, { conjugate: true });
      return parts(tf.concat([tf.slice(turned, [0, 1], [2, 1]), tf.gather(turned, [1, 0])], 1));
    },
    shapes: [
      [2, 3],
      [2, 3],
    ],
  },
  { name: "cast", f: (x) => parts(mul(tf.cast(x, "complex128"), tf.cast(x, "complex128"))), shapes: [[3]] },
  {
    name: "fft, ifft",
    f: (a, b) => [...parts(tf.fft(tf.complex(a, b))), ...parts(tf.ifft2d(tf.complex(a, b)))],
    shapes: [
      [2, 5],
      [2, 5],
    ],
  },
  {
    name: "fft2d, ifft",
    f: (a, b) => [...parts(tf.fft2d(tf.complex(a, b))), ...parts(tf.ifft(tf.complex(a, b)))],
    shapes: [
      [2, 5],
      [2, 5],
    ],
  },
  {
    name: "fft3d, ifft3d",
    f: (a, b) => [...parts(tf.fft3d(tf.complex(a, b))), ...parts(tf.ifft3d(tf.complex(a, b)))],
    shapes: [
      [2, 2, 3],
      [2, 2, 3],
    ],
  },
  // In float32, as there are no others.
  ...(
    [
      ["rfft of an even length", (x: Tensor) => parts(tf.rfft(tf.cast(x, "float32"))), [2, 6]],
      ["rfft of an odd length", (x: Tensor) => parts(tf.rfft(tf.cast(x, "float32"))), [5]],
      ["rfft, padded", (x: Tensor) => parts(tf.rfft(tf.cast(x, "float32"), [8])), [5]],
      ["rfft2d", (x: Tensor) => parts(tf.rfft2d(tf.cast(x, "float32"))), [2, 3, 4]],
      ["irfft", (x: Tensor) => [tf.irfft(tf.cast(tf.complex(x, tf.sin(x)), "complex64"))], [2, 4]],
      ["irfft of an odd length", (x: Tensor) => [tf.irfft(tf.cast(tf.complex(x, x), "complex64"), [5])], [3]],
      ["irfft2d", (x: Tensor) => [tf.irfft2d(tf.cast(tf.complex(x, tf.cos(x)), "complex64"))], [3, 3]],
    ] as const
  ).map(([name, f, shape]) => ({
    name,
    f: (x: Tensor) => f(x).map((y) => tf.cast(y, "float64")),
    shapes: [shape],
    step: 1e-2,
    tolerance: 2e-3,
  })),
];
