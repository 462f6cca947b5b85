// What lies at a path: told by what is in it, not by its name; the name says what was meant where nothing is there.
import { isTfError, TfError } from "@org/errors";
import {
  bytesSource,
  crc32c,
  defaultFileSystem,
  type FileSystem,
  joinPath,
  maskCrc32c,
  type RecordCompression,
  readRecords,
} from "@org/io";
import { latestCheckpoint } from "@org/metagraph";
import { decode, Event } from "@org/proto";
import { maybeSavedModelDirectory } from "@org/saved-model";

export type Kind =
  | "graph" // MetaGraphDef, GraphDef or SavedModel message, binary or text
  | "saved-model" // an export directory
  | "checkpoint"
  | "npz"
  | "npy"
  | "safetensors"
  | "events"
  | "records";

export interface Identified {
  readonly kind: Kind;
  /** The path; a checkpoint's prefix. */
  readonly path: string;
  /** Of records. */
  readonly compression?: RecordCompression;
}

/** Words for people. */
export const kindNames: Readonly<Record<Kind, string>> = {
  graph: "a graph",
  "saved-model": "a SavedModel",
  checkpoint: "a checkpoint",
  npz: "a .npz file",
  npy: "a .npy file",
  safetensors: "a .safetensors file",
  events: "an event file",
  records: "a record file",
};

const tableMagic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/**
 * Finds out what lies at `path`: a file by its content, a directory with a SavedModel, one with checkpoints (the latest is meant), or the prefix
 * of a checkpoint. Throws TfError NOT_FOUND, with what is near; FAILED_PRECONDITION for a part of a checkpoint: "pass the prefix".
 */
export async function identify(path: string): Promise<Identified> {
  if (path === "-") return { kind: "graph", path };
  const fs = await defaultFileSystem();
  const stat = await fs.stat(path);
  if (stat?.isDirectory) return identifyDirectory(path, fs);
  if (stat) return identifyFile(path, fs);
  if (path !== "" && !/\.(meta|pb|pbtxt|npz|npy|safetensors)$/.test(path))
    return { kind: "checkpoint", path };
  throw new TfError("NOT_FOUND", `File ${path} does not exist.`, {
    file: path,
    ...(await nearHint(path, fs)),
  });
}

async function nearHint(path: string, fs: FileSystem): Promise<{ hint?: string }> {
  const stem = path.replace(/\.[^./]*$/, "");
  for (const suffix of [".meta", ".pb", ".pbtxt", ".npz", ".safetensors"])
    if (stem + suffix !== path && (await fs.stat(stem + suffix)))
      return { hint: `There is "${stem}${suffix}".` };
  if (await fs.stat(`${stem}.index`)) return { hint: `There is a checkpoint with the prefix "${stem}".` };
  return {};
}

async function identifyDirectory(path: string, fs: FileSystem): Promise<Identified> {
  if (await maybeSavedModelDirectory(path)) return { kind: "saved-model", path };
  const prefix = await latestCheckpoint(path);
  if (prefix !== undefined) return { kind: "checkpoint", path: prefix };
  const names = await fs.list(path);
  const events = names.find((name) => name.includes("tfevents"));
  const prefixes = names.flatMap((name) =>
    name.endsWith(".index") ? [name.slice(0, -".index".length)] : [],
  );
  throw new TfError("FAILED_PRECONDITION", `${path}; Is a directory`, {
    file: path,
    hint: events
      ? `Name one of its event files: ${path.replace(/\/+$/, "")}/${events}`
      : prefixes.length > 0
        ? `It has no state file that says which checkpoint is meant: name one of ${prefixes
            .slice(0, 5)
            .map((prefix) => JSON.stringify(joinPath(path, prefix)))
            .join(", ")}.`
        : "It holds neither a SavedModel (saved_model.pb) nor checkpoints with a state file.",
  });
}

async function identifyFile(path: string, fs: FileSystem): Promise<Identified> {
  const file = await fs.open(path);
  try {
    const head = await file.read(0, Math.min(file.size, 1 << 16));
    const tail = await file.read(Math.max(0, file.size - 8), file.size);
    const part = /^(.*)\.(index|data-\d{5}-of-\d{5})$/.exec(path);
    if (part && (await fs.stat(`${part[1]}.index`)))
      throw new TfError("FAILED_PRECONDITION", `${path} is a part of a checkpoint`, {
        file: path,
        hint: `Pass the prefix: "${part[1]}".`,
      });
    const named = /tfevents/.test(path)
      ? "events"
      : /\.tfrecords?(\.\w+)?$/.test(path)
        ? "records"
        : undefined;
    if (tableMagic.every((byte, i) => tail[i] === byte)) return { kind: "checkpoint", path };
    if (startsWith(head, [0x50, 0x4b, 3, 4]) || startsWith(head, [0x50, 0x4b, 5, 6]))
      return { kind: "npz", path };
    if (startsWith(head, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59])) return { kind: "npy", path };
    if (isSafetensors(head, file.size)) return { kind: "safetensors", path };
    if (startsWith(head, [0x1f, 0x8b])) return { kind: "records", path, compression: "GZIP" };
    if (isRecord(head))
      return { kind: named === "events" || (await isEvents(head)) ? "events" : "records", path };
    if (await isZlibRecords(head)) return { kind: "records", path, compression: "ZLIB" };
    if (named) return { kind: named, path };
    if (/^\s*model_checkpoint_path\s*:/.test(new TextDecoder("latin1").decode(head.subarray(0, 64))))
      return identifyState(path);
    return { kind: "graph", path };
  } finally {
    await file.close();
  }
}

async function identifyState(path: string): Promise<Identified> {
  const directory = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
  const prefix = await latestCheckpoint(directory, {
    latestFilename: path.slice(path.lastIndexOf("/") + 1),
  });
  if (prefix !== undefined) return { kind: "checkpoint", path: prefix };
  throw new TfError("NOT_FOUND", `The checkpoint that ${path} names is not there`, {
    file: path,
    hint: "It is a checkpoint state file; pass the prefix of a checkpoint.",
  });
}

const startsWith = (bytes: Uint8Array, start: readonly number[]): boolean =>
  start.every((byte, i) => bytes[i] === byte);

function isSafetensors(head: Uint8Array, size: number): boolean {
  if (head.length < 10 || head[8] !== 0x7b) return false;
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  return length >= 2n && length <= BigInt(size - 8);
}

/** Whether the first twelve bytes are a record's length and its checksum. */
function isRecord(head: Uint8Array): boolean {
  if (head.length < 12) return false;
  const crc = new DataView(head.buffer, head.byteOffset).getUint32(8, true);
  return maskCrc32c(crc32c(head.subarray(0, 8))) === crc;
}

/** Whether the first record is an event file's; where it is damaged, nobody knows. */
async function isEvents(head: Uint8Array): Promise<boolean> {
  try {
    const { value } = await readRecords(bytesSource(head), { tornTail: "stop" }).next();
    return (
      value !== undefined && (decode(Event, value.data).fileVersion?.startsWith("brain.Event:") ?? false)
    );
  } catch (error) {
    if (isTfError(error)) return false;
    throw error;
  }
}

async function isZlibRecords(head: Uint8Array): Promise<boolean> {
  if ((head[0]! & 15) !== 8 || (head[0]! * 256 + head[1]!) % 31 !== 0) return false;
  try {
    for await (const _ of readRecords(bytesSource(head), { compression: "ZLIB", tornTail: "stop" })) break;
    return true;
  } catch (error) {
    if (isTfError(error)) return false;
    throw error;
  }
}
