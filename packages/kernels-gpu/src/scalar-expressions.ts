// Element-wise opcodes as WGSL expressions, by the type that they compute in. What takes more than an expression is a library
// function (wgsl/). Values of small types are kept in range: rounded or wrapped after each operation.
import {
  type BinaryOpcode,
  type Direction,
  type HloDType,
  isBinary,
  isFloat,
  isUnary,
  type Opcode,
  type UnaryOpcode,
} from "@org/hlo";
import { elementType, isGpuType, type ValueType } from "./element-types.ts";
import type { WgslFunctions } from "./wgsl-functions.ts";

/** One operation and its arguments as expressions. */
export interface ScalarOperation {
  readonly opcode: Opcode;
  /** Of the result. */
  readonly dtype: HloDType;
  /** Of the arguments. */
  readonly argTypes: readonly HloDType[];
  /** Of compare. */
  readonly direction?: Direction | undefined;
}

type Template = (functions: WgslFunctions, ...args: string[]) => string;

const calls =
  (name: string): Template =>
  (functions, ...args) =>
    functions.call(name, ...args);
/** A function of WGSL's own. */
const builtin =
  (name: string): Template =>
  (_, ...args) =>
    `${name}(${args.join(", ")})`;
const infix =
  (operator: string): Template =>
  (_, a, b) =>
    `(${a} ${operator} ${b})`;

/** Unary opcodes whose library function for floats bears their name. */
const floatCalls: readonly UnaryOpcode[] = [
  "sign",
  "isFinite",
  "isNan",
  "isInf",
  "exp",
  "expm1",
  "log",
  "log1p",
  "logistic",
  "tanh",
  "rsqrt",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "asinh",
  "acosh",
  "atanh",
  "erf",
  "erfc",
];

const floatUnary: Readonly<Partial<Record<UnaryOpcode, Template>>> = {
  ...Object.fromEntries(floatCalls.map((opcode) => [opcode, calls(`${opcode}_f32`)])),
  abs: builtin("abs"),
  negate: (_, x) => `(-${x})`,
  floor: builtin("floor"),
  ceil: builtin("ceil"),
  roundNearestEven: builtin("round"),
  sqrt: builtin("sqrt"),
};

const floatBinary: Readonly<Partial<Record<BinaryOpcode, Template>>> = {
  add: infix("+"),
  subtract: infix("-"),
  multiply: infix("*"),
  divide: infix("/"),
  maximum: calls("maximum_f32"),
  minimum: calls("minimum_f32"),
  power: calls("power_f32"),
  remainder: calls("remainder_f32"),
  atan2: calls("atan2_f32"),
};

function integerUnary(opcode: UnaryOpcode, type: ValueType): Template | undefined {
  switch (opcode) {
    case "abs":
      return type === "i32" ? builtin("abs") : (_, x) => x!;
    case "negate":
      return type === "i32" ? (_, x) => `(-${x})` : (_, x) => `(0u - ${x})`;
    case "sign":
      return type === "i32" ? builtin("sign") : (_, x) => `min(${x}, 1u)`;
    case "not":
      return (_, x) => `(~${x})`;
    default:
      return undefined;
  }
}

/** Division by zero is a fault: the library functions say so, and take the element's position. */
function integerBinary(opcode: BinaryOpcode, dtype: HloDType): Template | undefined {
  const { value } = elementType(dtype);
  switch (opcode) {
    case "add":
      return infix("+");
    case "subtract":
      return infix("-");
    case "multiply":
      return infix("*");
    case "maximum":
      return builtin("max");
    case "minimum":
      return builtin("min");
    case "and":
      return infix("&");
    case "or":
      return infix("|");
    case "xor":
      return infix("^");
    case "divide":
    case "remainder":
      return (functions, a, b) => functions.call(`${opcode}_${value}`, a!, b!, "i");
    case "power":
    case "shiftLeft":
      return calls(`${opcode}_${value}`);
    case "shiftRightArithmetic":
    case "shiftRightLogical":
      return (functions, a, b) => functions.call(`${opcode}_${value}`, a!, b!, `${integerBits(dtype)}u`);
    default:
      return undefined;
  }
}

const integerBits = (dtype: HloDType): number => 32 / elementType(dtype).perWord;

const boolBinary: Readonly<Partial<Record<BinaryOpcode, Template>>> = {
  and: infix("&&"),
  or: infix("||"),
  xor: infix("!="),
};

const operators: Readonly<Record<Direction, string>> = {
  EQ: "==",
  NE: "!=",
  LT: "<",
  LE: "<=",
  GT: ">",
  GE: ">=",
};

/** Comparisons of floats by the library: they must hold where compilers take it that there is no NaN. */
function compare(direction: Direction, dtype: HloDType): Template {
  const { value } = elementType(dtype);
  if (value === "f32")
    return (functions, a, b) => {
      if (direction === "NE") return `(!${functions.call("ordered_f32", a!, b!)} || ${a} != ${b})`;
      return `(${functions.call("ordered_f32", a!, b!)} && ${a} ${operators[direction]} ${b})`;
    };
  if (value === "bool" && direction !== "EQ" && direction !== "NE")
    return (_, a, b) => `(u32(${a}) ${operators[direction]} u32(${b}))`;
  return infix(operators[direction]);
}

function convert(from: HloDType, to: HloDType): Template {
  const [source, target] = [elementType(from).value, elementType(to).value];
  if (target === "bool") {
    if (source === "f32") return (_, x) => `((bitcast<u32>(${x}) & 0x7fffffffu) != 0u)`;
    return (_, x) => `bool(${x})`;
  }
  if (source === "bool" || target === "f32") return (_, x) => `${target}(${x})`;
  if (source !== "f32") return (_, x) => `bitcast<${target}>(${x})`;
  if (elementType(to).perWord === 1) return calls(`convert_f32_${target}`);
  const bits = integerBits(to);
  const [low, high] = target === "u32" ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  // NaN: to 0.
  return (functions, x) =>
    `${target}(select(clamp(${x}, ${low}.0, ${high}.0), 0.0, ${functions.call("isNan_f32", x!)}))`;
}

function bitcast(from: HloDType, to: HloDType): Template {
  if (elementType(to).perWord === 1) {
    const { value } = elementType(to);
    return (_, x) => `bitcast<${value}>(${x})`;
  }
  return (functions, x) => functions.call(`load_${to}`, functions.call(`bits_${from}`, x!), "0u");
}

/** What an operation is; undefined where there is nothing. */
function templateOf({ opcode, dtype, argTypes, direction }: ScalarOperation): Template | undefined {
  const from = argTypes[0]!;
  const { value } = elementType(from);
  if (isUnary(opcode)) {
    if (value === "f32") return floatUnary[opcode];
    if (value === "bool") return opcode === "not" ? (_, x) => `(!${x})` : undefined;
    return integerUnary(opcode, value);
  }
  if (isBinary(opcode)) {
    if (value === "f32") return floatBinary[opcode];
    return value === "bool" ? boolBinary[opcode] : integerBinary(opcode, from);
  }
  switch (opcode) {
    case "compare":
      return compare(direction ?? "EQ", from);
    case "select":
      return (_, predicate, a, b) => `select(${b}, ${a}, ${predicate})`;
    case "clamp":
      return value === "f32"
        ? (functions, low, x, high) =>
            functions.call("minimum_f32", functions.call("maximum_f32", x!, low!), high!)
        : (_, low, x, high) => `min(max(${x}, ${low}), ${high})`;
    case "convert":
      return from === dtype ? (_, x) => x! : convert(from, dtype);
    case "bitcastConvert":
      return bitcast(from, dtype);
    default:
      return undefined;
  }
}

/** Opcodes whose results may leave the range of a small type. */
const staysInRange: ReadonlySet<Opcode> = new Set([
  "abs",
  "negate",
  "sign",
  "floor",
  "ceil",
  "roundNearestEven",
  "maximum",
  "minimum",
  "and",
  "or",
  "xor",
  "select",
  "clamp",
  "bitcastConvert",
  "isFinite",
  "isNan",
  "isInf",
  "compare",
]);

/** Whether an operation of these types (result first) can be expressed. */
export function hasExpression(opcode: Opcode, dtypes: readonly HloDType[]): boolean {
  const [dtype, ...argTypes] = dtypes;
  return dtypes.every(isGpuType) && templateOf({ opcode, dtype: dtype!, argTypes }) !== undefined;
}

/** The operation's WGSL, of the value type of its dtype. `i` is in scope as the element's position. Throws a TypeError where there is none. */
export function expressionOf(
  functions: WgslFunctions,
  operation: ScalarOperation,
  args: readonly string[],
): string {
  const template = templateOf(operation);
  const { opcode, dtype, argTypes } = operation;
  if (!template) throw new TypeError(`The GPU has no ${opcode} of ${argTypes.join(", ")}`);
  const value = template(functions, ...args);
  const isSmall = elementType(dtype).perWord > 1 && dtype !== "bool";
  const wraps = !isFloat(dtype) && (opcode === "abs" || opcode === "negate" || opcode === "not");
  if (!isSmall || (staysInRange.has(opcode) && !wraps)) return value;
  return functions.call(`round_${dtype}`, value);
}

/** Whether an operation may find a divisor of 0, which is a fault. */
export function mayFault({ opcode, argTypes }: ScalarOperation): boolean {
  return (opcode === "divide" || opcode === "remainder") && !isFloat(argTypes[0]!);
}
