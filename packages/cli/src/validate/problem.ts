// What a check finds, and what it was checked for.
import { isTfError } from "@org/errors";

export interface Problem {
  readonly file: string;
  /** Where in the file: a node, a tensor, a collection, "byte 123". */
  readonly place?: string;
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
  /** "error": something does not hold; "warning": it can be read, and may not do what one expects. */
  readonly severity: "error" | "warning";
}

export interface Report {
  /** What was checked: "12 tensors, 480 bytes". */
  readonly checked: string;
  readonly problems: readonly Problem[];
}

/** An error that a reader threw, as a problem. Throws it again where it is none of a file: a bug, Ctrl-C. */
export function problemOf(error: unknown, file: string, place?: string): Problem {
  if (!isTfError(error) || error.code === "CANCELLED") throw error;
  const { node, key, offset } = error.place;
  const where = place ?? node ?? key ?? (offset === undefined ? undefined : `byte ${offset}`);
  return {
    file,
    ...(where === undefined ? {} : { place: where }),
    message: error.sentence,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    severity: "error",
  };
}
