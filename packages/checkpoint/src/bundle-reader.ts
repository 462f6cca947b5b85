// Reads V2 checkpoints (bundle-format.ts). The whole directory is read at once; values when they are asked for.
import { TfError } from "@org/errors";
import type { ByteSource, FileSystem } from "@org/io";
import { BundleEntryProto, BundleHeaderProto, decode } from "@org/proto";
import { type DType, dtypeFromProto, dtypes, type NdArray, shapeFromProto, sizeOf } from "@org/tensor";
import { assembleSlices } from "./assemble.ts";
import { dataFilename } from "./bundle-format.ts";
import type { CheckpointEntry, CheckpointReader, GetOptions } from "./checkpoint-reader.ts";
import { latin1 } from "./coding.ts";
import { nameOfKey } from "./names.ts";
import { encodeTensorNameSlice } from "./ordered-code.ts";
import { DirectoryReader } from "./reader-base.ts";
import { TableReader } from "./table-reader.ts";
import { decodeTensor } from "./tensor-bytes.ts";
import { sliceFromProto, sliceShape, sliceToString } from "./tensor-slice.ts";
import { checkVersions } from "./version-check.ts";

/** Where bytes lie, as the index says. */
export interface BundleEntry extends CheckpointEntry {
  readonly shard: number;
  readonly offset: number;
  readonly size: number;
  /** Masked crc32c. */
  readonly crc: number;
  /** Not empty for a partitioned variable, which has no bytes of its own. */
  readonly slices: readonly BundleSlice[];
}

interface BundleSlice {
  readonly slice: import("./tensor-slice.ts").TensorSlice;
  readonly entry: BundleEntry;
}

/** What an index file says. */
export interface BundleIndex {
  readonly shards: number;
  readonly bigEndian: boolean;
  /** In bytewise order of keys; slices are within their variable. */
  readonly entries: ReadonlyMap<string, BundleEntry>;
  /** Keys and entries as they lie, slices included. */
  readonly raw: readonly { readonly key: Uint8Array; readonly proto: BundleEntryProto }[];
}

const maxShards = 100_000;

/** Reads `<prefix>.index` whole. Throws TfError DATA_LOSS, INVALID_ARGUMENT (versions). */
export async function readBundleIndex(fs: FileSystem, prefix: string): Promise<BundleIndex> {
  const file = `${prefix}.index`;
  const table = await TableReader.open(await fs.open(file), file);
  try {
    const raw: { key: Uint8Array; proto: BundleEntryProto }[] = [];
    let header: BundleHeaderProto | undefined;
    try {
      for await (const { key, value } of table.entries()) {
        if (key.length === 0) {
          header = decode(BundleHeaderProto, value);
          checkVersions(header.version, file);
        } else if (!header) {
          throw new TfError("DATA_LOSS", "the header is missing", { file });
        } else {
          raw.push({ key, proto: decode(BundleEntryProto, value) });
        }
      }
      if (!header) throw new TfError("DATA_LOSS", "the header is missing", { file });
    } catch (error) {
      if (!(error instanceof TfError) || error.code !== "DATA_LOSS") throw error;
      throw new TfError(
        "DATA_LOSS",
        `Unable to read file (${file}). Perhaps the file is corrupt or was produced by a newer version of TensorFlow with format changes (failed to seek to header entry): ${error.sentence}`,
        { file, cause: error },
      );
    }
    const { numShards, endianness } = header;
    if (numShards < 0 || numShards > maxShards)
      throw new TfError("DATA_LOSS", `Bad number of shards in the header: ${numShards}`, { file });
    return { shards: numShards, bigEndian: endianness === 1, entries: collectEntries(raw, file), raw };
  } finally {
    await table.close();
  }
}

function collectEntries(raw: BundleIndex["raw"], file: string): Map<string, BundleEntry> {
  const sliceEntries = new Map<string, BundleEntryProto>();
  const plain: BundleIndex["raw"][number][] = [];
  for (const row of raw) {
    // Slice keys begin with OrderedCode's 0; so could a name, which then has an entry of no one's slices.
    if (row.key[0] === 0) sliceEntries.set(latin1(row.key), row.proto);
    else plain.push(row);
  }
  const entries = new Map<string, BundleEntry>();
  for (const { key, proto } of plain) {
    const name = nameOfKey(key);
    const whole = readEntry(name, proto, file);
    const slices = proto.slices.map((sliceProto): BundleSlice => {
      const slice = sliceFromProto(sliceProto);
      const encoded = encodeTensorNameSlice(key, slice);
      const stored = sliceEntries.get(latin1(encoded));
      if (!stored) {
        throw new TfError("DATA_LOSS", `The slice ${sliceToString(slice)} of ${name} is missing`, {
          key: name,
          file,
        });
      }
      sliceShape(slice, whole.shape);
      return { slice, entry: readEntry(name, stored, file) };
    });
    entries.set(name, { ...whole, slices });
  }
  return entries;
}

function readEntry(name: string, proto: BundleEntryProto, file: string): BundleEntry {
  const corrupt = (why: string): TfError =>
    new TfError("DATA_LOSS", `Invalid entry in ${file}: key ${name}; ${why}`, { key: name, file });
  const type = dtypeFromProto(proto.dtype);
  if (!type || type.isRef) throw corrupt(`dtype ${proto.dtype} is not known`);
  const shape = shapeFromProto(proto.shape ?? {});
  if (!shape.isFullyDefined()) throw corrupt(`Invalid tensor shape: ${shape}`);
  const dims = shape.toNumbers();
  if (!Number.isSafeInteger(sizeOf(dims) * 16)) throw corrupt(`Invalid tensor shape: ${shape}`);
  const [offset, size] = [Number(proto.offset), Number(proto.size)];
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(size) || offset < 0 || size < 0)
    throw corrupt(`offset ${proto.offset}, size ${proto.size}`);
  return {
    name,
    dtype: type.dtype,
    shape: dims,
    shard: proto.shardId,
    offset,
    size,
    crc: proto.crc32c,
    slices: [],
  };
}

class BundleReader extends DirectoryReader<BundleEntry> {
  readonly version = "V2";
  readonly #fs: FileSystem;
  readonly #index: BundleIndex;
  readonly #shards = new Map<number, Promise<ByteSource>>();

  constructor(fs: FileSystem, prefix: string, index: BundleIndex) {
    super(prefix, index.entries);
    this.#fs = fs;
    this.#index = index;
  }

  protected missing(name: string): string {
    return `Key ${name} not found in checkpoint`;
  }

  protected async read(entry: BundleEntry, options: GetOptions): Promise<NdArray> {
    if (entry.slices.length > 0) {
      const stored = entry.slices.map(({ slice, entry: part }) => ({
        slice,
        read: () => this.#readWhole(part, options),
      }));
      return assembleSlices(entry.name, entry.dtype, entry.shape, stored, options.slice);
    }
    if (!options.slice) return this.#readWhole(entry, options);
    const whole = {
      slice: { starts: entry.shape.map(() => 0), lengths: entry.shape },
      read: () => this.#readWhole(entry, options),
    };
    return assembleSlices(entry.name, entry.dtype, entry.shape, [whole], options.slice);
  }

  async #readWhole(entry: BundleEntry, { signal }: GetOptions): Promise<NdArray> {
    const { dtype, shape, size, offset } = entry;
    const expected = dtypes[dtype].bytes * sizeOf(shape);
    if (dtypes[dtype].bytes > 0 && size !== expected) {
      throw new TfError(
        "DATA_LOSS",
        `Invalid size in bundle entry: key ${entry.name}; stored size ${size}; expected size ${expected}`,
      );
    }
    const source = await this.#shard(entry.shard);
    if (offset + size > source.size) {
      throw new TfError("OUT_OF_RANGE", "Read less bytes than requested", {
        file: dataFilename(this.prefix, entry.shard, this.#index.shards),
        offset,
        hint: `The file has ${source.size} bytes; this tensor needs them up to ${offset + size}.`,
      });
    }
    const bytes = await source.read(offset, offset + size, signal ? { signal } : {});
    return decodeTensor(bytes, {
      dtype: dtype as DType,
      shape,
      crc: entry.crc,
      bigEndian: this.#index.bigEndian,
    });
  }

  #shard(shard: number): Promise<ByteSource> {
    let source = this.#shards.get(shard);
    if (!source) {
      const file = dataFilename(this.prefix, shard, this.#index.shards);
      if (shard < 0 || shard >= this.#index.shards)
        throw new TfError("DATA_LOSS", `An entry names shard ${shard} of ${this.#index.shards}`);
      source = this.#fs.open(file);
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
export async function openBundle(fs: FileSystem, prefix: string): Promise<CheckpointReader> {
  return new BundleReader(fs, prefix, await readBundleIndex(fs, prefix));
}
