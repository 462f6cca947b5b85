// Reads a MetaGraphDef, binary or text, from a path, URL, Blob or bytes; what is none of these becomes one clear error.
// Source: python/framework/meta_graph.py (read_meta_graph_file). Unlike TensorFlow, an empty file and bytes in which no field
// of a MetaGraphDef is known are errors.
import { isTfError, TfError } from "@org/errors";
import { basename, defaultFileSystem, dirname, type FileSystem, localPath } from "@org/io";
import { decode, decodeLazily, GraphDef, MetaGraphDef, SavedModel } from "@org/proto";

/** Where a MetaGraphDef can lie: a path, a URL ("https://..." as a string, too), a Blob or File, bytes. */
export type Source = string | URL | Blob | Uint8Array | ArrayBuffer;

export interface ReadOptions {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem;
  readonly signal?: AbortSignal;
}

/**
 * The MetaGraphDef at `source`. Unknown fields are kept.
 * Throws TfError NOT_FOUND "File <path> does not exist."; FAILED_PRECONDITION for a directory; DATA_LOSS "Cannot parse file <path>: ..."
 * for an empty, truncated or other file, with what it seems to be as the hint; UNAVAILABLE where a server fails; CANCELLED.
 */
export async function readMetaGraph(source: Source, options: ReadOptions = {}): Promise<MetaGraphDef> {
  const { name, bytes } = await bytesOf(source, options);
  return parse(bytes, name);
}

interface Loaded {
  readonly name: string;
  readonly bytes: Uint8Array;
}

async function bytesOf(source: Source, options: ReadOptions): Promise<Loaded> {
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
    throw new TypeError(`A MetaGraphDef is read from a path, URL, Blob or bytes, not ${String(source)}`);
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

/** The MetaGraphDef that `bytes` hold, binary or text; `name` is for messages. Throws TfError DATA_LOSS as `readMetaGraph`. */
export function parseMetaGraph(bytes: Uint8Array, name = "(bytes)"): Promise<MetaGraphDef> {
  return parse(bytes.slice(), name);
}

/** The same; the message keeps `bytes`. */
async function parse(bytes: Uint8Array, name: string): Promise<MetaGraphDef> {
  if (bytes.length === 0) throw unparsable(name, "the file is empty", "Was it written to the end?");
  const kind = kindOf(bytes);
  if (kind) throw unparsable(name, `it is ${kind.is}`, kind.hint);
  let binaryError: TfError | undefined;
  try {
    const def = decodeLazily(MetaGraphDef, bytes);
    if (hasContent(def)) return def;
  } catch (error) {
    if (!isTfError(error)) throw error;
    binaryError = error;
  }
  if (looksLikeText(bytes)) return await parseText(bytes, name);
  const what = binaryError ? binaryError.sentence : "no field of a MetaGraphDef is in it";
  throw unparsable(
    name,
    `it is neither a binary nor a text MetaGraphDef: ${what}`,
    otherMessage(bytes),
    binaryError,
  );
}

function unparsable(name: string, reason: string, hint?: string, cause?: TfError): TfError {
  const offset = cause?.place.offset;
  return new TfError("DATA_LOSS", `Cannot parse file ${name}: ${reason}.`, {
    file: name,
    ...(offset === undefined ? {} : { offset }),
    ...(hint ? { hint } : {}),
    ...(cause ? { cause } : {}),
  });
}

/** Whether any field of a MetaGraphDef is set; other messages may decode to unknown fields alone. */
function hasContent(def: MetaGraphDef): boolean {
  return Boolean(
    def.metaInfoDef ||
      def.graphDef ||
      def.saverDef ||
      def.objectGraphDef ||
      def.assetFileDef.length > 0 ||
      Object.keys(def.collectionDef).length > 0 ||
      Object.keys(def.signatureDef).length > 0,
  );
}

const tableMagic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/** Files that people take for a .meta and that are told by their form. */
function kindOf(bytes: Uint8Array): { readonly is: string; readonly hint: string } | undefined {
  const tail = bytes.subarray(-tableMagic.length);
  if (tail.length === tableMagic.length && tableMagic.every((byte, i) => tail[i] === byte))
    return {
      is: "a checkpoint's table (.index file, or a V1 checkpoint)",
      hint: "The graph is in the .meta file beside it; openCheckpoint(prefix) reads tensors.",
    };
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  if (/^\s*model_checkpoint_path\s*:/.test(head))
    return {
      is: "a checkpoint state file",
      hint: 'Read "<model_checkpoint_path>.meta"; latestCheckpoint() finds it.',
    };
  if (head.startsWith("\x89HDF"))
    return { is: "an HDF5 file", hint: "Keras .h5 files hold no MetaGraphDef." };
  if (head.startsWith("version https://git-lfs"))
    return { is: "a Git LFS pointer", hint: "Run `git lfs pull` to get the file itself." };
  if (/^\s*<(!doctype|html)/i.test(head))
    return { is: "an HTML page", hint: "Was a download page saved for the file?" };
  return undefined;
}

/** What else the bytes decode to, as a hint. */
function otherMessage(bytes: Uint8Array): string | undefined {
  const decodes = <T extends object>(
    type: Parameters<typeof decode<T>>[0],
    ok: (message: T) => boolean,
  ): boolean => {
    try {
      return ok(decode(type, bytes));
    } catch {
      return false;
    }
  };
  if (decodes(SavedModel, (model) => model.metaGraphs.some((def) => def.graphDef !== null)))
    return "It is a SavedModel: its metaGraphs are what you want.";
  if (decodes(GraphDef, (graph) => graph.node.some((node) => node.op !== "")))
    return "It is a GraphDef (a frozen graph?): decode(GraphDef, bytes) and importGraphDef read it.";
  return undefined;
}

/** Whether the beginning reads like text: printable ASCII but for a few bytes. */
function looksLikeText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 4096);
  let odd = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte >= 0x7f) odd++;
  }
  return odd <= head.length / 10;
}

async function parseText(bytes: Uint8Array, name: string): Promise<MetaGraphDef> {
  const bad = firstInvalidUtf8(bytes);
  if (bad !== undefined)
    throw new TfError("DATA_LOSS", `Cannot parse file ${name}: it is text, but not UTF-8 at byte ${bad}.`, {
      file: name,
      offset: bad,
      hint: "Text MetaGraphDefs are UTF-8; save the file in that encoding.",
    });
  const { fromText } = await import("@org/proto/text");
  let def: MetaGraphDef;
  try {
    def = fromText(MetaGraphDef, new TextDecoder("utf-8").decode(bytes));
  } catch (cause) {
    const reason = isTfError(cause) ? cause.sentence : String((cause as Error).message);
    throw new TfError("DATA_LOSS", `Cannot parse file ${name}: ${reason}.`.replace(/\.\.$/, "."), {
      file: name,
      cause,
    });
  }
  if (hasContent(def)) return def;
  throw unparsable(name, "no field of a MetaGraphDef is in it");
}

/** Where `bytes` stop being UTF-8, or undefined. */
function firstInvalidUtf8(bytes: Uint8Array): number | undefined {
  const valid = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), {
        stream: length < bytes.length,
      });
      return true;
    } catch {
      return false;
    }
  };
  if (valid(bytes.length)) return undefined;
  let low = 0;
  let high = bytes.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (valid(middle)) low = middle;
    else high = middle;
  }
  return low;
}
