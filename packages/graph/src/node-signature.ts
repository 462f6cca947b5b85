// From an OpDef and a node's attributes to the types of its inputs and outputs, and the checks that a NodeDef
// must pass. Source: node_def_util.cc (InOutTypesForNode, ValidateNodeDef), op_def_util.cc (ValidateAttrValue).
import { TfError, type TfErrorPlace } from "@org/errors";
import type { IAttrValue, IOpDef, OpDef } from "@org/proto";
import { attrKind } from "./attr-reader.ts";
import { indexOpDef } from "./op-def-index.ts";
import { dataTypeString, dataTypesString, summarizeOpDef } from "./op-def-text.ts";

export type AttrMap = ReadonlyMap<string, IAttrValue>;

function invalid(sentence: string, place: TfErrorPlace = {}): TfError {
  return new TfError("INVALID_ARGUMENT", sentence, place);
}

/** More than this many inputs or outputs of one node are taken for damage: a number in a file must not become memory. */
const mostTypes = 1_000_000;

/** Most outputs that a graph of so many nodes may have: a node of thirty bytes can say that it has a million. */
export function mostOutputs(nodes: number): number {
  return 100_000 + 16 * nodes;
}

/** DataType numbers (+100 for refs) of the args in order. Throws TfError INVALID_ARGUMENT where an attribute that they need is missing. */
export function argTypes(args: readonly OpDef.IArgDef[], attrs: AttrMap, node = ""): number[] {
  const types: number[] = [];
  for (const arg of args) {
    for (const type of typesOfArg(arg, attrs, node)) types.push(type);
    if (types.length > mostTypes) throw invalid(`${types.length} inputs or outputs are absurd`, { node });
  }
  return types;
}

/** DataType numbers of one arg. */
export function typesOfArg(arg: OpDef.IArgDef, attrs: AttrMap, node = ""): number[] {
  const find = (name: string): IAttrValue => {
    const value = attrs.get(name);
    if (value === undefined) throw invalid(`No attr named '${name}' in NodeDef:`, { node, key: name });
    return value;
  };
  const ref = arg.isRef ? 100 : 0;
  if (arg.numberAttr) {
    const repeats = Number(find(arg.numberAttr).i ?? 0);
    if (repeats < 0) throw invalid(`Value for number_attr() ${repeats} < 0`, { node, key: arg.numberAttr });
    if (repeats > mostTypes)
      throw invalid(`Value for number_attr() ${repeats} is absurd`, { node, key: arg.numberAttr });
    const type = arg.typeAttr ? (find(arg.typeAttr).type ?? 0) : (arg.type ?? 0);
    return new Array<number>(repeats).fill(type + ref);
  }
  if (arg.typeAttr) return [(find(arg.typeAttr).type ?? 0) + ref];
  if (arg.typeListAttr) return (find(arg.typeListAttr).list?.type ?? []).map((type) => type + ref);
  if (arg.type) return [arg.type + ref];
  throw invalid(`No type fields in ${arg.name}`, { node });
}

const listMembers = [
  ["s", "string"],
  ["i", "int"],
  ["f", "float"],
  ["b", "bool"],
  ["type", "type"],
  ["shape", "shape"],
  ["tensor", "tensor"],
  ["func", "func"],
] as const;

/** Throws TfError INVALID_ARGUMENT where `value` is not of OpDef attr type `type`. */
function checkKind(value: IAttrValue, type: string): void {
  const kind = attrKind(value);
  const isList = type.startsWith("list(");
  if (kind === "placeholder") throw invalid("AttrValue had value with unexpected type 'placeholder'");
  if (kind === "list") {
    for (const [member, name] of listMembers)
      if ((value.list![member]?.length ?? 0) > 0 && type !== `list(${name})`)
        throw invalid(`AttrValue had value with type 'list(${name})' when '${type}' expected`);
    if (!isList) throw invalid(`AttrValue missing value with expected type '${type}'`);
    return;
  }
  if (kind === undefined) {
    if (!isList) throw invalid(`AttrValue missing value with expected type '${type}'`);
    return;
  }
  const name = listMembers.find(([member]) => member === kind)![1];
  if (name !== type) throw invalid(`AttrValue had value with type '${name}' when '${type}' expected`);
}

const utf8 = new TextDecoder();

function checkAllowed(value: IAttrValue, attr: OpDef.IAttrDef): void {
  const allowed = attr.allowedValues?.list;
  if (!allowed) return;
  if (attr.type === "type" || attr.type === "list(type)") {
    const have = attr.type === "type" ? [value.type ?? 0] : (value.list?.type ?? []);
    for (const type of have)
      if (!allowed.type?.includes(type))
        throw invalid(
          `Value for attr '${attr.name}' of ${dataTypeString(type)} is not in the list of allowed values: ${dataTypesString(allowed.type ?? [])}`,
        );
  } else if (attr.type === "string" || attr.type === "list(string)") {
    const strings = (allowed.s ?? []).map((bytes) => utf8.decode(bytes));
    for (const bytes of attr.type === "string" ? [value.s!] : (value.list?.s ?? [])) {
      const text = utf8.decode(bytes);
      if (!strings.includes(text))
        throw invalid(
          `Value for attr '${attr.name}' of "${text}" is not in the list of allowed values: ${strings.map((s) => `"${s}"`).join(", ")}`,
        );
    }
  }
}

/** Throws TfError INVALID_ARGUMENT where `value` may not stand for `attr`: kind, minimum, allowed values. */
export function validateAttrValue(value: IAttrValue, attr: OpDef.IAttrDef): void {
  try {
    checkKind(value, attr.type ?? "");
  } catch (error) {
    if (!(error instanceof TfError)) throw error;
    throw invalid(`${error.sentence}\n\t for attr '${attr.name}'`, { key: attr.name ?? "" });
  }
  if (attr.hasMinimum) {
    const minimum = Number(attr.minimum ?? 0);
    if (attr.type === "int") {
      if (Number(value.i) < minimum)
        throw invalid(`Value for attr '${attr.name}' of ${value.i} must be at least minimum ${minimum}`);
    } else {
      const member = listMembers.find(([, name]) => attr.type === `list(${name})`)?.[0];
      const length = member === undefined ? -1 : (value.list?.[member]?.length ?? 0);
      if (length < minimum)
        throw invalid(`Length for attr '${attr.name}' of ${length} must be at least minimum ${minimum}`);
    }
  }
  checkAllowed(value, attr);
}

/** How messages name a node: "{{node import/A}}". */
export function nodeText(name: string): string {
  return `{{node ${name}}}`;
}

/**
 * Checks attributes and number of inputs of a node, and returns its types.
 * Attributes that `unknownAttr` is told of are kept; internal ones ("_x") always are.
 * Throws TfError INVALID_ARGUMENT with TensorFlow's sentence.
 */
export function validateNode(
  node: {
    readonly name: string;
    readonly op: string;
    readonly attrs: AttrMap;
    /** undefined: not to be checked. */
    readonly inputCount: number | undefined;
  },
  opDef: IOpDef,
  unknownAttr: (key: string) => void,
): { readonly inputs: number[]; readonly outputs: number[] } {
  const index = indexOpDef(opDef);
  const place = { node: node.name, op: node.op };
  let known = 0;
  for (const [key, value] of node.attrs) {
    const attr = index.attrs.get(key);
    if (attr === undefined) {
      if (!key.startsWith("_")) unknownAttr(key);
      continue;
    }
    known++;
    if (value.placeholder) continue;
    try {
      validateAttrValue(value, attr);
    } catch (error) {
      if (!(error instanceof TfError)) throw error;
      throw invalid(`${error.sentence}\n\t; NodeDef: ${nodeText(node.name)}; ${summarizeOpDef(opDef)}`, {
        ...place,
        key,
      });
    }
  }
  if (known !== index.attrs.size) {
    const missing = [...index.attrs.keys()].filter((key) => !node.attrs.has(key));
    throw invalid(
      `NodeDef missing attr${missing.length === 1 ? " '" : "s '"}${missing.join("', '")}' from ${summarizeOpDef(opDef)}; NodeDef: ${nodeText(node.name)}`,
      { ...place, key: missing[0]! },
    );
  }
  const inputs = argTypes(index.inputArgs, node.attrs, node.name);
  if (node.inputCount !== undefined && inputs.length !== node.inputCount) {
    throw invalid(
      `NodeDef expected inputs '${dataTypesString(inputs)}' do not match ${node.inputCount} inputs specified; ${summarizeOpDef(opDef)}; NodeDef: ${nodeText(node.name)}`,
      place,
    );
  }
  return { inputs, outputs: argTypes(index.outputArgs, node.attrs, node.name) };
}
