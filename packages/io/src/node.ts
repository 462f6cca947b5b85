// Node's files as a FileSystem. A file that is being written lies under a temporary name beside its own until `close`,
// which makes it durable and renames it: a reader never sees half of one, a crash leaves the old one.
// `getBuiltinModule` instead of an import: bundlers for browsers, which follow defaultFileSystem() to here, need no setting.
import type { FileHandle } from "node:fs/promises";
import { checkRange } from "./bytes.ts";
import { asFileError, fileError } from "./file-errors.ts";
import type { ByteSink, FileSystem } from "./file-system.ts";
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

/** After so many bytes the system is told to begin to write them out, so that little is left to do at `close`. */
const syncEvery = 2 ** 24;

/** Whether it says that there is nothing to sync: a device, a pipe, a directory of Windows or of some network file systems. */
const cannotSync = (error: unknown): boolean =>
  ["EPERM", "EINVAL", "EISDIR", "ENOTSUP"].includes((error as { code: string }).code);

async function syncFile(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } catch (error) {
    if (!cannotSync(error)) throw error;
  }
}

/** A file under a temporary name; `publish` gives it its own. */
class NodeSink implements ByteSink {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #publish: () => Promise<void>;
  readonly #discard: () => Promise<void>;
  #open = true;
  #unsynced = 0;
  /** Of a flush that runs beside the writing; never rejected. */
  #syncing: Promise<void> | undefined;
  #syncError: unknown;

  constructor(path: string, file: FileHandle, publish: () => Promise<void>, discard: () => Promise<void>) {
    this.#path = path;
    this.#file = file;
    this.#publish = publish;
    this.#discard = discard;
  }

  write(bytes: Uint8Array): Promise<void> {
    return guard(this.#path, async () => {
      if (!this.#open) throw new TypeError("write after close");
      if (this.#syncError !== undefined) throw this.#syncError;
      for (let at = 0; at < bytes.length; )
        at += (await this.#file.write(bytes, at, Math.min(bytes.length - at, 2 ** 30))).bytesWritten;
      this.#unsynced += bytes.length;
      if (this.#unsynced < syncEvery || this.#syncing) return;
      this.#unsynced = 0;
      this.#syncing = this.#file
        .datasync()
        .catch((error: unknown) => {
          if (!cannotSync(error)) this.#syncError = error;
        })
        .finally(() => {
          this.#syncing = undefined;
        });
    });
  }

  close(): Promise<void> {
    return guard(this.#path, async () => {
      if (!this.#open) return;
      try {
        await this.#syncing;
        if (this.#syncError !== undefined) throw this.#syncError;
        await syncFile(this.#file);
        this.#open = false;
        await this.#file.close();
        await this.#publish();
      } catch (error) {
        await this.#drop();
        throw error;
      }
    });
  }

  abort(): Promise<void> {
    return guard(this.#path, async () => {
      if (this.#open) await this.#drop();
    });
  }

  async #drop(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      await this.#syncing;
      await this.#file.close();
    }
    await this.#discard();
  }
}

/** The files of this machine. Relative paths start at the working directory, "file://" is allowed in front. */
export function nodeFileSystem(): FileSystem {
  const { mkdir, open, readdir, rename, rm, rmdir, stat } = process.getBuiltinModule("node:fs/promises");
  const { constants } = process.getBuiltinModule("node:fs");
  // Else opening a pipe waits for somebody who writes into it, and nothing ends that. Windows has no such flag.
  const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  return {
    open: (path) =>
      guard(path, async () => {
        const file = await open(localPath(path), reading);
        try {
          const info = await file.stat();
          if (info.isDirectory()) throw fileError("EISDIR", path);
          if (info.isFIFO() || info.isSocket())
            throw fileError("ESPIPE", path).at(
              {},
              "It is a pipe, which has one end only: copy it into a file.",
            );
          return {
            size: info.size,
            read: (start, end, options) =>
              guard(path, async () => {
                checkRange(start, end, info.size, path);
                const bytes = new Uint8Array(end - start);
                await fill(file, bytes, start, path, options?.signal);
                return bytes;
              }),
            readInto: (target, start, options) =>
              guard(path, () => {
                checkRange(start, start + target.length, info.size, path);
                return fill(file, target, start, path, options?.signal);
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
        // A device or a pipe is written into: a file of its name in its place would be the end of it.
        if (existing && !existing.isFile())
          return new NodeSink(
            path,
            await open(target, "w"),
            async () => {},
            async () => {},
          );
        const temporary = `${target}.tmp-${process.pid}-${Date.now().toString(36)}-${counter++}`;
        const file = await open(temporary, "wx", existing?.mode ?? 0o666);
        return new NodeSink(
          path,
          file,
          () => rename(temporary, target),
          () => rm(temporary, { force: true }),
        );
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
          await syncFile(directory);
        } finally {
          await directory.close();
        }
      }),
  };
}

/** Bytes that one call to the system reads. */
const readPiece = 2 ** 26;

async function fill(
  file: FileHandle,
  target: Uint8Array,
  start: number,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (target.length === 0) signal?.throwIfAborted();
  for (let at = 0; at < target.length; ) {
    signal?.throwIfAborted();
    const length = Math.min(target.length - at, readPiece);
    const { bytesRead } = await file.read(target, at, length, start + at);
    if (bytesRead === 0) checkRange(start, start + target.length, start + at, path);
    at += bytesRead;
  }
}
