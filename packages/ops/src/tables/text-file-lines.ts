// Keys and values from the lines of a text file: whole lines, line numbers, or columns. Reads through the session's files, piece by
// piece. Source: tensorflow/core/kernels/lookup_util.cc (TextFileLineIterator), core/lib/io/inputbuffer.cc.
import { localPath } from "@org/io";
import { type DType, dtypeString } from "@org/tensor";
import { linesOf } from "../host/lines.ts";
import type { HostContext } from "../op-entry.ts";
import { isParsed, parseNumber } from "../strings/numbers.ts";
import type { Element } from "./lookup-table.ts";

/** Columns with a meaning of their own. */
export const wholeLine = -2;
export const lineNumber = -1;

export interface LineColumn {
  readonly dtype: DType;
  /** A column from 0 on, `wholeLine` or `lineNumber`. */
  readonly index: number;
}

export interface LineOptions {
  readonly file: string;
  readonly key: LineColumn;
  readonly value: LineColumn;
  /** Number of lines that must be there; more are not read. -1: all. */
  readonly vocabSize: number;
  readonly delimiter: string;
}

/**
 * Key and value of each line. Throws TfError INVALID_ARGUMENT for empty lines, missing columns, numbers that are none, too few lines;
 * what the file system throws.
 */
export async function readTextFile(
  c: HostContext,
  options: LineOptions,
): Promise<readonly [keys: Element[], values: Element[]]> {
  const { file, key, value, vocabSize } = options;
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const keys: Element[] = [];
  const values: Element[] = [];
  const last = Math.max(key.index, value.index);
  for await (const { line, end } of linesOf(c.fs, localPath(file), c.signal)) {
    const at = keys.length;
    if (at === vocabSize) return [keys, values];
    if (line.length === 0) fail(`Invalid content in ${file}: empty line found at position ${end}.`);
    const columns = last < 0 ? [] : splitBytes(line, options.delimiter.charCodeAt(0));
    if (last >= columns.length && last >= 0)
      fail(
        `Invalid number of columns in ${file} line ${at} (${decode(line)}) : expected ${last} got ${columns.length}`,
      );
    const element = ({ dtype, index }: LineColumn): Element => {
      if (index === lineNumber) return BigInt(at);
      return parse(c, index === wholeLine ? line : columns[index]!, dtype, at);
    };
    keys.push(element(key));
    values.push(element(value));
  }
  if (vocabSize !== -1 && keys.length !== vocabSize)
    fail(`Invalid vocab_size in ${file}: expected ${vocabSize} but got ${keys.length}`);
  return [keys, values];
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function splitBytes(line: Uint8Array, delimiter: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let i = 0; i <= line.length; i++)
    if (i === line.length || line[i] === delimiter) {
      parts.push(line.subarray(start, i));
      start = i + 1;
    }
  return parts;
}

function parse(c: HostContext, token: Uint8Array, dtype: DType, line: number): Element {
  if (dtype === "string") return token;
  const text = decode(token);
  if (!isParsed(dtype)) return c.fail("INVALID_ARGUMENT", `Data type ${dtypeString(dtype)} not supported.`);
  return (
    parseNumber(text, dtype) ??
    c.fail("INVALID_ARGUMENT", `Field ${text} in line ${line} is not a valid ${dtypeString(dtype)}.`)
  );
}
