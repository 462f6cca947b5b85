// Operations as nodes on the wire: an imported node that nobody changed is the range of bytes that it came from; one with another
// name, other inputs or another device gets these anew, and keeps the bytes of its attributes. What else there is becomes a message.
// Not here: encoding messages (@org/proto).
import { encode, type IAttrValue, type INodeDef, NodeDef } from "@org/proto";
import { lazyNodeList, NodeBytes, nodeFlags } from "@org/proto/nodes";
import { type Shape, shapeToProto } from "@org/tensor";
import type { ImportedNodes, NodePlan } from "./imported-nodes.ts";
import type { Operation } from "./operation.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();
const chunkSize = 1 << 20;
/** Attributes of this size are referred to rather than copied. */
const largeAttrs = 1 << 14;
const nothing = new Uint8Array(0);

export interface NodeWriterOptions {
  /** Whether nodes state `_output_shapes`. */
  readonly addShapes: boolean;
  readonly clearDevices: boolean;
}

/** The shape that an export states: what an imported file said of it, as long as nothing more is known since. */
export function exportedShape(op: Operation, index: number): Shape {
  const { shape } = op.outputs[index]!;
  const file = op.statedShapes?.[index];
  return file !== undefined && file.known === shape ? file.stated : shape;
}

function outputShapes(op: Operation): IAttrValue {
  return { list: { shape: op.outputs.map((_, i) => shapeToProto(exportedShape(op, i))) } };
}

/** Attribute entries as a node holds them. */
function entries(attr: { [key: string]: IAttrValue }): Uint8Array {
  return encode(NodeDef, { attr });
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}

const fieldSize = (length: number): number => 1 + varintSize(length) + length;

/** How a signature's attributes stand to what an export states of its nodes. */
interface WirePlan {
  /** Whether the bytes of the file may be used at all. */
  readonly usable: boolean;
  /** Whether `_output_shapes` has to be added. */
  readonly lacksShapes: boolean;
  /** Defaults that the file leaves out. */
  readonly filled: Uint8Array;
}

export class NodeWriter {
  private readonly options: NodeWriterOptions;
  private readonly bytes: NodeBytes;
  private readonly messages: (readonly [number, INodeDef])[] = [];
  private readonly sources = new Map<Uint8Array, number>();
  private readonly plans = new Map<NodePlan, WirePlan>();
  private readonly texts = new Map<string, Uint8Array>();
  private readonly shapeEntries = new WeakMap<Shape, Uint8Array>();
  private chunk = nothing;
  private at = 0;

  constructor(options: NodeWriterOptions, count: number) {
    this.options = options;
    this.bytes = new NodeBytes([], count);
  }

  /** Adds the node of `op`. */
  add(op: Operation): void {
    const { imported } = op;
    if (imported !== undefined && this.addBytes(op, imported)) return;
    this.messages.push([this.bytes.count, this.message(op)]);
    this.bytes.add(0, 0, 0, 0);
  }

  /** The nodes added; messages among them share attribute values with the graph. */
  finish(): NodeDef[] {
    if (this.messages.length === this.bytes.count) return this.messages.map(([, node]) => node as NodeDef);
    const list = lazyNodeList(this.bytes);
    for (const [i, node] of this.messages) list.put(i, node as NodeDef);
    return list.proxy;
  }

  private message(op: Operation): INodeDef {
    const node = op.toNodeDef();
    if (this.options.addShapes && op.outputs.length > 0) node.attr!._output_shapes = outputShapes(op);
    return this.options.clearDevices ? { ...node, device: "" } : node;
  }

  private wirePlan(plan: NodePlan): WirePlan {
    let found = this.plans.get(plan);
    if (found === undefined) {
      const wanted = this.options.addShapes ? plan.outputs.length : 0;
      const stated = plan.shapes?.length;
      found = {
        usable: plan.dropped.length === 0 && (stated === undefined || (wanted > 0 && stated === wanted)),
        lacksShapes: wanted > 0 && stated === undefined,
        filled: plan.filled.length > 0 ? entries(Object.fromEntries(plan.filled)) : nothing,
      };
      this.plans.set(plan, found);
    }
    return found;
  }

  private addBytes(op: Operation, imported: ImportedNodes): boolean {
    const { table } = imported;
    const i = op.position;
    const plan = imported.plans[table.signature[i]!]!;
    const wire = this.wirePlan(plan);
    if (!wire.usable || !statesShapes(op, plan)) return false;
    const device = this.options.clearDevices ? "" : op.statedDevice;
    const asItWas =
      !imported.renamed &&
      !op.rewired &&
      !wire.lacksShapes &&
      wire.filled.length === 0 &&
      (table.flags[i]! & nodeFlags.longInput) === 0 &&
      op.inputs.length + op.controlInputs.length === table.inputFirst[i + 1]! - table.inputFirst[i]! &&
      device === table.devices[table.device[i]!];
    if (asItWas) {
      const start = table.start[i]!;
      const end = table.end[i]!;
      const field = start - fieldSize(end - start) + (end - start);
      if (field >= 0 && isHeader(table.bytes, field, start, end)) {
        this.bytes.add(this.sourceOf(table.bytes), field, start, end);
        return true;
      }
    }
    this.rewrite(op, imported, wire, device);
    return true;
  }

  private sourceOf(bytes: Uint8Array): number {
    let source = this.sources.get(bytes);
    if (source === undefined) {
      source = this.bytes.sources.push(bytes) - 1;
      this.sources.set(bytes, source);
    }
    return source;
  }

  private encoded(string: string): Uint8Array {
    let bytes = this.texts.get(string);
    if (bytes === undefined) {
      bytes = utf8.encode(string);
      this.texts.set(string, bytes);
    }
    return bytes;
  }

  private shapesOf(op: Operation): Uint8Array {
    if (op.outputs.length !== 1) return entries({ _output_shapes: outputShapes(op) });
    const shape = exportedShape(op, 0);
    let bytes = this.shapeEntries.get(shape);
    if (bytes === undefined) {
      bytes = entries({ _output_shapes: outputShapes(op) });
      this.shapeEntries.set(shape, bytes);
    }
    return bytes;
  }

  /** Name, op, inputs and device as they are now, then the attributes' bytes. */
  private rewrite(op: Operation, imported: ImportedNodes, wire: WirePlan, device: string): void {
    const { table } = imported;
    const i = op.position;
    const type = this.encoded(op.type);
    const place = this.encoded(device);
    const { inputs } = op;
    const controls = op.orderedControls();
    let size = fieldSize(op.name.length) + fieldSize(type.length);
    if (place.length > 0) size += fieldSize(place.length);
    for (let k = 0; k < inputs.length; k++) {
      const { op: source, valueIndex } = inputs[k]!;
      size += fieldSize(source.name.length + (valueIndex === 0 ? 0 : 1 + String(valueIndex).length));
    }
    for (let k = 0; k < controls.length; k++) size += fieldSize(1 + controls[k]!.name.length);
    const regroup = imported.renamed && table.classEnd[i] !== 0;
    const classes = regroup ? renamedClasses(imported, i) : nothing;
    const shapes = wire.lacksShapes ? this.shapesOf(op) : nothing;
    size += wire.filled.length + classes.length + shapes.length;
    const attrStart = table.attrStart[i]!;
    const end = table.end[i]!;
    const [cutStart, cutEnd] = regroup ? [table.classStart[i]!, table.classEnd[i]!] : [end, end];
    const kept = end - attrStart - (cutEnd - cutStart);
    size += kept;
    const large = kept >= largeAttrs && !regroup;
    const source = this.reserve(1 + varintSize(size) + size - (large ? kept : 0));
    const field = this.at;
    this.header(0x0a, size);
    const body = this.at;
    this.ascii(0x0a, op.name);
    this.field(0x12, type);
    for (let k = 0; k < inputs.length; k++) {
      const { op: from, valueIndex } = inputs[k]!;
      this.ascii(0x1a, valueIndex === 0 ? from.name : `${from.name}:${valueIndex}`);
    }
    for (let k = 0; k < controls.length; k++) this.ascii(0x1a, `^${controls[k]!.name}`);
    if (place.length > 0) this.field(0x22, place);
    for (const part of [wire.filled, classes, shapes]) this.copy(part, 0, part.length);
    if (large) {
      this.bytes.add(source, field, body, this.at, table.bytes.subarray(attrStart, end));
      return;
    }
    this.copy(table.bytes, attrStart, cutStart);
    this.copy(table.bytes, cutEnd, end);
    this.bytes.add(source, field, body, this.at);
  }

  /** The source that the next `size` bytes are written to. */
  private reserve(size: number): number {
    if (this.at + size > this.chunk.length) {
      this.chunk = new Uint8Array(Math.max(chunkSize, size));
      this.at = 0;
    }
    return this.sourceOf(this.chunk);
  }

  private header(tag: number, length: number): void {
    const { chunk } = this;
    chunk[this.at++] = tag;
    let rest = length;
    for (; rest >= 128; rest = Math.floor(rest / 128)) chunk[this.at++] = (rest % 128) | 128;
    chunk[this.at++] = rest;
  }

  /** Names are ASCII: a graph takes no others. */
  private ascii(tag: number, string: string): void {
    this.header(tag, string.length);
    const { chunk } = this;
    let { at } = this;
    for (let k = 0; k < string.length; k++) chunk[at++] = string.charCodeAt(k);
    this.at = at;
  }

  private field(tag: number, bytes: Uint8Array): void {
    this.header(tag, bytes.length);
    this.copy(bytes, 0, bytes.length);
  }

  private copy(from: Uint8Array, start: number, end: number): void {
    const { chunk } = this;
    let { at } = this;
    if (end - start > 256) {
      chunk.set(from.subarray(start, end), at);
      at += end - start;
    } else for (let p = start; p < end; p++) chunk[at++] = from[p]!;
    this.at = at;
  }
}

/** Whether [field, start) is the tag and length of a node [start, end). */
function isHeader(bytes: Uint8Array, field: number, start: number, end: number): boolean {
  if (bytes[field] !== 0x0a) return false;
  let length = 0;
  let scale = 1;
  for (let p = field + 1; p < start; p++) {
    length += (bytes[p]! & 127) * scale;
    scale *= 128;
    if (bytes[p]! < 128 !== (p === start - 1)) return false;
  }
  return length === end - start;
}

/** Whether the shapes that the file states are what an export states. */
function statesShapes(op: Operation, plan: NodePlan): boolean {
  const { shapes } = plan;
  if (shapes === undefined) return true;
  const { outputs } = op;
  for (let k = 0; k < outputs.length; k++)
    if (outputs[k]!.shape !== shapes[k] && exportedShape(op, k) !== shapes[k]) return false;
  return true;
}

/** The `_class` entry of node `i` under the graph's names. */
function renamedClasses(imported: ImportedNodes, i: number): Uint8Array {
  const { table } = imported;
  const list: Uint8Array[] = [];
  let size = 0;
  table.visitClass(i, (start, end) => {
    const group = utf8.encode(imported.renamedGroup(text.decode(table.bytes.subarray(start, end))));
    size += fieldSize(group.length);
    list.push(group);
  });
  const value = fieldSize(size);
  const entry = new Uint8Array(fieldSize(classKey.length + fieldSize(value)));
  let at = 0;
  const put = (tag: number, length: number, bytes: Uint8Array = nothing): void => {
    entry[at++] = tag;
    let rest = length;
    for (; rest >= 128; rest = Math.floor(rest / 128)) entry[at++] = (rest % 128) | 128;
    entry[at++] = rest;
    entry.set(bytes, at);
    at += bytes.length;
  };
  put(0x2a, classKey.length + fieldSize(value), classKey);
  put(0x12, value);
  put(0x0a, size);
  for (const group of list) put(0x12, group.length, group);
  return entry;
}

/** Field 1 of the entry: "_class". */
const classKey = Uint8Array.of(0x0a, 6, ...utf8.encode("_class"));
