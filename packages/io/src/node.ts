// Node's files as a FileSystem. A file that is being written lies under a temporary name beside its own until `close`,
// which makes it durable and renames it: a reader never sees half of one, a crash leaves the old one.
// `getBuiltinModule` instead of an import: bundlers for browsers, which follow defaultFileSystem() to here, need no setting.
import type { FileHandle } from "node:fs/promises";
import { checkRange } from "./bytes.ts";
import { asFileError, fileError } from "./file-errors.ts";
import type { FileSystem } from "./file-system.ts";
import { dirname, localPath } from "./path.ts";

let counter = 0;

/** Runs `action`, turning Node's errors into TfErrors about `path`. */
async function guard<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw asFileError(error, path);
  }
}

/** The files of this machine. Relative paths start at the working directory, "file://" is allowed in front. */
export function nodeFileSystem(): FileSystem {
  const { mkdir, open, readdir, rename, rm, rmdir, stat } = process.getBuiltinModule("node:fs/promises");
  return {
    open: (path) =>
      guard(path, async () => {
        const file = await open(localPath(path), "r");
        try {
          const info = await file.stat();
          if (info.isDirectory()) throw fileError("EISDIR", path);
          return {
            size: info.size,
            read: (start, end, options) =>
              guard(path, async () => {
                checkRange(start, end, info.size, path);
                return readFully(file, start, end, path, options?.signal);
              }),
            close: () => guard(path, () => file.close()),
          };
        } catch (error) {
          await file.close();
          throw error;
        }
      }),
    create: (path) =>
      guard(path, async () => {
        const target = localPath(path);
        const existing = await stat(target).catch(() => undefined);
        if (existing?.isDirectory() || target.endsWith("/")) throw fileError("EISDIR", path);
        const temporary = `${target}.tmp-${process.pid}-${Date.now().toString(36)}-${counter++}`;
        const file = await open(temporary, "wx", existing?.mode ?? 0o666);
        let open_ = true;
        const abort = async () => {
          if (!open_) return;
          open_ = false;
          await file.close();
          await rm(temporary, { force: true });
        };
        return {
          write: (bytes) =>
            guard(path, async () => {
              if (!open_) throw new TypeError("write after close");
              for (let at = 0; at < bytes.length; )
                at += (await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 30))).bytesWritten;
            }),
          close: () =>
            guard(path, async () => {
              if (!open_) return;
              try {
                await file.sync();
                await file.close();
                open_ = false;
                await rename(temporary, target);
              } catch (error) {
                await abort();
                await rm(temporary, { force: true });
                throw error;
              }
            }),
          abort: () => guard(path, abort),
        };
      }),
    append: (path) =>
      guard(path, async () => {
        const file = await open(localPath(path), "a");
        let open_ = true;
        return {
          write: (bytes) =>
            guard(path, async () => {
              if (!open_) throw new TypeError("write after close");
              for (let at = 0; at < bytes.length; )
                at += (await file.write(bytes, at, Math.min(bytes.length - at, 2 ** 30))).bytesWritten;
            }),
          flush: () =>
            guard(path, async () => {
              if (open_) await file.sync();
            }),
          close: () =>
            guard(path, async () => {
              if (!open_) return;
              open_ = false;
              try {
                await file.sync();
              } finally {
                await file.close();
              }
            }),
        };
      }),
    rename: (from, to) => guard(from, () => rename(localPath(from), localPath(to))),
    remove: (path) =>
      guard(path, async () => {
        if ((await stat(localPath(path)).catch(() => undefined))?.isDirectory())
          throw fileError("EISDIR", path);
        await rm(localPath(path));
      }),
    stat: (path) =>
      guard(path, async () => {
        try {
          const info = await stat(localPath(path));
          return { size: info.size, mtime: info.mtimeMs / 1000, isDirectory: info.isDirectory() };
        } catch (error) {
          const { code } = error as { code?: string };
          if (code === "ENOENT" || code === "ENOTDIR") return undefined;
          throw error;
        }
      }),
    list: (path) => guard(path, async () => (await readdir(localPath(path))).sort()),
    makeDirectory: (path) =>
      guard(path, async () => {
        await mkdir(localPath(path), { recursive: true });
      }),
    removeDirectory: (path) => guard(path, () => rmdir(localPath(path))),
    syncDirectory: (path) =>
      guard(path, async () => {
        const directory = await open(localPath(path) || dirname("."), "r");
        try {
          await directory.sync();
        } catch (error) {
          // Windows and some network file systems cannot sync a directory.
          if (!["EPERM", "EINVAL", "EISDIR", "ENOTSUP"].includes((error as { code: string }).code))
            throw error;
        } finally {
          await directory.close();
        }
      }),
  };
}

async function readFully(
  file: FileHandle,
  start: number,
  end: number,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.length; ) {
    signal?.throwIfAborted();
    const length = Math.min(bytes.length - at, 2 ** 26);
    const { bytesRead } = await file.read(bytes, at, length, start + at);
    if (bytesRead === 0) checkRange(start, end, start + at, path);
    at += bytesRead;
  }
  return bytes;
}
