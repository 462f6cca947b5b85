// Writes a V2 checkpoint of one shard, tensor by tensor (bundle-format.ts): byte for byte what TensorFlow's
// BundleWriter writes for the same tensors in the same order.
import { TfError } from "@org/errors";
import {
  type ByteSink,
  crc32c,
  defaultFileSystem,
  type FileSystem,
  localPath,
  maskCrc32c,
  type Progress,
  readInto,
} from "@org/io";
import type { IBundleEntryProto } from "@org/proto";
import {
  checkNdArray,
  type DType,
  dtypes,
  dtypeToProto,
  type NdArray,
  Shape,
  shapeToProto,
  sizeOf,
} from "@org/tensor";
import { dataFilename } from "./bundle-format.ts";
import { compareBytes, latin1 } from "./coding.ts";
import { keyOfName } from "./names.ts";
import { encodeTensorNameSlice } from "./ordered-code.ts";
import { replaceCheckpoint, type WrittenFile } from "./overwrite.ts";
import { makeParentDirectory } from "./parent-directory.ts";
import { checkNotCancelled } from "./read-pieces.ts";
import type { StoredTensor } from "./reader-base.ts";
import { removeStaleFiles, temporaryName } from "./stale-files.ts";
import { checkCrc, encodeObjects } from "./tensor-bytes.ts";
import { isFullSlice, sliceShape, sliceToProto, type TensorSlice } from "./tensor-slice.ts";
import { writeIndex } from "./write-index.ts";

export interface WriteOptions {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem;
  readonly signal?: AbortSignal | undefined;
  /** Told of bytes that were written, with the tensor that they are of. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What a writer takes that is fed from outside. */
export interface WriterOptions extends WriteOptions {
  /** Bytes that are going to be added, if that is known: what `onProgress` gives as `total`. */
  readonly total?: number | undefined;
  /** Each tensor begins at a multiple of it in the data file; default 1, as a Saver's. BundleWriter::Options. */
  readonly dataAlignment?: number | undefined;
}

/** Where a tensor that is a part of a partitioned variable lies in the whole. */
export interface PartOf {
  readonly fullShape: readonly number[];
  readonly slice: TensorSlice;
}

export interface CheckpointWriter {
  readonly prefix: string;
  /**
   * Appends a tensor, one at a time. Its bytes are written before the promise is fulfilled, and neither copied nor kept.
   * Throws TfError INVALID_ARGUMENT "Adding duplicate key: <name>"; CANCELLED; whatever the file system throws; a TypeError for an
   * array that is not what it says.
   */
  add(name: string, value: NdArray, part?: PartOf): Promise<void>;
  /** Writes the index and moves all files into place. Only then is there a checkpoint; an old one with this prefix is replaced as one. */
  finish(): Promise<void>;
  /** Removes what was written; an existing checkpoint is untouched. */
  abort(): Promise<void>;
}

/** Starts a V2 checkpoint of one shard. The parent directory is made if it is missing (one level, as TensorFlow does). */
export async function createCheckpointWriter(
  prefix: string,
  options: WriterOptions = {},
): Promise<CheckpointWriter> {
  const { dataAlignment = 1 } = options;
  if (!(Number.isSafeInteger(dataAlignment) && dataAlignment > 0))
    throw new TypeError(`dataAlignment must be a whole number above 0, not ${dataAlignment}`);
  const fs = options.fs ?? (await defaultFileSystem());
  return BundleWriter.create(fs, localPath(prefix), options);
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
  for (const [name, value] of pairs)
    if (typeof value !== "object" || value === null || !Object.hasOwn(dtypes, value.dtype))
      throw new TypeError(
        `The value of "${name}" is no NdArray: convertToNdArray makes one of numbers and lists`,
      );
  pairs.sort(([a], [b]) => compareBytes(keyOfName(a), keyOfName(b)));
  const total = pairs.reduce((sum, [, { dtype, shape }]) => sum + dtypes[dtype].bytes * sizeOf(shape), 0);
  const hasObjects = pairs.some(([, { dtype }]) => dtypes[dtype].bytes === 0);
  const writer = await createCheckpointWriter(prefix, {
    ...options,
    total: hasObjects ? undefined : total,
  });
  try {
    for (const [name, value] of pairs) await writer.add(name, value);
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

type Entry = IBundleEntryProto & { slices?: ReturnType<typeof sliceToProto>[] };

/** What an entry says of a tensor beside where it lies. */
interface Described {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Bytes that are written at once: the checksum of each piece is made while the system has it. */
const pieceBytes = 2 ** 22;

/** The writer behind `createCheckpointWriter`; beside its door, it copies bytes from another checkpoint. */
export class BundleWriter implements CheckpointWriter {
  readonly prefix: string;
  readonly #fs: FileSystem;
  readonly #options: WriterOptions;
  readonly #data: WrittenFile;
  readonly #sink: ByteSink;
  readonly #entries = new Map<string, { key: Uint8Array; proto: Entry }>();
  #offset = 0;
  #state: "open" | "finished" | "aborted" | "broken" = "open";

  private constructor(
    fs: FileSystem,
    prefix: string,
    data: WrittenFile,
    sink: ByteSink,
    options: WriterOptions,
  ) {
    this.#fs = fs;
    this.prefix = prefix;
    this.#data = data;
    this.#sink = sink;
    this.#options = options;
  }

  static async create(fs: FileSystem, prefix: string, options: WriterOptions): Promise<BundleWriter> {
    await makeParentDirectory(fs, prefix);
    await removeStaleFiles(fs, prefix);
    const final = dataFilename(prefix, 0, 1);
    const data = { temporary: temporaryName(final), final };
    return new BundleWriter(fs, prefix, data, await fs.create(data.temporary), options);
  }

  async add(name: string, value: NdArray, part?: PartOf): Promise<void> {
    checkNdArray(value);
    if (dtypes[value.dtype].bytes === 0) {
      const { parts, crc } = encodeObjects(value);
      return this.#add(name, value, part, async (write) => {
        for (const bytes of parts) await write(bytes);
        return crc;
      });
    }
    const { buffer, byteOffset, byteLength } = value.data as Uint8Array;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return this.#add(name, value, part, async (write) => {
      let crc = 0;
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        const piece = bytes.subarray(at, at + pieceBytes);
        const writing = write(piece);
        crc = crc32c(piece, crc);
        await writing;
      }
      return crc;
    });
  }

  /**
   * Appends what lies in another checkpoint, byte by byte where it lies there as it does here. Throws as `add`, and what reading it does:
   * the checksum is compared on the way.
   */
  async copy(name: string, stored: StoredTensor): Promise<void> {
    const { slice, shape } = stored;
    const part = slice && { fullShape: shape, slice };
    if (!stored.bytes) return this.add(name, await stored.read({ signal: this.#options.signal }), part);
    const { source, offset, size, crc: expected } = await stored.bytes();
    const described = { dtype: stored.dtype, shape: slice ? sliceShape(slice, shape) : shape };
    const reading = this.#options.signal ? { signal: this.#options.signal } : {};
    return this.#add(name, described, part, async (write) => {
      let crc = 0;
      const buffers = [0, 1].map(() => new Uint8Array(Math.min(size, pieceBytes)));
      let writing: Promise<void> = Promise.resolve();
      for (let at = 0, turn = 0; at < size; at += pieceBytes, turn ^= 1) {
        const piece = buffers[turn]!.subarray(0, Math.min(pieceBytes, size - at));
        await Promise.all([writing, readInto(source, piece, offset + at, reading)]);
        writing = write(piece);
        writing.catch(() => {});
        crc = crc32c(piece, crc);
      }
      await writing;
      checkCrc(expected, crc);
      return crc;
    });
  }

  /** Appends a tensor whose bytes `writeAll` hands over one piece at a time; it gives their checksum. */
  async #add(
    name: string,
    { dtype, shape }: Described,
    given: PartOf | undefined,
    writeAll: (write: (bytes: Uint8Array) => Promise<void>) => Promise<number>,
  ): Promise<void> {
    if (this.#state !== "open")
      throw new TfError("FAILED_PRECONDITION", `The checkpoint ${this.prefix} is ${this.#state}.`, {
        file: this.prefix,
      });
    const { signal } = this.#options;
    checkNotCancelled(signal, "Saving", this.prefix);
    // A lone slice that is the whole is no slice.
    const part = given && isFullSlice(given.slice, given.fullShape) ? undefined : given;
    const key = keyOfName(name);
    const offset = this.#offset;
    const proto: Entry = {
      dtype: dtypeToProto(dtype),
      shape: shapeToProto(new Shape([...shape])),
      shardId: 0,
    };
    let crc: number;
    let size = 0;
    try {
      this.#set(part ? this.#addPart(name, key, dtype, shape, part) : key, proto, name);
      crc = await writeAll(async (bytes) => {
        if (bytes.length === 0) return;
        checkNotCancelled(signal, "Saving", this.prefix);
        size += bytes.length;
        this.#offset += bytes.length;
        await this.#sink.write(bytes);
        this.#report(name);
      });
      await this.#align();
    } catch (error) {
      this.#state = "broken";
      throw error;
    }
    Object.assign(proto, {
      offset: BigInt(offset),
      size: BigInt(size),
      crc32c: maskCrc32c(crc),
    });
  }

  /** Fills up to the next multiple of the alignment, as TensorFlow does after each tensor. */
  async #align(): Promise<void> {
    const rest = this.#offset % (this.#options.dataAlignment ?? 1);
    if (rest === 0) return;
    const padding = new Uint8Array(this.#options.dataAlignment! - rest);
    await this.#sink.write(padding);
    this.#offset += padding.length;
  }

  #report(name: string): void {
    const { total, onProgress } = this.#options;
    onProgress?.({ loaded: this.#offset, ...(total === undefined ? {} : { total }), name });
  }

  /** Notes a slice in its variable's entry; the key that its bytes have. */
  #addPart(
    name: string,
    key: Uint8Array,
    dtype: DType,
    shape: readonly number[],
    { fullShape, slice }: PartOf,
  ): Uint8Array {
    const expected = sliceShape(slice, fullShape);
    if (expected.length !== shape.length || expected.some((dim, i) => dim !== shape[i]))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Slice in shape_and_slice specification does not match the shape of the tensor to  save: [${expected}], tensor: [${shape}]`,
        { key: name },
      );
    const whole = this.#entries.get(latin1(key));
    const proto = sliceToProto(slice);
    if (whole?.proto.slices) whole.proto.slices.push(proto);
    else
      this.#set(
        key,
        { dtype: dtypeToProto(dtype), shape: shapeToProto(new Shape([...fullShape])), slices: [proto] },
        name,
      );
    return encodeTensorNameSlice(key, slice);
  }

  #set(key: Uint8Array, proto: Entry, name: string): void {
    // The empty key is the header's.
    if (name === "") throw new TfError("INVALID_ARGUMENT", "A tensor in a checkpoint needs a name.");
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
      const entries = [...this.#entries.values()].sort((a, b) => compareBytes(a.key, b.key));
      await writeIndex(this.#fs, index.temporary, 1, entries);
      await replaceCheckpoint(this.#fs, this.prefix, [this.#data], index);
      this.#state = "finished";
    } catch (error) {
      for (const file of [this.#data.temporary, index.temporary])
        if (await this.#fs.stat(file)) await this.#fs.remove(file).catch(() => {});
      this.#state = "aborted";
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#state !== "open" && this.#state !== "broken") return;
    this.#state = "aborted";
    await this.#sink.abort();
  }
}
