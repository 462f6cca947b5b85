// Where messages are read from: a path, URL, Blob or bytes. Not here: what the bytes mean (parse-message.ts).
import { TfError } from "@org/errors";
import { basename, defaultFileSystem, dirname, type FileSystem, localPath } from "@org/io";

/** Where a message can lie: a path, a URL ("https://..." as a string, too), a Blob or File, bytes. */
export type Source = string | URL | Blob | Uint8Array | ArrayBuffer;

export interface ReadOptions {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem;
  readonly signal?: AbortSignal;
}

/** Bytes that nobody else changes, and what messages call them. */
export interface Loaded {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The bytes at `source`, of a message called `what` in errors.
 * Throws TfError NOT_FOUND "File <path> does not exist."; FAILED_PRECONDITION for a directory; INVALID_ARGUMENT for 2 GiB and more; UNAVAILABLE where a server
 * fails; CANCELLED; a TypeError for another kind of source.
 */
export async function bytesOf(source: Source, options: ReadOptions, what: string): Promise<Loaded> {
  const { signal } = options;
  throwIfAborted(signal);
  // A copy, since nodes are decoded later, and the caller may change what is theirs.
  if (source instanceof Uint8Array) return { name: "(bytes)", bytes: Uint8Array.from(source) };
  if (source instanceof ArrayBuffer) return { name: "(bytes)", bytes: new Uint8Array(source.slice(0)) };
  if (typeof Blob !== "undefined" && source instanceof Blob) {
    const bytes = new Uint8Array(await source.arrayBuffer());
    return { name: (source as Partial<File>).name ?? "(blob)", bytes };
  }
  const href = source instanceof URL ? source.href : source;
  if (typeof href !== "string")
    throw new TypeError(`A ${what} is read from a path, URL, Blob or bytes, not ${String(source)}`);
  if (/^(https?|data|blob):/.test(href)) return { name: href, bytes: await download(href, signal) };
  const path = source instanceof URL ? decodeURIComponent(source.pathname) : source;
  return { name: path as string, bytes: await fileBytes(path as string, options) };
}

async function download(href: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(href, signal ? { signal } : {});
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throwIfAborted(signal);
    throw new TfError("UNAVAILABLE", `Cannot load ${href}: ${(cause as Error).message}`, {
      file: href,
      cause,
    });
  }
  throw new TfError(
    response.status === 404 ? "NOT_FOUND" : "UNAVAILABLE",
    response.status === 404
      ? `File ${href} does not exist.`
      : `Cannot load ${href}: HTTP status ${response.status}`,
    { file: href },
  );
}

async function fileBytes(path: string, options: ReadOptions): Promise<Uint8Array> {
  const fs = options.fs ?? (await defaultFileSystem());
  if (path === "") throw new TfError("NOT_FOUND", "File  does not exist.", { hint: "The path is empty." });
  const local = localPath(path);
  if (!(await fs.stat(local))) throw await missing(path, local, fs);
  const file = await fs.open(local);
  try {
    if (file.size > maxBytes)
      throw new TfError("INVALID_ARGUMENT", "GraphDef cannot be larger than 2GB.", { file: path });
    return await file.read(0, file.size, options.signal ? { signal: options.signal } : {});
  } finally {
    await file.close();
  }
}

/** Largest message that protobuf readers take. */
const maxBytes = 2 ** 31 - 1;

async function missing(path: string, local: string, fs: FileSystem): Promise<TfError> {
  const hint = await nearFiles(local, fs);
  return new TfError("NOT_FOUND", `File ${path} does not exist.`, { file: path, ...(hint ? { hint } : {}) });
}

async function nearFiles(local: string, fs: FileSystem): Promise<string | undefined> {
  if (await fs.stat(`${local}.meta`))
    return `Did you mean "${local}.meta"? "${local}" is the prefix of a checkpoint.`;
  const directory = dirname(local) || ".";
  if (!(await fs.stat(directory))) return `There is no directory "${directory}".`;
  const metas = (await fs.list(directory)).filter((name) => name.endsWith(".meta"));
  if (metas.length === 0) return undefined;
  const stem = basename(local).replace(/\.[^.]*$/, "");
  const near = metas.filter((name) => name.startsWith(stem));
  return `In "${directory}" there is ${(near.length > 0 ? near : metas)
    .slice(-3)
    .map((name) => `"${name}"`)
    .join(", ")}.`;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new TfError("CANCELLED", "Reading was cancelled.", { cause: signal.reason });
}
