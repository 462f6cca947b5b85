// Message -> text format, as Python's text_format.MessageToString prints it: fields by number, maps by key, two spaces.
import { create, type MessageType } from "../codec.ts";
import type { FieldRow } from "../field-table.ts";
import { enums, types } from "../gen/fields.js";
import { decodeByTable, encodeByTable } from "../table-codec.ts";
import { pythonRepr, quoteBytes, shortestFloat } from "./scalars.ts";

export interface ToTextOptions {
  /** How float fields are printed: the fewest digits (default; TensorFlow 1.0 and 2), or as doubles (as 1.15 does). */
  readonly floats?: "shortest" | "double";
  /**
   * Which google.protobuf.Any are printed as the message that they hold: those whose bytes come back exactly (default), all of a
   * known type (as TensorFlow does), or none.
   */
  readonly expandAny?: "exact" | "always" | "never";
}

/** The message in text format, with a newline at the end. Unknown fields are left out: text has no names for them. */
export function toText<I extends object>(
  type: MessageType<object, I>,
  message: I,
  options: ToTextOptions = {},
): string {
  const lines: string[] = [];
  printMessage(type.typeName, create(type, message) as Plain, "", lines, options);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

type Plain = Record<string, unknown>;

const utf8 = new TextEncoder();

/** Rows of a message by field number, sorted once. */
const sorted = new Map<string, readonly FieldRow[]>();

function rowsOf(name: string): readonly FieldRow[] {
  let rows = sorted.get(name);
  if (rows === undefined) {
    rows = [...types[name]!].sort((a, b) => a.number - b.number);
    sorted.set(name, rows);
  }
  return rows;
}

function printMessage(
  name: string,
  message: Plain,
  indent: string,
  lines: string[],
  options: ToTextOptions,
): void {
  if (name === "google.protobuf.Any" && printAny(message, indent, lines, options)) return;
  for (const row of rowsOf(name)) {
    if (!Object.hasOwn(message, row.key)) continue;
    const value = message[row.key];
    if (row.map !== undefined) printMap(row, value as Plain, indent, lines, options);
    else if (row.repeated)
      for (const item of value as unknown[]) printField(row.name, row.type, item, indent, lines, options);
    else printField(row.name, row.type, value, indent, lines, options);
  }
}

function printField(
  name: string,
  type: string,
  value: unknown,
  indent: string,
  lines: string[],
  options: ToTextOptions,
): void {
  if (types[type] === undefined) {
    lines.push(`${indent}${name}: ${printScalar(type, value, options)}`);
    return;
  }
  lines.push(`${indent}${name} {`);
  printMessage(type, value as Plain, `${indent}  `, lines, options);
  lines.push(`${indent}}`);
}

function printMap(row: FieldRow, map: Plain, indent: string, lines: string[], options: ToTextOptions): void {
  const keys = Object.keys(map);
  if (row.map === "string") keys.sort(byCodePoint);
  else keys.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  for (const key of keys) {
    lines.push(`${indent}${row.name} {`);
    lines.push(`${indent}  key: ${row.map === "string" ? quoteBytes(utf8.encode(key)) : key}`);
    printField("value", row.type, map[key], `${indent}  `, lines, options);
    lines.push(`${indent}}`);
  }
}

/** Python's order of strings; JS alone would compare UTF-16 units. */
function byCodePoint(a: string, b: string): number {
  const left = Array.from(a, (char) => char.codePointAt(0)!);
  const right = Array.from(b, (char) => char.codePointAt(0)!);
  for (let i = 0; i < left.length && i < right.length; i++)
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  return left.length - right.length;
}

function printScalar(type: string, value: unknown, options: ToTextOptions): string {
  switch (type) {
    case "float":
      return options.floats === "double" ? pythonRepr(value as number) : shortestFloat(value as number);
    case "double":
      return pythonRepr(value as number);
    case "string":
      return quoteBytes(utf8.encode(value as string));
    case "bytes":
      return quoteBytes(value as Uint8Array);
    default: {
      const names = enums[type];
      if (names === undefined) return String(value);
      return Object.keys(names).find((name) => names[name] === value) ?? String(value);
    }
  }
}

function printAny(message: Plain, indent: string, lines: string[], options: ToTextOptions): boolean {
  const mode = options.expandAny ?? "exact";
  const url = Object.hasOwn(message, "typeUrl") ? String(message.typeUrl) : "";
  const name = url.slice(url.lastIndexOf("/") + 1);
  if (mode === "never" || !url.includes("/") || types[name] === undefined) return false;
  const bytes = Object.hasOwn(message, "value") ? (message.value as Uint8Array) : new Uint8Array(0);
  const inner = decodeByTable(name, bytes);
  if (inner === undefined) return false;
  if (mode === "exact") {
    // Maps are printed in key order: if that is not theirs, or anything else is lost, print the bytes themselves.
    const again = encodeByTable(name, sortMaps(name, inner));
    if (again.length !== bytes.length || again.some((byte, i) => byte !== bytes[i])) return false;
  }
  lines.push(`${indent}[${url}] {`);
  printMessage(name, inner, `${indent}  `, lines, options);
  lines.push(`${indent}}`);
  return true;
}

/** A copy with maps in the order in which they are printed. */
function sortMaps(name: string, message: Plain): Plain {
  const out: Plain = {};
  for (const row of rowsOf(name)) {
    const value = message[row.key];
    if (value === undefined) continue;
    const inside = (item: unknown) => (types[row.type] ? sortMaps(row.type, item as Plain) : item);
    if (row.map !== undefined) {
      const keys = Object.keys(value as Plain);
      if (row.map === "string") keys.sort(byCodePoint);
      out[row.key] = Object.fromEntries(keys.map((key) => [key, inside((value as Plain)[key])]));
    } else out[row.key] = row.repeated ? (value as unknown[]).map(inside) : inside(value);
  }
  return out;
}
