// A file that grows, on any FileSystem: through its `append`, or, where it has none, by writing the whole file anew at each flush.
import { concatBytes } from "./bytes.ts";
import type { AppendSink, FileSystem } from "./file-system.ts";
import { atomicWrite, readFile } from "./whole-files.ts";

/**
 * Opens `path` for writing at its end; what is there stays. Without `append` of the file system's own, all of the file is
 * kept in memory while it is open, and a flush costs as much as the file is long. Throws what `append` or `create` throws.
 */
export async function appendSink(fs: FileSystem, path: string): Promise<AppendSink> {
  if (fs.append) return fs.append(path);
  let pieces = (await fs.stat(path)) ? [await readFile(fs, path)] : [];
  let changed = pieces.length === 0;
  let closed = false;
  const flush = async (): Promise<void> => {
    if (closed || !changed) return;
    pieces = [concatBytes(pieces)];
    await atomicWrite(fs, path, pieces[0]!);
    changed = false;
  };
  await flush();
  return {
    async write(bytes) {
      if (closed) throw new TypeError("write after close");
      pieces.push(bytes.slice());
      changed = true;
    },
    flush,
    async close() {
      await flush();
      closed = true;
    },
  };
}
