// The nodes of a GraphDef that stay bytes until somebody touches them: an array to whoever reads or changes it, ranges of a
// file to whoever writes it again. A node that was read is an ordinary message from then on, and is encoded anew.
// Not here: what stands in the bytes (node-table.ts).
import { MessageReader, type MessageWriter } from "./wire.ts";

/** What decodes and encodes one node. */
export interface NodeCodec<N extends object = object> {
  encode(message: object, writer: MessageWriter, depth: number): MessageWriter;
  decode(reader: MessageReader, length: number, end: undefined, depth: number): N;
}

/** `keepNodes` of a reader: what it gathered. */
export interface NodeKeeper {
  readonly lists: LazyNodes[];
}

const stride = 4;

/** Where nodes lie, as fields of a GraphDef: tag, length, body. */
export class NodeBytes {
  readonly sources: Uint8Array[];
  /** What follows a node's range in another place: large values that nobody copies. */
  readonly tails: Map<number, Uint8Array> = new Map();
  count = 0;
  private ranges: Int32Array;

  constructor(sources: Uint8Array[] = [], capacity = 64) {
    this.sources = sources;
    this.ranges = new Int32Array(capacity * stride);
  }

  /** A node in source `source`: the field begins at `start`, the body is [body, end), followed by `tail`. */
  add(source: number, start: number, body: number, end: number, tail?: Uint8Array): void {
    const at = this.count * stride;
    if (at === this.ranges.length) {
      const wider = new Int32Array(Math.max(this.ranges.length * 2, 64 * stride));
      wider.set(this.ranges);
      this.ranges = wider;
    }
    const { ranges } = this;
    ranges[at] = source;
    ranges[at + 1] = start;
    ranges[at + 2] = body;
    ranges[at + 3] = end;
    if (tail !== undefined) this.tails.set(this.count, tail);
    this.count++;
  }

  source(i: number): number {
    return this.ranges[i * stride]!;
  }
  start(i: number): number {
    return this.ranges[i * stride + 1]!;
  }
  body(i: number): number {
    return this.ranges[i * stride + 2]!;
  }
  end(i: number): number {
    return this.ranges[i * stride + 3]!;
  }

  /** Bytes that node `i` takes in a file. */
  size(i: number): number {
    return this.end(i) - this.start(i) + (this.tails.get(i)?.length ?? 0);
  }

  /** The body of node `i` in one piece. */
  message(i: number): Uint8Array {
    const head = this.sources[this.source(i)]!.subarray(this.body(i), this.end(i));
    const tail = this.tails.get(i);
    if (tail === undefined) return head;
    const whole = new Uint8Array(head.length + tail.length);
    whole.set(head);
    whole.set(tail, head.length);
    return whole;
  }
}

const lists = new WeakMap<object, LazyNodes>();

/** The state of a lazy list: `proxy` is what messages hold. */
export class LazyNodes<N extends object = object> implements ProxyHandler<N[]> {
  readonly bytes: NodeBytes;
  readonly proxy: N[];
  /** Computed from the bytes once (node-table.ts). */
  table: unknown;
  /** Op types in the bytes, if who wrote them told. */
  ops: ReadonlySet<string> | undefined;
  private readonly cells: N[] = [];
  private readonly codec: NodeCodec<N>;
  private readonly depth: number;
  private synced = 0;
  private touchedCells = 0;

  constructor(bytes: NodeBytes, codec: NodeCodec<N>, depth: number) {
    this.bytes = bytes;
    this.codec = codec;
    this.depth = depth;
    this.proxy = new Proxy(this.cells, this);
    lists.set(this.proxy, this as unknown as LazyNodes);
  }

  /** Whether every node still is what its bytes say. */
  get untouched(): boolean {
    this.sync();
    return this.touchedCells === 0;
  }

  /** The node at `index` if it is a message by now: it may have been changed. */
  touched(index: number): N | undefined {
    return this.cells[index];
  }

  /** Puts a message where bytes would be. */
  put(index: number, node: N): void {
    this.sync();
    this.touchedCells++;
    this.cells[index] = node;
  }

  /** Nodes that came while decoding. */
  private sync(): void {
    const { count } = this.bytes;
    if (this.synced === count) return;
    this.synced = count;
    this.cells.length = count;
  }

  private cell(index: number): N | undefined {
    const known = this.cells[index];
    if (known !== undefined || index >= this.bytes.count || index >= this.cells.length) return known;
    const message = this.bytes.message(index);
    const node = this.codec.decode(new MessageReader(message), message.length, undefined, this.depth);
    this.touchedCells++;
    this.cells[index] = node;
    return node;
  }

  /** Every node becomes a message: from here on the array is what counts. */
  private settle(): N[] {
    this.sync();
    for (let i = 0; i < this.bytes.count && i < this.cells.length; i++) this.cell(i);
    return this.cells;
  }

  get(cells: N[], key: string | symbol): unknown {
    this.sync();
    const index = indexOf(key);
    return index < 0 ? Reflect.get(cells, key) : this.cell(index);
  }

  has(cells: N[], key: string | symbol): boolean {
    this.sync();
    const index = indexOf(key);
    return index < 0 ? Reflect.has(cells, key) : index < this.bytes.count || Reflect.has(cells, key);
  }

  set(cells: N[], key: string | symbol, value: unknown): boolean {
    this.sync();
    this.touchedCells++;
    if (key === "length" && (value as number) < this.bytes.count) this.settle();
    return Reflect.set(cells, key, value);
  }

  deleteProperty(_: N[], key: string | symbol): boolean {
    this.touchedCells++;
    return Reflect.deleteProperty(this.settle(), key);
  }

  defineProperty(_: N[], key: string | symbol, descriptor: PropertyDescriptor): boolean {
    this.touchedCells++;
    return Reflect.defineProperty(this.settle(), key, descriptor);
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.settle());
  }

  getOwnPropertyDescriptor(cells: N[], key: string | symbol): PropertyDescriptor | undefined {
    this.get(cells, key);
    return Reflect.getOwnPropertyDescriptor(cells, key);
  }

  preventExtensions(): boolean {
    return Reflect.preventExtensions(this.settle());
  }
}

/** The position that a property key means; -1 for others. */
function indexOf(key: string | symbol): number {
  if (typeof key !== "string") return -1;
  const first = key.charCodeAt(0);
  if (!(first >= 48 && first <= 57) || (first === 48 && key.length > 1)) return -1;
  const index = Number(key);
  return Number.isInteger(index) ? index : -1;
}

/** The state behind an array of nodes, if it is a lazy one. */
export function lazyNodes(list: readonly object[] | null | undefined): LazyNodes | undefined {
  return list ? lists.get(list) : undefined;
}

/** Keeps the node that comes next in `reader` as bytes; `start` is where its tag is. What generated code calls. */
export function keepNode<N extends object>(
  message: { node: N[] },
  reader: MessageReader,
  start: number,
  codec: NodeCodec<N>,
  depth: number,
): void {
  const length = reader.size();
  const body = reader.pos;
  if (body + length > reader.len) throw new RangeError("index out of range");
  const keeper = reader.keepNodes!;
  let list = keeper.lists.at(-1);
  if (list?.proxy !== (message.node as readonly object[])) list = lists.get(message.node);
  if (list === undefined) {
    const bytes = new NodeBytes([reader.buf]);
    const made = new LazyNodes(bytes, codec, depth);
    message.node = made.proxy;
    list = made as unknown as LazyNodes;
    keeper.lists.push(list);
  }
  reader.pos = body + length;
  list.bytes.add(0, start, body, reader.pos);
}

/** Writes the nodes of a GraphDef: bytes as they are, messages encoded. What generated code calls. */
export function putNodes(
  nodes: readonly object[],
  writer: MessageWriter,
  codec: NodeCodec,
  depth: number,
): void {
  const list = lists.get(nodes);
  const count = nodes.length;
  if (list === undefined) {
    for (let i = 0; i < count; i++) codec.encode(nodes[i]!, writer.uint32(10).fork(), depth).ldelim();
    return;
  }
  const { bytes } = list;
  let source = 0;
  let from = 0;
  let to = 0;
  const flush = (): void => {
    if (to > from) writer.raw(bytes.sources[source]!.subarray(from, to));
    from = to = 0;
  };
  for (let i = 0; i < count; i++) {
    const node = list.touched(i);
    if (node !== undefined || i >= bytes.count) {
      flush();
      codec.encode(node!, writer.uint32(10).fork(), depth).ldelim();
      continue;
    }
    if (bytes.source(i) !== source || bytes.start(i) !== to || to === 0) {
      flush();
      source = bytes.source(i);
      from = bytes.start(i);
    }
    to = bytes.end(i);
    const tail = bytes.tails.get(i);
    if (tail !== undefined) {
      flush();
      writer.raw(tail);
    }
  }
  flush();
}
