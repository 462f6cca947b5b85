// A function's body as the nodes of a graph: "node:outarg:index" becomes "node:index", attributes that name an attribute of the
// function get the value that the call gives it. Not here: the graph itself (function-def-to-graph.ts).
// Source: python/framework/function_def_to_graph.py (function_def_to_graph_def), core/framework/function.cc (InstantiateFunction).
import { TfError } from "@org/errors";
import type { IAttrValue, IFunctionDef, INodeDef, IOpDef, OpDef } from "@org/proto";
import { typesOfArg } from "./node-signature.ts";
import { indexOpDef } from "./op-def-index.ts";

/** A function's argument; one of a list is an argument of its own, "args_0". */
export interface FunctionArgument {
  readonly name: string;
  /** DataType number. */
  readonly type: number;
}

/** A function's body with all attributes settled. */
export interface FunctionNodes {
  readonly name: string;
  readonly arguments: readonly FunctionArgument[];
  readonly nodes: readonly INodeDef[];
  /** What it returns: tensors of nodes ("n", "n:1") or arguments. */
  readonly outputs: readonly string[];
  /** Nodes that run whenever the function is called. */
  readonly controlOutputs: readonly string[];
}

export interface FunctionNodesOptions {
  /** What the call gives to the function's attributes. */
  readonly attrs?: Readonly<Record<string, IAttrValue>>;
  /** The OpDef of a node's type: its output args are what "node:outarg:index" counts in. */
  readonly opDef: (type: string) => IOpDef | undefined;
}

const tensorName = (node: string, output: number): string => (output === 0 ? node : `${node}:${output}`);

/**
 * The body of `def` as nodes.
 * Throws TfError INVALID_ARGUMENT where an attribute has no value, an input or result is nothing in the function, or a reference does not fit
 * its op.
 */
export function functionDefToGraphDef(def: IFunctionDef, options: FunctionNodesOptions): FunctionNodes {
  const name = def.signature?.name ?? "";
  const given = new Map(Object.entries(options.attrs ?? {}));
  for (const attr of def.signature?.attr ?? [])
    if (attr.defaultValue && !given.has(attr.name ?? "")) given.set(attr.name ?? "", attr.defaultValue);
  const fail = (sentence: string, node?: string): never => {
    throw new TfError("INVALID_ARGUMENT", sentence, node === undefined ? { op: name } : { node, op: name });
  };
  const places = new Map<string, string>();
  const args: FunctionArgument[] = [];
  for (const arg of def.signature?.inputArg ?? []) {
    const types = typesOfArg(arg, given, name);
    const isList = Boolean(arg.numberAttr || arg.typeListAttr);
    for (const [i, type] of types.entries()) {
      const flat = isList ? `${arg.name}_${i}` : (arg.name ?? "");
      args.push({ name: flat, type });
      places.set(`${arg.name}:${i}`, flat);
      if (i === 0) places.set(arg.name ?? "", flat);
    }
  }
  const nodes = (def.nodeDef ?? []).map((node) => settle(node, given, fail));
  const byName = new Map(nodes.map((node) => [node.name ?? "", node]));
  const ranges = new Map<INodeDef, ReadonlyMap<string, number> | undefined>();
  const resolve = (ref: string, reader?: string): string => {
    const known = places.get(ref);
    if (known !== undefined) return known;
    const [from = "", arg, index = "0"] = ref.split(":");
    const node = byName.get(from);
    if (node === undefined || !/^\d+$/.test(index)) return fail(`input ${ref} is not found`, reader);
    if (arg === undefined) return from;
    if (!ranges.has(node)) ranges.set(node, outputRanges(node, options.opDef(node.op ?? "")));
    const starts = ranges.get(node);
    // An op that nobody describes: it has one output arg, as most ops, or it does not run anyway.
    const start = starts === undefined ? 0 : starts.get(arg);
    if (start === undefined) return fail(`input ${ref} is not found`, reader);
    const flat = tensorName(from, start + Number(index));
    places.set(ref, flat);
    return flat;
  };
  const control = (ref: string, reader?: string): string => {
    const from = ref.slice(1);
    return byName.has(from) || places.has(from) ? ref : fail(`input ${ref} is not found`, reader);
  };
  return {
    name,
    arguments: args,
    nodes: nodes.map((node) => ({
      ...node,
      input: (node.input ?? []).map((ref) =>
        ref.startsWith("^") ? control(ref, node.name ?? "") : resolve(ref, node.name ?? ""),
      ),
    })),
    outputs: (def.signature?.outputArg ?? []).flatMap((arg) => {
      const ref = Object.hasOwn(def.ret ?? {}, arg.name ?? "") ? def.ret![arg.name!]! : undefined;
      if (ref === undefined) return fail(`Return ${arg.name} missing.`);
      return returned(arg, ref, given, resolve);
    }),
    controlOutputs: [...new Set(Object.values(def.controlRet ?? {}))].map((node) =>
      byName.has(node) ? node : fail(`input ${node} is not found`),
    ),
  };
}

/** What one output arg returns: several tensors where it is a list. */
function returned(
  arg: OpDef.IArgDef,
  ref: string,
  attrs: ReadonlyMap<string, IAttrValue>,
  resolve: (ref: string) => string,
): string[] {
  if (!arg.numberAttr && !arg.typeListAttr) return [resolve(ref)];
  const [node, out, index = "0"] = ref.split(":");
  return typesOfArg(arg, attrs).map((_, i) =>
    resolve(out === undefined ? `${node}:${i}` : `${node}:${out}:${Number(index) + i}`),
  );
}

/** First flat output of each output arg of a node; undefined where nobody describes its op. */
function outputRanges(node: INodeDef, opDef: IOpDef | undefined): ReadonlyMap<string, number> | undefined {
  if (opDef === undefined) return undefined;
  const { outputArgs, defaulted } = indexOpDef(opDef);
  const attrs = new Map(Object.entries(node.attr ?? {}));
  for (const attr of defaulted)
    if (!attrs.has(attr.name ?? "")) attrs.set(attr.name ?? "", attr.defaultValue!);
  const starts = new Map<string, number>();
  let start = 0;
  for (const arg of outputArgs) {
    starts.set(arg.name ?? "", start);
    start += typesOfArg(arg, attrs, node.name ?? "").length;
  }
  return starts;
}

/** The node with every attribute that names one of the function's replaced by its value. */
function settle(
  node: INodeDef,
  given: ReadonlyMap<string, IAttrValue>,
  fail: (sentence: string, node?: string) => never,
): INodeDef {
  const value = (attr: IAttrValue, key: string): IAttrValue => {
    if (attr.placeholder) {
      const found = given.get(attr.placeholder);
      return (
        found ?? fail(`Failed to bind all placeholders in ${key}: $${attr.placeholder}`, node.name ?? "")
      );
    }
    const nested = attr.func?.attr;
    if (!nested || Object.keys(nested).length === 0) return attr;
    return { ...attr, func: { ...attr.func, attr: values(nested) } };
  };
  const values = (attrs: Readonly<Record<string, IAttrValue>>): Record<string, IAttrValue> =>
    Object.fromEntries(Object.entries(attrs).map(([key, attr]) => [key, value(attr, key)]));
  return { ...node, attr: values(node.attr ?? {}) };
}
