// tf.linalg.expm: exponentials of matrices by Padé approximants, scaling and squaring, made of other ops.
// Source: matrix_exponential in python/ops/linalg/linalg_impl.py of TensorFlow 1.15; Higham, Functions of Matrices, 10.3.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { concat } from "../array/concat.ts";
import { constant } from "../array/constant.ts";
import { eye } from "../array/eye.ts";
import { reshape } from "../array/reshape.ts";
import { shape as shapeOf, size } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { whileLoop } from "../control/while-loop.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { maximum, pow } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { less } from "../math/comparison.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { reduceMax, reduceSum } from "../math/reductions.ts";
import { where } from "../math/select.ts";
import { abs, floor, log } from "../math/unary.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { matrixSolve } from "./solve.ts";

const { add, mul, neg, sub, truediv } = operator;

/** u and v of the approximant (v - u)^-1 (v + u). */
interface Pade {
  readonly u: Tensor;
  readonly v: Tensor;
}

/** Coefficients by degree. */
const coefficients: Readonly<Record<3 | 5 | 7 | 9 | 13, readonly number[]>> = {
  3: [120, 60, 12],
  5: [30240, 15120, 3360, 420, 30],
  7: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56],
  9: [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90],
  13: [
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182,
  ],
};

/** The sum of terms from the left. */
const sumOf = (first: Tensor, ...rest: (() => Tensor)[]): Tensor =>
  rest.reduce((sum, term) => add(sum, term()), first);

function pade(matrix: Tensor, degree: keyof typeof coefficients): Pade {
  const b = coefficients[degree].map((value) => constant(value, matrix.dtype));
  const order = getItem(shapeOf(matrix), -2);
  const batchShape = getItem(shapeOf(matrix), [{ stop: -2 }]);
  const identity = eye(order, { batchShape, dtype: matrix.dtype });
  const powers = [identity, matmul(matrix, matrix)];
  while (powers.length <= Math.min(3, (degree - 1) / 2))
    powers.push(matmul(powers.at(-1)!, powers.length === 2 ? powers[1]! : powers[1]!));
  if (degree === 9) powers.push(matmul(powers[3]!, powers[1]!));
  /** b[i] times the power that belongs to it. */
  const term = (i: number) => (): Tensor => mul(b[i]!, powers[i >> 1]!);
  if (degree === 13) {
    const [, square, fourth, sixth] = powers as [Tensor, Tensor, Tensor, Tensor];
    const inside = add(add(sixth, mul(b[11]!, fourth)), mul(b[9]!, square));
    const odd = sumOf(matmul(sixth, inside), term(7), term(5), term(3), term(1));
    const u = matmul(matrix, odd);
    const even = sumOf(
      mul(b[12]!, sixth),
      () => mul(b[10]!, fourth),
      () => mul(b[8]!, square),
    );
    return { u, v: sumOf(matmul(sixth, even), term(6), term(4), term(2), term(0)) };
  }
  const odd = [];
  const even = [];
  for (let i = degree - 2; i > 0; i -= 2) odd.push(term(i));
  for (let i = degree - 3; i >= 0; i -= 2) even.push(term(i));
  const u = matmul(matrix, sumOf(powers.at(-1)!, ...odd));
  return { u, v: sumOf(mul(b[degree - 1]!, powers.at(-1)!), ...even) };
}

/** Degrees, the norms up to which each but the last serves, and the norm to which the last one's matrices are scaled. */
interface Degrees {
  readonly degrees: readonly (keyof typeof coefficients)[];
  readonly limits: readonly number[];
  readonly scaledTo: number;
}

const single: Degrees = {
  degrees: [3, 5, 7],
  limits: [4.25873001692283e-1, 1.880152677804762],
  scaledTo: 3.92572478313866,
};
const double: Degrees = {
  degrees: [3, 5, 7, 9, 13],
  limits: [1.495585217958292e-2, 2.53939833006323e-1, 9.504178996162932e-1, 2.097847961257068],
  scaledTo: 5.371920351148152,
};
const byType: Readonly<Record<string, Degrees>> = {
  float16: single,
  float32: single,
  complex64: single,
  float64: double,
  complex128: double,
};

/**
 * tf.linalg.expm: exponentials of square matrices [..., n, n]. float16, float32, float64, complex64, complex128. Throws TfError
 * INVALID_ARGUMENT for other types.
 * @tfExport linalg.expm
 */
export function matrixExponential(input: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([input]);
  return withScope(graph, options.name, "matrix_exponential", () => {
    const given = convertToTensor(input, { name: "input", graph });
    const inner = given.shape.dims?.slice(-2);
    if (inner?.length === 2 && inner.every((dim) => dim === 0)) return given;
    const outer = given.shape.dims === null ? Shape.unknown : new Shape(given.shape.dims.slice(0, -2));
    const outerDims = outer.isFullyDefined() ? undefined : getItem(shapeOf(given), [{ stop: -2 }]);
    const flat = concat([[-1], getItem(shapeOf(given), [{ start: -2 }])] as TensorLike[], 0);
    const matrix = reshape(given, flat);
    const sizes = abs(matrix);
    const columns = reduceSum(sizes, sub(size(shapeOf(matrix)), 2));
    const norm = reduceMax(columns, -1);
    const number = (value: number): Tensor => constant(value, norm.dtype);
    const chosen = byType[matrix.dtype];
    if (!chosen)
      throw new TfError(
        "INVALID_ARGUMENT",
        `tf.linalg.expm does not support matrices of type <dtype: '${matrix.dtype}'>`,
      );
    const { degrees, limits, scaledTo } = chosen;
    const most = number(scaledTo);
    const ratio = log(truediv(norm, most));
    const squarings = maximum(floor(truediv(ratio, log(number(2)))), 0);
    const parts = degrees.slice(0, -1).map((degree) => pade(matrix, degree));
    const two = constant(2, matrix.dtype);
    const factor = getItem(pow(two, cast(squarings, matrix.dtype)), ["...", null, null]);
    parts.push(pade(truediv(matrix, factor), degrees.at(-1)!));
    const choose = (values: readonly Tensor[], at = 0): Tensor => {
      if (at === limits.length) return values[at]!;
      const within = less(norm, number(limits[at]!));
      return where(within, values[at]!, choose(values, at + 1));
    };
    const u = choose(parts.map((part) => part.u));
    const v = choose(parts.map((part) => part.v));
    const upper = add(u, v);
    const result = matrixSolve(add(neg(u), v), upper);
    const most2 = reduceMax(squarings);
    const [, squared] = whileLoop(
      (i) => less(i as Tensor, most2),
      (i, r) => [
        add(i as Tensor, 1),
        where(less(i as Tensor, squarings), matmul(r as Tensor, r as Tensor), r as Tensor),
      ],
      [number(0), result],
    ) as unknown as [Tensor, Tensor];
    if (matrix.shape.isFullyDefined())
      return reshape(squared, [...outer.toNumbers(), ...squared.shape.toNumbers().slice(-2)]);
    const dims = outerDims ?? (outer.toNumbers() as TensorLike);
    return reshape(squared, concat([dims, getItem(shapeOf(squared), [{ start: -2 }])] as TensorLike[], 0));
  });
}
