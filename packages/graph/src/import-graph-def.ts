// A GraphDef into a graph. Nodes keep the file's order (TensorFlow 1.15 reorders graphs with loops: it takes nodes as
// their inputs become ready), forward references and back edges included; nothing is added if anything is wrong.
// Source: core/graph/graph_constructor.cc, python/framework/importer.py.
import { TfError } from "@org/errors";
import type { IGraphDef, INodeDef, IOpList } from "@org/proto";
import { type Graph, graphDefVersion } from "./graph.ts";
import { ImportNames, parseInput } from "./import-names.ts";
import { type ImportWarning, type PreparedNode, prepareNode } from "./import-node.ts";
import { topologicalOrder } from "./import-order.ts";
import { placeImported, prefixColocation } from "./import-placement.ts";
import { importShapes } from "./import-shapes.ts";
import { mostOutputs } from "./node-signature.ts";
import { dataTypeString } from "./op-def-text.ts";
import { type OpRegistry, registryOfOpList } from "./op-registry.ts";
import { isOperation, type Operation } from "./operation.ts";
import {
  asTensor,
  isTensor,
  isTensorLike,
  type Tensor,
  type TensorConvertible,
  tensorTypeString,
} from "./tensor.ts";

/** An op type that the graph's registry lacks, and where it stands. */
export interface UnknownOp {
  readonly op: string;
  /** Names in the graph. */
  readonly nodes: readonly string[];
  /** Whether the file (its op list or a function of that name) describes it. */
  readonly described: boolean;
}

export type InputMap =
  | Readonly<Record<string, Tensor | TensorConvertible | Operation>>
  | ReadonlyMap<string, Tensor | TensorConvertible | Operation>;

export interface ImportGraphDefOptions {
  readonly graph: Graph;
  /** Prefix of all names, made unique; default "import", "" for none, "scope/" for a scope that is there. */
  readonly name?: string | null;
  /** Inputs of the file ("n:0", "n", or "^n" for a control input) -> what to read instead. */
  readonly inputMap?: InputMap | null;
  /** Names in the file of operations ("n") and tensors ("n:0") to hand back. */
  readonly returnElements?: readonly string[] | null;
  /** The producer's OpDefs (a MetaGraphDef's strippedOpList): tells default attributes apart and describes ops unknown here. */
  readonly producerOps?: IOpList | null;
  /** Default: the graph's. */
  readonly ops?: OpRegistry;
  /** As TensorFlow: an op or attribute that is not known stops the import. */
  readonly strict?: boolean;
  readonly onWarning?: (warning: ImportWarning) => void;
}

export interface ImportResult {
  /** In the file's order. */
  readonly operations: readonly Operation[];
  /** "scope/" or "". */
  readonly scope: string;
  /** What `returnElements` names, in its order; undefined where it was not given. */
  readonly returned: readonly (Tensor | Operation)[] | undefined;
  readonly unknownOps: readonly UnknownOp[];
}

function invalid(sentence: string, node?: INodeDef): TfError {
  return new TfError("INVALID_ARGUMENT", sentence, node ? { node: node.name ?? "", op: node.op ?? "" } : {});
}

const importable = /^[A-Za-z0-9.][A-Za-z0-9_.\-/>]*$/;

function checkVersions(def: IGraphDef): void {
  const { producer, minConsumer, badConsumers } = { producer: 0, minConsumer: 0, ...def.versions };
  if ((producer ?? 0) < 0)
    throw invalid(
      `GraphDef producer version ${producer} below min producer 0 supported by TensorFlow 1.15.5.  Please regenerate your graph.`,
    );
  if ((minConsumer ?? 0) > graphDefVersion)
    throw invalid(
      `GraphDef min consumer version ${minConsumer} above current version ${graphDefVersion} for TensorFlow 1.15.5.  Please upgrade TensorFlow.`,
    );
  if (badConsumers?.includes(graphDefVersion))
    throw invalid(
      `GraphDef disallows consumer version ${graphDefVersion}.  Please upgrade TensorFlow: this version is likely buggy.`,
    );
}

/** Names of the file's nodes -> their position. */
function indexNodes(nodes: readonly INodeDef[]): Map<string, number> {
  const index = new Map<string, number>();
  for (const [i, node] of nodes.entries()) {
    const name = node.name ?? "";
    if (!importable.test(name)) throw invalid(`Node '${name}': Node name contains invalid characters`, node);
    if (index.has(name)) throw invalid(`Node '${name}' is not unique`, node);
    if (!node.op) throw invalid(`Node '${name}' does not specify an operation`, node);
    index.set(name, i);
  }
  return index;
}

/** A name as callers write it in maps and lists of elements. */
function tensorKey(name: string): { node: string; index: number } {
  if (name.startsWith("^")) return { node: name.slice(1), index: -1 };
  const parts = name.split(":");
  if (parts.length > 2 || (parts.length === 2 && !/^\d+$/.test(parts[1]!)))
    throw invalid(`Cannot convert '${name}' to a tensor name.`);
  return { node: parts[0]!, index: Number(parts[1] ?? 0) };
}

type Mapped = ReadonlyMap<string, Tensor | Operation>;
const keyOf = (node: string, index: number): string => `${node}:${index}`;

function readInputMap(
  map: InputMap | null | undefined,
  graph: Graph,
  name: string | null | undefined,
): Mapped {
  const result = new Map<string, Tensor | Operation>();
  if (map === null || map === undefined) return result;
  if (typeof map !== "object" || Array.isArray(map))
    throw new TypeError("input_map must be a dictionary mapping strings to Tensor objects.");
  const entries: [string, unknown][] = map instanceof Map ? [...map] : Object.entries(map);
  for (const [key, value] of entries) {
    if (typeof key !== "string")
      throw new TypeError("input_map must be a dictionary mapping strings to Tensor objects.");
    const { node, index } = tensorKey(key);
    if (index === -1) {
      if (!isOperation(value)) throw new TypeError(`input_map entry ${key} must be an Operation`);
      result.set(keyOf(node, index), graph.asGraphElement(value) as Operation);
      continue;
    }
    if (!isTensorLike(value))
      throw new TypeError("input_map must be a dictionary mapping strings to Tensor objects.");
    if (!isTensor(value) && name === "")
      throw invalid(
        "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values. Try calling tf.convert_to_tensor() on `input_map` values before calling tf.import_graph_def().",
      );
    const tensor = isTensor(value) ? value : graph.nameScope("_inputs", () => asTensor(value));
    result.set(keyOf(node, index), graph.asGraphElement(tensor) as Tensor);
  }
  return result;
}

/** An input of the file's node `i`, found: a mapped element, or output `index` of the file's node `source`. */
type Edge = { readonly mapped: Tensor | Operation } | { readonly source: number; readonly index: number };

function findEdges(
  nodes: readonly INodeDef[],
  index: ReadonlyMap<string, number>,
  mapped: Mapped,
  used: Set<string>,
): Edge[][] {
  return nodes.map((node) =>
    (node.input ?? []).map((input) => {
      const { node: name, index: output } = parseInput(input);
      if (mapped.size > 0) {
        const key = keyOf(name, output);
        const target = mapped.get(key);
        if (target !== undefined) {
          used.add(key);
          return { mapped: target };
        }
      }
      const source = index.get(name);
      if (source === undefined) throw invalid(`Node '${node.name}': Unknown input node '${input}'`, node);
      return { source, index: output };
    }),
  );
}

function checkUnused(
  mapped: Mapped,
  used: ReadonlySet<string>,
  index: ReadonlyMap<string, number>,
  prepared: readonly PreparedNode[],
): void {
  const unused: string[] = [];
  for (const key of mapped.keys()) {
    if (used.has(key)) continue;
    const colon = key.lastIndexOf(":");
    const name = key.slice(0, colon);
    const output = Number(key.slice(colon + 1));
    const at = index.get(name);
    if (at === undefined || output >= prepared[at]!.outputTypes.length)
      unused.push(output === -1 ? `^${name}` : key);
  }
  if (unused.length > 0)
    throw invalid(`Attempted to map inputs that were not found in graph_def: [${unused.join(", ")}]`);
}

/** Adds up the outputs of all nodes. What it is told of then throws TfError INVALID_ARGUMENT where there are too many to be true. */
function outputCounter(nodes: number): (count: number, node: string, op: string) => void {
  const most = mostOutputs(nodes);
  let total = 0;
  return (count, node, op) => {
    total += count;
    if (total > most)
      throw new TfError("INVALID_ARGUMENT", `Node '${node}' has ${count} outputs`, {
        node,
        op,
        hint: `A graph of ${nodes} nodes with more than ${most} outputs is taken for a damaged file.`,
      });
  };
}

function connect(
  ops: readonly Operation[],
  inputs: readonly Tensor[][],
  controls: readonly Operation[][],
  prepared: readonly PreparedNode[],
  edges: readonly Edge[][],
): void {
  for (const [i, op] of ops.entries()) {
    const types = prepared[i]!.inputTypes;
    for (const [k, edge] of edges[i]!.entries()) {
      const isControl = prepared[i]!.def.input![k]!.startsWith("^");
      if (isControl) {
        const source =
          "mapped" in edge ? (isOperation(edge.mapped) ? edge.mapped : edge.mapped.op) : ops[edge.source]!;
        if (!controls[i]!.includes(source)) controls[i]!.push(source);
        continue;
      }
      let tensor: Tensor | undefined;
      if ("mapped" in edge) tensor = edge.mapped as Tensor;
      else {
        const source = ops[edge.source]!;
        tensor = source.outputs[edge.index];
        if (tensor === undefined)
          throw invalid(
            `Node '${prepared[i]!.def.name}': Connecting to invalid output ${edge.index} of source node ${prepared[edge.source]!.def.name} which has ${source.outputs.length} outputs.`,
            prepared[i]!.def,
          );
      }
      const expected = types?.[k];
      if (expected !== undefined && tensor.dtypeKnown) {
        const passed = tensorTypeString(tensor);
        const wanted = dataTypeString(expected);
        if (passed !== wanted && passed !== `${wanted}_ref`)
          throw new TfError(
            "INVALID_ARGUMENT",
            `Input ${k} of node ${op.name} was passed ${passed} from ${tensor.name} incompatible with expected ${wanted}.`,
            {
              node: op.name,
              op: op.type,
              ...(wanted === `${passed}_ref`
                ? {
                    hint: "The graph was frozen without turning reference ops (RefSwitch, AssignSub ...) into their plain kin.",
                  }
                : {}),
            },
          );
      }
      inputs[i]!.push(tensor);
    }
  }
}

function findReturned(
  names: readonly string[],
  index: ReadonlyMap<string, number>,
  ops: readonly Operation[],
  mapped: Mapped,
): (Tensor | Operation)[] {
  return names.map((name) => {
    if (!name.includes(":")) {
      const at = index.get(name);
      if (at === undefined) throw invalid(`Requested return node '${name}' not found in graph def`);
      return ops[at]!;
    }
    const key = tensorKey(name);
    const target = mapped.get(keyOf(key.node, key.index));
    if (target !== undefined) return target;
    const at = index.get(key.node);
    if (at === undefined) throw invalid(`Requested return tensor '${name}' not found in graph def`);
    const tensor = ops[at]!.outputs[key.index];
    if (tensor === undefined)
      throw invalid(
        `Invalid return output ${key.index} of node '${key.node}', which has ${ops[at]!.outputs.length} output(s)`,
      );
    return tensor;
  });
}

/**
 * Adds the nodes of `def` to a graph, under the scopes that are entered (devices, control dependencies, control-flow context).
 * Ops that the registry lacks are described by the file, or come in without types; `unknownOps` lists them. Functions are added as they are.
 * Throws TfError INVALID_ARGUMENT with TensorFlow's sentence where the GraphDef is not well-formed, a TypeError for arguments of the wrong type,
 * FAILED_PRECONDITION for a finalized graph. A failed import leaves no nodes behind.
 */
export function importGraphDef(def: IGraphDef, options: ImportGraphDefOptions): ImportResult {
  const { graph, returnElements, onWarning = () => {}, strict = false } = options;
  if (typeof def !== "object" || def === null || Array.isArray(def) || def instanceof Uint8Array)
    throw new TypeError("graph_def must be a GraphDef proto.");
  if (
    returnElements &&
    !(Array.isArray(returnElements) && returnElements.every((name) => typeof name === "string"))
  )
    throw new TypeError("return_elements must be a list of strings.");
  graph.checkNotFinalized();
  checkVersions(def);
  const [scope, mapped] = graph.nameScope(
    options.name === "" ? "" : (options.name ?? "import"),
    (full) => [full, readInputMap(options.inputMap, graph, options.name)] as const,
  );
  const before = graph.getOperations().length;
  try {
    return addNodes(def, scope, mapped);
  } catch (error) {
    graph.truncate(before);
    throw error;
  }

  function addNodes(from: IGraphDef, scope: string, mapped: Mapped): ImportResult {
    const nodes = from.node ?? [];
    const index = indexNodes(nodes);
    const used = new Set<string>();
    const edges = findEdges(nodes, index, mapped, used);
    const order = topologicalOrder(
      nodes,
      edges.map((list) => list.map((edge) => ("mapped" in edge ? undefined : edge.source))),
    );
    const names = new ImportNames(graph, scope, index);
    const fullNames = nodes.map((node) => names.of(node.name!));
    const file = fileRegistry(from, options.producerOps);
    const lookUp = {
      registry: options.ops ?? graph.ops,
      file,
      strict,
      producer: from.versions?.producer ?? 0,
      warn: onWarning,
      countOutputs: outputCounter(nodes.length),
    };
    let highest: Map<number, number> | undefined;
    const outputsUsed = (i: number): number => {
      highest ??= highestOutputs(edges);
      return (highest.get(i) ?? -1) + 1;
    };
    const prepared = nodes.map((node, i) => prepareNode(node, fullNames[i]!, lookUp, () => outputsUsed(i)));
    prefixColocation(prepared, index, fullNames);
    const inputs: Tensor[][] = nodes.map(() => []);
    const controls: Operation[][] = nodes.map(() => []);
    const ops = prepared.map((node, i) => {
      const op = graph.addOperation({
        name: fullNames[i]!,
        type: node.def.op!,
        inputs: inputs[i]!,
        controlInputs: controls[i]!,
        attrs: node.attrs,
        opDef: node.opDef,
        registered: node.registered,
        outputTypes: node.outputTypes,
        device: node.def.device ?? "",
        ...carriedFields(node.def),
      });
      op.keepsControlOrder = true;
      return op;
    });
    connect(ops, inputs, controls, prepared, edges);
    checkUnused(mapped, used, index, prepared);
    const returned = returnElements ? findReturned(returnElements, index, ops, mapped) : undefined;
    const versions = graph.versions;
    const producer = from.versions?.producer ?? 0;
    importShapes(ops, order, prepared, Math.min(producer, versions.producer), onWarning);
    if (from.library) graph.library.addLibrary(from.library);
    placeImported(graph, ops, prepared);
    graph.versions = {
      producer: Math.min(versions.producer, producer),
      minConsumer: Math.max(versions.minConsumer, from.versions?.minConsumer ?? 0),
      badConsumers: [...new Set([...versions.badConsumers, ...(from.versions?.badConsumers ?? [])])].sort(
        (a, b) => a - b,
      ),
    };
    graph.newestProducer = Math.max(graph.newestProducer, producer);
    graph.traces?.record(before + 1, graph.version, importGraphDef);
    return { operations: ops, scope, returned, unknownOps: listUnknown(ops, file) };
  }
}

function carriedFields(def: INodeDef): { readonly carried?: INodeDef } {
  const { experimentalDebugInfo, experimentalType, $unknowns } = def;
  if (!experimentalDebugInfo && !experimentalType && !$unknowns) return {};
  return {
    carried: {
      ...(experimentalDebugInfo ? { experimentalDebugInfo } : {}),
      ...(experimentalType ? { experimentalType } : {}),
      ...($unknowns ? { $unknowns } : {}),
    },
  };
}

function highestOutputs(edges: readonly Edge[][]): Map<number, number> {
  const highest = new Map<number, number>();
  for (const list of edges)
    for (const edge of list)
      if ("source" in edge && edge.index > (highest.get(edge.source) ?? -1))
        highest.set(edge.source, edge.index);
  return highest;
}

/** What the file itself says of its ops: the producer's list, and functions that nodes call by name. */
function fileRegistry(def: IGraphDef, producerOps: IOpList | null | undefined): OpRegistry | undefined {
  const functions = (def.library?.function ?? []).flatMap((fn) => (fn.signature ? [fn.signature] : []));
  if (!producerOps && functions.length === 0) return undefined;
  return registryOfOpList({ op: [...functions, ...(producerOps?.op ?? [])] }, "the imported file");
}

function listUnknown(ops: readonly Operation[], file: OpRegistry | undefined): UnknownOp[] {
  const byType = new Map<string, string[]>();
  for (const op of ops) {
    if (op.registered !== undefined) continue;
    const list = byType.get(op.type);
    if (list === undefined) byType.set(op.type, [op.name]);
    else list.push(op.name);
  }
  return [...byType]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([op, nodes]) => ({ op, nodes, described: file?.get(op) !== undefined }));
}
