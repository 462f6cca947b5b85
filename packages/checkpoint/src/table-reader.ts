// Reads a table (see table-format.ts): footer, metaindex and index at once, data blocks when they are asked for; every checksum,
// length and order is checked.
import { TfError } from "@org/errors";
import { type ByteSource, crc32c, snappyDecode, unmaskCrc32c } from "@org/io";
import { ByteReader, compareBytes } from "./coding.ts";
import { TableBlock } from "./table-block.ts";
import { type BlockHandle, footerSize, type TableEntry, tableMagic, trailerSize } from "./table-format.ts";

/** Bytes of blocks that are kept for look-ups. */
const cachedBytes = 2 ** 23;

function decodeHandle(reader: ByteReader, limit: number): BlockHandle {
  const offset = reader.varint();
  const size = reader.varint();
  if (offset + size + trailerSize > limit) throw new TfError("DATA_LOSS", "corrupted block handle");
  return { offset, size };
}

interface IndexEntry {
  readonly last: Uint8Array;
  readonly handle: BlockHandle;
}

/** A table opened for reading. `close` closes its source. */
export class TableReader {
  readonly #source: ByteSource;
  readonly #file: string;
  readonly #index: readonly IndexEntry[];
  readonly #cache = new Map<number, TableBlock>();
  #cached = 0;

  private constructor(source: ByteSource, file: string, index: readonly IndexEntry[]) {
    this.#source = source;
    this.#file = file;
    this.#index = index;
  }

  /**
   * Reads footer, metaindex and index. Takes over `source`: where this fails, it is closed. DATA_LOSS "file is too short to be an sstable", "not an sstable (bad
   * magic number)", "block checksum mismatch" ... (TensorFlow's sentences).
   */
  static async open(source: ByteSource, file: string): Promise<TableReader> {
    try {
      return await TableReader.#read(source, file);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  static async #read(source: ByteSource, file: string): Promise<TableReader> {
    const lost = (sentence: string, hint?: string): TfError =>
      new TfError("DATA_LOSS", sentence, { file, ...(hint ? { hint } : {}) });
    if (source.size < footerSize) throw lost("file is too short to be an sstable");
    const footer = await source.read(source.size - footerSize, source.size);
    if (compareBytes(footer.subarray(40), tableMagic) !== 0) throw lost("not an sstable (bad magic number)");
    try {
      const limit = source.size - footerSize;
      const reader = new ByteReader(footer, "footer", 0, 40);
      const metaindex = decodeHandle(reader, limit);
      const indexHandle = decodeHandle(reader, limit);
      if (footer.subarray(reader.position, 40).some((byte) => byte !== 0))
        throw lost("bad sstable footer: padding is not zero");
      for (const _ of (await readBlock(source, metaindex)).entries());
      const index: IndexEntry[] = [];
      for (const { key, value } of (await readBlock(source, indexHandle)).entries())
        index.push({ last: key, handle: decodeHandle(new ByteReader(value, "block handle"), limit) });
      return new TableReader(source, file, index);
    } catch (error) {
      throw error instanceof TfError ? error.at({ file }) : error;
    }
  }

  /** Number of data blocks. */
  get blocks(): number {
    return this.#index.length;
  }

  /** Which block `key` is in, if anywhere; `blocks` where it is above all. */
  blockOf(key: Uint8Array): number {
    let low = 0;
    let high = this.#index.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#index[middle]!.last, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A data block, checked against its checksum. */
  async block(i: number): Promise<TableBlock> {
    const cached = this.#cache.get(i);
    if (cached) return cached;
    try {
      const block = await readBlock(this.#source, this.#index[i]!.handle);
      while (this.#cache.size > 0 && this.#cached + block.byteLength > cachedBytes) {
        const [oldest, { byteLength }] = this.#cache.entries().next().value!;
        this.#cache.delete(oldest);
        this.#cached -= byteLength;
      }
      this.#cache.set(i, block);
      this.#cached += block.byteLength;
      return block;
    } catch (error) {
      throw error instanceof TfError ? error.at({ file: this.#file }) : error;
    }
  }

  /** The value under exactly `key`. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    const i = this.blockOf(key);
    return i === this.blocks ? undefined : (await this.block(i)).find(key);
  }

  /** All entries in order of keys. */
  async *entries(): AsyncGenerator<TableEntry> {
    let last: Uint8Array | undefined;
    for (let i = 0; i < this.blocks; i++)
      for (const entry of (await this.block(i)).entries()) {
        this.checkOrder(last, entry.key, i);
        last = entry.key;
        yield entry;
      }
  }

  /** Throws TfError DATA_LOSS where `key`, the one after `last`, is not where block `i` says that its keys are. */
  checkOrder(last: Uint8Array | undefined, key: Uint8Array, i: number): void {
    const limit = this.#index[i]!.last;
    if ((last && compareBytes(last, key) >= 0) || compareBytes(key, limit) > 0)
      throw new TfError("DATA_LOSS", "corrupted block: keys are out of order", {
        file: this.#file,
        offset: this.#index[i]!.handle.offset,
      });
  }

  close(): Promise<void> {
    this.#cache.clear();
    return this.#source.close();
  }
}

async function readBlock(source: ByteSource, { offset, size }: BlockHandle): Promise<TableBlock> {
  const bytes = await source.read(offset, offset + size + trailerSize);
  const stored = new ByteReader(bytes, "block trailer", size + 1).fixed32();
  if (unmaskCrc32c(stored) !== crc32c(bytes.subarray(0, size + 1)))
    throw new TfError("DATA_LOSS", "block checksum mismatch", { offset });
  const block = bytes.subarray(0, size);
  switch (bytes[size]) {
    case 0:
      return new TableBlock(block);
    case 1:
      return new TableBlock(snappyDecode(block));
    default:
      throw new TfError("DATA_LOSS", `bad block type ${bytes[size]}`, { offset });
  }
}
