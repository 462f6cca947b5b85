// Files that are whole, which cases begin with.

/** How a file is built, which tells how it can be broken from within. */
export type Form = "bytes" | "proto" | "text" | "table" | "records" | "gzip" | "zlib" | "zip" | "safetensors";

/** What reads it. */
export type Kind =
  | "metaGraph"
  | "graphDef"
  | "checkpoint"
  | "savedModel"
  | "events"
  | "records"
  | "state"
  | "npz"
  | "safetensors";

export interface SampleFile {
  readonly form: Form;
  readonly bytes: Uint8Array;
}

export interface Sample {
  readonly name: string;
  readonly kind: Kind;
  /** What the reader is given: a file, a prefix, a directory. */
  readonly path: string;
  /** By path. */
  readonly files: Readonly<Record<string, SampleFile>>;
}

/** Longer files are left out: what they hold, shorter ones hold too. */
export const longestSample = 24 << 10;
