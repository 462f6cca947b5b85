// Makes AttrValues from what callers write, as the OpDef's attr type says (op_def_library's _MakeInt and kin),
// and without an OpDef (internal attributes such as `_class`) by the JavaScript type.
import { TfError } from "@org/errors";
import type { IAttrValue, INameAttrList } from "@org/proto";
import {
  type DType,
  dtypeFromProto,
  dtypes,
  type NdArray,
  Shape,
  shapeToProto,
  tensorToProto,
} from "@org/tensor";
import type { AttrInput } from "./attrs.ts";

const utf8 = new TextEncoder();

/** Element types of OpDef attrs; each also stands in `list(...)`. */
type Element = "string" | "int" | "float" | "bool" | "type" | "shape" | "tensor" | "func";

const members = {
  string: "s",
  int: "i",
  float: "f",
  bool: "b",
  type: "type",
  shape: "shape",
  tensor: "tensor",
  func: "func",
} as const satisfies Record<Element, string>;

function misuse(key: string, expected: string, value: unknown): never {
  const shown =
    typeof value === "string" ? `'${value}'` : typeof value === "object" ? "an object" : String(value);
  throw new TypeError(`Expected ${expected} for argument '${key}' not ${shown}.`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const isNdArray = (value: unknown): value is NdArray =>
  isObject(value) && "dtype" in value && "shape" in value && "data" in value;
const isFunc = (value: unknown): value is { func: string; attrs?: Record<string, AttrInput> } =>
  isObject(value) && typeof value.func === "string";
const isRaw = (value: unknown): value is { raw: IAttrValue } => isObject(value) && "raw" in value;

function makeFunc(value: { func: string; attrs?: Record<string, AttrInput> }): INameAttrList {
  const attr: { [key: string]: IAttrValue } = {};
  for (const [key, input] of Object.entries(value.attrs ?? {})) attr[key] = inferredAttrValue(input);
  return { name: value.func, attr };
}

function makeElement(key: string, element: Element, value: unknown): unknown {
  switch (element) {
    case "string":
      if (typeof value === "string") return utf8.encode(value);
      if (value instanceof Uint8Array) return value;
      return misuse(key, "string", value);
    case "int":
      if (typeof value === "bigint") return value;
      if (typeof value === "boolean") return BigInt(value);
      if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
      return misuse(key, "int", value);
    case "float":
      if (typeof value === "number" || typeof value === "bigint") return Math.fround(Number(value));
      return misuse(key, "float", value);
    case "bool":
      return typeof value === "boolean" ? value : misuse(key, "bool", value);
    case "type":
      if (typeof value === "string" && Object.hasOwn(dtypes, value)) return dtypes[value as DType].number;
      if (typeof value === "number" && dtypeFromProto(value)) return value % 100;
      return misuse(key, "DataType", value);
    case "shape":
      if (value === null || value instanceof Shape || Array.isArray(value))
        return shapeToProto(Shape.of(value as Shape | number[] | null));
      return misuse(key, "TensorShape", value);
    case "tensor":
      return isNdArray(value) ? tensorToProto(value) : misuse(key, "tensor", value);
    case "func":
      return isFunc(value) ? makeFunc(value) : misuse(key, "func", value);
  }
}

/**
 * The AttrValue of `value` for an attr of OpDef type `type` ("int", "list(type)" ...).
 * Throws a TypeError where the value is of another kind, TfError UNIMPLEMENTED for an attr type that is not known.
 */
export function attrValue(key: string, type: string, value: AttrInput): IAttrValue {
  if (isRaw(value)) return value.raw;
  const element = (type.startsWith("list(") ? type.slice(5, -1) : type) as Element;
  if (!Object.hasOwn(members, element))
    throw new TfError("UNIMPLEMENTED", `Unrecognized Attr type ${type}`, { key });
  if (element === type) return { [members[element]]: makeElement(key, element, value) };
  if (!Array.isArray(value)) throw new TypeError(`Expected list for attr ${key}`);
  return { list: { [members[element]]: value.map((item) => makeElement(key, element, item)) } };
}

function inferredElement(value: unknown): Element {
  if (typeof value === "string" || value instanceof Uint8Array) return "string";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))) return "int";
  if (typeof value === "number") return "float";
  if (value === null || value instanceof Shape) return "shape";
  if (isNdArray(value)) return "tensor";
  if (isFunc(value)) return "func";
  return misuse("attr", "an attribute value", value);
}

/** The AttrValue of a value without an OpDef: strings are bytes, whole numbers ints, other numbers floats, arrays lists. */
export function inferredAttrValue(value: AttrInput): IAttrValue {
  if (isRaw(value)) return value.raw;
  if (!Array.isArray(value)) return attrValue("attr", inferredElement(value), value);
  if (value.length === 0) return { list: {} };
  const element = value.some((item) => inferredElement(item) === "float")
    ? "float"
    : inferredElement(value[0]);
  return attrValue("attr", `list(${element})`, value);
}

/** The AttrValue of a list of strings, as `_class` has it. */
export function stringListAttr(values: readonly string[]): IAttrValue {
  return { list: { s: values.map((value) => utf8.encode(value)) } };
}
