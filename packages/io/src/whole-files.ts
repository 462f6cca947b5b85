// Reading and writing whole files through a FileSystem.
import { isTfError, TfError } from "@org/errors";
import type { FileSystem } from "./file-system.ts";
import { dirname } from "./path.ts";

/** All bytes of a file. Throws what `open` throws. */
export async function readFile(
  fs: FileSystem,
  path: string,
  options?: { readonly signal?: AbortSignal },
): Promise<Uint8Array> {
  const source = await fs.open(path);
  try {
    return await source.read(0, source.size, options);
  } finally {
    await source.close();
  }
}

/** Whether there is a file or directory. */
export async function fileExists(fs: FileSystem, path: string): Promise<boolean> {
  return (await fs.stat(path)) !== undefined;
}

/**
 * Writes a file so that there is the old one or the new one, never half of one: through a sink that shows nothing
 * before its `close`, then the directory is made durable. Parts are written one after the other. On failure nothing is left behind.
 */
export async function atomicWrite(
  fs: FileSystem,
  path: string,
  content: Uint8Array | string | readonly Uint8Array[],
): Promise<void> {
  const sink = await fs.create(path);
  try {
    if (typeof content === "string") await sink.write(new TextEncoder().encode(content));
    else if (content instanceof Uint8Array) await sink.write(content);
    else for (const part of content) await sink.write(part);
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
  await fs.syncDirectory?.(dirname(path) || ".");
}

/** Removes a file if it is there. */
export async function removeIfThere(fs: FileSystem, path: string): Promise<void> {
  try {
    await fs.remove(path);
  } catch (error) {
    if (!isTfError(error) || error.code !== "NOT_FOUND") throw error;
  }
}

/**
 * The FileSystem where none was passed: Node's files under Node (Deno and Bun too). Throws TfError FAILED_PRECONDITION
 * where there are no files, as in a browser.
 */
export async function defaultFileSystem(): Promise<FileSystem> {
  if (typeof process === "object" && typeof process.getBuiltinModule === "function") {
    const { nodeFileSystem } = await import("./node.ts");
    return nodeFileSystem();
  }
  throw new TfError("FAILED_PRECONDITION", "There is no file system here", {
    hint: "Pass one as `fs`: memoryFileSystem(), or one over the files that the user dropped.",
  });
}
