// Joins the checkpoints of several shards into one with several data files.
// Source: MergeBundles in tensorflow/core/util/tensor_bundle/tensor_bundle.cc; the op MergeV2Checkpoints.
import { TfError } from "@org/errors";
import { defaultFileSystem, dirname, type FileSystem, localPath } from "@org/io";
import type { IBundleEntryProto } from "@org/proto";
import { dataFilename } from "./bundle-format.ts";
import { type BundleIndex, readBundleIndex } from "./bundle-reader.ts";
import { temporaryName, writeIndex } from "./checkpoint-writer.ts";
import { latin1 } from "./coding.ts";
import { nameOfKey } from "./names.ts";
import { replaceCheckpoint, type WrittenFile } from "./overwrite.ts";

export interface MergeOptions {
  readonly fs?: FileSystem;
  /** Remove the directories of the merged prefixes, if they are empty then. Default true. */
  readonly deleteOldDirs?: boolean;
}

/**
 * Merges the bundles `prefixes` into `merged`: their data files are renamed, not copied.
 * Throws TfError INVALID_ARGUMENT "Duplicate tensor keyed by K encountered, when merging prefix: P"; NOT_FOUND.
 */
export async function mergeCheckpoints(
  prefixes: readonly string[],
  merged: string,
  options: MergeOptions = {},
): Promise<void> {
  const fs = options.fs ?? (await defaultFileSystem());
  const target = localPath(merged);
  const sources = prefixes.map(localPath);
  const indexes: (BundleIndex & { prefix: string })[] = [];
  for (const prefix of sources) indexes.push({ prefix, ...(await readBundleIndex(fs, prefix)) });
  const shards = indexes.reduce((sum, { shards: own }) => sum + own, 0);
  if (indexes.some(({ bigEndian }) => bigEndian !== indexes[0]!.bigEndian)) {
    throw new TfError("INVALID_ARGUMENT", "Merging bundles with conflicting endianness; inputs corrupted?");
  }

  const entries = new Map<string, { key: Uint8Array; proto: IBundleEntryProto }>();
  const data: WrittenFile[] = [];
  let first = 0;
  for (const { prefix, raw, shards: own } of indexes) {
    for (const { key, proto } of raw) {
      const mapKey = latin1(key);
      const there = entries.get(mapKey);
      if (there && proto.slices.length > 0) {
        entries.set(mapKey, {
          key,
          proto: { ...there.proto, slices: [...(there.proto.slices ?? []), ...proto.slices] },
        });
      } else if (there) {
        throw new TfError(
          "INVALID_ARGUMENT",
          `Duplicate tensor keyed by ${nameOfKey(key)} encountered, when merging prefix: ${prefix}`,
          { key: nameOfKey(key), file: prefix },
        );
      } else {
        entries.set(mapKey, {
          key,
          proto: proto.slices.length > 0 ? proto : { ...proto, shardId: proto.shardId + first },
        });
      }
    }
    for (let i = 0; i < own; i++)
      data.push({ temporary: dataFilename(prefix, i, own), final: dataFilename(target, first + i, shards) });
    first += own;
  }

  const final = `${target}.index`;
  const index = { temporary: temporaryName(final), final };
  await writeIndex(fs, index.temporary, shards, [...entries.values()]);
  await replaceCheckpoint(fs, target, data, index);
  for (const prefix of sources) await fs.remove(`${prefix}.index`);
  if (options.deleteOldDirs ?? true) {
    for (const directory of new Set(sources.map(dirname))) {
      if (directory !== dirname(target) && (await fs.list(directory)).length === 0)
        await fs.removeDirectory(directory);
    }
  }
}
