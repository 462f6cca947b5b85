// A node of a run plan: an operation with what the executor must know of it: what kind of step it is, how it uses
// each input, where its inputs come from. Kinds are told from the op's entry and, for what the executor itself does,
// from the tables below.
import type { Operation, Tensor } from "@org/graph";
import { isHloDType } from "@org/hlo";
import type { OpEntry } from "@org/ops";
import type { DType } from "@org/tensor";
import { heldKernels } from "./held-kernels.ts";

/**
 * - const, variable: known before a run: a value, a Ref or handle.
 * - lowered, fromShapes, alias, noop, read: may lie in clusters. An alias yields its inputs; a read is the fetch of a ref.
 * - host: a host kernel. forward: an alias of what no cluster can hold (strings, handles).
 * - call: an op that stands for others and is planned for itself (a function that calls itself).
 * - held: works on a stack or tensor array, whose values the executor keeps. switch ... trigger: control flow. placeholder: an error where it is reached alive.
 */
export type NodeKind =
  | "const"
  | "variable"
  | "lowered"
  | "fromShapes"
  | "alias"
  | "noop"
  | "read"
  | "host"
  | "forward"
  | "call"
  | "held"
  | "switch"
  | "merge"
  | "enter"
  | "exit"
  | "nextIteration"
  | "trigger"
  | "placeholder";

const executorOps: Readonly<Record<string, NodeKind>> = {
  Const: "const",
  VariableV2: "variable",
  Variable: "variable",
  TemporaryVariable: "variable",
  VarHandleOp: "variable",
  NoOp: "noop",
  Placeholder: "placeholder",
  PlaceholderV2: "placeholder",
  Switch: "switch",
  RefSwitch: "switch",
  Merge: "merge",
  RefMerge: "merge",
  Enter: "enter",
  RefEnter: "enter",
  Exit: "exit",
  RefExit: "exit",
  NextIteration: "nextIteration",
  RefNextIteration: "nextIteration",
  ControlTrigger: "trigger",
  RefIdentity: "forward",
};

/** Ops whose outputs are their inputs: done here where there is no lowering or the type has none. */
const aliases: ReadonlySet<string> = new Set([
  "Identity",
  "IdentityN",
  "LoopCond",
  "PlaceholderWithDefault",
  "PreventGradient",
  "ReadVariableOp",
  "Snapshot",
  "StopGradient",
]);

/** Ops with a variable argument that they never assign, where the entry does not say so itself. */
const neverAssign: ReadonlySet<string> = new Set([
  "IsVariableInitialized",
  "ReadVariableOp",
  "ResourceGather",
  "ResourceGatherNd",
  "VarIsInitializedOp",
  "VariableShape",
]);

/** How a node uses one (flat) input. */
export interface InputUse {
  /** value: on whatever device; host: known when the node's cluster is planned; variable: through a Ref or handle; ref: passed on as it is. */
  readonly access: "value" | "host" | "variable" | "ref";
  /** Of a variable: whether its value is needed. */
  readonly reads: boolean;
  /** Of a variable: whether it may get a new value. */
  readonly writes: boolean;
}

/** Where an input comes from: an output of a node, or a feed (then `node` is undefined). */
export interface Source {
  readonly tensor: Tensor;
  readonly node: PlanNode | undefined;
  readonly output: number;
  /** Index of the feed, or -1. */
  readonly feed: number;
}

/** What several nodes of a plan that do one thing go by: see HostContext.sequence. */
export interface NodeSequence {
  /** The name of the node whose state it is. */
  readonly name: string;
  /** Whether more than one node of the plan has it. */
  readonly isShared: boolean;
}

export interface PlanNode {
  readonly op: Operation;
  readonly kind: NodeKind;
  readonly entry: OpEntry | undefined;
  /** Whether it stands for the fetch of a ref: it has an op's name, and one output. */
  readonly isFetch: boolean;
  readonly uses: readonly InputUse[];
  readonly inputs: Source[];
  /** Control inputs: they come before it, and it is dead if one of them is. */
  readonly controls: PlanNode[];
  /** What comes before it for the order of reads and writes alone. */
  readonly after: PlanNode[];
  /** Of a stateful host kernel in a gradient, or that one computes again: see NodeSequence. */
  sequence?: NodeSequence;
  /** Place of its op in the graph, with the bodies of calls in the calls' places. */
  order: number;
  /** Place in topological order. */
  index: number;
}

const value: InputUse = { access: "value", reads: false, writes: false };
const host: InputUse = { access: "host", reads: false, writes: false };
const ref: InputUse = { access: "ref", reads: false, writes: false };
const read: InputUse = { access: "variable", reads: true, writes: false };

/** First flat position and number of inputs of each input arg. */
export function argRanges(op: Operation): readonly (readonly [start: number, count: number])[] {
  let start = 0;
  return (op.opDef?.inputArg ?? []).map((arg) => {
    let count = 1;
    if (arg.numberAttr) count = op.attrs.int(arg.numberAttr);
    else if (arg.typeListAttr) count = op.attrs.types(arg.typeListAttr).length;
    const range = [start, count] as const;
    start += count;
    return range;
  });
}

function inputUses(op: Operation, entry: OpEntry | undefined, kind: NodeKind): readonly InputUse[] {
  if (kind === "noop" || kind === "const" || kind === "variable") return [];
  const passesRefs =
    kind === "held" || (kind !== "host" && kind !== "lowered" && executorOps[op.type] !== undefined);
  const uses: InputUse[] = op.inputs.map((input) => (input.isRef ? (passesRefs ? ref : read) : value));
  if (op.type === "Switch" || op.type === "RefSwitch") uses[1] = host;
  const marked = entry && (entry.variables ?? entry.hostInputs ?? entry.handles);
  if (!marked) {
    // Identity and ReadVariableOp without an entry: what they read is a variable where the type says so.
    if (op.type === "ReadVariableOp") uses[0] = read;
    return uses;
  }
  const ranges = argRanges(op);
  const mark = (args: readonly number[] | undefined, use: (arg: number, flat: number) => InputUse): void => {
    for (const arg of args ?? []) {
      const [start, count] = ranges[arg]!;
      for (let flat = start; flat < start + count; flat++) uses[flat] = use(arg, flat);
    }
  };
  mark(entry.handles, () => value);
  mark(entry.hostInputs, (_, flat) => (op.inputs[flat]!.isRef ? read : host));
  mark(entry.variables, (arg) => ({
    access: "variable",
    reads: !entry.writesOnly?.includes(arg),
    writes: !(entry.readsOnly?.includes(arg) ?? neverAssign.has(op.type)),
  }));
  return uses;
}

/** The element type of the variable that a VarHandleOp or VariableV2 makes, seen through what passes handles on. */
function variableDType(tensor: Tensor): DType | undefined {
  if (tensor.dtype !== "resource") return tensor.dtype;
  const known = tensor.op.handles[tensor.valueIndex];
  if (known !== undefined) return known.dtype;
  for (let op: Operation | undefined = tensor.op, hops = 0; op && hops < 1000; hops++) {
    if (op.type === "VarHandleOp") return op.attrs.type("dtype");
    op = op.inputs[0]?.op;
  }
  return undefined;
}

function inClusters(op: Operation, entry: OpEntry | undefined): boolean {
  const variables = new Set<number>();
  if (entry?.variables || op.type === "ReadVariableOp") {
    const ranges = argRanges(op);
    for (const arg of entry?.variables ?? [0]) {
      const [start, count] = ranges[arg]!;
      for (let flat = start; flat < start + count; flat++) variables.add(flat);
    }
  }
  return (
    op.outputs.every((output) => isHloDType(output.dtype)) &&
    op.inputs.every((input, i) =>
      isHloDType((variables.has(i) ? variableDType(input) : input.dtype) ?? "resource"),
    )
  );
}

/** What kind of step `op` is; undefined where nothing is known that could run it. */
export function kindOf(op: Operation, entry: OpEntry | undefined): NodeKind | undefined {
  const own = executorOps[op.type];
  if (own !== undefined) return own;
  if (op.type in heldKernels) return "held";
  if (entry?.fromShapes) return "fromShapes";
  const dense = inClusters(op, entry);
  if (entry?.lower && dense) return "lowered";
  if (entry?.host) return "host";
  if (aliases.has(op.type)) return dense ? "alias" : "forward";
  return undefined;
}

/** A node without inputs yet. */
export function planNode(op: Operation, kind: NodeKind, entry: OpEntry | undefined): PlanNode {
  return {
    op,
    kind,
    entry,
    isFetch: false,
    uses: inputUses(op, entry, kind),
    inputs: [],
    controls: [],
    after: [],
    order: op.id,
    index: -1,
  };
}

/** A node that reads the Ref `source`: for a fetch, or where a function returns one. */
export function readNode(source: Source, isFetch: boolean): PlanNode {
  const { op, dtype } = source.tensor;
  const kind = isHloDType(dtype) ? "read" : "forward";
  const rest = { inputs: [source], controls: [], after: [], order: op.id, index: -1 };
  return { op, kind, entry: undefined, isFetch, uses: [read], ...rest };
}

/** A node that hands the value of `outer` on to the placeholder `op` of a function's argument; without inputs yet. */
export function argumentNode(op: Operation, outer: Tensor): PlanNode {
  const kind = isHloDType(outer.dtype) ? "alias" : "forward";
  const rest = { inputs: [], controls: [], after: [], order: op.id, index: -1 };
  return { op, kind, entry: undefined, isFetch: false, uses: [outer.isRef ? read : value], ...rest };
}

/** Whether nodes of this kind may lie in a cluster. */
export function isClusterable(node: PlanNode): boolean {
  switch (node.kind) {
    case "lowered":
    case "fromShapes":
    case "alias":
    case "noop":
    case "read":
      return true;
    default:
      return false;
  }
}

/** Element type of output `index`: a read's is that of the ref. */
export function outputDType(node: PlanNode, index: number): DType {
  return (node.kind === "read" ? node.inputs[0]!.tensor : node.op.outputs[index]!).dtype;
}
