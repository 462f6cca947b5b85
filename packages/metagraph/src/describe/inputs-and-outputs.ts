// What one can feed into a graph, and what comes out of it.
import { mostOutputs } from "@org/graph";
import type { IOpDef, ISignatureDef, ITensorInfo } from "@org/proto";
import { Shape } from "@org/tensor";
import type { InputDescription, InputKind, OutputDescription } from "./description.ts";
import { ancestors, type Edges, parseInput } from "./edges.ts";
import { nodeOutputs, type OutputType, shapeAt, typeName } from "./node-outputs.ts";
import type { NodeView } from "./node-view.ts";
import { isMereRead, role, variableOps } from "./roles.ts";

/** What stands behind a tensor, by op. */
const kinds: readonly (readonly [RegExp, InputKind])[] = [
  [/^Placeholder(V2)?$/, "placeholder"],
  [/^PlaceholderWithDefault$/, "default"],
  [/^(QueueDequeue(Many|UpTo)?(V2)?|BarrierTakeMany|(Map|OrderedMap)?Unstage|RecordInput)$/, "queue"],
  [/^ReaderRead(UpTo)?(V2)?$/, "reader"],
  [/^IteratorGetNext(Sync)?$/, "iterator"],
  [
    /^(Parse(Single)?(Sequence)?Example(V2)?|DecodeCSV|DecodeRaw|Decode(Image|Jpeg|Png|Gif|Bmp|Wav|AndCropJpeg))$/,
    "parse",
  ],
];

function inputKind(op: string): InputKind | undefined {
  return kinds.find(([pattern]) => pattern.test(op))?.[1];
}

/** What all of this is told from. */
export interface Model {
  readonly nodes: NodeView;
  readonly edges: Edges;
  readonly roles: Uint8Array;
  readonly signatures: { readonly [key: string]: ISignatureDef };
  opDefOf(op: string): IOpDef | undefined;
}

/** Inputs and outputs. Throws TfError INVALID_ARGUMENT for shapes that cannot be, and for more outputs than a graph of its size can have. */
export function inputsAndOutputs(model: Model): {
  readonly inputs: readonly InputDescription[];
  readonly outputs: readonly OutputDescription[];
} {
  const { nodes, edges } = model;
  const kindOf = Array.from({ length: nodes.count }, (_, i) => inputKind(nodes.op(i)));
  const named = signatureOutputs(model);
  const sinks = sinkNodes(model, kindOf);
  // Training ends in updates; what feeds them feeds the model, too.
  const ends = new Set(sinks);
  for (const { node } of named.values()) if (node !== undefined) ends.add(node);
  for (let i = 0; i < nodes.count; i++) if (/Apply/.test(nodes.op(i))) ends.add(i);
  const isNeeded = ancestors(edges, ends);
  const counter = new OutputCounter(model);
  return {
    inputs: describeInputs(model, kindOf, isNeeded, counter),
    outputs: describeOutputs(sinks, named, counter),
  };
}

/** Ops that are left over rather than asked for where nothing reads them. */
const leftovers: ReadonlySet<string> = new Set(["Const", "Shape", "ShapeN", "Rank", ...variableOps]);

/** Nodes of the model that no other node of it reads. */
function sinkNodes({ nodes, edges, roles }: Model, kindOf: readonly (InputKind | undefined)[]): number[] {
  const isRead = new Uint8Array(nodes.count);
  for (let i = 0; i < nodes.count; i++) {
    if (roles[i] === role.observer) continue;
    for (let k = edges.first[i]!; k < edges.first[i + 1]!; k++)
      if (edges.source[k]! >= 0) isRead[edges.source[k]!] = 1;
  }
  const usedLoops = new Set<string>();
  for (let i = 0; i < nodes.count; i++)
    if (isRead[i] && nodes.op(i) === "Exit") usedLoops.add(scopeOf(nodes.name(i)));
  const sinks: number[] = [];
  for (let i = 0; i < nodes.count; i++) {
    const op = nodes.op(i);
    if (isRead[i] || roles[i] !== role.model || leftovers.has(op) || isMereRead(i, nodes, edges)) continue;
    if (kindOf[i] !== undefined && kindOf[i] !== "parse") continue;
    // Counters of a loop whose results are read.
    if (op === "Exit" && usedLoops.has(scopeOf(nodes.name(i)))) continue;
    sinks.push(i);
  }
  return sinks;
}

const scopeOf = (name: string): string => name.slice(0, name.lastIndexOf("/") + 1);

/** Types of what only the graph itself can use. */
const isOpaque = (dtype: string | undefined): boolean => dtype === "resource" || dtype === "variant";

/** A tensor that signatures name. */
interface Named {
  /** Its node; undefined where there is none of the name. */
  readonly node: number | undefined;
  readonly keys: string[];
  readonly info: ITensorInfo;
}

/** Outputs of signatures, by name. */
function signatureOutputs({ signatures, edges }: Model): ReadonlyMap<string, Named> {
  const outputs = new Map<string, Named>();
  for (const [key, signature] of Object.entries(signatures))
    for (const info of Object.values(signature.outputs ?? {})) {
      const name = info.name ?? "";
      const known = outputs.get(name);
      if (known) known.keys.push(key);
      else if (name !== "")
        outputs.set(name, { node: edges.byName.get(parseInput(name).name), keys: [key], info });
    }
  return outputs;
}

/** What is known of an output, with what a signature says where the graph does not. */
function described(
  name: string,
  output: OutputType | undefined,
  named: Named | undefined,
): OutputDescription {
  const stated = named?.info.tensorShape;
  const shape = output?.shape ?? Shape.unknown;
  return {
    name,
    dtype: output?.dtype ?? typeName(named?.info.dtype),
    shape: shape.dims === null && stated ? shapeAt(name, "", stated) : shape,
    signatures: named?.keys ?? [],
  };
}

/** Outputs of nodes, as long as all that were asked for are as many as a graph of this size can have. */
class OutputCounter {
  private left: number;
  private readonly model: Model;

  constructor(model: Model) {
    this.model = model;
    this.left = mostOutputs(model.nodes.count);
  }

  of(node: number): OutputType[] {
    const { nodes, opDefOf } = this.model;
    const op = nodes.op(node);
    const outputs = nodeOutputs(nodes.name(node), op, nodes.attr(node), opDefOf(op), this.left);
    this.left -= outputs.length;
    return outputs;
  }

  name(node: number): string {
    return this.model.nodes.name(node);
  }

  op(node: number): string {
    return this.model.nodes.op(node);
  }
}

function describeOutputs(
  sinks: readonly number[],
  named: ReadonlyMap<string, Named>,
  counter: OutputCounter,
): OutputDescription[] {
  const outputs: OutputDescription[] = [];
  const listed = new Set<string>();
  for (const node of sinks)
    for (const [index, output] of counter.of(node).entries()) {
      // Of a Merge, the second output is which input it took.
      if (isOpaque(output.dtype) || (index === 1 && counter.op(node) === "Merge")) continue;
      const name = `${counter.name(node)}:${index}`;
      listed.add(name);
      outputs.push(described(name, output, named.get(name)));
    }
  for (const [name, one] of named)
    if (!listed.has(name) && one.node !== undefined)
      outputs.push(described(name, counter.of(one.node)[parseInput(name).output], one));
  return outputs;
}

function describeInputs(
  { nodes, edges, roles, opDefOf }: Model,
  kindOf: readonly (InputKind | undefined)[],
  isNeeded: Uint8Array,
  counter: OutputCounter,
): InputDescription[] {
  const read = readOutputs(edges, isNeeded, kindOf);
  const inputs: InputDescription[] = [];
  for (let i = 0; i < nodes.count; i++) {
    const kind = kindOf[i];
    if (kind === undefined || roles[i] === role.plumbing) continue;
    const name = nodes.name(i);
    const attr = nodes.attr(i);
    if (kind === "placeholder" || kind === "default") {
      const [output] = counter.of(i);
      const shape = attr.shape?.shape ? shapeAt(name, nodes.op(i), attr.shape.shape) : output?.shape;
      if (output)
        inputs.push({
          name: `${name}:0`,
          dtype: typeName(attr.dtype?.type),
          shape: shape ?? output.shape,
          kind,
        });
    } else if (isNeeded[i]) {
      const outputs = counter.of(i);
      const isTold = opDefOf(nodes.op(i)) !== undefined;
      for (const index of [...(read.get(i) ?? [])].sort((a, b) => a - b)) {
        // Without an OpDef, that it is read is all that is known of it.
        const output = outputs[index] ?? (isTold ? undefined : { dtype: undefined, shape: Shape.unknown });
        if (output) inputs.push({ name: `${name}:${index}`, ...output, kind });
      }
    }
  }
  return inputs;
}

/** Which outputs of nodes that can be fed are read on the way to an output. */
function readOutputs(
  edges: Edges,
  isNeeded: Uint8Array,
  kindOf: readonly (InputKind | undefined)[],
): ReadonlyMap<number, ReadonlySet<number>> {
  const read = new Map<number, Set<number>>();
  for (let i = 0; i < kindOf.length; i++) {
    if (!isNeeded[i]) continue;
    for (let k = edges.first[i]!; k < edges.first[i + 1]!; k++) {
      const source = edges.source[k]!;
      if (source < 0 || edges.output[k]! < 0 || kindOf[source] === undefined) continue;
      const outputs = read.get(source);
      if (outputs) outputs.add(edges.output[k]!);
      else read.set(source, new Set([edges.output[k]!]));
    }
  }
  return read;
}
