// Joins the checkpoints of several shards into one with several data files, entry by entry in order of keys.
// Source: MergeBundles in tensorflow/core/util/tensor_bundle/tensor_bundle.cc; the op MergeV2Checkpoints.
import { TfError } from "@org/errors";
import { defaultFileSystem, dirname, type FileSystem, localPath } from "@org/io";
import type { IBundleEntryProto } from "@org/proto";
import { dataFilename } from "./bundle-format.ts";
import { BundleIndex, type RawEntry } from "./bundle-index.ts";
import { compareBytes } from "./coding.ts";
import { nameOfKey } from "./names.ts";
import { replaceCheckpoint, type WrittenFile } from "./overwrite.ts";
import { makeParentDirectory } from "./parent-directory.ts";
import { checkNotCancelled } from "./read-pieces.ts";
import { removeStaleFiles, temporaryName } from "./stale-files.ts";
import { writeIndex } from "./write-index.ts";

export interface MergeOptions {
  readonly fs?: FileSystem | undefined;
  /** Remove the directories of the merged prefixes, if they are empty then. Default true. */
  readonly deleteOldDirs?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Merges the bundles `prefixes` into `merged`: their data files are renamed, not copied. Its directory is made if it is missing.
 * Throws TfError INVALID_ARGUMENT "Duplicate tensor keyed by K encountered, when merging prefix: P", "Merging bundles with ..."
 * (versions, endianness); NOT_FOUND; CANCELLED.
 */
export async function mergeCheckpoints(
  prefixes: readonly string[],
  merged: string,
  options: MergeOptions = {},
): Promise<void> {
  const fs = options.fs ?? (await defaultFileSystem());
  const target = localPath(merged);
  const sources = prefixes.map(localPath);
  const indexes: BundleIndex[] = [];
  for (const prefix of sources) {
    checkNotCancelled(options.signal, "Saving", prefix);
    indexes.push(await BundleIndex.read(fs, prefix));
  }
  for (const index of indexes) checkAlike(indexes[0]!, index);
  const shards = indexes.reduce((sum, index) => sum + index.shards, 0);

  await makeParentDirectory(fs, target);
  await removeStaleFiles(fs, target);
  const final = `${target}.index`;
  const index = { temporary: temporaryName(final), final };
  await writeIndex(fs, index.temporary, shards, mergeEntries(indexes), indexes[0]?.header.endianness);
  checkNotCancelled(options.signal, "Saving", target);

  const data: WrittenFile[] = [];
  for (const { prefix, shards: own } of indexes)
    for (let i = 0; i < own; i++)
      data.push({
        temporary: dataFilename(prefix, i, own),
        final: dataFilename(target, data.length, shards),
      });
  try {
    await replaceCheckpoint(fs, target, data, index);
  } catch (error) {
    if (await fs.stat(index.temporary)) await fs.remove(index.temporary).catch(() => {});
    throw error;
  }
  for (const prefix of sources) await fs.remove(`${prefix}.index`);
  if (options.deleteOldDirs ?? true) {
    for (const directory of new Set(sources.map(dirname))) {
      if (directory !== dirname(target) && (await fs.list(directory)).length === 0)
        await fs.removeDirectory(directory);
    }
  }
}

function checkAlike(first: BundleIndex, index: BundleIndex): void {
  if (index.bigEndian !== first.bigEndian)
    throw new TfError("INVALID_ARGUMENT", "Merging bundles with conflicting endianness; inputs corrupted?", {
      file: index.file,
    });
  const [a, b] = [first, index].map(({ header: { version } }) =>
    JSON.stringify([version?.producer ?? 0, version?.minConsumer ?? 0, version?.badConsumers ?? []]),
  );
  if (a !== b)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Merging bundles with different format versions: merged ${a} vs. curr ${b}`,
      { file: index.file },
    );
}

/** A bundle's entries, the next one at hand. */
interface Cursor {
  readonly prefix: string;
  readonly firstShard: number;
  readonly rest: Iterator<RawEntry>;
  at: RawEntry | undefined;
}

/** All entries in order of keys, shards numbered anew. Slices of a variable that lie in several bundles become one list. */
function* mergeEntries(
  indexes: readonly BundleIndex[],
): Generator<{ key: Uint8Array; proto: IBundleEntryProto }> {
  let shards = 0;
  const cursors = indexes.map((index): Cursor => {
    const rest = index.raw();
    const firstShard = shards;
    shards += index.shards;
    return { prefix: index.prefix, firstShard, rest, at: rest.next().value ?? undefined };
  });
  for (;;) {
    let lowest: Cursor | undefined;
    for (const cursor of cursors)
      if (cursor.at && (!lowest?.at || compareBytes(cursor.at.key, lowest.at.key) < 0)) lowest = cursor;
    if (!lowest?.at) return;
    const { key, proto } = lowest.at;
    const slices = [...proto.slices];
    for (const cursor of cursors) {
      if (!cursor.at || compareBytes(cursor.at.key, key) !== 0) continue;
      if (cursor !== lowest) {
        if (cursor.at.proto.slices.length === 0 || slices.length === 0)
          throw new TfError(
            "INVALID_ARGUMENT",
            `Duplicate tensor keyed by ${nameOfKey(key)} encountered, when merging prefix: ${cursor.prefix}`,
            { key: nameOfKey(key), file: cursor.prefix },
          );
        slices.push(...cursor.at.proto.slices);
      }
      cursor.at = cursor.rest.next().value ?? undefined;
    }
    yield {
      key,
      proto:
        slices.length > 0 ? { ...proto, slices } : { ...proto, shardId: proto.shardId + lowest.firstShard },
    };
  }
}
