// Files that a browser holds (dropped, chosen, fetched) as a FileSystem to read from: `.meta`, `.index` and `.data-*` dropped together are a
// checkpoint. Nothing is read before it is asked for.
import { blobSource } from "./bytes.ts";
import { fileError } from "./file-errors.ts";
import type { FileSystem } from "./file-system.ts";
import { normalizePath } from "./memory.ts";
import { refuseChanges } from "./read-only.ts";

/** A File's own name, or the path in the folder that was chosen. */
const nameOf = (file: File): string => file.webkitRelativePath || file.name;

/**
 * A FileSystem over `files`: a FileList or Files, by their names (or paths, where a folder was chosen), or Blobs by path. Directories are
 * those of the paths. "a", "/a" and "./a" are one file. Throws a TypeError for what is no Blob, TfError ALREADY_EXISTS for two files of one path.
 * Changing anything throws TfError PERMISSION_DENIED.
 */
export function blobFileSystem(
  files: Iterable<File> | ArrayLike<File> | Readonly<Record<string, Blob>>,
): FileSystem {
  const byPath = new Map<string, Blob>();
  const directories = new Map<string, Set<string>>([["", new Set()]]);
  const listed =
    Symbol.iterator in files || "length" in files
      ? Array.from(files as ArrayLike<File>, (file): [string, Blob] => [nameOf(file), file])
      : Object.entries(files);
  for (const [path, blob] of listed) {
    if (!(blob instanceof Blob)) throw new TypeError(`"${path}" is no File or Blob`);
    const key = normalizePath(path);
    if (key === "" || byPath.has(key) || directories.has(key)) throw fileError("EEXIST", path);
    byPath.set(key, blob);
    for (let child = key; child !== ""; ) {
      const slash = child.lastIndexOf("/");
      const parent = child.slice(0, Math.max(slash, 0));
      if (byPath.has(parent)) throw fileError("ENOTDIR", path);
      const names = directories.get(parent) ?? new Set();
      directories.set(parent, names.add(child.slice(slash + 1)));
      child = parent;
    }
  }

  return {
    ...refuseChanges(),
    async open(path) {
      const key = normalizePath(path);
      if (directories.has(key)) throw fileError("EISDIR", path);
      const blob = byPath.get(key);
      if (!blob) throw fileError("ENOENT", path);
      return blobSource(blob);
    },
    async stat(path) {
      const key = normalizePath(path);
      if (directories.has(key)) return { size: 0, mtime: 0, isDirectory: true };
      const blob = byPath.get(key);
      const mtime = blob && "lastModified" in blob ? (blob as File).lastModified / 1000 : 0;
      return blob && { size: blob.size, mtime, isDirectory: false };
    },
    async list(path) {
      const key = normalizePath(path);
      if (byPath.has(key)) throw fileError("ENOTDIR", path);
      const names = directories.get(key);
      if (!names) throw fileError("ENOENT", path);
      return [...names].sort();
    },
  };
}
