// Reads V2 checkpoints (bundle-format.ts): the index at once (bundle-index.ts), values when they are asked for.
import { TfError } from "@org/errors";
import type { ByteSource, FileSystem } from "@org/io";
import { allocateData, type DType, dtypes, type NdArray, type NumericData, sizeOf } from "@org/tensor";
import { assembleSlices } from "./assemble.ts";
import { type BundleEntry, BundleIndex } from "./bundle-index.ts";
import type { CheckpointReader, GetOptions } from "./checkpoint-reader.ts";
import { readChecked } from "./read-pieces.ts";
import { DirectoryReader, type StoredTensor } from "./reader-base.ts";
import { checkCrc, decodeObjects, swapBytes } from "./tensor-bytes.ts";
import { fullSlice } from "./tensor-slice.ts";

/** From here on it is worth not to fill an array with zeros before it is filled with what is read. */
const largeBytes = 2 ** 16;

/** An array of `byteLength` bytes whose content is whatever it is: for one that is filled before anybody sees it. */
function unfilledData(dtype: DType, byteLength: number, into: Uint8Array | undefined): NumericData {
  const { bytes, width } = dtypes[dtype];
  const reused =
    into && into.byteOffset === 0 && into.length >= byteLength ? (into.buffer as ArrayBuffer) : undefined;
  const buffer = reused ?? (byteLength < largeBytes ? undefined : unfilledBuffer(byteLength));
  if (!buffer) return allocateData(dtype, byteLength / bytes) as NumericData;
  const empty = allocateData(dtype, 0) as Float32Array;
  return new (empty.constructor as Float32ArrayConstructor)(buffer, 0, (byteLength / bytes) * width);
}

/** undefined where there is no Buffer, or none so large: an array may still be, or says RESOURCE_EXHAUSTED. */
function unfilledBuffer(byteLength: number): ArrayBuffer | undefined {
  if (typeof Buffer === "undefined") return undefined;
  try {
    return Buffer.allocUnsafeSlow(byteLength).buffer as ArrayBuffer;
  } catch {
    return undefined;
  }
}

class BundleReader extends DirectoryReader<BundleEntry> {
  readonly version = "V2";
  readonly #fs: FileSystem;
  readonly #index: BundleIndex;
  readonly #shards = new Map<number, Promise<ByteSource>>();

  constructor(fs: FileSystem, index: BundleIndex) {
    super(index.prefix);
    this.#fs = fs;
    this.#index = index;
  }

  names(): readonly string[] {
    return this.#index.names();
  }

  protected find(name: string): BundleEntry | undefined {
    return this.#index.find(name);
  }

  protected missing(name: string): string {
    return `Key ${name} not found in checkpoint`;
  }

  protected stored(entry: BundleEntry): readonly StoredTensor[] {
    const { name, dtype, shape } = entry;
    const one = (part: BundleEntry, slice: StoredTensor["slice"]): StoredTensor => ({
      name,
      dtype,
      shape,
      slice,
      byteLength: part.size,
      read: (options) => this.#read(part, options),
      ...(dtypes[dtype].bytes > 0 && !this.#index.bigEndian ? { bytes: () => this.#locate(part) } : {}),
    });
    if (entry.slices.length === 0) return [one(entry, undefined)];
    return entry.slices.map(({ slice, entry: part }) => one(part, slice));
  }

  protected async read(entry: BundleEntry, options: GetOptions): Promise<NdArray> {
    if (entry.slices.length === 0 && !options.slice) return this.#read(entry, options);
    const parts = entry.slices.length > 0 ? entry.slices : [{ slice: fullSlice(entry.shape.length), entry }];
    const partly = { ...options, into: undefined };
    const stored = parts.map(({ slice, entry: part }) => ({ slice, read: () => this.#read(part, partly) }));
    return assembleSlices(entry.name, entry.dtype, entry.shape, stored, options.slice);
  }

  async #read(entry: BundleEntry, { signal, onBytes, into }: GetOptions): Promise<NdArray> {
    const { dtype, shape, size } = entry;
    const { source, offset } = await this.#locate(entry);
    if (dtypes[dtype].bytes === 0) {
      const bytes = await source.read(offset, offset + size, signal ? { signal } : {});
      const value = decodeObjects(bytes, { ...entry, bigEndian: this.#index.bigEndian });
      onBytes?.(size);
      return value;
    }
    const data = unfilledData(dtype, size, into);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    checkCrc(entry.crc, await readChecked(source, bytes, offset, { signal, onBytes }));
    if (this.#index.bigEndian) swapBytes(dtype, bytes);
    return { dtype, shape, data } as NdArray;
  }

  /** Where an entry's bytes are; both size and place are checked before anything is made for them. */
  async #locate(
    entry: BundleEntry,
  ): Promise<{ source: ByteSource; offset: number; size: number; crc: number }> {
    const { dtype, shape, size, offset, crc } = entry;
    const expected = dtypes[dtype].bytes * sizeOf(shape);
    if (dtypes[dtype].bytes > 0 && size !== expected)
      throw new TfError(
        "DATA_LOSS",
        `Invalid size in bundle entry: key ${entry.name}; stored size ${size}; expected size ${expected}`,
      );
    const source = await this.#shard(entry.shard);
    if (offset + size > source.size)
      throw new TfError("OUT_OF_RANGE", "Read less bytes than requested", {
        file: this.#index.dataFile(entry.shard),
        offset,
        hint: `The file has ${source.size} bytes; this tensor needs them up to ${offset + size}.`,
      });
    return { source, offset, size, crc };
  }

  #shard(shard: number): Promise<ByteSource> {
    let source = this.#shards.get(shard);
    if (!source) {
      source = this.#fs.open(this.#index.dataFile(shard));
      source.catch(() => this.#shards.delete(shard));
      this.#shards.set(shard, source);
    }
    return source;
  }

  protected async closeFiles(): Promise<void> {
    for (const source of this.#shards.values()) await (await source).close();
    this.#shards.clear();
  }
}

/** Opens a V2 checkpoint; see openCheckpoint. */
export async function openBundle(
  fs: FileSystem,
  prefix: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<CheckpointReader> {
  return new BundleReader(fs, await BundleIndex.read(fs, prefix, options));
}
