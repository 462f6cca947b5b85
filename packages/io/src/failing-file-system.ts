// For tests of what must survive a failing disk or a kill: a file system whose changes begin to fail at a chosen point.
import { fileError } from "./file-errors.ts";
import type { AppendSink, ByteSink, FileSystem } from "./file-system.ts";

export interface FailingFileSystem {
  readonly fs: FileSystem;
  /** Operations that change files so far: how many points there are to fail at. */
  readonly steps: () => number;
}

/**
 * `fs` with the `at`-th operation that changes files (creating, writing, closing with its fsync, renaming, removing, making a rename
 * durable) failing with TfError RESOURCE_EXHAUSTED "<path>; No space left on device": that one alone with `once`, as a full disk does, or all
 * from it on, as a kill does. Reading always works.
 */
export function failingFileSystem(
  fs: FileSystem,
  at: number,
  options: { readonly once: boolean },
): FailingFileSystem {
  let step = 0;
  const on =
    <A extends unknown[], R>(path: string, change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      step++;
      if (options.once ? step === at : step >= at)
        throw fileError("ENOSPC", path, `injected at step ${step}`);
      return change(...args);
    };
  const guard =
    <A extends [path: string, ...unknown[]], R>(change: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      on(args[0], change)(...args);
  const create = async (path: string): Promise<ByteSink> => {
    const sink = await fs.create(path);
    return {
      write: on(path, (bytes: Uint8Array) => sink.write(bytes)),
      close: on(path, () => sink.close()),
      abort: () => sink.abort(),
    };
  };
  const append = async (path: string): Promise<AppendSink> => {
    const sink = await fs.append!(path);
    return {
      write: on(path, (bytes: Uint8Array) => sink.write(bytes)),
      flush: on(path, () => sink.flush()),
      close: on(path, () => sink.close()),
    };
  };
  return {
    steps: () => step,
    fs: {
      open: (path) => fs.open(path),
      stat: (path) => fs.stat(path),
      list: (path) => fs.list(path),
      create: guard(create),
      ...(fs.append ? { append: guard(append) } : {}),
      rename: guard((from: string, to: string) => fs.rename(from, to)),
      remove: guard((path: string) => fs.remove(path)),
      makeDirectory: guard((path: string) => fs.makeDirectory(path)),
      removeDirectory: guard((path: string) => fs.removeDirectory(path)),
      syncDirectory: guard(async (path: string) => fs.syncDirectory?.(path)),
    },
  };
}
