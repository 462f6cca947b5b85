// Reads a table (see table-format.ts): every checksum, length and order is checked.
import { TfError } from "@org/errors";
import { type ByteSource, crc32c, snappyDecode, unmaskCrc32c } from "@org/io";
import { ByteReader, compareBytes } from "./coding.ts";
import { type BlockHandle, footerSize, type TableEntry, tableMagic, trailerSize } from "./table-format.ts";

/** Blocks kept decoded for look-ups. */
const cachedBlocks = 8;

function decodeHandle(reader: ByteReader, limit: number): BlockHandle {
  const offset = reader.varint();
  const size = reader.varint();
  if (offset + size + trailerSize > limit) throw new TfError("DATA_LOSS", "corrupted block handle");
  return { offset, size };
}

/** Entries of a block, keys completed. */
function decodeBlock(block: Uint8Array): TableEntry[] {
  const corrupt = (why: string): TfError => new TfError("DATA_LOSS", `corrupted block: ${why}`);
  if (block.length < 4) throw corrupt("no room for the restart count");
  const restarts = new ByteReader(block, "block", block.length - 4).fixed32();
  const end = block.length - 4 - restarts * 4;
  if (end < 0) throw corrupt("bad restart count");
  const reader = new ByteReader(block, "block", 0, end);
  const entries: TableEntry[] = [];
  let previous: Uint8Array = new Uint8Array(0);
  while (!reader.done) {
    const shared = reader.varint();
    const unshared = reader.varint();
    const valueLength = reader.varint();
    if (shared > previous.length) throw corrupt("bad prefix length");
    const rest = reader.take(unshared);
    const key = new Uint8Array(shared + unshared);
    key.set(previous.subarray(0, shared));
    key.set(rest, shared);
    if (entries.length > 0 && compareBytes(previous, key) >= 0) throw corrupt("keys are out of order");
    entries.push({ key, value: reader.take(valueLength) });
    previous = key;
  }
  return entries;
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
  readonly #cache = new Map<number, TableEntry[]>();

  private constructor(source: ByteSource, file: string, index: readonly IndexEntry[]) {
    this.#source = source;
    this.#file = file;
    this.#index = index;
  }

  /**
   * Reads footer, metaindex and index. DATA_LOSS "file is too short to be an sstable", "not an sstable (bad
   * magic number)", "block checksum mismatch" ... (TensorFlow's sentences).
   */
  static async open(source: ByteSource, file: string): Promise<TableReader> {
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
      decodeBlock(await readBlock(source, metaindex));
      const index = decodeBlock(await readBlock(source, indexHandle)).map(({ key, value }) => ({
        last: key,
        handle: decodeHandle(new ByteReader(value, "block handle"), limit),
      }));
      return new TableReader(source, file, index);
    } catch (error) {
      throw error instanceof TfError ? error.at({ file }) : error;
    }
  }

  /** The value under exactly `key`. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    let low = 0;
    let high = this.#index.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#index[middle]!.last, key) < 0) low = middle + 1;
      else high = middle;
    }
    if (low === this.#index.length) return undefined;
    const entries = await this.#block(low);
    let from = 0;
    let to = entries.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (compareBytes(entries[middle]!.key, key) < 0) from = middle + 1;
      else to = middle;
    }
    const found = entries[from];
    return found && compareBytes(found.key, key) === 0 ? found.value : undefined;
  }

  /** All entries in order of keys. */
  async *entries(): AsyncGenerator<TableEntry> {
    for (let i = 0; i < this.#index.length; i++) yield* await this.#block(i);
  }

  close(): Promise<void> {
    this.#cache.clear();
    return this.#source.close();
  }

  async #block(i: number): Promise<TableEntry[]> {
    const cached = this.#cache.get(i);
    if (cached) return cached;
    try {
      const entries = decodeBlock(await readBlock(this.#source, this.#index[i]!.handle));
      if (this.#cache.size >= cachedBlocks) this.#cache.delete(this.#cache.keys().next().value!);
      this.#cache.set(i, entries);
      return entries;
    } catch (error) {
      throw error instanceof TfError ? error.at({ file: this.#file }) : error;
    }
  }
}

async function readBlock(source: ByteSource, { offset, size }: BlockHandle): Promise<Uint8Array> {
  const bytes = await source.read(offset, offset + size + trailerSize);
  const stored = new ByteReader(bytes, "block trailer", size + 1).fixed32();
  if (unmaskCrc32c(stored) !== crc32c(bytes.subarray(0, size + 1)))
    throw new TfError("DATA_LOSS", "block checksum mismatch", { offset });
  const block = bytes.subarray(0, size);
  switch (bytes[size]) {
    case 0:
      return block;
    case 1:
      return snappyDecode(block);
    default:
      throw new TfError("DATA_LOSS", `bad block type ${bytes[size]}`, { offset });
  }
}
