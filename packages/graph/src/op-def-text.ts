// OpDefs, attributes and nodes as TensorFlow's C++ messages print them: "Op<name=Identity; signature=...>",
// "{{node import/A}}". Source: op_def_util.cc (SummarizeOpDef), attr_value_util.cc (SummarizeAttrValue).
import { DataType, type IAttrValue, type IOpDef, type OpDef } from "@org/proto";
import { dtypeFromProto, dtypeString, shapeFromProto, tensorFromProto } from "@org/tensor";
import { attrKind } from "./attr-reader.ts";

const utf8 = new TextDecoder();
const dataTypeNames = new Map<number, string>(
  Object.entries(DataType).map(([name, number]) => [number as number, name]),
);

/** "float", "int32_ref": a DataType number in messages. */
export function dataTypeString(number: number): string {
  const known = dtypeFromProto(number);
  return known
    ? dtypeString(known.dtype, known.isRef)
    : number === 0
      ? "INVALID"
      : `unknown dtype enum (${number})`;
}

/** "float, int32": a list of DataType numbers in messages. */
export function dataTypesString(numbers: readonly number[]): string {
  return numbers.map(dataTypeString).join(", ");
}

function summarizeString(bytes: Uint8Array): string {
  const text = utf8
    .decode(bytes)
    .replace(/[\\"'\n\r\t]/g, (c) => `\\${{ "\n": "n", "\r": "r", "\t": "t" }[c] ?? c}`);
  return text.length >= 80 ? `"${text.slice(0, 10)}...${text.slice(-10)}"` : `"${text}"`;
}

function summarizeTensor(tensor: NonNullable<IAttrValue["tensor"]>): string {
  try {
    const { dtype, shape, data } = tensorFromProto(tensor);
    const shown = Array.from(data as ArrayLike<unknown>)
      .slice(0, 3)
      .map((v) => (v instanceof Uint8Array ? utf8.decode(v) : String(v)));
    const more = data.length > 3 ? "..." : "";
    return `Tensor<type: ${dtypeString(dtype)} shape: [${shape.join(",")}] values: ${shown.join(" ")}${more}>`;
  } catch {
    return "<Invalid TensorProto>";
  }
}

/** One attribute's value in a message. */
export function summarizeAttrValue(value: IAttrValue): string {
  switch (attrKind(value)) {
    case "s":
      return summarizeString(value.s!);
    case "i":
      return String(value.i);
    case "f":
      return String(Number(value.f!.toPrecision(9)));
    case "b":
      return String(value.b);
    case "type":
      return dataTypeNames.get(value.type!) ?? String(value.type);
    case "shape":
      return shapeFromProto(value.shape!).toString();
    case "tensor":
      return summarizeTensor(value.tensor!);
    case "func":
      return `${value.func!.name ?? ""}[${Object.entries(value.func!.attr ?? {})
        .map(([key, attr]) => `${key}=${summarizeAttrValue(attr)}`)
        .sort()
        .join(", ")}]`;
    case "list": {
      const list = value.list!;
      const pieces = [
        ...(list.s ?? []).map(summarizeString),
        ...(list.i ?? []).map(String),
        ...(list.f ?? []).map(String),
        ...(list.b ?? []).map(String),
        ...(list.type ?? []).map((number) => dataTypeNames.get(number) ?? String(number)),
        ...(list.shape ?? []).map((shape) => shapeFromProto(shape).toString()),
        ...(list.tensor ?? []).map(summarizeTensor),
        ...(list.func ?? []).map((func) => summarizeAttrValue({ func })),
      ];
      if (pieces.length >= 15) pieces.splice(5, pieces.length - 11, "...");
      return `[${pieces.join(", ")}]`;
    }
    case "placeholder":
      return `$${value.placeholder}`;
    default:
      return "<Unknown AttrValue type>";
  }
}

function summarizeArgs(args: readonly OpDef.IArgDef[]): string {
  return args
    .map((arg) => {
      const count = arg.numberAttr ? `${arg.numberAttr}*` : "";
      const type = arg.type ? dataTypeString(arg.type) : (arg.typeAttr ?? "");
      return `${arg.name}:${arg.isRef ? `Ref(${count}${type})` : `${count}${type}`}`;
    })
    .join(", ");
}

/** "Op<name=Identity; signature=input:T -> output:T; attr=T:type>". */
export function summarizeOpDef(op: IOpDef): string {
  let text = `Op<name=${op.name}; signature=${summarizeArgs(op.inputArg ?? [])} -> ${summarizeArgs(op.outputArg ?? [])}`;
  for (const attr of op.attr ?? []) {
    text += `; attr=${attr.name}:${attr.type}`;
    if (attr.defaultValue) text += `,default=${summarizeAttrValue(attr.defaultValue)}`;
    if (attr.hasMinimum) text += `,min=${attr.minimum ?? 0}`;
    if (attr.allowedValues) text += `,allowed=${summarizeAttrValue(attr.allowedValues)}`;
  }
  if (op.isCommutative) text += "; is_commutative=true";
  if (op.isAggregate) text += "; is_aggregate=true";
  if (op.isStateful) text += "; is_stateful=true";
  if (op.allowsUninitializedInput) text += "; allows_uninitialized_input=true";
  return `${text}>`;
}
