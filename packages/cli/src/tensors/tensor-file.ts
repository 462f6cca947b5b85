// Files of named tensors, whatever their format: what the commands read from and write to. A checkpoint is one, and so are .npz and .safetensors.
import { nearestNames } from "@org/checkpoint";
import { TfError } from "@org/errors";
import type { Progress } from "@org/io";
import { type DType, dtypes, type NdArray, sizeOf } from "@org/tensor";

/** What is known of a tensor without reading it. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** An open file of tensors. */
export interface TensorSource extends AsyncDisposable {
  /** As one says it: "V2 checkpoint", ".npz file". */
  readonly format: string;
  readonly path: string;
  /** Every tensor, in the file's own order. */
  readonly entries: readonly TensorEntry[];
  /** Throws TfError NOT_FOUND "Key <name> not found in <format>", with the nearest names. */
  get(name: string, options?: ReadOptions): Promise<NdArray>;
}

/** A tensor that is going to be written; it is read when its turn comes, so that one is in memory at a time. */
export interface TensorToWrite extends TensorEntry {
  read(options: ReadOptions): Promise<NdArray>;
}

export interface WriteOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** The error for a name that a file lacks. */
export function missingTensor(
  name: string,
  source: Pick<TensorSource, "path" | "format" | "entries">,
): TfError {
  const near = nearestNames(
    name,
    source.entries.map((entry) => entry.name),
  );
  return new TfError("NOT_FOUND", `Key ${name} not found in ${source.format.replace(/^V\d /, "")}`, {
    key: name,
    file: source.path,
    ...(near.length > 0 ? { hint: `It has ${near.map((other) => JSON.stringify(other)).join(", ")}.` } : {}),
  });
}

/** Bytes of a tensor's elements; 0 for strings. */
export const byteSize = ({ dtype, shape }: TensorEntry): number => sizeOf(shape) * dtypes[dtype].bytes;

/** The bytes of a tensor's elements as they lie in memory, which is little-endian, row by row. */
export function rawBytes(value: NdArray): Uint8Array {
  const { buffer, byteOffset, byteLength } = value.data as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Reads tensor after tensor for a writer, with progress; stops at an abort. */
export async function* readInTurn(
  tensors: readonly TensorToWrite[],
  options: WriteOptions,
): AsyncGenerator<readonly [TensorToWrite, NdArray], void, undefined> {
  const total = tensors.reduce((sum, tensor) => sum + byteSize(tensor), 0);
  let loaded = 0;
  for (const tensor of tensors) {
    if (options.signal?.aborted)
      throw new TfError("CANCELLED", "Writing was cancelled.", { cause: options.signal.reason });
    yield [tensor, await tensor.read({ signal: options.signal })];
    loaded += byteSize(tensor);
    options.onProgress?.({ loaded, total, name: tensor.name });
  }
}
