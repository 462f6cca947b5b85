// Text format -> message. Source: Python's text_format.Parse; protobuf.dev/reference/protobuf/textformat-spec.
import { create, type MessageType } from "../codec.ts";
import type { FieldRow } from "../field-table.ts";
import { enums, types } from "../gen/fields.js";
import { encodeByTable, scalarDefault } from "../table-codec.ts";
import { MessageMap, MessageReader, putEntry } from "../wire.ts";
import { parseFloatText, parseIntText, unquote } from "./scalars.ts";
import { Tokenizer } from "./tokenizer.ts";

/**
 * Reads a message in text format. Throws TfError DATA_LOSS with line and column where it is not one, in the words of
 * Python's parser: `1:1 : Message type "tensorflow.MetaGraphDef" has no field named "Test".`
 */
export function fromText<T extends object, I extends object>(type: MessageType<T, I>, text: string): T {
  const tokens = new Tokenizer(text);
  const message = parseMessage(type.typeName, tokens, "", 0);
  return create(type, message as I);
}

type Plain = Record<string, unknown>;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Fields of a message by the name that text has. */
const byName = new Map<string, Map<string, FieldRow>>();

function fieldOf(message: string, name: string): FieldRow | undefined {
  let fields = byName.get(message);
  if (fields === undefined) {
    fields = new Map(types[message]!.map((row) => [row.name, row]));
    byName.set(message, fields);
  }
  return fields.get(name);
}

/** Fields up to `end` (or the end of the text, where it is ""). */
function parseMessage(name: string, tokens: Tokenizer, end: string, depth: number): Plain {
  if (depth > MessageReader.recursionLimit)
    throw tokens.error("Message too deep: too many levels of nesting.");
  const message: Plain = {};
  while (!tokens.take(end)) {
    if (tokens.atEnd()) {
      if (end === "") break;
      throw tokens.error(`Expected "${end}".`);
    }
    if (tokens.take("[")) parseAny(name, message, tokens, depth);
    else parseField(name, message, tokens, depth);
    if (!tokens.take(",")) tokens.take(";");
  }
  return message;
}

function parseField(messageName: string, message: Plain, tokens: Tokenizer, depth: number): void {
  if (!/^[A-Za-z_]\w*$/.test(tokens.current))
    throw tokens.error(`Expected identifier or number, got ${tokens.current}.`);
  const name = tokens.any();
  const row = fieldOf(messageName, name);
  if (row === undefined)
    throw tokens.errorBefore(`Message type "${messageName}" has no field named "${name}".`);
  if (row.oneof !== undefined) {
    const other = types[messageName]!.find(
      (candidate) =>
        candidate !== row && candidate.oneof === row.oneof && Object.hasOwn(message, candidate.key),
    );
    if (other !== undefined) {
      throw tokens.errorBefore(
        `Field "${name}" is specified along with field "${other.name}", another member of oneof "${row.oneof}" for message type "${messageName}".`,
      );
    }
  }
  if (!row.repeated && row.map === undefined && Object.hasOwn(message, row.key))
    throw tokens.errorBefore(`Message type "${messageName}" should not have multiple "${name}" fields.`);
  const isMessage = row.map !== undefined || types[row.type] !== undefined;
  if (isMessage) tokens.take(":");
  else tokens.expect(":");
  const one = () => {
    if (row.map !== undefined) parseEntry(row, message, tokens, depth);
    else add(row, message, isMessage ? parseBraces(row.type, tokens, depth) : parseScalar(row.type, tokens));
  };
  if ((row.repeated || row.map !== undefined) && tokens.take("[")) {
    if (row.map === undefined) message[row.key] ??= [];
    if (tokens.take("]")) return;
    do one();
    while (tokens.take(","));
    tokens.expect("]");
  } else one();
}

function add(row: FieldRow, message: Plain, value: unknown): void {
  if (!row.repeated) message[row.key] = value;
  else if (Object.hasOwn(message, row.key)) (message[row.key] as unknown[]).push(value);
  else message[row.key] = [value];
}

function parseBraces(type: string, tokens: Tokenizer, depth: number): Plain {
  const end = tokens.take("<") ? ">" : "}";
  if (end === "}") tokens.expect("{");
  return parseMessage(type, tokens, end, depth + 1);
}

/** `key: ... value: ...` in braces; a missing one is its type's default, the last one given counts. */
function parseEntry(row: FieldRow, message: Plain, tokens: Tokenizer, depth: number): void {
  const end = tokens.take("<") ? ">" : "}";
  if (end === "}") tokens.expect("{");
  const isMessage = types[row.type] !== undefined;
  let key: unknown = scalarDefault(row.map!);
  let value: unknown = isMessage ? {} : scalarDefault(row.type);
  while (!tokens.take(end)) {
    if (tokens.take("key")) {
      tokens.expect(":");
      key = parseScalar(row.map!, tokens);
    } else if (tokens.take("value")) {
      if (isMessage) {
        tokens.take(":");
        value = parseBraces(row.type, tokens, depth + 1);
      } else {
        tokens.expect(":");
        value = parseScalar(row.type, tokens);
      }
    } else if (tokens.atEnd()) throw tokens.error(`Expected "${end}".`);
    else throw tokens.error(`Message type "map entry" has no field named "${tokens.current}".`);
    if (!tokens.take(",")) tokens.take(";");
  }
  message[row.key] ??= new MessageMap();
  putEntry(message[row.key] as Plain, key as string, value);
}

/** `[type.googleapis.com/full.Name] { ... }` in a google.protobuf.Any. */
function parseAny(messageName: string, message: Plain, tokens: Tokenizer, depth: number): void {
  const url = tokens.untilBracket();
  const name = url.slice(url.lastIndexOf("/") + 1);
  if (messageName !== "google.protobuf.Any" || !url.includes("/"))
    throw tokens.errorBefore(`Message type "${messageName}" does not have extensions, such as "${url}".`);
  if (types[name] === undefined) throw tokens.errorBefore(`Type ${name} not found in descriptor pool`);
  tokens.take(":");
  const inner = parseBraces(name, tokens, depth);
  if (Object.hasOwn(message, "typeUrl")) throw tokens.errorBefore("Two values in one google.protobuf.Any.");
  message.typeUrl = url;
  message.value = encodeByTable(name, inner);
}

const ranges: { readonly [type: string]: readonly [bigint, bigint] } = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  sint32: [-(2n ** 31n), 2n ** 31n - 1n],
  sfixed32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  fixed32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  sint64: [-(2n ** 63n), 2n ** 63n - 1n],
  sfixed64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  fixed64: [0n, 2n ** 64n - 1n],
};

function parseScalar(type: string, tokens: Tokenizer): unknown {
  switch (type) {
    case "string":
    case "bytes":
      return parseString(type, tokens);
    case "bool": {
      const word = tokens.any();
      if (word === "true" || word === "True" || word === "t" || word === "1") return true;
      if (word === "false" || word === "False" || word === "f" || word === "0") return false;
      throw tokens.errorBefore('Expected "true" or "false".');
    }
    case "float":
    case "double": {
      const word = tokens.any();
      const value = parseFloatText(word === "-" ? word + tokens.any() : word);
      if (value === undefined) throw tokens.errorBefore(`Couldn't parse float: ${word}`);
      return value;
    }
    default:
      return enums[type] === undefined ? parseInteger(type, tokens) : parseEnum(type, tokens);
  }
}

function parseInteger(type: string, tokens: Tokenizer): number | bigint {
  const word = tokens.any();
  const text = word === "-" ? word + tokens.any() : word;
  const value = parseIntText(text);
  if (value === undefined) throw tokens.errorBefore(`Couldn't parse integer: ${text}`);
  const [low, high] = ranges[type]!;
  if (value < low || value > high) throw tokens.errorBefore(`Value out of range: ${value}`);
  return type.endsWith("64") ? value : Number(value);
}

function parseEnum(type: string, tokens: Tokenizer): number {
  const word = tokens.any();
  const names = enums[type]!;
  if (Object.hasOwn(names, word)) return names[word]!;
  const value = parseIntText(word);
  if (value === undefined) throw tokens.errorBefore(`Enum type "${type}" has no value named ${word}.`);
  if (value < -(2n ** 31n) || value >= 2n ** 31n) throw tokens.errorBefore(`Value out of range: ${value}`);
  return Number(value);
}

/** One quoted string or several, put together. */
function parseString(type: "string" | "bytes", tokens: Tokenizer): string | Uint8Array {
  const pieces: Uint8Array[] = [];
  do {
    const word = tokens.current;
    const quote = word[0];
    if (quote !== '"' && quote !== "'") throw tokens.error(`Expected string but found: '${word}'`);
    if (word.length < 2 || !word.endsWith(quote)) throw tokens.error(`String missing ending quote: ${word}`);
    const bytes = unquote(word.slice(1, -1));
    if (bytes === undefined) throw tokens.error(`Invalid escape in string: ${word}`);
    pieces.push(bytes);
    tokens.next();
  } while (tokens.current[0] === '"' || tokens.current[0] === "'");
  const bytes = pieces.length === 1 ? pieces[0]! : Uint8Array.from(pieces.flatMap((piece) => [...piece]));
  if (type === "bytes") return bytes;
  try {
    return utf8.decode(bytes);
  } catch {
    throw tokens.errorBefore("String is not valid UTF-8.");
  }
}
