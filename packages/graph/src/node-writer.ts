// Operations as nodes on the wire: an imported node that nobody changed is the range of bytes that it came from; one with another
// name, other inputs or another device gets these anew, and keeps the bytes of its attributes. What else there is becomes a message.
// Not here: encoding messages (@org/proto).
import { encode, type IAttrValue, type INodeDef, NodeDef } from "@org/proto";
import { lazyNodeList, NodeBytes } from "@org/proto/nodes";
import { type Shape, shapeToProto } from "@org/tensor";
import type { ImportedNodes, NodePlan } from "./imported-nodes.ts";
import { keepsInputs, type NodeHead, namedHead, prefixedHead } from "./node-head.ts";
import type { Operation } from "./operation.ts";
import { RenamedClasses } from "./renamed-classes.ts";
import { fieldSize, WireChunks } from "./wire-chunks.ts";

const utf8 = new TextEncoder();
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
  private readonly types = new Set<string>();
  private readonly sources = new Map<Uint8Array, number>();
  private readonly plans = new Map<NodePlan, WirePlan>();
  private readonly texts = new Map<string, Uint8Array>();
  private readonly shapeEntries = new WeakMap<Shape, Uint8Array>();
  private readonly out = new WireChunks();
  private readonly classes = new RenamedClasses();
  private readonly heads = new Map<ImportedNodes, NodeHead>();

  constructor(options: NodeWriterOptions, count: number) {
    this.options = options;
    this.bytes = new NodeBytes([], count);
  }

  /** Adds the node of `op`. */
  add(op: Operation): void {
    const { imported } = op;
    this.types.add(op.type);
    if (imported !== undefined && this.addBytes(op, imported)) return;
    this.messages.push([this.bytes.count, this.message(op)]);
    this.bytes.add(0, 0, 0, 0);
  }

  /** The nodes added; messages among them share attribute values with the graph. */
  finish(): NodeDef[] {
    if (this.messages.length === this.bytes.count) return this.messages.map(([, node]) => node as NodeDef);
    const list = lazyNodeList(this.bytes, this.messages.length === 0 ? this.types : undefined);
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
      !wire.lacksShapes &&
      wire.filled.length === 0 &&
      keepsInputs(op, table) &&
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
    const { out } = this;
    const { table } = imported;
    const i = op.position;
    const head = this.headOf(op, imported);
    const type = this.encoded(op.type);
    const place = this.encoded(device);
    const regroup = imported.renamed && table.classEnd[i] !== 0;
    const classes = regroup ? this.classes.of(imported, i) : nothing;
    const shapes = wire.lacksShapes ? this.shapesOf(op) : nothing;
    const attrStart = table.attrStart[i]!;
    const end = table.end[i]!;
    const cutStart = regroup ? table.classStart[i]! : end;
    const cutEnd = regroup ? table.classEnd[i]! : end;
    const kept = end - attrStart - (cutEnd - cutStart);
    const size =
      head.nameSize(op) +
      fieldSize(type.length) +
      head.inputsSize(op) +
      (place.length > 0 ? fieldSize(place.length) : 0) +
      wire.filled.length +
      classes.length +
      shapes.length +
      kept;
    const large = kept >= largeAttrs && !regroup;
    out.reserve(fieldSize(size) - (large ? kept : 0));
    const source = this.sourceOf(out.chunk);
    const field = out.at;
    out.header(0x0a, size);
    const body = out.at;
    head.writeName(op, out);
    out.field(0x12, type);
    head.writeInputs(op, out);
    if (place.length > 0) out.field(0x22, place);
    out.copy(wire.filled, 0, wire.filled.length);
    out.copy(classes, 0, classes.length);
    out.copy(shapes, 0, shapes.length);
    if (large) {
      this.bytes.add(source, field, body, out.at, table.bytes.subarray(attrStart, end));
      return;
    }
    out.copy(table.bytes, attrStart, cutStart);
    out.copy(table.bytes, cutEnd, end);
    this.bytes.add(source, field, body, out.at);
  }

  private headOf(op: Operation, imported: ImportedNodes): NodeHead {
    if (imported.prefix === undefined || !keepsInputs(op, imported.table)) return namedHead;
    let head = this.heads.get(imported);
    if (head === undefined) {
      head = prefixedHead(imported.table, imported.prefix);
      this.heads.set(imported, head);
    }
    return head;
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
