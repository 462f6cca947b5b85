// A file system that lets through only some paths: what a program of strangers may be given.
import { TfError } from "@org/errors";
import type { FileSystem } from "./file-system.ts";

/**
 * `fs` for paths that `allows` says yes to. Opening, creating, renaming, removing, listing another one, or asking whether
 * it is there, throws TfError PERMISSION_DENIED with `hint`. A path with a `..` part is never let through.
 */
export function restrictFileSystem(
  fs: FileSystem,
  allows: (path: string) => boolean,
  hint?: string,
): FileSystem {
  const check = (path: string): string => {
    if (!path.split("/").includes("..") && allows(path)) return path;
    throw new TfError("PERMISSION_DENIED", `${path}; Permission denied`, {
      file: path,
      ...(hint ? { hint } : {}),
    });
  };
  return {
    open: async (path) => fs.open(check(path)),
    create: async (path) => fs.create(check(path)),
    ...(fs.append ? { append: async (path: string) => fs.append!(check(path)) } : {}),
    rename: async (from, to) => fs.rename(check(from), check(to)),
    remove: async (path) => fs.remove(check(path)),
    stat: async (path) => fs.stat(check(path)),
    list: async (path) => fs.list(check(path)),
    makeDirectory: async (path) => fs.makeDirectory(check(path)),
    removeDirectory: async (path) => fs.removeDirectory(check(path)),
    ...(fs.syncDirectory ? { syncDirectory: async (path: string) => fs.syncDirectory!(path) } : {}),
  };
}
