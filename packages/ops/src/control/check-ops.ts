// tf.assert_*: operations that fail a run where tensors are not as they should be. What is known when the graph is built is checked
// then. Source: python/ops/check_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { constantValue, isTensor, type Operation, type Tensor } from "@org/graph";
import { type DType, dtypes } from "@org/tensor";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { equal, greater, greaterEqual, less, lessEqual, notEqual } from "../math/comparison.ts";
import { operator } from "../math/operator.ts";
import { reduceAll } from "../math/reductions.ts";
import { abs } from "../math/unary.ts";
import type { TensorLike } from "../tensor-like.ts";
import { arrayText } from "./array-text.ts";
import { Assert, type AssertOptions } from "./assert.ts";
import { noOp } from "./group.ts";
import { type Comparison, holdsEverywhere } from "./static-comparison.ts";

export interface CheckOptions extends AssertOptions {
  /** What the error shows instead of the tensors that were compared. */
  readonly data?: readonly TensorLike[] | undefined;
  /** Stands before what the error shows. */
  readonly message?: string | undefined;
}

/** Throws what a run would, where the values are known already. */
function failNow(data: readonly TensorLike[]): never {
  const lines = data.map((value) => {
    const known = isTensor(value) ? constantValue(value) : undefined;
    return known ? arrayText(known) : `${value}`;
  });
  throw new TfError("INVALID_ARGUMENT", lines.join("\n"));
}

type Compare = (x: TensorLike, y: TensorLike) => Tensor;

interface Relation {
  readonly symbol: string;
  readonly compare: Compare;
  readonly holds: Comparison;
}

const relations = {
  equal: { symbol: "==", compare: equal, holds: (a, b) => a === b },
  noneEqual: { symbol: "!=", compare: notEqual, holds: (a, b) => a !== b },
  less: { symbol: "<", compare: less, holds: (a, b) => a < b },
  lessEqual: { symbol: "<=", compare: lessEqual, holds: (a, b) => a <= b },
  greater: { symbol: ">", compare: greater, holds: (a, b) => a > b },
  greaterEqual: { symbol: ">=", compare: greaterEqual, holds: (a, b) => a >= b },
} satisfies Record<string, Relation>;

function assertRelation(
  { symbol, compare, holds }: Relation,
  defaultName: string,
  x: TensorLike,
  y: TensorLike,
  options: CheckOptions,
): Operation {
  const graph = resolveGraph([x, y]);
  return withScope(graph, options.name, defaultName, () => {
    const a = convertToTensor(x, { name: "x", graph });
    const b = convertToTensor(y, { name: "y", graph });
    const shown = options.data ?? [
      `Condition x ${symbol} y did not hold element-wise:`,
      `x (${a.name}) = `,
      a,
      `y (${b.name}) = `,
      b,
    ];
    const data = options.message === undefined ? shown : [options.message, ...shown];
    const condition = reduceAll(compare(a, b));
    const [left, right] = [constantValue(a), constantValue(b)];
    if (left && right && !holdsEverywhere(left, right, holds)) failNow(data);
    return Assert(condition, data, { summarize: options.summarize });
  });
}

/** A check of two tensors, element by element; they broadcast. */
export type BinaryCheck = (x: TensorLike, y: TensorLike, options?: CheckOptions) => Operation;

const binaryCheck =
  (relation: Relation, defaultName: string): BinaryCheck =>
  (x, y, options = {}) =>
    assertRelation(relation, defaultName, x, y, options);

/** tf.assert_equal: x == y everywhere. Throws TfError INVALID_ARGUMENT at once where both are constants and it does not hold; so do its kin. @tfExport assertEqual */
export const assertEqual: BinaryCheck = (x, y, options = {}) => {
  const graph = resolveGraph([x, y]);
  // Python opens the scope twice, and compares in the second one.
  const same = withScope(graph, options.name, "assert_equal", () => (x === y ? noOp({ graph }) : undefined));
  return same ?? assertRelation(relations.equal, "assert_equal", x, y, options);
};
/** tf.assert_none_equal: x != y everywhere. @tfExport assertNoneEqual */
export const assertNoneEqual: BinaryCheck = binaryCheck(relations.noneEqual, "assert_none_equal");
/** tf.assert_less: x < y everywhere. @tfExport assertLess */
export const assertLess: BinaryCheck = binaryCheck(relations.less, "assert_less");
/** tf.assert_less_equal: x <= y everywhere. @tfExport assertLessEqual */
export const assertLessEqual: BinaryCheck = binaryCheck(relations.lessEqual, "assert_less_equal");
/** tf.assert_greater: x > y everywhere. @tfExport assertGreater */
export const assertGreater: BinaryCheck = binaryCheck(relations.greater, "assert_greater");
/** tf.assert_greater_equal: x >= y everywhere. @tfExport assertGreaterEqual */
export const assertGreaterEqual: BinaryCheck = binaryCheck(relations.greaterEqual, "assert_greater_equal");

/** A check of each element of a tensor. */
export type UnaryCheck = (x: TensorLike, options?: CheckOptions) => Operation;

function signCheck(
  defaultName: string,
  lines: (name: string) => readonly string[],
  check: (x: Tensor, zero: Tensor, options: CheckOptions) => Operation,
): UnaryCheck {
  return (x, options = {}) => {
    const { message = "", summarize } = options;
    const graph = resolveGraph([x]);
    return withScope(graph, options.name, defaultName, () => {
      const tensor = convertToTensor(x, { name: "x", graph });
      const data = options.data ?? [message, ...lines(tensor.name), tensor];
      const zero = convertToTensor(0, { dtype: tensor.dtype, graph });
      return check(tensor, zero, { data, summarize });
    });
  };
}

const lines =
  (symbol: string) =>
  (name: string): readonly string[] => [
    `Condition x ${symbol} 0 did not hold element-wise:`,
    `x (${name}) = `,
  ];

/** tf.assert_negative: x < 0 everywhere. @tfExport assertNegative */
export const assertNegative: UnaryCheck = signCheck("assert_negative", lines("<"), (x, zero, options) =>
  assertLess(x, zero, options),
);
/** tf.assert_positive: x > 0 everywhere. @tfExport assertPositive */
export const assertPositive: UnaryCheck = signCheck("assert_positive", lines(">"), (x, zero, options) =>
  assertLess(zero, x, options),
);
/** tf.assert_non_negative: x >= 0 everywhere. @tfExport assertNonNegative */
export const assertNonNegative: UnaryCheck = signCheck(
  "assert_non_negative",
  lines(">="),
  (x, zero, options) => assertLessEqual(zero, x, options),
);
/** tf.assert_non_positive: x <= 0 everywhere. (check_ops.py lacks a comma: two of its lines are one.) @tfExport assertNonPositive */
export const assertNonPositive: UnaryCheck = signCheck(
  "assert_non_positive",
  (name) => [lines("<=")(name).join("")],
  (x, zero, options) => assertLessEqual(x, zero, options),
);

export interface NearOptions extends CheckOptions {
  /** Relative and absolute tolerance; ten times the type's epsilon unless given. */
  readonly rtol?: TensorLike | undefined;
  readonly atol?: TensorLike | undefined;
}

const epsilons: Partial<Record<DType, number>> = { float16: 2 ** -10, float32: 2 ** -23, float64: 2 ** -52 };

/** tf.assert_near: |x - y| < atol + rtol * |y| everywhere. Throws a TypeError for types that have no epsilon. @tfExport assertNear */
export function assertNear(x: TensorLike, y: TensorLike, options: NearOptions = {}): Operation {
  const { message = "", summarize } = options;
  const { add, mul, sub } = operator;
  const graph = resolveGraph([x, y]);
  return withScope(graph, options.name, "assert_near", () => {
    const a = convertToTensor(x, { name: "x", graph });
    const { dtype } = a;
    const b = convertToTensor(y, { name: "y", dtype, graph });
    const epsilon = epsilons[dtype];
    if (epsilon === undefined) throw new TypeError(`assert_near: ${dtype} is not a floating-point type`);
    const rtol = convertToTensor(options.rtol ?? 10 * epsilon, { name: "rtol", dtype, graph });
    const atol = convertToTensor(options.atol ?? 10 * epsilon, { name: "atol", dtype, graph });
    const data = options.data ?? [
      message,
      `x and y not equal to tolerance rtol = ${rtol}, atol = ${atol}`,
      `x (${a.name}) = `,
      a,
      `y (${b.name}) = `,
      b,
    ];
    const tolerance = add(atol, mul(rtol, abs(b)));
    const difference = abs(sub(a, b));
    return Assert(reduceAll(less(difference, tolerance)), data, { summarize });
  });
}

/** tf.assert_type: an operation that does nothing. Throws a TypeError where the tensor has another type. @tfExport assertType */
export function assertType(
  tensor: TensorLike,
  dtype: DType,
  options: Pick<CheckOptions, "message" | "name"> = {},
): Operation {
  const graph = resolveGraph([tensor]);
  return withScope(graph, options.name, "assert_type", () => {
    const value = convertToTensor(tensor, { name: "tensor", graph });
    if (value.dtype !== dtype)
      throw new TypeError(`${options.message ?? ""}  ${value.name} must be of type ${dtype}`);
    return noOp({ name: "statically_determined_correct_type", graph });
  });
}

/** tf.assert_integer: an operation that does nothing. Throws a TypeError where the tensor is not of an integer type. @tfExport assertInteger */
export function assertInteger(
  x: TensorLike,
  options: Pick<CheckOptions, "message" | "name"> = {},
): Operation {
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "assert_integer", () => {
    const value = convertToTensor(x, { name: "x", graph });
    if (!["int", "uint"].includes(dtypes[value.dtype].kind))
      throw new TypeError(
        `${options.message ?? ""}  Expected "x" to be integer type.  Found: ${value.name} of dtype ${value.dtype}`,
      );
    return noOp({ name: "statically_determined_was_integer", graph });
  });
}

/** tf.assert_scalar: the tensor itself. Throws TfError INVALID_ARGUMENT where it is not known to be a scalar. @tfExport assertScalar */
export function assertScalar(
  tensor: TensorLike,
  options: Pick<CheckOptions, "message" | "name"> = {},
): Tensor {
  const graph = resolveGraph([tensor]);
  return withScope(graph, options.name, "assert_scalar", (scope) => {
    const value = convertToTensor(tensor, { name: scope, graph });
    if (value.shape.rank !== 0)
      throw new TfError(
        "INVALID_ARGUMENT",
        `${options.message ?? ""}Expected scalar shape for ${value.name}, saw shape: ${value.shape.toTuple()}.`,
        { node: value.op.name },
      );
    return value;
  });
}
