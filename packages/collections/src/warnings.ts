// What an export or import of collections leaves out, and why: told to the caller's `onWarning`, never printed here.

export interface CollectionWarning {
  readonly key: string;
  /** TensorFlow's sentence, where it has one. */
  readonly message: string;
  readonly cause?: unknown;
}

/** Told of every warning; default: nobody. */
export type OnCollectionWarning = (warning: CollectionWarning) => void;
