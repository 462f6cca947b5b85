// The index of a V2 checkpoint (bundle-format.ts). All its blocks are read and checked at once; entries are decoded when they are
// looked up, so that opening does not cost more for more keys than their bytes.
import { TfError } from "@org/errors";
import { bytesSource, type FileSystem } from "@org/io";
import { BundleEntryProto, BundleHeaderProto, decode } from "@org/proto";
import { type DType, dtypeFromProto, shapeFromProto, sizeOf } from "@org/tensor";
import { dataFilename } from "./bundle-format.ts";
import type { CheckpointEntry } from "./checkpoint-reader.ts";
import { checkRegions, type Region } from "./entry-regions.ts";
import { keyOfName, nameOfKey } from "./names.ts";
import { encodeTensorNameSlice } from "./ordered-code.ts";
import type { TableBlock } from "./table-block.ts";
import { TableReader } from "./table-reader.ts";
import { sliceFromProto, sliceShape, sliceToString, type TensorSlice } from "./tensor-slice.ts";
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

/** A part of a partitioned variable. */
export interface BundleSlice {
  readonly slice: TensorSlice;
  readonly entry: BundleEntry;
}

/** A key and what lies under it, as it is in the file. */
export interface RawEntry {
  readonly key: Uint8Array;
  readonly proto: BundleEntryProto;
}

/** BundleHeaderProto.Endianness.BIG. */
const bigEndian = 1;

const maxShards = 100_000;
/** A larger index is no index: 10 million keys of 100 bytes are half of that. */
const maxIndexBytes = 2 ** 31;

/** Slice keys begin with OrderedCode's 0. So could a name; it then has an entry of no one's slices. */
const isSliceKey = (key: Uint8Array): boolean => key[0] === 0;

/** An index that is in memory; nothing needs to be closed. */
export class BundleIndex {
  readonly file: string;
  readonly prefix: string;
  readonly header: BundleHeaderProto;
  readonly #table: TableReader;
  readonly #blocks: readonly TableBlock[];
  readonly #found = new Map<string, BundleEntry>();
  #names: readonly string[] | undefined;
  /** Names whose keys are not their UTF-8. */
  readonly #odd = new Map<string, Uint8Array>();

  private constructor(
    prefix: string,
    file: string,
    header: BundleHeaderProto,
    table: TableReader,
    blocks: readonly TableBlock[],
  ) {
    this.prefix = prefix;
    this.file = file;
    this.header = header;
    this.#table = table;
    this.#blocks = blocks;
  }

  /** Reads `<prefix>.index`. Throws TfError DATA_LOSS, INVALID_ARGUMENT (versions), and what the file system throws. */
  static async read(
    fs: FileSystem,
    prefix: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<BundleIndex> {
    const file = `${prefix}.index`;
    const source = await fs.open(file);
    let bytes: Uint8Array;
    try {
      if (source.size > maxIndexBytes)
        throw new TfError("DATA_LOSS", `An index of ${source.size} bytes`, { file });
      bytes = await source.read(0, source.size, options);
    } finally {
      await source.close();
    }
    const table = await TableReader.open(bytesSource(bytes), file);
    try {
      const blocks: TableBlock[] = [];
      for (let i = 0; i < table.blocks; i++) blocks.push(await table.block(i));
      const header = readHeader(blocks[0], file);
      return new BundleIndex(prefix, file, header, table, blocks);
    } catch (error) {
      if (!(error instanceof TfError) || error.code !== "DATA_LOSS") throw error;
      throw new TfError(
        "DATA_LOSS",
        `Unable to read file (${file}). Perhaps the file is corrupt or was produced by a newer version of TensorFlow with format changes (failed to seek to header entry): ${error.sentence}`,
        { file, cause: error },
      );
    }
  }

  get shards(): number {
    return this.header.numShards;
  }

  get bigEndian(): boolean {
    return this.header.endianness === bigEndian;
  }

  /** The path of a data file. Throws TfError DATA_LOSS for a shard that is not one of them. */
  dataFile(shard: number): string {
    if (shard < 0 || shard >= this.shards)
      throw new TfError("DATA_LOSS", `An entry names shard ${shard} of ${this.shards}`, { file: this.file });
    return dataFilename(this.prefix, shard, this.shards);
  }

  /** Names in bytewise order of their keys; slices are within their variable. Throws TfError DATA_LOSS as `raw`. */
  names(): readonly string[] {
    if (this.#names) return this.#names;
    const names: string[] = [];
    const regions: Region[] = [];
    for (const { key, proto } of this.raw()) {
      const name = nameOfKey(key);
      if (proto.slices.length === 0) regions.push({ name, ...regionOf(name, proto, this.file) });
      if (isSliceKey(key)) continue;
      const encoded = keyOfName(name);
      if (encoded.length !== key.length || encoded.some((byte, i) => byte !== key[i]))
        this.#odd.set(name, key);
      names.push(name);
    }
    checkRegions(regions, this.file);
    this.#names = names;
    return names;
  }

  /** What is known of a name; undefined where there is none such. Throws TfError DATA_LOSS for an entry that cannot be. */
  find(name: string): BundleEntry | undefined {
    const known = this.#found.get(name);
    if (known) return known;
    const key = this.#keyOf(name);
    const proto = key && this.#lookUp(key);
    if (!key || !proto) return undefined;
    const entry = this.#entry(name, key, proto);
    this.#found.set(name, entry);
    return entry;
  }

  /** Keys and entries as they lie, in order, slices included. Throws TfError DATA_LOSS where lengths or order are wrong. */
  *raw(): Generator<RawEntry> {
    let last: Uint8Array | undefined;
    for (const [i, block] of this.#blocks.entries())
      for (const { key, value } of block.entries()) {
        this.#table.checkOrder(last, key, i);
        last = key;
        if (key.length > 0) yield { key, proto: decode(BundleEntryProto, value) };
      }
  }

  #keyOf(name: string): Uint8Array | undefined {
    if (name.length === 0) return undefined;
    // Only a name with a backslash can stand for other bytes than its own.
    if (name.includes("\\x")) this.names();
    const key = this.#odd.get(name) ?? keyOfName(name);
    return isSliceKey(key) ? undefined : key;
  }

  #lookUp(key: Uint8Array): BundleEntryProto | undefined {
    const value = this.#blocks[this.#table.blockOf(key)]?.find(key);
    return value && decode(BundleEntryProto, value);
  }

  #entry(name: string, key: Uint8Array, proto: BundleEntryProto): BundleEntry {
    const whole = readEntry(name, proto, this.file);
    if (proto.slices.length === 0) return whole;
    const slices = proto.slices.map((sliceProto): BundleSlice => {
      const slice = sliceFromProto(sliceProto);
      const stored = this.#lookUp(encodeTensorNameSlice(key, slice));
      if (!stored)
        throw new TfError("DATA_LOSS", `The slice ${sliceToString(slice)} of ${name} is missing`, {
          key: name,
          file: this.file,
        });
      const shape = sliceShape(slice, whole.shape, "DATA_LOSS");
      const entry = readEntry(name, stored, this.file);
      if (entry.dtype !== whole.dtype || entry.shape.join() !== shape.join())
        throw new TfError(
          "DATA_LOSS",
          `The slice ${sliceToString(slice)} of ${name} is ${entry.dtype} [${entry.shape}], not ${whole.dtype} [${shape}]`,
          { key: name, file: this.file },
        );
      return { slice, entry };
    });
    return { ...whole, slices };
  }
}

function readHeader(first: TableBlock | undefined, file: string): BundleHeaderProto {
  const value = first?.find(new Uint8Array(0));
  if (!value) throw new TfError("DATA_LOSS", "the header is missing", { file });
  const header = decode(BundleHeaderProto, value);
  checkVersions(header.version, file);
  if (header.numShards < 0 || header.numShards > maxShards)
    throw new TfError("DATA_LOSS", `Bad number of shards in the header: ${header.numShards}`, { file });
  return header;
}

const corrupt = (name: string, file: string, why: string): TfError =>
  new TfError("DATA_LOSS", `Invalid entry in ${file}: key ${name}; ${why}`, { key: name, file });

function regionOf(
  name: string,
  proto: BundleEntryProto,
  file: string,
): { shard: number; offset: number; size: number } {
  const [offset, size] = [Number(proto.offset), Number(proto.size)];
  if (!Number.isSafeInteger(offset + size) || offset < 0 || size < 0)
    throw corrupt(name, file, `offset ${proto.offset}, size ${proto.size}`);
  return { shard: proto.shardId, offset, size };
}

function readEntry(name: string, proto: BundleEntryProto, file: string): BundleEntry {
  const type = dtypeFromProto(proto.dtype);
  if (!type || type.isRef) throw corrupt(name, file, `dtype ${proto.dtype} is not known`);
  const shape = shapeFromProto(proto.shape ?? {});
  if (!shape.isFullyDefined()) throw corrupt(name, file, `Invalid tensor shape: ${shape}`);
  const dims = shape.toNumbers();
  if (!Number.isSafeInteger(sizeOf(dims) * 16)) throw corrupt(name, file, `Invalid tensor shape: ${shape}`);
  return {
    name,
    dtype: type.dtype as DType,
    shape: dims,
    ...regionOf(name, proto, file),
    crc: proto.crc32c,
    slices: [],
  };
}
