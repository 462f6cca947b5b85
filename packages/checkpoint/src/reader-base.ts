// What readers of both versions share: a directory of entries, look-up errors, printing.
import { TfError } from "@org/errors";
import { type DType, dtypes, type NdArray } from "@org/tensor";
import type { CheckpointEntry, CheckpointReader, GetOptions } from "./checkpoint-reader.ts";

const dataTypeName = (dtype: DType): string => `DT_${dtypes[dtype].cc.toUpperCase()}`;

/** Names of the directory that look like `name`: the same last part, or a small edit distance. */
export function nearestNames(name: string, names: readonly string[], count = 3): string[] {
  const last = name.slice(name.lastIndexOf("/") + 1);
  const scored = names.map((candidate) => {
    const sameLast = candidate === last || candidate.endsWith(`/${last}`);
    return { candidate, score: sameLast ? 0 : editDistance(name, candidate, 4) };
  });
  return scored
    .filter(({ score }) => score < 4)
    .sort((a, b) => a.score - b.score)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Levenshtein distance, or `limit` where it is at least that. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return Math.min(row[b.length]!, limit);
}

/** A CheckpointReader over a directory `Entry`; subclasses read the values. */
export abstract class DirectoryReader<Entry extends CheckpointEntry> implements CheckpointReader {
  abstract readonly version: "V1" | "V2";
  readonly prefix: string;
  /** In bytewise order of names. */
  protected readonly directory: ReadonlyMap<string, Entry>;
  #closed = false;

  constructor(prefix: string, directory: ReadonlyMap<string, Entry>) {
    this.prefix = prefix;
    this.directory = directory;
  }

  names(): readonly string[] {
    return [...this.directory.keys()];
  }

  has(name: string): boolean {
    return this.directory.has(name);
  }

  dtype(name: string): DType {
    return this.entry(name).dtype;
  }

  shape(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  async get(name: string, options: GetOptions = {}): Promise<NdArray> {
    if (this.#closed) throw new TfError("FAILED_PRECONDITION", `The checkpoint ${this.prefix} is closed.`);
    const entry = this.entry(name);
    if (options.signal?.aborted)
      throw new TfError("CANCELLED", "Reading was cancelled.", { key: name, cause: options.signal.reason });
    try {
      return await this.read(entry, options);
    } catch (error) {
      throw error instanceof TfError ? error.at({ key: name, file: this.prefix }) : error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<CheckpointEntry> {
    for (const { name, dtype, shape } of this.directory.values()) yield { name, dtype, shape };
  }

  debugString(): string {
    let text = "";
    for (const { name, dtype, shape } of this.directory.values())
      text += `${name} (${dataTypeName(dtype)}) [${shape.join(",")}]\n`;
    return text;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.closeFiles();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected entry(name: string): Entry {
    const entry = this.directory.get(name);
    if (entry) return entry;
    const near = nearestNames(name, this.names());
    throw new TfError("NOT_FOUND", this.missing(name), {
      key: name,
      file: this.prefix,
      ...(near.length
        ? { hint: `The checkpoint has ${near.map((n) => JSON.stringify(n)).join(", ")}.` }
        : {}),
    });
  }

  protected abstract missing(name: string): string;
  protected abstract read(entry: Entry, options: GetOptions): Promise<NdArray>;
  protected abstract closeFiles(): Promise<void>;
}
