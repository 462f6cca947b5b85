// Where results go: files that are not overwritten unless that is asked for, and are never left half written.
import { isTfError } from "@org/errors";
import { atomicWrite, type ByteSink, defaultFileSystem, dirname, joinPath } from "@org/io";
import { OutputError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";

export interface OutputFlags {
  readonly force?: boolean;
}

/** Throws OutputError where `path` is a directory, or there and not to be overwritten. */
export async function refuseOverwriting(path: string, flags: OutputFlags): Promise<void> {
  if (path === "-") return;
  const there = await (await defaultFileSystem()).stat(path);
  if (there?.isDirectory) throw new OutputError(`${path} is a directory`);
  if (there && !flags.force) throw new OutputError(`${path} exists\nHint: --force overwrites it.`);
}

/** The same for the files of a checkpoint; also where its directory and the one above are missing. */
export async function refuseOverwritingCheckpoint(prefix: string, flags: OutputFlags): Promise<void> {
  const fs = await defaultFileSystem();
  const directory = dirname(prefix);
  // One level is made, as TensorFlow does.
  if (
    directory !== "" &&
    !(await fs.stat(directory)) &&
    dirname(directory) !== "" &&
    !(await fs.stat(dirname(directory)))
  )
    throw new OutputError(`Cannot write ${prefix}: there is no directory ${dirname(directory)}`);
  const there = await fs.stat(prefix);
  if (there?.isDirectory)
    throw new OutputError(
      `${prefix} is a directory\nHint: Name a prefix in it: ${joinPath(prefix, "model")}.`,
    );
  for (const path of [`${prefix}.index`, prefix])
    if ((await fs.stat(path)) && !flags.force)
      throw new OutputError(`${path} exists\nHint: --force overwrites it.`);
}

/** Writes a file as one; "-" is standard output. Throws OutputError where that fails. */
export async function writeOutput(path: string, bytes: Uint8Array, terminal: Terminal): Promise<void> {
  if (path === "-") return terminal.bytes(bytes);
  await outputting(path, async () => atomicWrite(await defaultFileSystem(), path, bytes));
}

/** Writes a file piece by piece; nothing is there before the last one. Throws OutputError where creating or closing it fails. */
export async function streamOutput(path: string, write: (sink: ByteSink) => Promise<void>): Promise<void> {
  const fs = await defaultFileSystem();
  const sink = await outputting(path, () => fs.create(path));
  try {
    await write(sink);
    await outputting(path, () => sink.close());
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** Runs what writes to `path`: a failure of the file system there is no fault of what was read. */
export async function outputting<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (isTfError(cause) && cause.code !== "CANCELLED")
      throw new OutputError(`Cannot write ${path}: ${cause.sentence}`, { cause });
    throw cause;
  }
}
