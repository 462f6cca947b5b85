// A small codec that follows the field tables at run time, for what a message holds in a google.protobuf.Any: text
// would otherwise have to bring every generated class along. Slower than those; a test holds both against each other.
// Not here: unknown fields (a type that carries any is left as bytes by the caller).
import type { FieldRow } from "./field-table.ts";
import { enums, types } from "./gen/fields.js";
import { entryKeys, MessageMap, MessageReader, MessageWriter, putEntry } from "./wire.ts";

type Plain = Record<string, unknown>;

/** The scalar methods that reader and writer share. */
interface Scalars {
  [method: string]: (value?: unknown) => unknown;
}

const wireTypes: { readonly [type: string]: number } = {
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  float: 5,
  fixed32: 5,
  sfixed32: 5,
  string: 2,
  bytes: 2,
};

const wide = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);

/** Scalar type of a field's value on the wire; "message" where it is one. */
function scalarOf(type: string): string {
  if (types[type] !== undefined) return "message";
  return enums[type] === undefined ? type : "int32";
}

/** The default of a scalar type. */
export function scalarDefault(type: string): unknown {
  const scalar = scalarOf(type);
  if (scalar === "string") return "";
  if (scalar === "bytes") return new Uint8Array(0);
  if (scalar === "bool") return false;
  return wide.has(scalar) ? 0n : 0;
}

function isDefault(value: unknown): boolean {
  return (
    value === "" ||
    value === false ||
    value === 0n ||
    Object.is(value, 0) ||
    (value as Uint8Array).length === 0
  );
}

/** Encodes a plain object as the message `name`. */
export function encodeByTable(name: string, message: Plain): Uint8Array {
  const writer = new MessageWriter();
  writeMessage(name, message, writer as never);
  return writer.finish();
}

interface AnyWriter extends Scalars {
  fork(): AnyWriter;
  ldelim(): AnyWriter;
  uint32(value: unknown): AnyWriter;
}

function writeMessage(name: string, message: Plain, writer: AnyWriter): void {
  const rows = [...types[name]!].sort((a, b) => a.number - b.number);
  for (const row of rows) {
    const value = message[row.key];
    if (value === null || value === undefined) continue;
    if (row.map !== undefined) {
      for (const key of entryKeys(value as Plain)) {
        const item = (value as Plain)[key];
        writer.uint32(tagOf(row.number, "message")).fork();
        writeValue({ name: "key", key: "key", number: 1, type: row.map }, mapKey(row.map, key), writer);
        writeValue({ name: "value", key: "value", number: 2, type: row.type }, item, writer);
        writer.ldelim();
      }
    } else if (row.repeated) {
      const list = value as unknown[];
      const scalar = scalarOf(row.type);
      if (scalar === "message" || wireTypes[scalar] === 2)
        for (const item of list) writeValue(row, item, writer);
      else if (list.length > 0) {
        writer.uint32(((row.number << 3) | 2) >>> 0).fork();
        for (const item of list) writer[scalar]!(item);
        writer.ldelim();
      }
    } else if (row.presence || !isDefault(value)) writeValue(row, value, writer);
  }
}

function mapKey(type: string, key: string): unknown {
  if (type === "string") return key;
  if (type === "bool") return key === "true";
  return wide.has(type) ? BigInt(key) : Number(key);
}

function tagOf(number: number, scalar: string): number {
  return ((number << 3) | (scalar === "message" ? 2 : (wireTypes[scalar] ?? 0))) >>> 0;
}

function writeValue(row: FieldRow, value: unknown, writer: AnyWriter): void {
  const scalar = scalarOf(row.type);
  writer.uint32(tagOf(row.number, scalar));
  if (scalar === "message") {
    writer.fork();
    writeMessage(row.type, value as Plain, writer);
    writer.ldelim();
  } else writer[scalar]!(value);
}

/** Decodes wire bytes as the message `name`; undefined where they are not one, or hold a field that it does not have. */
export function decodeByTable(name: string, bytes: Uint8Array): Plain | undefined {
  try {
    return readMessage(name, new MessageReader(bytes) as never, bytes.length, 0);
  } catch {
    return undefined;
  }
}

interface AnyReader extends Scalars {
  pos: never;
  size(): number;
  tag(): number;
}

function readMessage(name: string, reader: AnyReader, end: number, depth: number): Plain {
  if (depth > MessageReader.recursionLimit) throw new Error("max depth exceeded");
  const at = reader as unknown as { pos: number; len: number };
  const limit = at.len;
  if (end > limit) throw new Error("index out of range");
  at.len = end;
  const message: Plain = {};
  while (at.pos < end) {
    const tag = reader.tag();
    const row = types[name]!.find((candidate) => candidate.number === tag >>> 3);
    if (row === undefined) throw new Error("unknown field");
    const scalar = scalarOf(row.type);
    const packed = (tag & 7) === 2 && row.repeated && scalar !== "message" && wireTypes[scalar] !== 2;
    if (!packed && (tag & 7) !== tagOf(0, row.map === undefined ? scalar : "message"))
      throw new Error("unknown wire type");
    if (row.map !== undefined) readEntry(message, row, reader, depth);
    else if (packed) {
      message[row.key] ??= [];
      const list = message[row.key] as unknown[];
      const stop = reader.size() + at.pos;
      while (at.pos < stop) list.push(reader[scalar]!());
    } else {
      const value =
        scalar === "message"
          ? readMessage(row.type, reader, reader.size() + at.pos, depth + 1)
          : reader[scalar === "string" ? "stringVerify" : scalar]!();
      if (row.repeated) {
        message[row.key] ??= [];
        (message[row.key] as unknown[]).push(value);
      } else message[row.key] = value;
    }
  }
  at.len = limit;
  return message;
}

function readEntry(message: Plain, row: FieldRow, reader: AnyReader, depth: number): void {
  const at = reader as unknown as { pos: number };
  message[row.key] ??= new MessageMap();
  const map = message[row.key] as Plain;
  const end = reader.size() + at.pos;
  let key: unknown = scalarDefault(row.map!);
  let value: unknown;
  const scalar = scalarOf(row.type);
  while (at.pos < end) {
    const number = reader.tag() >>> 3;
    if (number === 1) key = reader[row.map === "string" ? "stringVerify" : row.map!]!();
    else if (number !== 2) throw new Error("unknown field");
    else if (scalar === "message") value = readMessage(row.type, reader, reader.size() + at.pos, depth + 1);
    else value = reader[scalar]!();
  }
  putEntry(map, key as string, value ?? (scalar === "message" ? {} : scalarDefault(row.type)));
}
