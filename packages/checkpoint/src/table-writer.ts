// Writes a table (see table-format.ts), byte for byte as TensorFlow's table_builder does: uncompressed,
// an empty metaindex block, shortest separators in the index.
import { TfError } from "@org/errors";
import { type ByteSink, crc32c, maskCrc32c } from "@org/io";
import { ByteWriter, compareBytes } from "./coding.ts";
import {
  type BlockHandle,
  blockSize,
  footerSize,
  restartInterval,
  tableMagic,
  trailerSize,
} from "./table-format.ts";

class BlockBuilder {
  readonly #bytes = new ByteWriter();
  readonly #interval: number;
  #restarts: number[] = [0];
  #sinceRestart = 0;
  #last: Uint8Array = new Uint8Array(0);

  constructor(interval: number) {
    this.#interval = interval;
  }

  get empty(): boolean {
    return this.#bytes.length === 0;
  }

  get sizeEstimate(): number {
    return this.#bytes.length + this.#restarts.length * 4 + 4;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    let shared = 0;
    if (this.#sinceRestart < this.#interval) {
      const limit = Math.min(this.#last.length, key.length);
      while (shared < limit && this.#last[shared] === key[shared]) shared++;
    } else {
      this.#restarts.push(this.#bytes.length);
      this.#sinceRestart = 0;
    }
    this.#bytes.varint(shared);
    this.#bytes.varint(key.length - shared);
    this.#bytes.varint(value.length);
    this.#bytes.append(key.subarray(shared));
    this.#bytes.append(value);
    this.#last = key;
    this.#sinceRestart++;
  }

  finish(): Uint8Array {
    for (const restart of this.#restarts) this.#bytes.fixed32(restart);
    this.#bytes.fixed32(this.#restarts.length);
    return this.#bytes.finish();
  }
}

/** A key k with last <= k < next, as short as LevelDB's BytewiseComparator makes it. */
function shortestSeparator(last: Uint8Array, next: Uint8Array): Uint8Array {
  const limit = Math.min(last.length, next.length);
  let i = 0;
  while (i < limit && last[i] === next[i]) i++;
  if (i < limit && last[i]! < 0xff && last[i]! + 1 < next[i]!) {
    const key = last.slice(0, i + 1);
    key[i]!++;
    return key;
  }
  return last;
}

/** A short key >= `last`. */
function shortSuccessor(last: Uint8Array): Uint8Array {
  const i = last.findIndex((byte) => byte !== 0xff);
  if (i < 0) return last;
  const key = last.slice(0, i + 1);
  key[i]!++;
  return key;
}

function encodeHandle(handle: BlockHandle): Uint8Array {
  const bytes = new ByteWriter();
  bytes.varint(handle.offset);
  bytes.varint(handle.size);
  return bytes.finish();
}

/** Takes entries in strictly increasing order of keys; `finish` writes index and footer, and leaves the sink open. */
export class TableWriter {
  readonly #sink: ByteSink;
  #offset = 0;
  #data = new BlockBuilder(restartInterval);
  readonly #index = new BlockBuilder(1);
  #last: Uint8Array | undefined;
  #pending: BlockHandle | undefined;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Throws TfError INVALID_ARGUMENT where `key` is not above the last one. */
  async add(key: Uint8Array, value: Uint8Array): Promise<void> {
    if (this.#last && compareBytes(this.#last, key) >= 0) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Keys of a table must increase: ${new TextDecoder().decode(key)}`,
      );
    }
    if (this.#pending) {
      this.#index.add(shortestSeparator(this.#last!, key), encodeHandle(this.#pending));
      this.#pending = undefined;
    }
    this.#data.add(key, value);
    this.#last = key;
    if (this.#data.sizeEstimate >= blockSize) await this.#flush();
  }

  async finish(): Promise<void> {
    await this.#flush();
    const metaindex = await this.#write(new BlockBuilder(restartInterval).finish());
    if (this.#pending) this.#index.add(shortSuccessor(this.#last!), encodeHandle(this.#pending));
    const index = await this.#write(this.#index.finish());
    const footer = new Uint8Array(footerSize);
    footer.set(encodeHandle(metaindex));
    footer.set(encodeHandle(index), encodeHandle(metaindex).length);
    footer.set(tableMagic, 40);
    await this.#sink.write(footer);
  }

  async #flush(): Promise<void> {
    if (this.#data.empty) return;
    this.#pending = await this.#write(this.#data.finish());
    this.#data = new BlockBuilder(restartInterval);
  }

  async #write(block: Uint8Array): Promise<BlockHandle> {
    const bytes = new Uint8Array(block.length + trailerSize);
    bytes.set(block);
    new DataView(bytes.buffer).setUint32(
      block.length + 1,
      maskCrc32c(crc32c(bytes.subarray(0, block.length + 1))),
      true,
    );
    await this.#sink.write(bytes);
    const handle = { offset: this.#offset, size: block.length };
    this.#offset += bytes.length;
    return handle;
  }
}
