// A FileSystem in memory: for tests, browsers, and files that never need a disk. Paths are slash-separated;
// "a" and "/a" and "./a" are the same file. Not here: permissions, links, persistence.

import { bytesSource, concatBytes } from "./bytes.ts";
import { fileError } from "./file-errors.ts";
import type { FileSystem } from "./file-system.ts";
import { localPath } from "./path.ts";

interface MemoryFile {
  readonly bytes: Uint8Array;
  readonly mtime: number;
}

/** A MemoryFile, or undefined for a directory. */
type Entry = MemoryFile | undefined;

/** Path as a list of names; "." and empty parts do not count, ".." goes up. */
export function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of localPath(path).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

const parentOf = (key: string): string => key.slice(0, Math.max(0, key.lastIndexOf("/")));

/** A new, empty FileSystem; `files` are put in first, with their directories. */
export function memoryFileSystem(files: Readonly<Record<string, Uint8Array | string>> = {}): FileSystem {
  // "" is the root, always there.
  const entries = new Map<string, Entry>([["", undefined]]);
  const now = () => Date.now() / 1000;

  function requireParent(key: string, path: string): void {
    const parent = parentOf(key);
    if (!entries.has(parent)) throw fileError("ENOENT", path);
    if (entries.get(parent) !== undefined) throw fileError("ENOTDIR", path);
  }
  function childrenOf(key: string): string[] {
    const prefix = key === "" ? "" : `${key}/`;
    const names: string[] = [];
    for (const other of entries.keys())
      if (other !== "" && other.startsWith(prefix) && !other.includes("/", prefix.length))
        names.push(other.slice(prefix.length));
    return names.sort();
  }
  function makeDirectories(key: string, path: string): void {
    if (key === "") return;
    makeDirectories(parentOf(key), path);
    if (entries.get(key) !== undefined) throw fileError("EEXIST", path);
    entries.set(key, undefined);
  }

  for (const [path, content] of Object.entries(files)) {
    const key = normalizePath(path);
    makeDirectories(parentOf(key), path);
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
    entries.set(key, { bytes, mtime: now() });
  }

  return {
    async open(path) {
      const key = normalizePath(path);
      if (!entries.has(key)) throw fileError("ENOENT", path);
      const file = entries.get(key);
      if (file === undefined) throw fileError("EISDIR", path);
      return bytesSource(file.bytes);
    },
    async create(path) {
      const key = normalizePath(path);
      requireParent(key, path);
      if (entries.has(key) && entries.get(key) === undefined) throw fileError("EISDIR", path);
      let pieces: Uint8Array[] | undefined = [];
      return {
        async write(bytes) {
          if (pieces === undefined) throw new TypeError("write after close");
          pieces.push(bytes.slice());
        },
        async close() {
          if (pieces === undefined) return;
          const bytes = concatBytes(pieces);
          pieces = undefined;
          requireParent(key, path);
          entries.set(key, { bytes, mtime: now() });
        },
        async abort() {
          pieces = undefined;
        },
      };
    },
    async append(path) {
      const key = normalizePath(path);
      requireParent(key, path);
      if (entries.has(key) && entries.get(key) === undefined) throw fileError("EISDIR", path);
      if (!entries.has(key)) entries.set(key, { bytes: new Uint8Array(0), mtime: now() });
      let pieces: Uint8Array[] | undefined = [];
      const flush = async () => {
        const file = entries.get(key);
        // Removed meanwhile: what is written goes nowhere, as under POSIX.
        if (!pieces || pieces.length === 0 || !file) return;
        entries.set(key, { bytes: concatBytes([file.bytes, ...pieces]), mtime: now() });
        pieces = [];
      };
      return {
        async write(bytes) {
          if (pieces === undefined) throw new TypeError("write after close");
          pieces.push(bytes.slice());
        },
        flush,
        async close() {
          await flush();
          pieces = undefined;
        },
      };
    },
    async rename(from, to) {
      const source = normalizePath(from);
      const target = normalizePath(to);
      if (!entries.has(source)) throw fileError("ENOENT", from);
      requireParent(target, to);
      const file = entries.get(source);
      const targetIsDirectory = entries.has(target) && entries.get(target) === undefined;
      if (file !== undefined) {
        if (targetIsDirectory) throw fileError("EISDIR", to);
        entries.delete(source);
        entries.set(target, file);
        return;
      }
      if (entries.get(target) !== undefined) throw fileError("ENOTDIR", to);
      if (source === target) return;
      if (targetIsDirectory && childrenOf(target).length > 0) throw fileError("ENOTEMPTY", to);
      if (target.startsWith(`${source}/`)) throw fileError("EINVAL", to);
      for (const [key, entry] of [...entries]) {
        if (key !== source && !key.startsWith(`${source}/`)) continue;
        entries.delete(key);
        entries.set(target + key.slice(source.length), entry);
      }
    },
    async remove(path) {
      const key = normalizePath(path);
      if (!entries.has(key)) throw fileError("ENOENT", path);
      if (entries.get(key) === undefined) throw fileError("EISDIR", path);
      entries.delete(key);
    },
    async stat(path) {
      const key = normalizePath(path);
      if (!entries.has(key)) return undefined;
      const file = entries.get(key);
      if (file === undefined) return { size: 0, mtime: 0, isDirectory: true };
      return { size: file.bytes.length, mtime: file.mtime, isDirectory: false };
    },
    async list(path) {
      const key = normalizePath(path);
      if (!entries.has(key)) throw fileError("ENOENT", path);
      if (entries.get(key) !== undefined) throw fileError("ENOTDIR", path);
      return childrenOf(key);
    },
    async makeDirectory(path) {
      makeDirectories(normalizePath(path), path);
    },
    async removeDirectory(path) {
      const key = normalizePath(path);
      if (!entries.has(key)) throw fileError("ENOENT", path);
      if (entries.get(key) !== undefined) throw fileError("ENOTDIR", path);
      if (childrenOf(key).length > 0) throw fileError("ENOTEMPTY", path);
      if (key !== "") entries.delete(key);
    },
  };
}
