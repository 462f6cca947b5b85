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

/** What was read is fine, but the result could not be written. */
export class OutputError extends Error {}

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
  if (error instanceof OutputError) return exitCodes.failed;
  return isTfError(error) ? (byCode[error.code] ?? exitCodes.failed) : exitCodes.bug;
}
