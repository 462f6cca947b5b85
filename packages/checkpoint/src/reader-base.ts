// What readers of both versions share: a directory of entries, look-up errors, printing.
import { TfError } from "@org/errors";
import type { ByteSource } from "@org/io";
import { type DType, dtypes, type NdArray } from "@org/tensor";
import type { CheckpointEntry, CheckpointReader, GetOptions } from "./checkpoint-reader.ts";
import { checkNotCancelled, type PieceOptions } from "./read-pieces.ts";
import type { TensorSlice } from "./tensor-slice.ts";

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

/** A tensor, or a part of one, as it lies in a checkpoint: what a copy of it takes. */
export interface StoredTensor {
  /** Of the whole. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Where the part lies in the whole; undefined where it is the whole. */
  readonly slice: TensorSlice | undefined;
  /** Bytes that it takes in the file; undefined where only reading tells. */
  readonly byteLength: number | undefined;
  read(options: PieceOptions): Promise<NdArray>;
  /** Where its numbers lie as a V2 checkpoint has them, little-endian, with their masked checksum; absent where they do not. */
  bytes?(): Promise<{ source: ByteSource; offset: number; size: number; crc: number }>;
}

/** A CheckpointReader over entries by name; subclasses know where they are and read the values. */
export abstract class DirectoryReader<Entry extends CheckpointEntry> implements CheckpointReader {
  abstract readonly version: "V1" | "V2";
  readonly prefix: string;
  #closed = false;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  abstract names(): readonly string[];

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  dtype(name: string): DType {
    return this.entry(name).dtype;
  }

  shape(name: string): readonly number[] {
    return this.entry(name).shape;
  }

  slices(name: string): readonly TensorSlice[] {
    return this.stored(this.entry(name)).flatMap(({ slice }) => slice ?? []);
  }

  async get(name: string, options: GetOptions = {}): Promise<NdArray> {
    if (this.#closed) throw new TfError("FAILED_PRECONDITION", `The checkpoint ${this.prefix} is closed.`);
    const entry = this.entry(name);
    return this.guard(name, options.signal, () => this.read(entry, options));
  }

  /** How the tensor lies in the files, part by part. Throws as `dtype`. */
  storedParts(name: string): readonly StoredTensor[] {
    return this.stored(this.entry(name)).map((part) => ({
      ...part,
      read: (options) => this.guard(name, options.signal, () => part.read(options)),
    }));
  }

  async *[Symbol.asyncIterator](): AsyncIterator<CheckpointEntry> {
    for (const { name, dtype, shape } of this.entries()) yield { name, dtype, shape };
  }

  debugString(): string {
    let text = "";
    for (const { name, dtype, shape } of this.entries())
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

  /** Fills in the place of what `action` throws, and says CANCELLED for a signal's reason. */
  protected async guard<T>(
    name: string,
    signal: AbortSignal | undefined,
    action: () => Promise<T>,
  ): Promise<T> {
    try {
      checkNotCancelled(signal, "Reading", this.prefix);
      return await action();
    } catch (error) {
      const place = { key: name, file: this.prefix };
      if (error instanceof TfError) throw error.at(place);
      if (signal?.aborted)
        throw new TfError("CANCELLED", "Reading was cancelled.", { ...place, cause: signal.reason });
      throw error;
    }
  }

  protected *entries(): Generator<Entry> {
    for (const name of this.names()) yield this.entry(name);
  }

  protected entry(name: string): Entry {
    const entry = this.find(name);
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

  protected abstract find(name: string): Entry | undefined;
  protected abstract missing(name: string): string;
  protected abstract stored(entry: Entry): readonly StoredTensor[];
  protected abstract read(entry: Entry, options: GetOptions): Promise<NdArray>;
  protected abstract closeFiles(): Promise<void>;
}
