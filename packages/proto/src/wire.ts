// What the generated codec reads and writes with: protobufjs' Reader and Writer, with every 64-bit integer a
// bigint, bytes copied (so a message never pins or aliases the file that it came from), and maps that keep the
// order of the wire. Unknown fields are kept: a reader here has `discardUnknown` off, no global switch.
// Not a public API: `src/gen` and codec.ts alone import it.
// Spec: protobuf.dev/programming-guides/encoding.
import protobuf from "protobufjs/minimal.js";
import type { NodeKeeper } from "./node-list.ts";

/** The part of protobufjs' Reader that is used here. */
interface CoreReader {
  readonly buf: Uint8Array;
  pos: number;
  len: number;
  discardUnknown: boolean;
  size(): number;
  raw(start: number, end: number): Uint8Array;
  bytes(): Uint8Array;
  tag(): number;
  skipType(wireType: number, depth: number, field: number): this;
}

/** The part of protobufjs' Writer that is used here. */
interface CoreWriter {
  pos: number;
  readonly buf: Uint8Array;
  states: number[] | null;
  _reserve(size: number): void;
  uint32(value: number): this;
  fork(): this;
  ldelim(): this;
  raw(bytes: Uint8Array): this;
  bytes(bytes: Uint8Array): this;
  int64(value: unknown): this;
  uint64(value: unknown): this;
  sint64(value: unknown): this;
  fixed64(value: unknown): this;
  sfixed64(value: unknown): this;
  int64s(values: readonly unknown[]): this;
  uint64s(values: readonly unknown[]): this;
  sint64s(values: readonly unknown[]): this;
  fixed64s(values: readonly unknown[]): this;
  sfixed64s(values: readonly unknown[]): this;
  finish(): Uint8Array;
}

const ReaderBase: new (bytes: Uint8Array) => CoreReader = protobuf.Reader as never;
const WriterBase: new () => CoreWriter = protobuf.Writer as never;

const small: bigint[] = Array.from({ length: 128 }, (_, i) => BigInt(i));

function outOfRange(reader: CoreReader, length: number): RangeError {
  return new RangeError(`index out of range: ${reader.pos} + ${length} > ${reader.len}`);
}

/** An unsigned 64-bit varint of two bytes or more; the common short ones stay in number arithmetic. */
function longVarint(reader: CoreReader): bigint {
  const { buf, len } = reader;
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 7; i++) {
    if (reader.pos >= len) throw outOfRange(reader, 1);
    const byte = buf[reader.pos++]!;
    value += (byte & 127) * scale;
    if (byte < 128) return BigInt(value);
    scale *= 128;
  }
  let high = 0;
  for (let i = 0; i < 3; i++) {
    if (reader.pos >= len) throw outOfRange(reader, 1);
    const byte = buf[reader.pos++]!;
    high += (byte & 127) * 2 ** (7 * i);
    if (byte < 128) return BigInt.asUintN(64, (BigInt(high) << 49n) | BigInt(value));
  }
  throw new Error("invalid varint encoding");
}

const longestKept = 20;
const kept: string[] = new Array<string>(2048).fill("");

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let all = 0;
  for (let i = start; i < end; i++) all |= bytes[i]!;
  return all < 128;
}

/** One flat string: what is built character by character would be a tree of pieces. */
function decodeString(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 200 || !isAscii(bytes, start, end)) return utf8.decode(bytes.subarray(start, end));
  return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[]);
}

/** Reads wire bytes; 64-bit integers as bigint. */
export class MessageReader extends ReaderBase {
  /** Set where a GraphDef's nodes are to stay bytes. */
  keepNodes: NodeKeeper | undefined = undefined;

  constructor(bytes: Uint8Array) {
    // A plain view of a Buffer: its `slice` copies, and what it gives is a Uint8Array.
    super(
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
    this.discardUnknown = false;
  }

  /** A reader over `bytes`; what generated code calls. */
  static create(bytes: Uint8Array): MessageReader {
    return new MessageReader(bytes);
  }

  static readonly recursionLimit: number = protobuf.util.recursionLimit;

  override raw(start: number, end: number): Uint8Array {
    return this.buf.slice(start, end);
  }

  /** A string, which must be UTF-8. Short ones (op types, attribute names) repeat, so they are kept and found again. */
  stringVerify(): string {
    const length = this.size();
    const start = this.pos;
    const end = start + length;
    if (end > this.len) throw outOfRange(this, length);
    this.pos = end;
    const { buf } = this;
    if (length > longestKept) return decodeString(buf, start, end);
    let hash = length;
    for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + buf[i]!;
    const slot = hash & (kept.length - 1);
    const known = kept[slot]!;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === buf[start + i]) i++;
      if (i === length && isAscii(buf, start, end)) return known;
    }
    const text = decodeString(buf, start, end);
    kept[slot] = text;
    return text;
  }

  uint64(): bigint {
    const byte = this.pos < this.len ? this.buf[this.pos]! : 128;
    if (byte < 128) {
      this.pos++;
      return small[byte]!;
    }
    return longVarint(this);
  }

  int64(): bigint {
    const byte = this.pos < this.len ? this.buf[this.pos]! : 128;
    if (byte < 128) {
      this.pos++;
      return small[byte]!;
    }
    const value = longVarint(this);
    return value > 0x7fffffffffffffffn ? BigInt.asIntN(64, value) : value;
  }

  sint64(): bigint {
    const value = this.uint64();
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
  }

  fixed64(): bigint {
    if (this.pos + 8 > this.len) throw outOfRange(this, 8);
    const { buf, pos } = this;
    const low = (buf[pos]! | (buf[pos + 1]! << 8) | (buf[pos + 2]! << 16) | (buf[pos + 3]! << 24)) >>> 0;
    const high = (buf[pos + 4]! | (buf[pos + 5]! << 8) | (buf[pos + 6]! << 16) | (buf[pos + 7]! << 24)) >>> 0;
    this.pos += 8;
    return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
  }

  sfixed64(): bigint {
    return BigInt.asIntN(64, this.fixed64());
  }

  int64s(array: bigint[]): void {
    this.packed(array, () => this.int64());
  }

  uint64s(array: bigint[]): void {
    this.packed(array, () => this.uint64());
  }

  sint64s(array: bigint[]): void {
    this.packed(array, () => this.sint64());
  }

  fixed64s(array: bigint[]): void {
    this.packed(array, () => this.fixed64());
  }

  sfixed64s(array: bigint[]): void {
    this.packed(array, () => this.sfixed64());
  }

  private packed(array: bigint[], next: () => bigint): void {
    const length = this.size();
    const end = this.pos + length;
    const { len } = this;
    if (end > len) throw outOfRange(this, length);
    this.len = end;
    while (this.pos < end) array.push(next());
    this.len = len;
  }
}

/** The bits of a 64-bit integer as protobufjs' writer wants them. */
function bits(value: unknown, low: bigint, high: bigint): { low: number; high: number } {
  let wide: bigint;
  if (typeof value === "bigint") wide = value;
  else if (typeof value === "number" && Number.isSafeInteger(value)) wide = BigInt(value);
  else throw new TypeError(`A 64-bit field takes a bigint or a safe integer, not ${describe(value)}`);
  if (wide < low || wide > high) throw new TypeError(`${wide} is out of range for a 64-bit field`);
  return { low: Number(wide & 0xffffffffn), high: Number((wide >> 32n) & 0xffffffffn) };
}

function describe(value: unknown): string {
  return typeof value === "number"
    ? String(value)
    : value === null
      ? "null"
      : `a value of type ${typeof value}`;
}

const signed = (value: unknown) => bits(value, -0x8000000000000000n, 0x7fffffffffffffffn);
const unsigned = (value: unknown) => bits(value, 0n, 0xffffffffffffffffn);

/** Bytes from here on are not gathered in the writer's buffer, but copied once, at the end. */
const largePart = 1 << 15;

/** A large part of what is written, and where in the buffer it belongs. */
interface LargePart {
  at: number;
  readonly bytes: Uint8Array;
}

/** Writes wire bytes; a 64-bit integer is a bigint or a safe integer, anything else is a TypeError. */
export class MessageWriter extends WriterBase {
  private readonly large: LargePart[] = [];

  /** A new writer; what generated code calls. */
  static create(): MessageWriter {
    return new MessageWriter();
  }

  /** What protobufjs' `finish` allocates with. */
  static alloc(size: number): Uint8Array {
    return new Uint8Array(size);
  }

  /** The writer, empty again. */
  begin(): this {
    this.pos = 0;
    this.states = null;
    this.large.length = 0;
    return this;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.large.reduce((sum, { bytes }) => sum + bytes.length, this.pos);
  }

  override raw(bytes: Uint8Array): this {
    if (bytes.length < largePart) return super.raw(bytes);
    this.large.push({ at: this.pos, bytes });
    return this;
  }

  override bytes(bytes: Uint8Array): this {
    if (!(bytes.length >= largePart)) return super.bytes(bytes);
    return this.uint32(bytes.length).raw(bytes);
  }

  override ldelim(): this {
    const { large } = this;
    const start = this.states?.at(-1);
    if (start === undefined || large.length === 0 || large.at(-1)!.at <= start) return super.ldelim();
    let inside = 0;
    let first = large.length;
    for (; first > 0 && large[first - 1]!.at > start; first--) inside += large[first - 1]!.bytes.length;
    // As protobufjs does: a byte was kept for the length, which moves what follows if it needs more.
    this.states!.pop();
    let length = this.pos - start - 1 + inside;
    let more = 0;
    for (let rest = length; rest >= 128; rest = Math.floor(rest / 128)) more++;
    this._reserve(more);
    this.buf.copyWithin(start + 1 + more, start + 1, this.pos);
    this.pos += more;
    for (let i = first; i < large.length; i++) large[i]!.at += more;
    for (let at = start; ; at++) {
      this.buf[at] = length < 128 ? length : (length % 128) | 128;
      if (length < 128) return this;
      length = Math.floor(length / 128);
    }
  }

  /** What was written, in parts that may be shared with the message. */
  parts(): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const { at, bytes } of this.large) {
      if (at > from) parts.push(this.buf.subarray(from, at));
      parts.push(bytes);
      from = at;
    }
    if (this.pos > from) parts.push(this.buf.subarray(from, this.pos));
    return parts;
  }

  override finish(): Uint8Array {
    if (this.large.length === 0) return super.finish();
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts()) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  override int64(value: unknown): this {
    return super.int64(signed(value));
  }
  override uint64(value: unknown): this {
    return super.uint64(unsigned(value));
  }
  override sint64(value: unknown): this {
    return super.sint64(signed(value));
  }
  override fixed64(value: unknown): this {
    return super.fixed64(unsigned(value));
  }
  override sfixed64(value: unknown): this {
    return super.sfixed64(signed(value));
  }
  override int64s(values: readonly unknown[]): this {
    return super.int64s(Array.from(values, signed));
  }
  override uint64s(values: readonly unknown[]): this {
    return super.uint64s(Array.from(values, unsigned));
  }
  override sint64s(values: readonly unknown[]): this {
    return super.sint64s(Array.from(values, signed));
  }
  override fixed64s(values: readonly unknown[]): this {
    return super.fixed64s(Array.from(values, unsigned));
  }
  override sfixed64s(values: readonly unknown[]): this {
    return super.sfixed64s(Array.from(values, signed));
  }
}

/** Key order of a map, kept beside it as soon as one key is integer-like (JS would put such keys first). */
const order: unique symbol = Symbol("map order");

interface OrderedMap {
  [key: string]: unknown;
  [order]?: string[];
}

/**
 * A map field: nothing is inherited, so "__proto__" and "constructor" are keys like any other.
 * (A function with a bare prototype, since V8 gives `Object.create(null)` a slow layout.)
 */
export const MessageMap: new () => Record<string, unknown> = function MessageMap() {} as never;
MessageMap.prototype = Object.create(null);

/** Puts an entry of the wire into a map; a key that is there already is replaced. */
export function putEntry(map: OrderedMap, key: string | number | bigint, value: unknown): void {
  const name = String(key);
  const first = name.charCodeAt(0);
  if (map[order] !== undefined) {
    if (!Object.hasOwn(map, name)) map[order].push(name);
  } else if (first >= 48 && first <= 57 && !Object.hasOwn(map, name)) {
    Object.defineProperty(map, order, { value: [...Object.keys(map), name], configurable: true });
  }
  map[name] = value;
}

/** A map's keys in the order of the wire that it was read from; later additions follow. */
export function entryKeys(map: OrderedMap): string[] {
  const known = map[order];
  if (known === undefined) return Object.keys(map);
  const keys = known.filter((key) => Object.hasOwn(map, key));
  if (keys.length !== Object.keys(map).length) {
    const seen = new Set(keys);
    for (const key of Object.keys(map)) if (!seen.has(key)) keys.push(key);
  }
  return keys;
}

/** The default of a bytes field. */
export const emptyBytes: Uint8Array = new Uint8Array(0);
/** The default of a repeated field. */
export const emptyArray: readonly never[] = Object.freeze([]);
/** The default of a map field. */
export const emptyMap: object = Object.freeze(new MessageMap());

/** Keeps an unknown field's bytes with its message. */
export function keepUnknown(message: { $unknowns?: Uint8Array[] }, bytes: Uint8Array): void {
  if (message.$unknowns === undefined)
    Object.defineProperty(message, "$unknowns", { value: [], writable: true, configurable: true });
  message.$unknowns!.push(bytes);
}
