// Breaks LevelDB tables from within: entries, or the bytes of blocks; then the checksums of blocks are made right, so that it is
// the block's reader, or the entry's, that meets what is broken.
import { bytesSource, crc32c, maskCrc32c, memoryFileSystem, readFile } from "@org/io";
import { BundleEntryProto, decode, encode } from "@org/proto";
import { TableReader } from "../../packages/checkpoint/src/table-reader.ts";
import { TableWriter } from "../../packages/checkpoint/src/table-writer.ts";
import { breakBytes } from "./break-bytes.ts";
import { breakProto } from "./break-proto.ts";
import { nastyWords } from "./nasty.ts";
import type { Random } from "./random.ts";

const footerSize = 48;

interface Entry {
  key: Uint8Array;
  value: Uint8Array;
}

function handleAt(
  bytes: Uint8Array,
  start: number,
): { offset: number; size: number; end: number } | undefined {
  let at = start;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length && scale < 2 ** 49; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return Number.NaN;
  };
  const offset = number();
  const size = number();
  return offset + size + 5 <= bytes.length ? { offset, size, end: at } : undefined;
}

/** The same bytes with the checksum of every block right that footer and index lead to. In place. */
export function repairTable(bytes: Uint8Array): Uint8Array {
  if (bytes.length < footerSize) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sign = ({ offset, size }: { offset: number; size: number }): void =>
    view.setUint32(offset + size + 1, maskCrc32c(crc32c(bytes.subarray(offset, offset + size + 1))), true);
  const metaindex = handleAt(bytes, bytes.length - footerSize);
  if (!metaindex) return bytes;
  const index = handleAt(bytes, metaindex.end);
  sign(metaindex);
  if (!index) return bytes;
  // Index entries: three lengths, the key's own part, the handle. A broken one ends the walk.
  const block = bytes.subarray(index.offset, index.offset + index.size);
  const restarts =
    block.length < 4 ? 0 : new DataView(block.buffer, block.byteOffset + block.length - 4).getUint32(0, true);
  for (let at = 0; at < block.length - 4 - restarts * 4; ) {
    const [, unshared = 255, length = 255] = block.subarray(at, at + 3);
    if (unshared > 127 || length > 127) break;
    const handle = handleAt(bytes, index.offset + at + 3 + unshared);
    if (handle) sign(handle);
    at += 3 + unshared + length;
  }
  sign(index);
  return bytes;
}

async function entriesOf(bytes: Uint8Array): Promise<Entry[] | undefined> {
  try {
    const table = await TableReader.open(bytesSource(bytes), "t");
    const entries: Entry[] = [];
    for await (const { key, value } of table.entries()) entries.push({ key, value });
    return entries;
  } catch {
    return undefined;
  }
}

async function tableOf(entries: readonly Entry[]): Promise<Uint8Array> {
  const fs = memoryFileSystem();
  const sink = await fs.create("t");
  const table = new TableWriter(sink);
  for (const { key, value } of entries) await table.add(key, value);
  await table.finish();
  await sink.close();
  return readFile(fs, "t");
}

function breakEntries(entries: Entry[], random: Random, donor: readonly Entry[]): void {
  const at = random.below(entries.length);
  const entry = entries[at];
  if (!entry) return;
  switch (random.below(8)) {
    case 0:
      entries.splice(at, 1);
      return;
    case 1:
      entries[at] = { ...entry, key: new TextEncoder().encode(random.pick(nastyWords)) };
      return;
    case 2:
      entries[at] = { ...entry, value: random.pick(entries).value };
      return;
    case 3:
      if (donor.length > 0) entries.push(random.pick(donor));
      return;
    case 4:
      entries[at] = { ...entry, key: breakBytes(entry.key, random, entry.key) };
      return;
    default:
      entries[at] = { ...entry, value: breakProto(entry.value, random, random.pick(entries).value) };
  }
}

const sorted = (entries: readonly Entry[]): Entry[] => {
  const byKey = new Map(entries.map((entry) => [Buffer.from(entry.key).toString("latin1"), entry]));
  return [...byKey.values()].sort((a, b) => Buffer.compare(a.key, b.key));
};

/** `bytes`, a table, with something wrong in it. */
export async function breakTable(bytes: Uint8Array, random: Random, donor: Uint8Array): Promise<Uint8Array> {
  if (!random.oneIn(3)) {
    const entries = await entriesOf(bytes);
    if (entries) {
      breakEntries(entries, random, (await entriesOf(donor)) ?? []);
      try {
        return await tableOf(sorted(entries));
      } catch {
        // What the writer refuses is broken bytewise.
      }
    }
  }
  const broken = breakBytes(bytes, random, donor).slice();
  return random.oneIn(4) ? broken : repairTable(broken);
}

/**
 * The index of a bundle with the checksum of each tensor that lies whole in `data` made right (strings have one of another kind, and
 * stay as they are); undefined where it is no table.
 */
export async function repairBundle(index: Uint8Array, data: Uint8Array): Promise<Uint8Array | undefined> {
  const entries = await entriesOf(index);
  if (!entries) return undefined;
  for (const [i, { key, value }] of entries.entries()) {
    if (key.length === 0) continue;
    try {
      const entry = decode(BundleEntryProto, value);
      const start = Number(entry.offset);
      const end = start + Number(entry.size);
      if (start < 0 || end < start || end > data.length) continue;
      entries[i] = {
        key,
        value: encode(BundleEntryProto, { ...entry, crc32c: maskCrc32c(crc32c(data.subarray(start, end))) }),
      };
    } catch {
      // No entry: it stays what it is.
    }
  }
  return tableOf(entries);
}
