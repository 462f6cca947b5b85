// Python's operators on tensors: `operator.add(a, b)` builds what `a + b` builds (AddV2 named "add"; `tf.add` is an Add
// named "Add"). A bare number takes the type of the tensor beside it.
// Source: _OverrideBinaryOperatorHelper in python/ops/math_ops.py.
import { asTensor, type IndexedSlices, isIndexedSlices, isTensorLike, type Tensor } from "@org/graph";
import { type DType, dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** A value that an operator takes: IndexedSlices are summed into a dense tensor first. */
export type Operand = TensorLike | IndexedSlices;

/** A function of two operands. */
export type BinaryBuilder = (x: Operand, y: Operand, options?: NameOption) => Tensor;

/** A function of one operand. */
export type UnaryBuilder = (x: Operand, options?: NameOption) => Tensor;

/** A variable that an operator is called on is read before the operator's scope opens; its other operand inside. */
function received(x: Operand, y: Operand): [Operand, Operand] {
  if (isTensorLike(x)) return isIndexedSlices(x) ? [x, y] : [asTensor(x), y];
  return isTensorLike(y) && !isIndexedSlices(y) ? [x, asTensor(y)] : [x, y];
}

function binary(name: string, type: string): BinaryBuilder {
  return (x, y, options = {}) => applyOne(type, received(x, y), { name: options.name ?? name });
}

function direct(type: string): BinaryBuilder {
  return (x, y, options = {}) => applyOne(type, received(x, y), options);
}

const truedivTypes: Partial<Record<DType, DType>> = {
  uint8: "float32",
  int8: "float32",
  uint16: "float32",
  int16: "float32",
  int32: "float64",
  int64: "float64",
};

/** Two operands as tensors of one type, in the current scope. */
function pair(x: Operand, y: Operand): [Tensor, Tensor] {
  const graph = resolveGraph([x, y]);
  const of = (value: Operand, name: string, dtype?: DType): Tensor =>
    convertToTensor(value, { name, graph, ...(dtype === undefined ? {} : { dtype }) });
  const known = (value: Operand): DType | undefined =>
    typeof value === "object" && value !== null && "dtype" in value ? (value.dtype as DType) : undefined;
  const a = of(x, "x", known(x) === undefined ? known(y) : undefined);
  return [a, of(y, "y", known(y) === undefined ? a.dtype : undefined)];
}

/** `x / y`: integers are divided as floating-point numbers. Throws a TypeError where the types differ. @tfExport truediv */
export function truediv(x: Operand, y: Operand, options: NameOption = {}): Tensor {
  const graph = resolveGraph([x, y]);
  return withScope(graph, options.name, "truediv", (scope) => {
    let [a, b] = pair(x, y);
    if (a.dtype !== b.dtype) {
      throw new TypeError(`x and y must have the same dtype, got ${a.dtype} != ${b.dtype}`);
    }
    if (!["float", "complex", "int", "uint"].includes(dtypes[a.dtype].kind)) {
      throw new TypeError(`Invalid dtype ${a.dtype} in __truediv__`);
    }
    const dtype = truedivTypes[a.dtype];
    if (dtype !== undefined) {
      [a, b] = [a, b].map((t) => applyOne("Cast", [t], { attrs: { DstT: dtype } })) as [Tensor, Tensor];
    }
    return applyOne("RealDiv", [a, b], { name: scope });
  });
}

/** `x / y` of Python 2: integers are divided with the quotient rounded down. @tfExport div */
export function div(x: Operand, y: Operand, options: NameOption = {}): Tensor {
  return withScope(resolveGraph([x, y]), options.name, "div", (scope) => {
    const [a, b] = pair(x, y);
    const { kind } = dtypes[a.dtype];
    return applyOne(kind === "float" || kind === "complex" ? "RealDiv" : "FloorDiv", [a, b], { name: scope });
  });
}

/** Exclusive or of booleans. @tfExport logicalXor */
export function logicalXor(x: Operand, y: Operand, options: NameOption = {}): Tensor {
  const either = applyOne("LogicalOr", [x, y]);
  const both = applyOne("LogicalAnd", [x, y]);
  return applyOne("LogicalAnd", [either, applyOne("LogicalNot", [both])], {
    name: options.name ?? "LogicalXor",
  });
}

/** `x + y`: AddV2; strings are joined (Add). */
function add(x: Operand, y: Operand, options: NameOption = {}): Tensor {
  const string = [x, y].some(
    (v) => typeof v === "object" && v !== null && "dtype" in v && v.dtype === "string",
  );
  return applyOne(string ? "Add" : "AddV2", received(x, y), { name: options.name ?? "add" });
}

/** Functions of Python's module `operator`, on tensors. */
export interface Operators {
  /** x + y */
  readonly add: BinaryBuilder;
  /** x - y */
  readonly sub: BinaryBuilder;
  /** x * y */
  readonly mul: BinaryBuilder;
  /** x / y */
  readonly truediv: BinaryBuilder;
  /** x / y of Python 2 */
  readonly div: BinaryBuilder;
  /** x // y */
  readonly floordiv: BinaryBuilder;
  /** x % y */
  readonly mod: BinaryBuilder;
  /** x ** y */
  readonly pow: BinaryBuilder;
  /** x & y */
  readonly and: BinaryBuilder;
  /** x | y */
  readonly or: BinaryBuilder;
  /** x ^ y */
  readonly xor: BinaryBuilder;
  /** x < y */
  readonly lt: BinaryBuilder;
  /** x <= y */
  readonly le: BinaryBuilder;
  /** x > y */
  readonly gt: BinaryBuilder;
  /** x >= y */
  readonly ge: BinaryBuilder;
  /** -x */
  readonly neg: UnaryBuilder;
  /** abs(x) */
  readonly abs: UnaryBuilder;
  /** ~x */
  readonly invert: UnaryBuilder;
}

/** What each Python operator builds, by the name that Python's module `operator` gives it. */
export const operator: Operators = {
  add: add,
  sub: binary("sub", "Sub"),
  mul: binary("mul", "Mul"),
  truediv: (x, y, options) => truediv(...received(x, y), options),
  div: (x, y, options) => div(...received(x, y), options),
  floordiv: binary("floordiv", "FloorDiv"),
  mod: binary("mod", "FloorMod"),
  pow: binary("pow", "Pow"),
  and: binary("and", "LogicalAnd"),
  or: binary("or", "LogicalOr"),
  xor: (x, y, options = {}) =>
    withScope(resolveGraph([x, y]), options.name, "xor", (scope) =>
      logicalXor(...received(x, y), { name: scope }),
    ),
  lt: direct("Less"),
  le: direct("LessEqual"),
  gt: direct("Greater"),
  ge: direct("GreaterEqual"),
  neg: (x, options = {}) => applyOne("Neg", [x], options),
  abs: (x, options = {}) => applyOne("Abs", [x], options),
  invert: (x, options = {}) => applyOne("LogicalNot", [x], options),
};
