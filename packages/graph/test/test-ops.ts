// Ops without meaning, as TensorFlow's own tests have them, and short ways to write nodes and OpDefs.
import { DataType, type IAttrValue, type INodeDef, type IOpDef, type OpDef } from "@org/proto";
import { coreOps } from "../src/core-ops.ts";
import { createOpRegistry, type OpRegistry, type RegisteredOp, type ShapeFunction } from "../src/index.ts";

const types: Record<string, number> = {
  int32: DataType.DT_INT32,
  float: DataType.DT_FLOAT,
  string: DataType.DT_STRING,
};

/** "a: Ref(int32)", "inputs: N * T", "outs: T" where T is a list attr. */
function arg(text: string, lists: ReadonlySet<string>): OpDef.IArgDef {
  const [name, spec] = text.split(": ") as [string, string];
  const isRef = spec.startsWith("Ref(");
  const [left, right] = (isRef ? spec.slice(4, -1) : spec).split(" * ") as [string, string | undefined];
  const type = right ?? left;
  return {
    name,
    isRef,
    ...(right === undefined ? {} : { numberAttr: left }),
    ...(types[type] ? { type: types[type] } : lists.has(type) ? { typeListAttr: type } : { typeAttr: type }),
  };
}

/** An op from "IntInput", ["a: int32"], [], attrs. */
export function op(
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attr: readonly OpDef.IAttrDef[] = [],
  more: Partial<RegisteredOp> & { def?: IOpDef } = {},
): RegisteredOp {
  const lists = new Set(attr.filter((a) => a.type?.startsWith("list(")).map((a) => a.name!));
  const { def, ...rest } = more;
  return {
    opDef: {
      name,
      inputArg: inputs.map((text) => arg(text, lists)),
      outputArg: outputs.map((text) => arg(text, lists)),
      attr,
      ...def,
    },
    origin: "test-ops",
    ...rest,
  };
}

const T: OpDef.IAttrDef = { name: "T", type: "type" };
const N: OpDef.IAttrDef = { name: "N", type: "int", hasMinimum: true, minimum: 1n };
const wrongVersion: ShapeFunction = (c) => {
  if (c.producer !== 21) throw new Error("Wrong graph version");
  return [];
};

export const testOps: readonly RegisteredOp[] = [
  op("None", [], []),
  op("IntOutput", [], ["a: int32"]),
  op("FloatOutput", [], ["a: float"]),
  op("IntInput", ["a: int32"], []),
  op("FloatInput", ["a: float"], []),
  op("IntOutputFloatOutput", [], ["a: int32", "b: float"]),
  op("TwoIntOutputs", [], ["a: int32", "b: int32"]),
  op("TwoIntInputs", ["a: int32", "b: int32"], []),
  op("IntInputFloatInput", ["a: int32", "b: float"], []),
  op("ListOutput", [], ["a: T"], [{ name: "T", type: "list(type)", hasMinimum: true, minimum: 1n }]),
  op("ListInput", ["a: N * T"], [], [N, T]),
  op("RefOutput", [], ["a: Ref(int32)"]),
  op("RefInputIntInput", ["a: Ref(int32)", "b: int32"], []),
  op("Unary", ["a: T"], ["b: T"], [T]),
  op(
    "OpWithDefaultAttr",
    [],
    ["a: int32"],
    [{ name: "default_float", type: "float", defaultValue: { f: 123 } }],
  ),
  op("OpWithFutureDefaultAttr", [], []),
  op("RequiresOlderGraphVersion", [], [], [], { shape: wrongVersion }),
  op("Scalar", ["a: float"], ["b: float"], [], { shape: () => [] }),
];

export const registry: OpRegistry = createOpRegistry(coreOps, testOps);

/** A NodeDef; a number among attrs is a type. */
export function node(
  name: string,
  type: string,
  input: readonly string[] = [],
  attr: { [key: string]: IAttrValue } = {},
  device = "",
): INodeDef {
  return { name, op: type, input, attr, device };
}

export const classAttr = (...names: string[]): { [key: string]: IAttrValue } => ({
  _class: { list: { s: names.map((name) => new TextEncoder().encode(`loc:@${name}`)) } },
});
