// The files that a browser keeps for a page (origin private file system), or a folder that the user let it write to, as a FileSystem.
// Spec: fs.spec.whatwg.org. A file that is being written lies under a temporary name until `close` moves it to its own; where files cannot be
// moved, the browser's own swap file does the same for a file that was there before.
import { isTfError } from "@org/errors";
import { blobSource } from "./bytes.ts";
import { type FileErrorName, fileError } from "./file-errors.ts";
import type { ByteSink, FileSystem } from "./file-system.ts";
import { normalizePath } from "./memory.ts";

type Directory = FileSystemDirectoryHandle;
/** Not in the standard yet, but in Chromium and Safari. */
type Movable = FileSystemFileHandle & { move?(parent: Directory, name: string): Promise<void> };

const named: Readonly<Record<string, FileErrorName>> = {
  NotFoundError: "ENOENT",
  TypeMismatchError: "ENOTDIR",
  NotAllowedError: "EACCES",
  SecurityError: "EACCES",
  QuotaExceededError: "ENOSPC",
  InvalidModificationError: "ENOTEMPTY",
  NoModificationAllowedError: "EBUSY",
};

/** Runs `action`, turning DOMExceptions into TfErrors about `path`. */
async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const name = !isTfError(error) && error instanceof DOMException ? named[error.name] : undefined;
    throw name === undefined ? error : fileError(name, path, error);
  }
}

let counter = 0;

/** A FileSystem over the directory `root`: `await navigator.storage.getDirectory()`, or what `showDirectoryPicker` gave. */
export function opfsFileSystem(root: Directory): FileSystem {
  const partsOf = (path: string): string[] => normalizePath(path).split("/").filter(Boolean);

  const directoryAt = async (parts: readonly string[], create = false): Promise<Directory> => {
    let at = root;
    for (const part of parts) at = await at.getDirectoryHandle(part, { create });
    return at;
  };

  /** What is at a path; undefined where nothing is. */
  const find = async (path: string): Promise<FileSystemHandle | undefined> => {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) return root;
    try {
      const parent = await directoryAt(parts);
      try {
        return await parent.getFileHandle(name);
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== "TypeMismatchError") throw error;
        return await parent.getDirectoryHandle(name);
      }
    } catch (error) {
      if (
        error instanceof DOMException &&
        (error.name === "NotFoundError" || error.name === "TypeMismatchError")
      )
        return undefined;
      throw error;
    }
  };

  const require = async (path: string): Promise<FileSystemHandle> => {
    const found = await find(path);
    if (!found) throw fileError("ENOENT", path);
    return found;
  };

  const parentOf = async (path: string): Promise<{ parent: Directory; name: string }> => {
    const parts = partsOf(path);
    const name = parts.pop();
    if (name === undefined) throw fileError("EISDIR", path);
    return { parent: await directoryAt(parts), name };
  };

  const create = async (path: string): Promise<ByteSink> => {
    const { parent, name } = await parentOf(path);
    if ((await find(path))?.kind === "directory" || path.endsWith("/")) throw fileError("EISDIR", path);
    const temporary = `${name}.tmp-${Date.now().toString(36)}-${(counter++).toString(36)}${Math.floor(Math.random() * 2 ** 32).toString(36)}`;
    const handle: Movable = await parent.getFileHandle(temporary, { create: true });
    const movable = typeof handle.move === "function";
    let target: Movable = handle;
    if (!movable) {
      await parent.removeEntry(temporary);
      target = await parent.getFileHandle(name, { create: true });
    }
    const stream = await target.createWritable();
    let open = true;
    return {
      write: (bytes) =>
        guard(path, async () => {
          if (!open) throw new TypeError("write after close");
          await stream.write(bytes as Uint8Array<ArrayBuffer>);
        }),
      close: () =>
        guard(path, async () => {
          if (!open) return;
          open = false;
          try {
            await stream.close();
            if (movable) await moveFile(handle, parent, name);
          } catch (error) {
            if (movable) await parent.removeEntry(temporary).catch(() => {});
            throw error;
          }
        }),
      abort: () =>
        guard(path, async () => {
          if (!open) return;
          open = false;
          await stream.abort();
          if (movable) await parent.removeEntry(temporary);
        }),
    };
  };

  const rename = async (from: string, to: string): Promise<void> => {
    const source = await require(from);
    const origin = await parentOf(from);
    const target = await parentOf(to);
    if (source.kind === "file") {
      await moveFile(source as Movable, target.parent, target.name, origin);
      return;
    }
    if (`${normalizePath(to)}/`.startsWith(`${normalizePath(from)}/`)) throw fileError("EINVAL", to);
    const into = await target.parent.getDirectoryHandle(target.name, { create: true });
    await copyInto(source as Directory, into);
    await origin.parent.removeEntry(origin.name, { recursive: true });
  };

  return {
    open: (path) =>
      guard(path, async () => {
        const found = await require(path);
        if (found.kind === "directory") throw fileError("EISDIR", path);
        const source = blobSource(await (found as FileSystemFileHandle).getFile());
        return {
          ...source,
          read: (start, end, options) => guard(path, () => source.read(start, end, options)),
        };
      }),
    create: (path) => guard(path, () => create(path)),
    rename: (from, to) => guard(from, () => rename(from, to)),
    remove: (path) =>
      guard(path, async () => {
        if ((await require(path)).kind === "directory") throw fileError("EISDIR", path);
        const { parent, name } = await parentOf(path);
        await parent.removeEntry(name);
      }),
    stat: (path) =>
      guard(path, async () => {
        const found = await find(path);
        if (!found) return undefined;
        if (found.kind === "directory") return { size: 0, mtime: 0, isDirectory: true };
        const { size, lastModified } = await (found as FileSystemFileHandle).getFile();
        return { size, mtime: lastModified / 1000, isDirectory: false };
      }),
    list: (path) =>
      guard(path, async () => {
        const found = await require(path);
        if (found.kind === "file") throw fileError("ENOTDIR", path);
        const names: string[] = [];
        for await (const name of (found as Directory).keys()) names.push(name);
        return names.sort();
      }),
    makeDirectory: (path) =>
      guard(path, async () => {
        await directoryAt(partsOf(path), true);
      }),
    removeDirectory: (path) =>
      guard(path, async () => {
        if ((await require(path)).kind === "file") throw fileError("ENOTDIR", path);
        const { parent, name } = await parentOf(path);
        await parent.removeEntry(name);
      }),
  };
}

/** Gives a file another place, over what is there: in one step where the browser can, else by a copy. */
async function moveFile(
  file: Movable,
  parent: Directory,
  name: string,
  origin?: { readonly parent: Directory; readonly name: string },
): Promise<void> {
  if (file.move) return file.move(parent, name);
  const stream = await (await parent.getFileHandle(name, { create: true })).createWritable();
  await (await file.getFile()).stream().pipeTo(stream);
  await origin?.parent.removeEntry(origin.name);
}

async function copyInto(from: Directory, to: Directory): Promise<void> {
  for await (const [name, handle] of from.entries()) {
    if (handle.kind === "directory")
      await copyInto(handle as Directory, await to.getDirectoryHandle(name, { create: true }));
    else {
      const stream = await (await to.getFileHandle(name, { create: true })).createWritable();
      await (await (handle as FileSystemFileHandle).getFile()).stream().pipeTo(stream);
    }
  }
}
