// Writes the index of a V2 checkpoint (bundle-format.ts).
import type { FileSystem } from "@org/io";
import { BundleEntryProto, BundleHeaderProto, encode, type IBundleEntryProto } from "@org/proto";
import { bundleVersion } from "./bundle-format.ts";
import { TableWriter } from "./table-writer.ts";

/** Writes an index file's table under `file` (a temporary name); `entries` are in bytewise order of keys. */
export async function writeIndex(
  fs: FileSystem,
  file: string,
  shards: number,
  entries: Iterable<{ readonly key: Uint8Array; readonly proto: IBundleEntryProto }>,
  endianness = 0,
): Promise<void> {
  const sink = await fs.create(file);
  try {
    const table = new TableWriter(sink);
    const version = { producer: bundleVersion.producer };
    await table.add(
      new Uint8Array(0),
      encode(BundleHeaderProto, {
        numShards: shards,
        version,
        ...(endianness === 0 ? {} : { endianness }),
      }),
    );
    for (const { key, proto } of entries) await table.add(key, encode(BundleEntryProto, proto));
    await table.finish();
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
