// What the command's exit status means; the numbers above 64 are sysexits.h's.
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

/** The exit status for an error that reached the top. */
export function exitCodeOf(error: unknown): number {
  if (!isTfError(error))
    return error instanceof TypeError || error instanceof RangeError ? exitCodes.bug : exitCodes.failed;
  const byCode: Partial<Record<TfError["code"], number>> = {
    NOT_FOUND: exitCodes.noInput,
    DATA_LOSS: exitCodes.badData,
    OUT_OF_RANGE: exitCodes.badData,
    INTERNAL: exitCodes.badData,
    CANCELLED: exitCodes.interrupted,
  };
  return byCode[error.code] ?? exitCodes.failed;
}
