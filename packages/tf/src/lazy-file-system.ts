// A file system that is looked for when it is first used: a session can be made before, and in a browser without one.
import { appendSink, type FileSystem } from "@org/io";

/** The FileSystem that `find` yields; it is asked once, at the first use. */
export function lazyFileSystem(find: () => Promise<FileSystem>): FileSystem {
  let found: Promise<FileSystem> | undefined;
  const fs = (): Promise<FileSystem> => {
    found ??= find();
    return found;
  };
  return {
    open: async (path) => (await fs()).open(path),
    create: async (path) => (await fs()).create(path),
    append: async (path) => appendSink(await fs(), path),
    rename: async (from, to) => (await fs()).rename(from, to),
    remove: async (path) => (await fs()).remove(path),
    stat: async (path) => (await fs()).stat(path),
    list: async (path) => (await fs()).list(path),
    makeDirectory: async (path) => (await fs()).makeDirectory(path),
    removeDirectory: async (path) => (await fs()).removeDirectory(path),
    syncDirectory: async (path) => (await fs()).syncDirectory?.(path),
  };
}
