// Replaces the files of a checkpoint as one: a save over an existing prefix that is killed at any point leaves
// either the old checkpoint or the new one, whole, at the next open.
//
//   write all new files under temporary names (durable)      killed here: the old one stands
//   <prefix>.index -> <prefix>.index.previous                from here the index is missing: the old one is put back
//   each data file that would be replaced -> *.previous
//   temporary data files -> their names
//   temporary index -> <prefix>.index                        from here the new one stands
//   remove *.previous, the index's last
import type { FileSystem } from "@org/io";
import { basename, dirname, joinPath } from "@org/io";

const previous = ".previous";

/** A file that was written whole under a temporary name. */
export interface WrittenFile {
  readonly temporary: string;
  readonly final: string;
}

/** Moves `data` files and the index into place; see the header for the order. */
export async function replaceCheckpoint(
  fs: FileSystem,
  prefix: string,
  data: readonly WrittenFile[],
  index: WrittenFile,
): Promise<void> {
  await putBackPrevious(fs, prefix);
  const replaced: string[] = [];
  if (await fs.stat(index.final)) {
    await fs.rename(index.final, index.final + previous);
    for (const { final } of data) {
      if (!(await fs.stat(final))) continue;
      await fs.rename(final, final + previous);
      replaced.push(final + previous);
    }
    replaced.push(index.final + previous);
  }
  try {
    for (const { temporary, final } of data) await fs.rename(temporary, final);
    await fs.rename(index.temporary, index.final);
  } catch (error) {
    await putBackPrevious(fs, prefix);
    throw error;
  }
  await fs.syncDirectory?.(dirname(prefix) || ".");
  for (const file of replaced) await fs.remove(file);
}

/**
 * Mends what a killed save left: without an index, what it had moved away is moved back; with one, the leftovers go.
 * Cheap where there is nothing to mend: one look for `<prefix>.index.previous`.
 */
export async function putBackPrevious(fs: FileSystem, prefix: string): Promise<void> {
  if (fs.readOnly) return;
  const index = `${prefix}.index`;
  if (!(await fs.stat(index + previous))) return;
  const directory = dirname(prefix);
  const data = (await fs.list(directory === "" ? "." : directory))
    .filter((name) => name.startsWith(`${basename(prefix)}.data-`) && name.endsWith(previous))
    .map((name) => joinPath(directory, name));
  const finished = (await fs.stat(index)) !== undefined;
  for (const file of data) {
    if (finished) await fs.remove(file);
    else await fs.rename(file, file.slice(0, -previous.length));
  }
  if (finished) await fs.remove(index + previous);
  else await fs.rename(index + previous, index);
}
