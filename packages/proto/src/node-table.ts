// The nodes of a GraphDef read off the wire as columns of numbers, without an object a node: where names and inputs lie, which
// op and device it is, and which *signature* it has. Nodes of one op whose attributes have the same bytes share a signature, whose
// attributes are decoded once; left out of the comparison are what differs from node to node: a tensor's values and `_class`.
// A node that is not as protobuf libraries write it is written anew first, and its bytes stay what they were for who copies them.
// Grammar of inputs: node_def.proto ("node", "node:output", "^node").
import { ByteInterner, hashBytes } from "./byte-interner.ts";
import { type AttrValue, type INodeDef, NodeDef } from "./gen/tensorflow.js";
import { LazyNodes, lazyNodes, NodeBytes, type NodeCodec, putNodes } from "./node-list.ts";
import { NodeScanner, shortVarint } from "./node-scanner.ts";
import { MessageReader, MessageWriter } from "./wire.ts";

/** What nodes with the same op and the same attributes share. */
export interface NodeSignature {
  readonly op: string;
  /** Without `_class`, if it is a list of strings; tensors without their values. To be read only. */
  readonly attr: { readonly [key: string]: AttrValue };
  /** Whether tensors lost their values. */
  readonly cut: boolean;
}

export const nodeFlags = {
  /** There are fields besides name, op, inputs, device and attributes. */
  extra: 1,
  /** An input is written as "node:0", which readers take for "node". */
  longInput: 2,
  /** The signature lacks a tensor's values. */
  cut: 4,
} as const;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class NodeTable {
  /** Everything below points into this. */
  readonly bytes: Uint8Array;
  readonly count: number;
  readonly ops: string[] = [];
  /** Device strings; 0 is "". */
  readonly devices: string[] = [];
  readonly signatures: NodeSignature[] = [];
  readonly op: Int32Array;
  readonly device: Int32Array;
  readonly signature: Int32Array;
  readonly flags: Uint8Array;
  /** Where a node's fields begin. */
  readonly start: Int32Array;
  readonly nameStart: Int32Array;
  readonly nameEnd: Int32Array;
  readonly nameHash: Int32Array;
  readonly attrStart: Int32Array;
  readonly attrEnd: Int32Array;
  /** End of the node: fields that are neither stand between attributes and this. */
  readonly end: Int32Array;
  /** Where the `_class` entry lies that the signature lacks; both 0 without one. */
  readonly classStart: Int32Array;
  readonly classEnd: Int32Array;
  /** Inputs of node i are [inputFirst[i], inputFirst[i + 1]). */
  readonly inputFirst: Int32Array;
  /** Node name of an input, without "^" and ":output". */
  inputStart: Int32Array = new Int32Array(0);
  inputEnd: Int32Array = new Int32Array(0);
  inputHash: Int32Array = new Int32Array(0);
  /** Output that is read; -1 for a control input. */
  inputOutput: Int32Array = new Int32Array(0);

  /** @internal */
  constructor(bytes: Uint8Array, count: number) {
    const column = (): Int32Array => new Int32Array(count);
    this.bytes = bytes;
    this.count = count;
    this.op = column();
    this.device = column();
    this.signature = column();
    this.flags = new Uint8Array(count);
    this.start = column();
    this.nameStart = column();
    this.nameEnd = column();
    this.nameHash = column();
    this.attrStart = column();
    this.attrEnd = column();
    this.end = column();
    this.classStart = column();
    this.classEnd = column();
    this.inputFirst = new Int32Array(count + 1);
  }

  name(i: number): string {
    return utf8.decode(this.bytes.subarray(this.nameStart[i]!, this.nameEnd[i]!));
  }

  /** Input `k` (counted over all nodes), as it is written but for a ":0". */
  input(k: number): string {
    const name = utf8.decode(this.bytes.subarray(this.inputStart[k]!, this.inputEnd[k]!));
    const output = this.inputOutput[k]!;
    return output < 0 ? `^${name}` : output > 0 ? `${name}:${output}` : name;
  }

  /** Input `k` as it is written. */
  writtenInput(k: number): string {
    const start = this.inputStart[k]! - (this.inputOutput[k]! < 0 ? 1 : 0);
    let length = start - 1;
    while (this.bytes[length - 1]! >= 128) length--;
    const size = Math.floor(shortVarint(this.bytes, length, start) / 8);
    return utf8.decode(this.bytes.subarray(start, start + size));
  }

  /** The attributes of node `i`, decoded from its bytes. */
  attrs(i: number): NodeDef["attr"] {
    return decodeRange(this.bytes, this.attrStart[i]!, this.attrEnd[i]!).attr;
  }

  /** Fields beside the usual ones (debug info, types, unknown ones), in an otherwise empty node. */
  extras(i: number): NodeDef {
    return decodeRange(this.bytes, this.attrEnd[i]!, this.end[i]!);
  }

  /** Visits the strings of the `_class` that the signature lacks, as ranges of `bytes`. */
  visitClass(i: number, visit: (start: number, end: number) => void): void {
    const { bytes } = this;
    const end = this.classEnd[i]!;
    if (end === 0) return;
    // Entry { key, value { list { s ... } } }: past four lengths and the key.
    let pos = this.classStart[i]!;
    const enter = (): number => {
      const read = shortVarint(bytes, pos + 1, end);
      pos += 1 + (read & 7);
      return Math.floor(read / 8);
    };
    enter();
    const key = enter();
    pos += key;
    enter();
    enter();
    while (pos < end) {
      const length = enter();
      visit(pos, pos + length);
      pos += length;
    }
  }

  /** Node `i` as a message of its own. */
  node(i: number): NodeDef {
    const node = this.extras(i);
    // As decoding has it: what is empty is not there.
    const texts = { name: this.name(i), op: this.ops[this.op[i]!]!, device: this.devices[this.device[i]!]! };
    for (const key of ["name", "op", "device"] as const) if (texts[key] !== "") node[key] = texts[key];
    for (let k = this.inputFirst[i]!; k < this.inputFirst[i + 1]!; k++) node.input.push(this.input(k));
    node.attr = this.attrs(i);
    return node;
  }
}

/** The node fields in bytes [start, end) as a node. */
export function decodeRange(bytes: Uint8Array, start: number, end: number): NodeDef {
  const reader = new MessageReader(bytes);
  reader.pos = start;
  return NodeDef.decode(reader, end - start);
}

/** Reads the columns of nodes that lie in one source. Throws what decoding a malformed node throws. */
function scan(nodes: NodeBytes): NodeTable {
  const table = new NodeTable(nodes.sources[0] ?? new Uint8Array(0), nodes.count);
  const scanner = new NodeScanner(table);
  const odd: number[] = [];
  for (let i = 0; i < nodes.count; i++) if (!scanner.node(i, nodes.body(i), nodes.end(i))) odd.push(i);
  scanner.finish();
  return odd.length === 0 ? table : scan(rewritten(nodes, odd));
}

/** The nodes with the `odd` ones as we would write them, behind the bytes of the others. */
function rewritten(nodes: NodeBytes, odd: readonly number[]): NodeBytes {
  const bytes = nodes.sources[0]!;
  const writer = new MessageWriter();
  writer.raw(bytes);
  const places = new Map<number, readonly [number, number]>();
  for (const i of odd) {
    const body = encodedNode(decodeRange(bytes, nodes.body(i), nodes.end(i)));
    places.set(i, [writer.length, writer.length + body.length]);
    writer.raw(body);
  }
  const result = new NodeBytes([writer.finish()], nodes.count);
  for (let i = 0; i < nodes.count; i++) {
    const [body, end] = places.get(i) ?? [nodes.body(i), nodes.end(i)];
    result.add(0, body, body, end);
  }
  return result;
}

function encodedNode(node: NodeDef): Uint8Array {
  return NodeDef.encode(node, new MessageWriter()).finish();
}

/** Any array of nodes as bytes in one piece. */
function flattened(nodes: readonly INodeDef[]): NodeBytes {
  const writer = new MessageWriter();
  putNodes(nodes, writer, NodeDef, 0);
  const bytes = writer.finish();
  const result = new NodeBytes([bytes], nodes.length);
  for (let pos = 0; pos < bytes.length; ) {
    const read = shortVarint(bytes, pos + 1, bytes.length);
    const body = pos + 1 + (read & 7);
    const end = body + Math.floor(read / 8);
    result.add(0, pos, body, end);
    pos = end;
  }
  return result;
}

/** A lazy list over nodes that lie in `bytes`; what is there must be nodes, of the types `ops` if these are known. */
export function lazyNodeList(bytes: NodeBytes, ops?: ReadonlySet<string>): LazyNodes<NodeDef> {
  const lazy = new LazyNodes<NodeDef>(bytes, NodeDef as NodeCodec<NodeDef>, 0);
  lazy.ops = ops;
  return lazy;
}

/** The same nodes as bytes alone, which nobody changes: messages among them are encoded, bytes are shared. */
export function detachedNodes(nodes: readonly INodeDef[]): NodeDef[] {
  const lazy = lazyNodes(nodes);
  if (lazy?.untouched) return lazyNodeList(lazy.bytes, lazy.ops).proxy;
  return lazyNodeList(flattened(nodes)).proxy;
}

/** Bytes that each node takes in a GraphDef; `weigh` tells those that are messages. */
export function nodeSizes(nodes: readonly INodeDef[], weigh: (node: INodeDef) => number): Float64Array {
  const lazy = lazyNodes(nodes);
  const sizes = new Float64Array(nodes.length);
  for (let i = 0; i < sizes.length; i++) {
    const message = lazy === undefined ? nodes[i] : lazy.touched(i);
    sizes[i] = message === undefined ? lazy!.bytes.size(i) : weigh(message);
  }
  return sizes;
}

/** The op types of the nodes, without touching them. */
export function nodeOps(nodes: readonly INodeDef[]): Set<string> {
  const lazy = lazyNodes(nodes);
  if (lazy === undefined) return new Set(nodes.map((node) => node.op ?? ""));
  if (lazy.ops !== undefined && lazy.untouched) return new Set(lazy.ops);
  const ops = new Set<string>();
  const ids = new ByteInterner();
  for (let i = 0; i < nodes.length; i++) {
    const message = lazy.touched(i);
    if (message !== undefined) {
      ops.add((message as INodeDef).op ?? "");
      continue;
    }
    const bytes = lazy.bytes.sources[lazy.bytes.source(i)]!;
    const [start, end] = opRange(bytes, lazy.bytes.body(i), lazy.bytes.end(i));
    if (start < 0) ops.add(nodes[i]!.op ?? "");
    else ids.idOf(0, bytes, start, end, hashBytes(bytes, start, end));
  }
  for (const value of ids.values) ops.add(utf8.decode(value));
  return ops;
}

/** Where the op stands in the node [start, end), if its fields are in order; [-1, 0] otherwise. */
function opRange(bytes: Uint8Array, start: number, end: number): readonly [number, number] {
  for (let pos = start; pos < end && (bytes[pos] === 0x0a || bytes[pos] === 0x12); ) {
    const read = shortVarint(bytes, pos + 1, end);
    if (read < 0) break;
    const from = pos + 1 + (read & 7);
    const to = from + Math.floor(read / 8);
    if (bytes[pos] === 0x12)
      return to < end && (bytes[to] === 0x12 || bytes[to] === 0x0a) ? [-1, 0] : [from, to];
    pos = to;
  }
  return [-1, 0];
}

/**
 * The columns of a GraphDef's nodes, whatever kind of array it has. A list that is lazy, and in which nobody touched a node, keeps its table.
 * Throws what decoding a malformed node throws.
 */
export function nodeTable(nodes: readonly INodeDef[]): NodeTable {
  const lazy = lazyNodes(nodes);
  if (!lazy?.untouched) return scan(flattened(nodes));
  if (lazy.table === undefined) {
    const { bytes } = lazy;
    lazy.table = scan(bytes.sources.length === 1 && bytes.tails.size === 0 ? bytes : flattened(nodes));
  }
  return lazy.table as NodeTable;
}
