// The one error class of all packages. A message is TensorFlow 1.15's own sentence, which people search
// for; `hint` says what to do; `place` says where. Misuse of types is a plain TypeError, not a TfError.
import type { ErrorCode } from "./codes.ts";

/** Where something went wrong; every field is optional, fill in what is known. */
export interface TfErrorPlace {
  /** Path or prefix of the file at fault. */
  readonly file?: string;
  /** Byte offset in `file`. */
  readonly offset?: number;
  /** Name of the graph node at fault. */
  readonly node?: string;
  /** Op type of that node. */
  readonly op?: string;
  /** Checkpoint key, collection key or attribute name. */
  readonly key?: string;
}

export interface TfErrorOptions extends TfErrorPlace {
  /** What the person at the keyboard can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

const brand = Symbol.for("@org/errors.TfError");

/**
 * An error with a canonical code, e.g. `new TfError("NOT_FOUND", "Key w not found in checkpoint", { key: "w", file })`.
 * `error.message` is the sentence, then the node in TensorFlow's form, then the hint on a line of its own.
 */
export class TfError extends Error {
  readonly code: ErrorCode;
  /** The sentence alone, without place and hint. */
  readonly sentence: string;
  readonly hint: string | undefined;
  readonly place: TfErrorPlace;

  constructor(code: ErrorCode, sentence: string, options: TfErrorOptions = {}) {
    const { hint, cause, ...place } = options;
    const node =
      place.node === undefined ? "" : `\n\t [[node ${place.node}${place.op ? ` (${place.op})` : ""}]]`;
    const file = place.file === undefined || sentence.includes(place.file) ? "" : `\n\t in ${place.file}`;
    super(
      `${sentence}${node}${file}${hint ? `\nHint: ${hint}` : ""}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = "TfError";
    this.code = code;
    this.sentence = sentence;
    this.hint = hint;
    this.place = place;
    Object.defineProperty(this, brand, { value: true });
  }

  /** The same error with more of the place filled in; what is known already stays. */
  at(place: TfErrorPlace, hint?: string): TfError {
    const error = new TfError(this.code, this.sentence, {
      ...place,
      ...this.place,
      ...((this.hint ?? hint) === undefined ? {} : { hint: this.hint ?? hint! }),
      ...(this.cause === undefined ? {} : { cause: this.cause }),
    });
    if (this.stack) error.stack = this.stack.replace(this.message, error.message);
    return error;
  }
}

/** Whether `value` is a TfError, also one of another copy of this package. */
export function isTfError(value: unknown): value is TfError {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { readonly [key: symbol]: unknown })[brand] === true
  );
}
