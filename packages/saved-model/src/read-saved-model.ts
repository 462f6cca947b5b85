// Reads the SavedModel message of an export directory, binary or text. Not here: variables, assets, building a graph.
// Unlike TensorFlow, an empty file and bytes in which no field of a SavedModel is known are errors.
// Source: python/saved_model/loader_impl.py (parse_saved_model, maybe_saved_model_directory); docs/formats/saved-model.md.
import { isTfError, TfError } from "@org/errors";
import {
  basename,
  defaultFileSystem,
  dirname,
  type FileSystem,
  fileExists,
  joinPath,
  localPath,
} from "@org/io";
import { decodeLazily, SavedModel } from "@org/proto";
import { SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT, VARIABLES_DIRECTORY } from "./constants.ts";

export interface ReadSavedModelOptions {
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Largest message that protobuf readers take. */
const maxBytes = 2 ** 31 - 1;

/**
 * Whether `exportDir` holds a saved_model.pb or saved_model.pbtxt; false also for a directory that is not there. Nothing is read.
 * As tf.saved_model.loader.maybe_saved_model_directory.
 */
export async function maybeSavedModelDirectory(
  exportDir: string,
  options: { readonly fs?: FileSystem | undefined } = {},
): Promise<boolean> {
  const fs = options.fs ?? (await defaultFileSystem());
  for (const name of [SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT])
    if (await fileExists(fs, localPath(joinPath(exportDir, name)))) return true;
  return false;
}

/** The same, under TensorFlow 2's name. */
export const containsSavedModel: typeof maybeSavedModelDirectory = maybeSavedModelDirectory;

/**
 * The SavedModel in `exportDir`: saved_model.pb, or where there is none, saved_model.pbtxt. Unknown fields, map order and TensorFlow 2's object
 * graphs are kept: encoding a binary one again gives the same bytes. Nodes of a binary one are decoded when they are touched.
 * As loader_impl.parse_saved_model.
 * Throws TfError NOT_FOUND "SavedModel file does not exist at: <dir>/{saved_model.pbtxt|saved_model.pb}", with what is there as the hint;
 * DATA_LOSS "Cannot parse file <path>: ..." for an empty, damaged or other file; INVALID_ARGUMENT above 2 GiB; CANCELLED.
 */
export async function parseSavedModel(
  exportDir: string,
  options: ReadSavedModelOptions = {},
): Promise<SavedModel> {
  if (typeof exportDir !== "string")
    throw new TypeError(`An export directory is a string, not ${String(exportDir)}`);
  const fs = options.fs ?? (await defaultFileSystem());
  const binary = joinPath(exportDir, SAVED_MODEL_FILENAME_PB);
  const text = joinPath(exportDir, SAVED_MODEL_FILENAME_PBTXT);
  if (exportDir !== "" && (await fileExists(fs, localPath(binary))))
    return parseBinary(await fileBytes(fs, binary, options.signal), binary);
  if (exportDir !== "" && (await fileExists(fs, localPath(text))))
    return parseText(await fileBytes(fs, text, options.signal), text);
  const hint = await whatIsThere(exportDir, fs);
  throw new TfError(
    "NOT_FOUND",
    `SavedModel file does not exist at: ${exportDir}/{${SAVED_MODEL_FILENAME_PBTXT}|${SAVED_MODEL_FILENAME_PB}}`,
    { file: exportDir, ...(hint ? { hint } : {}) },
  );
}

async function fileBytes(fs: FileSystem, path: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (signal?.aborted)
    throw new TfError("CANCELLED", "Reading was cancelled.", { file: path, cause: signal.reason });
  const file = await fs.open(localPath(path));
  try {
    if (file.size > maxBytes)
      throw new TfError("INVALID_ARGUMENT", `Cannot parse file ${path}: it is larger than 2GB.`, {
        file: path,
      });
    return await file.read(0, file.size, signal ? { signal } : {});
  } finally {
    await file.close();
  }
}

function unparsable(path: string, reason: string, options: { hint?: string; cause?: unknown } = {}): TfError {
  const offset = isTfError(options.cause) ? options.cause.place.offset : undefined;
  return new TfError("DATA_LOSS", `Cannot parse file ${path}: ${reason.replace(/\.$/, "")}.`, {
    file: path,
    ...(offset === undefined ? {} : { offset }),
    ...options,
  });
}

const hasContent = (model: SavedModel): boolean =>
  model.metaGraphs.length > 0 || model.savedModelSchemaVersion !== 0n;

function parseBinary(bytes: Uint8Array, path: string): SavedModel {
  if (bytes.length === 0) throw unparsable(path, "the file is empty", { hint: "Was it written to the end?" });
  let model: SavedModel;
  try {
    model = decodeLazily(SavedModel, bytes);
  } catch (cause) {
    if (!isTfError(cause)) throw cause;
    throw unparsable(path, cause.sentence, { cause, ...whatItLooksLike(bytes) });
  }
  if (hasContent(model)) return model;
  throw unparsable(path, "no field of a SavedModel is in it", whatItLooksLike(bytes));
}

function whatItLooksLike(bytes: Uint8Array): { hint?: string } {
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  if (/^\s*(saved_model_schema_version|meta_graphs)\b/.test(head))
    return { hint: `It is text: name it ${SAVED_MODEL_FILENAME_PBTXT}.` };
  if (head.startsWith("version https://git-lfs"))
    return { hint: "It is a Git LFS pointer: run `git lfs pull` to get the file itself." };
  if (/^\s*<(!doctype|html)/i.test(head))
    return { hint: "It is an HTML page: was a download page saved for the file?" };
  return {};
}

async function parseText(bytes: Uint8Array, path: string): Promise<SavedModel> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unparsable(path, "it is not UTF-8", { cause });
  }
  const { fromText } = await import("@org/proto/text");
  let model: SavedModel;
  try {
    model = fromText(SavedModel, text);
  } catch (cause) {
    if (!isTfError(cause)) throw cause;
    throw unparsable(path, cause.sentence, { cause });
  }
  if (hasContent(model)) return model;
  throw unparsable(path, "no field of a SavedModel is in it");
}

/** Why there is no SavedModel at `exportDir`: what is there instead. */
async function whatIsThere(exportDir: string, fs: FileSystem): Promise<string | undefined> {
  if (exportDir === "") return "The path is empty.";
  const local = localPath(exportDir).replace(/(.)\/+$/, "$1");
  const stat = await fs.stat(local);
  if (!stat) return `There is no directory "${exportDir}".`;
  if (!stat.isDirectory)
    return /^saved_model\.pb(txt)?$/.test(basename(local))
      ? `Pass the directory "${dirname(local) || "."}".`
      : `"${exportDir}" is a file.`;
  const names = await fs.list(local);
  for (const name of names)
    if (await maybeSavedModelDirectory(joinPath(local, name), { fs }))
      return `There is one in "${joinPath(local, name)}".`;
  const meta = names.find((name) => name.endsWith(".meta"));
  if (meta) return `There is a MetaGraph, "${meta}": importMetaGraph reads it.`;
  if (names.includes(VARIABLES_DIRECTORY))
    return "There are variables, but no graph: was the builder's save() called, the directory copied whole?";
  return undefined;
}
