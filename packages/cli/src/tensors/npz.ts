// .npz files: zip archives of .npy files, as numpy.savez writes them. The zip is @zip.js/zip.js's, the arrays @org/tensor's.
// Not here: pickled objects, which are programs.
import { TfError } from "@org/errors";
import type { ByteSink, ByteSource } from "@org/io";
import { dtypes, type NdArray, readNpy, readNpyHeader, writeNpy } from "@org/tensor";
import {
  configure,
  type Entry,
  type FileEntry,
  Reader,
  Uint8ArrayReader,
  ZipReader,
  ZipWriter,
} from "@zip.js/zip.js";
import {
  missingTensor,
  type ReadOptions,
  readInTurn,
  type TensorEntry,
  type TensorSource,
  type TensorToWrite,
  type WriteOptions,
} from "./tensor-file.ts";

configure({ useWebWorkers: false });

/** Deflate makes at most this many bytes of one. */
const largestExpansion = 1032;
const maxEntries = 1_000_000;
const suffix = ".npy";

/** A ByteSource as zip.js reads it. */
class SourceReader extends Reader<ByteSource> {
  readonly #source: ByteSource;
  constructor(source: ByteSource) {
    super(source);
    this.#source = source;
    this.size = source.size;
  }
  override async readUint8Array(offset: number, length: number): Promise<Uint8Array> {
    return this.#source.read(offset, Math.min(offset + length, this.#source.size));
  }
}

const damaged = (path: string, cause: unknown, name?: string): TfError =>
  new TfError("DATA_LOSS", `Cannot read ${name ? `${name} of ` : ""}${path}: ${(cause as Error).message}`, {
    file: path,
    ...(name ? { key: name } : {}),
    cause,
  });

/**
 * Opens an archive; the arrays' headers are read, the arrays when they are asked for, each checked against its CRC-32.
 * Throws TfError DATA_LOSS for what is no such archive or a damaged one (entries that overlap, sizes that deflate cannot reach);
 * UNIMPLEMENTED for encrypted entries, and for types that TensorFlow lacks.
 */
export async function openNpz(path: string, source: ByteSource): Promise<TensorSource> {
  const zip = new ZipReader(new SourceReader(source), {
    checkSignature: true,
    checkOverlappingEntry: true,
    // Names are keys here, never paths.
    filenameValidation: "tolerant",
  });
  const files = new Map<string, FileEntry>();
  const entries: TensorEntry[] = [];
  try {
    for await (const entry of zip.getEntriesGenerator()) {
      if (entry.directory) continue;
      if (files.size >= maxEntries) throw new Error(`more than ${maxEntries} entries`);
      const name = nameOf(entry, path);
      if (files.has(name)) throw new Error(`${entry.filename} is there twice`);
      checkSize(entry, source.size);
      files.set(name, entry);
      entries.push({ name, ...(await headerOf(entry)) });
    }
  } catch (error) {
    throw error instanceof TfError ? error.at({ file: path }) : damaged(path, error);
  }
  const self: TensorSource = {
    format: ".npz file",
    path,
    entries,
    async get(name: string, { signal }: ReadOptions = {}): Promise<NdArray> {
      const file = files.get(name);
      if (!file) throw missingTensor(name, self);
      const chunks = new Uint8Array(file.uncompressedSize);
      let at = 0;
      const collect = new WritableStream<Uint8Array>({
        write(chunk) {
          if (at + chunk.length > chunks.length) throw new Error("more bytes than announced");
          chunks.set(chunk, at);
          at += chunk.length;
        },
      });
      try {
        await file.getData(collect, signal ? { signal } : {});
      } catch (error) {
        if (signal?.aborted)
          throw new TfError("CANCELLED", "Reading was cancelled.", { file: path, cause: error });
        throw damaged(path, error, name);
      }
      return readNpy(chunks.subarray(0, at));
    },
    async [Symbol.asyncDispose]() {
      await zip.close();
      await source.close();
    },
  };
  return self;
}

function nameOf(entry: FileEntry, path: string): string {
  if (entry.encrypted)
    throw new TfError("UNIMPLEMENTED", `${entry.filename} is encrypted`, { file: path, key: entry.filename });
  return entry.filename.endsWith(suffix) ? entry.filename.slice(0, -suffix.length) : entry.filename;
}

function checkSize({ filename, compressedSize, uncompressedSize }: Entry, fileSize: number): void {
  if (compressedSize > fileSize || uncompressedSize > compressedSize * largestExpansion + 64)
    throw new Error(`${filename} says ${uncompressedSize} bytes of ${compressedSize}`);
}

/** Type and shape, from as many bytes of the entry as that takes. */
async function headerOf(entry: FileEntry): Promise<Pick<TensorEntry, "dtype" | "shape">> {
  const enough = new AbortController();
  let head: Uint8Array = new Uint8Array(0);
  let failure: unknown;
  let found: Pick<TensorEntry, "dtype" | "shape"> | undefined;
  const first = new WritableStream<Uint8Array>({
    write(chunk) {
      if (found) return;
      head = Uint8Array.from([...head, ...chunk.subarray(0, 1 << 16)]);
      try {
        found = readNpyHeader(head);
      } catch (error) {
        failure = error;
      }
      if (found || failure) enough.abort();
    },
  });
  try {
    await entry.getData(first, { signal: enough.signal, checkSignature: false });
  } catch (error) {
    if (!found && !failure) throw error;
  }
  if (failure instanceof TfError) throw failure.at({ key: entry.filename });
  if (!found) throw new Error(`${entry.filename} is not a .npy file`);
  return { dtype: found.dtype, shape: found.shape };
}

export interface NpzOptions extends WriteOptions {
  /** Deflate the arrays, as numpy.savez_compressed does. */
  readonly compress?: boolean;
}

/**
 * Writes tensors into `sink`, without closing it, in the order of their names. bfloat16 goes out as its bits in uint16.
 * Throws TfError UNIMPLEMENTED for types that numpy lacks, INVALID_ARGUMENT for strings that end with NUL, which numpy drops,
 * and for names that would lead out of the folder that somebody unpacks the file in.
 */
export async function writeNpz(
  sink: ByteSink,
  tensors: readonly TensorToWrite[],
  options: NpzOptions = {},
): Promise<void> {
  const output = new WritableStream<Uint8Array>({ write: (chunk) => sink.write(chunk) });
  const zip = new ZipWriter(output, { extendedTimestamp: false });
  // The same tensors give the same file, whenever it is written; zip's time begins here.
  const lastModDate = new Date(1980, 0, 1);
  const ordered = [...tensors].sort((a, b) => (a.name < b.name ? -1 : 1));
  for await (const [{ name }, value] of readInTurn(ordered, options)) {
    checkName(name);
    checkStrings(name, value);
    const bytes = npyOf(name, value);
    await zip.add(`${name}${suffix}`, new Uint8ArrayReader(bytes), {
      level: options.compress ? 6 : 0,
      lastModDate,
    });
  }
  await zip.close();
}

function npyOf(name: string, value: NdArray): Uint8Array {
  try {
    return writeNpy(value);
  } catch (error) {
    throw error instanceof TfError
      ? error.at({ key: name }, `It is the tensor ${name}; --exclude '^${name}$' leaves it out.`)
      : error;
  }
}

function checkName(name: string): void {
  if (!/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(name)) return;
  throw new TfError("INVALID_ARGUMENT", `The tensor ${name} has a name that leads out of an archive`, {
    key: name,
    hint: "`metagraph rename` gives it another one; --exclude leaves it out.",
  });
}

function checkStrings(name: string, value: NdArray): void {
  if (dtypes[value.dtype].storage !== "bytes") return;
  if ((value.data as Uint8Array[]).some((text) => text.at(-1) === 0))
    throw new TfError(
      "INVALID_ARGUMENT",
      `A string of ${name} ends with NUL, which a .npy file cannot hold`,
      {
        key: name,
        hint: `--exclude '^${name}$' leaves it out.`,
      },
    );
}
