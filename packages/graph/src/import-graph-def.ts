// A GraphDef into a graph. Nodes keep the file's order (TensorFlow 1.15 reorders graphs with loops: it takes nodes as
// their inputs become ready), forward references and back edges included; nothing is added if anything is wrong.
// Everything is checked here, once for nodes that are alike; attributes are decoded when somebody asks an operation for them.
// Source: core/graph/graph_constructor.cc, python/framework/importer.py.
import { TfError } from "@org/errors";
import type { IAttrValue, IGraphDef, IOpList } from "@org/proto";
import { type NodeTable, nodeTable } from "@org/proto/nodes";
import { type Graph, graphDefVersion } from "./graph.ts";
import { type Edges, findEdges, indexNodes } from "./import-edges.ts";
import { checkUnused, findReturned, type InputMap, type Mapped, readInputMap } from "./import-map.ts";
import { ImportNames } from "./import-names.ts";
import {
  describeOp,
  type ImportOps,
  type ImportWarning,
  type PreparedNode,
  prepareNode,
} from "./import-node.ts";
import { topologicalOrder } from "./import-order.ts";
import { checkColocation, checkColocationOf, placeImported } from "./import-placement.ts";
import { importShapes } from "./import-shapes.ts";
import { carriedFields, ImportedNodes, type NodePlan } from "./imported-nodes.ts";
import { mostOutputs } from "./node-signature.ts";
import { dataTypeString } from "./op-def-text.ts";
import { createOpRegistry, type OpRegistry, registryOfOpList } from "./op-registry.ts";
import { isOperation, type Operation } from "./operation.ts";
import { type Tensor, tensorTypeString } from "./tensor.ts";

export type { InputMap } from "./import-map.ts";

/** An op type that the graph's registry lacks, and that is no function of its library; and where it stands. */
export interface UnknownOp {
  readonly op: string;
  /** Names in the graph. */
  readonly nodes: readonly string[];
  /** Whether the file's op list describes it. */
  readonly described: boolean;
}

export interface ImportGraphDefOptions {
  readonly graph: Graph;
  /** Prefix of all names, made unique; default "import", "" for none, "scope/" for a scope that is there. */
  readonly name?: string | null;
  /** Inputs of the file ("n:0", "n", or "^n" for a control input) -> what to read instead. */
  readonly inputMap?: InputMap | null;
  /** Names in the file of operations ("n") and tensors ("n:0") to hand back. */
  readonly returnElements?: readonly string[] | null;
  /** The producer's OpDefs (a MetaGraphDef's strippedOpList): tells default attributes apart and describes ops unknown here. */
  readonly producerOps?: IOpList | OpRegistry | null;
  /** Drops the devices that nodes were placed on. */
  readonly clearDevices?: boolean;
  /** Default: the graph's. */
  readonly ops?: OpRegistry;
  /** As TensorFlow: an op or attribute that is not known stops the import. */
  readonly strict?: boolean;
  /** As TensorFlow 1.0: takes cycles that are no loop's, too, to look at or to mend. No session runs them. */
  readonly allowCycles?: boolean;
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

function invalid(sentence: string): TfError {
  return new TfError("INVALID_ARGUMENT", sentence);
}

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

/** Data inputs of node `i`. Throws TfError INVALID_ARGUMENT where a control input stands before one. */
function countDataInputs(table: NodeTable, i: number): number {
  const first = table.inputFirst[i]!;
  const last = table.inputFirst[i + 1]!;
  let data = 0;
  for (let k = first; k < last; k++) {
    if (table.inputOutput[k]! < 0) continue;
    if (data !== k - first)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Node '${table.name(i)}': Control dependencies must come after regular dependencies`,
        { node: table.name(i), op: table.ops[table.op[i]!]! },
      );
    data++;
  }
  return data;
}

/** Plans for the file's signatures; none where a node's name makes a difference: in warnings, errors, and without OpDef. */
function makePlans(
  table: NodeTable,
  ops: ImportOps,
  settled: ImportedNodes["settled"],
): (NodePlan | undefined)[] {
  return table.signatures.map(({ op, attr, cut }) => {
    if (describeOp(op, ops) === undefined || Object.hasOwn(attr, "_class")) return undefined;
    let told = false;
    const tell = (): void => {
      told = true;
    };
    try {
      const node = { name: "", op, attr, inputCount: undefined, outputsUsed: () => 0 };
      const prepared = prepareNode(node, { ...ops, warn: tell, countOutputs: () => {} });
      if (told) return undefined;
      return { ...prepared, shared: cut ? undefined : settled(attr, prepared), cut, known: [] };
    } catch (error) {
      if (error instanceof TfError) return undefined;
      throw error;
    }
  });
}

/** Connects node `i`. Throws TfError INVALID_ARGUMENT where an output is not there or of another type. */
function connect(
  table: NodeTable,
  i: number,
  { source, mapped }: Edges,
  ops: readonly Operation[],
  prepared: PreparedNode,
): void {
  const op = ops[i]!;
  const inputs = op.inputs as Tensor[];
  const controls = op.controlInputs as Operation[];
  const first = table.inputFirst[i]!;
  for (let k = first; k < table.inputFirst[i + 1]!; k++) {
    const from = source[k]!;
    const output = table.inputOutput[k]!;
    if (output < 0) {
      const target = from < 0 ? mapped.get(k)! : ops[from]!;
      const control = isOperation(target) ? target : target.op;
      if (!controls.includes(control)) controls.push(control);
      continue;
    }
    const tensor = from < 0 ? (mapped.get(k) as Tensor) : ops[from]!.outputs[output];
    if (tensor === undefined)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Node '${table.name(i)}': Connecting to invalid output ${output} of source node ${table.name(from)} which has ${ops[from]!.outputs.length} outputs.`,
        { node: table.name(i), op: op.type },
      );
    const expected = prepared.inputTypes?.[k - first];
    if (expected !== undefined && tensor.dtypeKnown) {
      const passed = tensor.typeNumber;
      if (passed !== expected && passed !== expected + 100) throw wrongType(op, k - first, tensor, expected);
    }
    inputs[k - first] = tensor;
  }
}

function wrongType(op: Operation, input: number, tensor: Tensor, expected: number): TfError {
  const passed = tensorTypeString(tensor);
  const wanted = dataTypeString(expected);
  return new TfError(
    "INVALID_ARGUMENT",
    `Input ${input} of node ${op.name} was passed ${passed} from ${tensor.name} incompatible with expected ${wanted}.`,
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

/** How many outputs of each node the others read. */
function outputsRead(table: NodeTable, { source }: Edges): Int32Array {
  const read = new Int32Array(table.count);
  for (let k = 0; k < source.length; k++) {
    const at = source[k]!;
    if (at >= 0 && table.inputOutput[k]! >= read[at]!) read[at] = table.inputOutput[k]! + 1;
  }
  return read;
}

const noControls: Operation[] = [];
const noInputs: Tensor[] = [];

/** An array for that many inputs. One that grew would take far more memory. */
function emptyList(size: number): Tensor[] {
  return size === 0 ? noInputs : new Array<Tensor>(size);
}

/**
 * Adds the nodes of `def` to a graph, under the scopes that are entered (devices, control dependencies, control-flow context).
 * Ops that the registry lacks are described by the file, or come in without types; `unknownOps` lists them. Functions are added as they are.
 * Throws TfError INVALID_ARGUMENT with TensorFlow's sentence where the GraphDef is not well-formed, a TypeError for arguments of the wrong type,
 * FAILED_PRECONDITION for a finalized graph. A failed import leaves no nodes behind.
 */
export function importGraphDef(def: IGraphDef, options: ImportGraphDefOptions): ImportResult {
  const { graph, returnElements, onWarning = () => {}, strict = false, clearDevices = false } = options;
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
    return addNodes(nodeTable(def.node ?? []), mapped);
  } catch (error) {
    graph.truncate(before);
    throw error;
  }

  function addNodes(table: NodeTable, mapped: Mapped): ImportResult {
    const index = indexNodes(table);
    const edges = findEdges(table, index, mapped);
    const order = topologicalOrder(table, edges.source, options.allowCycles);
    const names = new ImportNames(graph, scope, table, index);
    const file = fileRegistry(def, options.producerOps);
    const lookUp: ImportOps = {
      registry: options.ops ?? graph.ops,
      file,
      strict,
      producer: def.versions?.producer ?? 0,
      warn: onWarning,
      countOutputs: outputCounter(table.count),
    };
    const renamed = names.areOthers || edges.mapped.size > 0;
    const plans: (NodePlan | undefined)[] = [];
    const prefix = edges.mapped.size === 0 ? names.prefix : undefined;
    const imported = new ImportedNodes(table, plans, renamed, (name) => names.of(name), prefix);
    plans.push(...makePlans(table, lookUp, (attr, node) => imported.settled(attr, node)));
    const prepared: (PreparedNode | NodePlan)[] = [];
    let read: Int32Array | undefined;
    const prepareAlone = (i: number, inputCount: number): PreparedNode => {
      const { attr } = table.node(i);
      const one = { name: names.all[i]!, op: table.ops[table.op[i]!]!, attr, inputCount };
      const outputsUsed = (): number => {
        read ??= outputsRead(table, edges);
        return read[i]!;
      };
      return prepareNode({ ...one, outputsUsed }, lookUp);
    };
    const dataInputs = new Int32Array(table.count);
    for (let i = 0; i < table.count; i++) {
      const plan = plans[table.signature[i]!];
      const inputCount = countDataInputs(table, i);
      dataInputs[i] = inputCount;
      if (plan === undefined || plan.inputTypes!.length !== inputCount)
        prepared.push(prepareAlone(i, inputCount));
      else {
        lookUp.countOutputs(plan.outputs.length, names.all[i]!, plan.op);
        prepared.push(plan);
      }
    }
    const ops: Operation[] = new Array(table.count);
    for (let i = 0; i < table.count; i++) {
      const node = prepared[i]!;
      const isPlanned = "known" in node;
      let attrs: Map<string, IAttrValue> | undefined;
      let carried: ReturnType<typeof carriedFields>;
      if (isPlanned) checkColocation(table, i, index);
      else {
        const one = table.node(i);
        checkColocationOf(one.attr, one, index);
        attrs = imported.settled(one.attr, node);
        carried = carriedFields(one);
      }
      ops[i] = graph.addOperation({
        name: names.all[i]!,
        type: node.op,
        inputs: emptyList(dataInputs[i]!),
        controlInputs: hasControls(table, i) ? [] : noControls,
        attrs,
        opDef: node.opDef,
        registered: node.registered,
        outputs: node.outputs,
        device: clearDevices ? "" : table.devices[table.device[i]!]!,
        carried,
        imported: isPlanned ? imported : undefined,
        position: i,
        keepsControlOrder: true,
      });
    }
    for (let i = 0; i < table.count; i++) connect(table, i, edges, ops, prepared[i]!);
    checkUnused(mapped, edges.used, index, ops);
    const returned = returnElements ? findReturned(returnElements, index, ops, mapped) : undefined;
    const versions = graph.versions;
    const producer = def.versions?.producer ?? 0;
    importShapes(ops, order, prepared, Math.min(producer, versions.producer), onWarning);
    if (def.library) graph.library.addLibrary(def.library);
    placeImported(graph, ops, clearDevices ? [] : table.devices);
    graph.versions = {
      producer: Math.min(versions.producer, producer),
      minConsumer: Math.max(versions.minConsumer, def.versions?.minConsumer ?? 0),
      badConsumers: [...new Set([...versions.badConsumers, ...(def.versions?.badConsumers ?? [])])].sort(
        (a, b) => a - b,
      ),
    };
    graph.newestProducer = Math.max(graph.newestProducer, producer);
    graph.traces?.record(before + 1, graph.version, importGraphDef);
    return { operations: ops, scope, returned, unknownOps: listUnknown(ops, file) };
  }
}

function hasControls(table: NodeTable, i: number): boolean {
  const last = table.inputFirst[i + 1]! - 1;
  return last >= table.inputFirst[i]! && table.inputOutput[last]! < 0;
}

/** What the file itself says of its ops: the producer's list, and functions that nodes call by name. */
function fileRegistry(
  def: IGraphDef,
  producerOps: IOpList | OpRegistry | null | undefined,
): OpRegistry | undefined {
  const functions = (def.library?.function ?? []).flatMap((fn) => (fn.signature ? [fn.signature] : []));
  if (!producerOps && functions.length === 0) return undefined;
  const origin = "the imported file";
  if (!producerOps || !("get" in producerOps))
    return registryOfOpList({ op: [...functions, ...(producerOps?.op ?? [])] }, origin);
  if (functions.length === 0) return producerOps;
  return createOpRegistry(
    { fallback: registryOfOpList({ op: functions }, origin) },
    { fallback: producerOps },
  );
}

function listUnknown(ops: readonly Operation[], file: OpRegistry | undefined): UnknownOp[] {
  const byType = new Map<string, string[]>();
  for (const op of ops) {
    if (op.registered !== undefined || op.graph.getFunction(op.type) !== undefined) continue;
    const list = byType.get(op.type);
    if (list === undefined) byType.set(op.type, [op.name]);
    else list.push(op.name);
  }
  return [...byType]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([op, nodes]) => ({ op, nodes, described: file?.get(op) !== undefined }));
}
