// Writes a SavedModel message into an export directory, binary or text, so that there is the old file or the new one, never half of one;
// large values are written from where they are.
import { TfError } from "@org/errors";
import { atomicWrite, defaultFileSystem, type FileSystem, joinPath, localPath } from "@org/io";
import { encodeParts, type ISavedModel, SavedModel } from "@org/proto";
import { SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT } from "./constants.ts";

/** Largest message that protobuf readers take. */
const maxBytes = 2 ** 31 - 1;

export interface WriteSavedModelOptions {
  /** saved_model.pbtxt instead of saved_model.pb; a reader takes the latter where both are there. */
  readonly asText?: boolean | undefined;
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem | undefined;
}

/**
 * Writes `model` to `exportDir`, which is made if it is missing; yields the path of the file. Variables and assets are not touched.
 * Throws TfError INVALID_ARGUMENT "Message tensorflow.SavedModel exceeds maximum protobuf size of 2GB: <bytes>"; and what the file system throws.
 */
export async function writeSavedModel(
  exportDir: string,
  model: ISavedModel,
  options: WriteSavedModelOptions = {},
): Promise<string> {
  const fs = options.fs ?? (await defaultFileSystem());
  const path = joinPath(exportDir, options.asText ? SAVED_MODEL_FILENAME_PBTXT : SAVED_MODEL_FILENAME_PB);
  const parts = options.asText ? [await textOf(model)] : encodeParts(SavedModel, model);
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  if (size > maxBytes)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Message tensorflow.SavedModel exceeds maximum protobuf size of 2GB: ${size}`,
      {
        file: path,
        hint: "Keep weights in variables, not constants; leave out MetaGraphs that nobody loads.",
      },
    );
  if (!(await fs.stat(localPath(exportDir)))) await fs.makeDirectory(localPath(exportDir));
  await atomicWrite(fs, localPath(path), parts);
  return path;
}

async function textOf(model: ISavedModel): Promise<Uint8Array> {
  const { toText } = await import("@org/proto/text");
  return new TextEncoder().encode(toText(SavedModel, model));
}
