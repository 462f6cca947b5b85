// What killed saves leave behind: temporary files beside a prefix, folders of shards that were never merged. Removed when the same prefix
// is saved again, if nobody has written to them for a while: another process may be saving right now.
import { basename, dirname, type FileSystem, joinPath } from "@org/io";

/** Seconds without a change after which a temporary file counts as left behind. */
export const staleAfter = 900;

let counter = 0;

/** A name beside `file` that no other writer uses, as TensorFlow's `*.tempstate<random>`. */
export function temporaryName(file: string): string {
  return `${file}.tempstate${Date.now().toString(36)}${(counter++).toString(36)}${Math.floor(Math.random() * 2 ** 32).toString(36)}`;
}

/** Rest of a name after the prefix: V2's files and V1's own, under a temporary name; under a second one until closed (Node). */
const temporary = /^(\.index|\.data-\d{5}-of-\d{5}|)\.tempstate[0-9a-z]+(\.tmp-[0-9a-z-]+)?$/;
/** A folder that a sharded Saver writes its shards into. */
const shardFolder = /^_temp_[0-9a-f]{32}$/;

/**
 * Removes what killed saves of `prefix` left in its directory. A name that another checkpoint could have is never touched. What cannot be
 * looked at or removed stays: that is no reason not to save.
 */
export function removeStaleFiles(fs: FileSystem, prefix: string): Promise<void> {
  return removeFrom(fs, prefix).catch(() => {});
}

async function removeFrom(fs: FileSystem, prefix: string): Promise<void> {
  const directory = dirname(prefix) || ".";
  const base = basename(prefix);
  if (!(await fs.stat(directory))?.isDirectory) return;
  for (const name of await fs.list(directory)) {
    if (!name.startsWith(base)) continue;
    const rest = name.slice(base.length);
    const path = joinPath(dirname(prefix), name);
    if (temporary.test(rest)) {
      if (await isStale(fs, path)) await fs.remove(path).catch(() => {});
    } else if (shardFolder.test(rest)) await removeStaleFolder(fs, path).catch(() => {});
  }
}

async function isStale(fs: FileSystem, path: string): Promise<boolean> {
  const stat = await fs.stat(path);
  return stat !== undefined && !stat.isDirectory && Date.now() / 1000 - stat.mtime > staleAfter;
}

async function removeStaleFolder(fs: FileSystem, folder: string): Promise<void> {
  const files = (await fs.list(folder)).map((name) => joinPath(folder, name));
  // An empty folder tells no time: a save may just have made it.
  if (files.length === 0) return;
  for (const file of files) if (!(await isStale(fs, file))) return;
  for (const file of files) await fs.remove(file);
  await fs.removeDirectory(folder);
}
