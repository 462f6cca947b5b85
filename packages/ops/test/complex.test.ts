// Complex numbers, against TensorFlow 1.15.5's kernels: values, shapes and errors (recorded by fixtures/record-complex.py).
import { readFileSync } from "node:fs";
import type { Tensor } from "@org/graph";
import { describe, it } from "vitest";
import * as tf from "../src/index.ts";
import { checkGradients, type NumericCheck } from "./numeric-gradient.ts";
import { type Case, expectCase, type Tolerances, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/complex.json", import.meta.url), "utf8"),
) as readonly Case[];

/** Long sums in float32, in an order of Eigen's. */
const inTransforms: Tolerances = { complex64: 5e-5, float32: 5e-5, complex128: 1e-12 };

describe("complex numbers", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) =>
    expectCase(one, one.op.includes("FFT") ? inTransforms : {}),
  );
});

describe("gradients through complex numbers", () => {
  const { add, mul } = tf.operator;
  /** A complex tensor of two real ones, and real numbers of a complex one. */
  const parts = (z: tf.TensorLike): Tensor[] => [tf.real(z), tf.imag(z)];
  const checks: readonly NumericCheck[] = [
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
      name: "fft3d, ifft3d",
      f: (a, b) => [...parts(tf.fft3d(tf.complex(a, b))), ...parts(tf.ifft3d(tf.complex(a, b)))],
      shapes: [
        [2, 2, 3],
        [2, 2, 3],
      ],
    },
  ];
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));

  // In float32, as there are no others.
  const rough = { step: 1e-2, tolerance: 2e-3 };
  it.each([
    ["rfft of an even length", (x: Tensor) => parts(tf.rfft(tf.cast(x, "float32"))), [2, 6]],
    ["rfft of an odd length", (x: Tensor) => parts(tf.rfft(tf.cast(x, "float32"))), [5]],
    ["rfft, padded", (x: Tensor) => parts(tf.rfft(tf.cast(x, "float32"), [8])), [5]],
    ["rfft2d", (x: Tensor) => parts(tf.rfft2d(tf.cast(x, "float32"))), [2, 3, 4]],
    ["irfft", (x: Tensor) => [tf.irfft(tf.cast(tf.complex(x, tf.sin(x)), "complex64"))], [2, 4]],
    ["irfft of an odd length", (x: Tensor) => [tf.irfft(tf.cast(tf.complex(x, x), "complex64"), [5])], [3]],
    ["irfft2d", (x: Tensor) => [tf.irfft2d(tf.cast(tf.complex(x, tf.cos(x)), "complex64"))], [3, 3]],
  ] as const)("%s", (name, f, shape) => {
    const wide = (x: Tensor): Tensor[] => f(x).map((y) => tf.cast(y, "float64"));
    return checkGradients({ name, f: wide, shapes: [shape], ...rough });
  });
});
