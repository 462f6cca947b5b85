// What is inside a MetaGraph, as plain data to print or to choose from: what can be fed, what comes out, signatures,
// variables, collections, functions, and, against a registry, ops that could not run. Reads the message, builds no graph.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { type Graph, mostOutputs, type OpRegistry, registryOfOpList } from "@org/graph";
import {
  decode,
  type ICollectionDef,
  type IMetaGraphDef,
  type INodeDef,
  type IOpDef,
  type ISignatureDef,
  type ITensorInfo,
  type ITensorShapeProto,
  VariableDef,
} from "@org/proto";
import { dtypeFromProto, type Shape, Shape as Shapes, shapeFromProto } from "@org/tensor";
import { exportMetaGraph } from "./export-meta-graph.ts";

/** A tensor to feed or fetch. */
export interface TensorDescription {
  /** "x:0". */
  readonly name: string;
  /** "float32"; undefined where the file does not say. */
  readonly dtype: string | undefined;
  readonly shape: Shape;
}

export interface VariableDescription extends TensorDescription {
  readonly kind: "ref" | "resource";
  /** In the collection `trainable_variables`. */
  readonly trainable: boolean;
  /** Collections that it is in. */
  readonly collections: readonly string[];
  /** Full name and spec, where it is a slice of a larger variable. */
  readonly slice?: {
    readonly fullName: string;
    readonly offset: readonly number[];
    readonly shape: readonly number[];
  };
}

export interface CollectionDescription {
  readonly key: string;
  /** What its items are in the file. */
  readonly kind: "node" | "bytes" | "int64" | "float" | "any" | "none";
  readonly count: number;
  /** Names, numbers, or strings that are printable; empty for messages. */
  readonly values: readonly (string | number | bigint)[];
}

export interface SignatureDescription {
  readonly key: string;
  readonly methodName: string;
  readonly inputs: readonly (TensorDescription & { readonly key: string })[];
  readonly outputs: readonly (TensorDescription & { readonly key: string })[];
}

export interface Description {
  readonly tensorflowVersion: string;
  readonly metaGraphVersion: string;
  readonly tags: readonly string[];
  readonly producer: number;
  readonly nodeCount: number;
  /** Op types by how often they occur. */
  readonly ops: readonly { readonly op: string; readonly count: number }[];
  /** Placeholders. */
  readonly inputs: readonly TensorDescription[];
  /** Tensors that nothing reads, apart from a Saver's. */
  readonly outputs: readonly TensorDescription[];
  readonly signatures: readonly SignatureDescription[];
  readonly variables: readonly VariableDescription[];
  readonly collections: readonly CollectionDescription[];
  readonly functions: readonly string[];
  readonly hasSaver: boolean;
  /** With `ops`: op types that it lacks, and the nodes that have them. */
  readonly unknownOps: readonly { readonly op: string; readonly nodes: readonly string[] }[];
}

/**
 * Describes a MetaGraphDef, or a graph as its export. `ops`: the registry that says which ops could run.
 * Throws TfError INVALID_ARGUMENT for shapes that cannot be, and for more outputs than a graph of its size can have.
 */
export function describe(
  source: IMetaGraphDef | Graph,
  options: { readonly ops?: OpRegistry } = {},
): Description {
  const def = isGraph(source) ? exportMetaGraph(source, { onWarning: () => {} }) : source;
  const nodes = def.graphDef?.node ?? [];
  const collections = Object.entries(def.collectionDef ?? {});
  const info = def.metaInfoDef;
  const registry = registryOfOpList(info?.strippedOpList ?? {});
  const opDefOf = (op: string): IOpDef | undefined => (options.ops?.get(op) ?? registry.get(op))?.opDef;
  const inputs = nodes.filter((node) => placeholderOps.has(node.op ?? ""));
  return {
    tensorflowVersion: info?.tensorflowVersion ?? "",
    metaGraphVersion: info?.metaGraphVersion ?? "",
    tags: info?.tags ?? [],
    producer: def.graphDef?.versions?.producer ?? 0,
    nodeCount: nodes.length,
    ops: countOps(nodes),
    inputs: inputs.map((node) => ({
      name: `${node.name}:0`,
      dtype: typeName(node.attr?.dtype?.type),
      shape: node.attr?.shape?.shape ? shapeAt(node, node.attr.shape.shape) : outputShape(node, 0),
    })),
    outputs: outputsOf(sinks(def, nodes), opDefOf),
    signatures: Object.entries(def.signatureDef ?? {}).map(([key, signature]) => signatureOf(key, signature)),
    variables: variablesOf(collections, new Map(nodes.map((node) => [node.name ?? "", node]))),
    collections: collections.map(([key, collection]) => collectionOf(key, collection)),
    functions: (def.graphDef?.library?.function ?? []).map((fn) => fn.signature?.name ?? ""),
    hasSaver: Boolean(def.saverDef),
    unknownOps: options.ops ? unknownOps(nodes, options.ops, functionNames(def)) : [],
  };
}

const placeholderOps = new Set(["Placeholder", "PlaceholderV2"]);

const isGraph = (source: IMetaGraphDef | Graph): source is Graph =>
  typeof (source as Partial<Graph>).createOp === "function";

function countOps(nodes: readonly INodeDef[]): { op: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(node.op ?? "", (counts.get(node.op ?? "") ?? 0) + 1);
  return [...counts]
    .map(([op, count]) => ({ op, count }))
    .sort((a, b) => b.count - a.count || (a.op < b.op ? -1 : 1));
}

const functionNames = (def: IMetaGraphDef) =>
  new Set((def.graphDef?.library?.function ?? []).map((fn) => fn.signature?.name ?? ""));

function unknownOps(nodes: readonly INodeDef[], ops: OpRegistry, functions: ReadonlySet<string>) {
  const unknown = new Map<string, string[]>();
  for (const { op = "", name = "" } of nodes as readonly { op?: string; name?: string }[]) {
    if (functions.has(op) || ops.get(op)) continue;
    const same = unknown.get(op);
    if (same) same.push(name);
    else unknown.set(op, [name]);
  }
  return [...unknown].map(([op, names]) => ({ op, nodes: names })).sort((a, b) => (a.op < b.op ? -1 : 1));
}

/** Nodes that no other reads or waits for, apart from those that a Saver or an initializer is made of. */
function sinks(def: IMetaGraphDef, nodes: readonly INodeDef[]): INodeDef[] {
  const read = new Set<string>();
  for (const node of nodes)
    for (const input of node.input ?? []) read.add(input.replace(/^\^/, "").replace(/:\d+$/, ""));
  const saver = def.saverDef?.saveTensorName?.replace(/[^/]*$/, "");
  return nodes.filter(
    (node) =>
      !read.has(node.name ?? "") &&
      !(saver && node.name?.startsWith(saver)) &&
      !placeholderOps.has(node.op ?? "") &&
      !/^(Assign|AssignVariableOp|VarIsInitializedOp|IsVariableInitialized)$/.test(node.op ?? ""),
  );
}

function outputsOf(
  nodes: readonly INodeDef[],
  opDefOf: (op: string) => IOpDef | undefined,
): TensorDescription[] {
  const most = mostOutputs(nodes.length);
  const outputs: TensorDescription[] = [];
  for (const node of nodes) {
    let index = 0;
    const add = (type: number | null | undefined): void => {
      if (outputs.length === most)
        throw new TfError("INVALID_ARGUMENT", `Node '${node.name}' has more than ${index} outputs`, {
          node: node.name ?? "",
          op: node.op ?? "",
          hint: "That many are taken for a damaged file.",
        });
      outputs.push({ name: `${node.name}:${index}`, dtype: typeName(type), shape: outputShape(node, index) });
      index++;
    };
    for (const arg of opDefOf(node.op ?? "")?.outputArg ?? []) {
      const type = arg.typeAttr ? node.attr?.[arg.typeAttr]?.type : arg.type;
      const count = arg.numberAttr ? Number(node.attr?.[arg.numberAttr]?.i ?? 0) : 1;
      if (arg.typeListAttr) for (const one of node.attr?.[arg.typeListAttr]?.list?.type ?? []) add(one);
      else for (let i = 0; i < count; i++) add(type);
    }
  }
  return outputs;
}

function typeName(type: number | null | undefined): string | undefined {
  return type === null || type === undefined ? undefined : dtypeFromProto(type)?.dtype;
}

function outputShape(node: INodeDef, index: number): Shape {
  const shape = node.attr?._output_shapes?.list?.shape?.[index];
  return shape ? shapeAt(node, shape) : Shapes.unknown;
}

function shapeAt(node: INodeDef, shape: ITensorShapeProto): Shape {
  try {
    return shapeFromProto(shape);
  } catch (error) {
    throw error instanceof TfError ? error.at({ node: node.name ?? "", op: node.op ?? "" }) : error;
  }
}

function signatureOf(key: string, signature: ISignatureDef): SignatureDescription {
  const side = (infos: { [key: string]: ITensorInfo } | null | undefined) =>
    Object.entries(infos ?? {}).map(([name, info]) => ({
      key: name,
      name: info.name ?? info.cooSparse?.valuesTensorName ?? "",
      dtype: typeName(info.dtype),
      shape: info.tensorShape ? shapeFromProto(info.tensorShape) : Shapes.unknown,
    }));
  return {
    key,
    methodName: signature.methodName ?? "",
    inputs: side(signature.inputs),
    outputs: side(signature.outputs),
  };
}

const variableKeys: ReadonlySet<string> = new Set([
  GraphKeys.GLOBAL_VARIABLES,
  GraphKeys.TRAINABLE_VARIABLES,
  GraphKeys.LOCAL_VARIABLES,
  GraphKeys.MODEL_VARIABLES,
  GraphKeys.METRIC_VARIABLES,
  GraphKeys.MOVING_AVERAGE_VARIABLES,
  GraphKeys.GLOBAL_STEP,
]);

function variablesOf(
  collections: readonly (readonly [string, ICollectionDef])[],
  nodes: ReadonlyMap<string, INodeDef>,
): VariableDescription[] {
  const found = new Map<string, { def: VariableDef | undefined; keys: string[] }>();
  const note = (name: string, def: VariableDef | undefined, key: string) => {
    const known = found.get(name);
    if (known) known.keys.push(key);
    else found.set(name, { def, keys: [key] });
  };
  const ordered = [...collections].sort(
    ([a], [b]) => Number(b === GraphKeys.GLOBAL_VARIABLES) - Number(a === GraphKeys.GLOBAL_VARIABLES),
  );
  for (const [key, collection] of ordered) {
    if (!variableKeys.has(key)) continue;
    for (const bytes of collection.bytesList?.value ?? []) {
      const def = tryDecode(bytes);
      if (def) note(def.variableName, def, key);
    }
    for (const name of collection.nodeList?.value ?? []) note(name, undefined, key);
  }
  return [...found].map(([name, { def, keys }]) => {
    const node = nodes.get(name.replace(/:\d+$/, ""));
    const slice = def?.saveSliceInfoDef;
    return {
      name,
      dtype: typeName(node?.attr?.dtype?.type),
      shape: node?.attr?.shape?.shape ? shapeAt(node, node.attr.shape.shape) : Shapes.unknown,
      kind: def?.isResource || node?.op === "VarHandleOp" ? ("resource" as const) : ("ref" as const),
      trainable: keys.includes(GraphKeys.TRAINABLE_VARIABLES),
      collections: keys,
      ...(slice
        ? {
            slice: {
              fullName: slice.fullName,
              offset: slice.varOffset.map(Number),
              shape: slice.varShape.map(Number),
            },
          }
        : {}),
    };
  });
}

function tryDecode(bytes: Uint8Array): VariableDef | undefined {
  try {
    return decode(VariableDef, bytes);
  } catch {
    return undefined;
  }
}

function collectionOf(key: string, def: ICollectionDef): CollectionDescription {
  if (def.nodeList) return listed(key, "node", def.nodeList.value ?? []);
  if (def.int64List) return listed(key, "int64", (def.int64List.value ?? []).map(BigInt));
  if (def.floatList) return listed(key, "float", def.floatList.value ?? []);
  if (def.anyList) {
    const urls = (def.anyList.value ?? []).map((any) => any.typeUrl ?? "");
    return listed(key, "any", urls);
  }
  if (!def.bytesList) return listed(key, "none", []);
  const items = def.bytesList.value ?? [];
  const texts = items.map(printable);
  const values = variableKeys.has(key) || texts.includes(undefined) ? [] : (texts as string[]);
  return { key, kind: "bytes", count: items.length, values };
}

const listed = (
  key: string,
  kind: CollectionDescription["kind"],
  values: readonly (string | number | bigint)[],
) => ({
  key,
  kind,
  count: values.length,
  values,
});

function printable(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return /^[\P{Cc}\s]*$/u.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
