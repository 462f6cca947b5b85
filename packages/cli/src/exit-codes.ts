// What the command's exit status means; the numbers above 64 are sysexits.h's, 130 is the shell's for Ctrl-C.
import { isTfError, type TfError } from "@org/errors";

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  badData: 65,
  noInput: 66,
  bug: 70,
  interrupted: 130,
} as const;

/** What was read is fine, but the result could not be written, or what was asked for makes no sense for it. */
export class OutputError extends Error {}

/** What a comparison ends with where there is a difference: status 1, and nothing more to say. */
export class DifferenceFound extends Error {}

/** What a check ends with where it has listed problems: nothing more to say. Status 65; 66 where all that is wrong is what is missing. */
export class ProblemsFound extends Error {
  readonly onlyMissing: boolean;

  constructor(onlyMissing: boolean) {
    super();
    this.onlyMissing = onlyMissing;
  }
}

const byCode: Partial<Record<TfError["code"], number>> = {
  NOT_FOUND: exitCodes.noInput,
  FAILED_PRECONDITION: exitCodes.noInput, // a directory where a file should be
  PERMISSION_DENIED: exitCodes.noInput,
  DATA_LOSS: exitCodes.badData,
  OUT_OF_RANGE: exitCodes.badData, // "Read less bytes than requested": a file that is cut off
  INTERNAL: exitCodes.badData,
  CANCELLED: exitCodes.interrupted,
};

/** The exit status for an error that reached the top: what is neither a TfError nor an OutputError is a bug of ours. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof OutputError || error instanceof DifferenceFound) return exitCodes.failed;
  if (error instanceof ProblemsFound) return error.onlyMissing ? exitCodes.noInput : exitCodes.badData;
  return isTfError(error) ? (byCode[error.code] ?? exitCodes.failed) : exitCodes.bug;
}
