// What an open checkpoint offers, V1 or V2. Opening one is open-checkpoint.ts.
import type { DType, NdArray } from "@org/tensor";
import type { TensorSlice } from "./tensor-slice.ts";

/** What is known of a tensor without reading it. */
export interface CheckpointEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface GetOptions {
  /** The part to read; the result has its shape. */
  readonly slice?: TensorSlice | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Memory that the array may be put in where it is as long, and the tensor is stored whole: for a value that is used before the next is read. */
  readonly into?: Uint8Array | undefined;
  /** Told of bytes that were read from files, as they come. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/** An open checkpoint. Iterates over its entries, sorted by name (bytewise); slices of partitioned variables show as one. */
export interface CheckpointReader extends AsyncIterable<CheckpointEntry> {
  readonly prefix: string;
  readonly version: "V1" | "V2";
  /** Names, sorted bytewise. */
  names(): readonly string[];
  has(name: string): boolean;
  /** Throws TfError NOT_FOUND "Key <name> not found in checkpoint", with the nearest names as a hint. */
  dtype(name: string): DType;
  /** Throws as `dtype` does. */
  shape(name: string): readonly number[];
  /** How a partitioned variable lies in parts; empty for one that is saved whole. Throws as `dtype` does. */
  slices(name: string): readonly TensorSlice[];
  /**
   * Reads a tensor, or the part `slice` of it; partitioned variables are put together.
   * Throws TfError NOT_FOUND (no such key, or a data file is missing), DATA_LOSS (checksum), OUT_OF_RANGE (file too
   * short), INVALID_ARGUMENT (slice out of bounds, or not covered by the slices saved), CANCELLED.
   */
  get(name: string, options?: GetOptions): Promise<NdArray>;
  /** "name (DT_FLOAT) [2,3]", a line each, as inspect_checkpoint prints. */
  debugString(): string;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
