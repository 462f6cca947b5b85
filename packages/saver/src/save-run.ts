// The small parts of a save: the step's number, what goes along with a run, the error for a missing directory.
import { isTfError, TfError } from "@org/errors";
import { isTensor } from "@org/graph";
import { dirname, type FileSystem, localPath } from "@org/io";
import { isNdArray, type NdArray, ndArray, toNumbers } from "@org/tensor";
import { isVariable } from "@org/variables";
import type { SaveOptions } from "./saver-options.ts";
import type { SaverRunOptions, SaverSession } from "./saver-session.ts";

/** A file name as a feed. */
export const stringScalar = (text: string): NdArray<"string"> =>
  ndArray("string", [], [new TextEncoder().encode(text)]);

/** The step as the file name has it. Throws a TypeError for what is no step. */
export async function stepNumber(
  session: SaverSession,
  step: NonNullable<SaveOptions["globalStep"]>,
  signal: AbortSignal | undefined,
): Promise<string> {
  if (typeof step === "bigint") return step.toString();
  if (typeof step === "number") {
    if (!Number.isSafeInteger(step)) throw new TypeError(`globalStep must be a whole number, not ${step}`);
    return step.toString();
  }
  const name = isTensor(step) ? step.name : isVariable(step) ? step.value().name : step;
  const value = await session.run(name, signal ? { signal } : {});
  if (!isNdArray(value)) throw new TypeError(`globalStep ${name} gave no tensor`);
  const first = value.data[0];
  return typeof first === "bigint" ? first.toString() : String(Math.trunc(toNumbers(value)[0] ?? 0));
}

/** The options of a save or restore that the session gets, too. */
export function passedOn(
  options: Pick<SaveOptions, "signal" | "onProgress">,
): Pick<SaverRunOptions, "signal" | "onProgress"> {
  return {
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  };
}

/** `error`, or, where a save failed for want of its directory, TensorFlow's sentence for that. */
export async function withParentCheck(error: unknown, path: string, fs: FileSystem): Promise<unknown> {
  if (!isTfError(error) || (error.code !== "NOT_FOUND" && error.code !== "FAILED_PRECONDITION")) return error;
  const parent = dirname(localPath(path)) || ".";
  if ((await fs.stat(parent))?.isDirectory) return error;
  return new TfError("NOT_FOUND", `Parent directory of ${path} doesn't exist, can't save.`, {
    file: path,
    cause: error,
    hint: `Make the directory "${parent}" first.`,
  });
}
