// Reads the message in a file, be it binary or text.
import { isTfError, TfError } from "@org/errors";
import { defaultFileSystem, type FileSystem, fileExists, localPath, readFile } from "@org/io";
import { decode, type MessageType } from "@org/proto";

export interface ReadProtoOptions {
  /** Binary or text; default: told from the bytes. */
  readonly binary?: boolean | undefined;
  /** What the file is for, as messages say it: "graph" in "Input graph file 'x' does not exist!". */
  readonly what: string;
  readonly fs?: FileSystem | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The message of that type in a file.
 * Throws TfError NOT_FOUND "Input <what> file '<path>' does not exist!"; DATA_LOSS where it is none; CANCELLED.
 */
export async function readProtoFile<T extends object, I extends object>(
  type: MessageType<T, I>,
  path: string,
  { binary, what, fs: given, signal }: ReadProtoOptions,
): Promise<T> {
  const fs = given ?? (await defaultFileSystem());
  const file = localPath(path);
  if (path === "" || !(await fileExists(fs, file)))
    throw new TfError("NOT_FOUND", `Input ${what} file '${path}' does not exist!`, { file: path });
  const bytes = await readFile(fs, file, signal ? { signal } : {});
  try {
    if (binary ?? !isText(bytes)) return decode(type, bytes);
    const { fromText } = await import("@org/proto/text");
    return fromText(type, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = isTfError(cause) ? cause.sentence : String((cause as Error).message);
    const hint =
      binary === undefined ? {} : { hint: "Leave inputBinary out, and the format is told from the file." };
    throw new TfError("DATA_LOSS", `Cannot parse file ${path}: ${reason}`, { file: path, cause, ...hint });
  }
}

/** Whether bytes are text: those of messages with lengths and tags have control characters early on. */
function isText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 1024);
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
