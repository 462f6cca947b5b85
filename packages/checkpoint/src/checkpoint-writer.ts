// Writes a V2 checkpoint of one shard, tensor by tensor (bundle-format.ts): byte for byte what TensorFlow's
// BundleWriter writes for the same tensors in the same order.
import { TfError } from "@org/errors";
import { type ByteSink, defaultFileSystem, type FileSystem, localPath, maskCrc32c } from "@org/io";
import { BundleEntryProto, BundleHeaderProto, encode, type IBundleEntryProto } from "@org/proto";
import { checkNdArray, dtypeToProto, type NdArray, Shape, shapeToProto } from "@org/tensor";
import { bundleVersion, dataFilename } from "./bundle-format.ts";
import { compareBytes, latin1 } from "./coding.ts";
import { keyOfName } from "./names.ts";
import { encodeTensorNameSlice } from "./ordered-code.ts";
import { replaceCheckpoint, type WrittenFile } from "./overwrite.ts";
import { TableWriter } from "./table-writer.ts";
import { encodeTensor } from "./tensor-bytes.ts";
import { sliceShape, sliceToProto, type TensorSlice } from "./tensor-slice.ts";

export interface WriteOptions {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem;
  readonly signal?: AbortSignal;
}

/** Where a tensor that is a part of a partitioned variable lies in the whole. */
export interface PartOf {
  readonly fullShape: readonly number[];
  readonly slice: TensorSlice;
}

export interface CheckpointWriter {
  readonly prefix: string;
  /**
   * Appends a tensor. Its bytes are written before the promise is fulfilled, and not kept.
   * Throws TfError INVALID_ARGUMENT "Adding duplicate key: <name>"; CANCELLED; whatever the file system throws; a TypeError for an
   * array that is not what it says.
   */
  add(name: string, value: NdArray, part?: PartOf): Promise<void>;
  /** Writes the index and moves all files into place. Only then is there a checkpoint; an old one with this prefix is replaced as one. */
  finish(): Promise<void>;
  /** Removes what was written; an existing checkpoint is untouched. */
  abort(): Promise<void>;
}

let counter = 0;

/** Starts a V2 checkpoint of one shard. The parent directory is made if it is missing (one level, as TensorFlow does). */
export async function createCheckpointWriter(
  prefix: string,
  options: WriteOptions = {},
): Promise<CheckpointWriter> {
  const fs = options.fs ?? (await defaultFileSystem());
  const path = localPath(prefix);
  return BundleWriter.create(fs, path, options.signal);
}

/**
 * Writes `entries` as the V2 checkpoint `prefix`, sorted by name as a Saver has them.
 * Throws as CheckpointWriter; nothing is left behind then, and an existing checkpoint is untouched.
 */
export async function writeCheckpoint(
  prefix: string,
  entries: Iterable<readonly [string, NdArray]> | Readonly<Record<string, NdArray>>,
  options: WriteOptions = {},
): Promise<void> {
  const pairs =
    Symbol.iterator in entries
      ? [...(entries as Iterable<readonly [string, NdArray]>)]
      : Object.entries(entries);
  pairs.sort(([a], [b]) => compareBytes(keyOfName(a), keyOfName(b)));
  const writer = await createCheckpointWriter(prefix, options);
  try {
    for (const [name, value] of pairs) await writer.add(name, value);
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Writes an index file's table under `file` (a temporary name). */
export async function writeIndex(
  fs: FileSystem,
  file: string,
  shards: number,
  entries: readonly { readonly key: Uint8Array; readonly proto: IBundleEntryProto }[],
): Promise<void> {
  const sink = await fs.create(file);
  try {
    const table = new TableWriter(sink);
    await table.add(
      new Uint8Array(0),
      encode(BundleHeaderProto, { numShards: shards, version: { producer: bundleVersion.producer } }),
    );
    for (const { key, proto } of [...entries].sort((a, b) => compareBytes(a.key, b.key))) {
      await table.add(key, encode(BundleEntryProto, proto));
    }
    await table.finish();
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** A name beside `file` that no other writer uses, as TensorFlow's `*.tempstate<random>`. */
export function temporaryName(file: string): string {
  return `${file}.tempstate${Date.now().toString(36)}${(counter++).toString(36)}${Math.floor(Math.random() * 2 ** 32).toString(36)}`;
}

class BundleWriter implements CheckpointWriter {
  readonly prefix: string;
  readonly #fs: FileSystem;
  readonly #signal: AbortSignal | undefined;
  readonly #data: WrittenFile;
  readonly #sink: ByteSink;
  readonly #entries = new Map<
    string,
    { key: Uint8Array; proto: IBundleEntryProto & { slices?: ReturnType<typeof sliceToProto>[] } }
  >();
  #offset = 0;
  #state: "open" | "finished" | "aborted" = "open";

  private constructor(
    fs: FileSystem,
    prefix: string,
    data: WrittenFile,
    sink: ByteSink,
    signal: AbortSignal | undefined,
  ) {
    this.#fs = fs;
    this.prefix = prefix;
    this.#data = data;
    this.#sink = sink;
    this.#signal = signal;
  }

  static async create(fs: FileSystem, prefix: string, signal?: AbortSignal): Promise<BundleWriter> {
    const slash = prefix.lastIndexOf("/");
    const directory = slash > 0 ? prefix.slice(0, slash) : "";
    const above = directory.slice(0, Math.max(0, directory.lastIndexOf("/")));
    if (directory && !(await fs.stat(directory)) && (above === "" || (await fs.stat(above))))
      await fs.makeDirectory(directory);
    const final = dataFilename(prefix, 0, 1);
    const data = { temporary: temporaryName(final), final };
    return new BundleWriter(fs, prefix, data, await fs.create(data.temporary), signal);
  }

  async add(name: string, value: NdArray, part?: PartOf): Promise<void> {
    if (this.#state !== "open")
      throw new TfError("FAILED_PRECONDITION", `The checkpoint ${this.prefix} is ${this.#state}.`, {
        file: this.prefix,
      });
    if (this.#signal?.aborted)
      throw new TfError("CANCELLED", "Saving was cancelled.", {
        file: this.prefix,
        cause: this.#signal.reason,
      });
    checkNdArray(value);
    const key = keyOfName(name);
    const dtype = dtypeToProto(value.dtype);
    let entryKey = key;
    if (part) {
      const expected = sliceShape(part.slice, part.fullShape);
      if (expected.length !== value.shape.length || expected.some((dim, i) => dim !== value.shape[i])) {
        throw new TfError(
          "INVALID_ARGUMENT",
          `Slice in shape_and_slice specification does not match the shape of the tensor to  save: [${expected}], tensor: [${value.shape}]`,
          { key: name },
        );
      }
      const whole = this.#entries.get(latin1(key));
      const slice = sliceToProto(part.slice);
      if (!whole)
        this.#set(key, { dtype, shape: shapeToProto(new Shape([...part.fullShape])), slices: [slice] }, name);
      else whole.proto.slices!.push(slice);
      entryKey = encodeTensorNameSlice(key, part.slice);
    }
    const { parts, size, crc } = encodeTensor(value);
    this.#set(
      entryKey,
      {
        dtype,
        shape: shapeToProto(new Shape([...value.shape])),
        shardId: 0,
        offset: BigInt(this.#offset),
        size: BigInt(size),
        crc32c: maskCrc32c(crc),
      },
      name,
    );
    for (const bytes of parts) if (bytes.length > 0) await this.#sink.write(bytes);
    this.#offset += size;
  }

  #set(
    key: Uint8Array,
    proto: IBundleEntryProto & { slices?: ReturnType<typeof sliceToProto>[] },
    name: string,
  ): void {
    if (this.#entries.has(latin1(key)))
      throw new TfError("INVALID_ARGUMENT", `Adding duplicate key: ${name}`, { key: name });
    this.#entries.set(latin1(key), { key, proto });
  }

  async finish(): Promise<void> {
    if (this.#state !== "open")
      throw new TfError("FAILED_PRECONDITION", `The checkpoint ${this.prefix} is ${this.#state}.`, {
        file: this.prefix,
      });
    await this.#sink.close();
    const final = `${this.prefix}.index`;
    const index = { temporary: temporaryName(final), final };
    try {
      await writeIndex(this.#fs, index.temporary, 1, [...this.#entries.values()]);
      await replaceCheckpoint(this.#fs, this.prefix, [this.#data], index);
      this.#state = "finished";
    } catch (error) {
      for (const file of [this.#data.temporary, index.temporary])
        if (await this.#fs.stat(file)) await this.#fs.remove(file);
      this.#state = "aborted";
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "aborted";
    await this.#sink.abort();
  }
}
