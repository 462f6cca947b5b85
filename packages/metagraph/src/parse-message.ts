// Bytes as a message, binary or text, whichever they are; what is neither becomes one clear error, with what it seems to be as the hint.
// Source: python/framework/meta_graph.py (read_meta_graph_file).
import { isTfError, TfError } from "@org/errors";
import { decodeLazily, type MessageType } from "@org/proto";

/** A kind of message that files hold. */
export interface FileMessage<T extends object> {
  readonly type: MessageType<T>;
  /** Its name in sentences: "MetaGraphDef". */
  readonly name: string;
  /** Whether any field of it is set; other messages may decode to unknown fields alone. */
  readonly hasContent: (message: T) => boolean;
  /** What else the bytes may be, as a hint. */
  readonly otherwise: (bytes: Uint8Array) => string | undefined;
}

/**
 * The message that `bytes` hold; it keeps them, and `name` is for errors. Unlike in TensorFlow, an empty file and bytes in which no field of the message is
 * known are errors.
 * Throws TfError DATA_LOSS "Cannot parse file <name>: ...".
 */
export async function parseMessage<T extends object>(
  kind: FileMessage<T>,
  bytes: Uint8Array,
  name: string,
): Promise<T> {
  if (bytes.length === 0) throw unparsable(name, "the file is empty", "Was it written to the end?");
  const form = formOf(bytes);
  if (form) throw unparsable(name, `it is ${form.is}`, form.hint);
  let binaryError: TfError | undefined;
  try {
    const message = decodeLazily(kind.type, bytes);
    if (kind.hasContent(message)) return message;
  } catch (error) {
    if (!isTfError(error)) throw error;
    binaryError = error;
  }
  if (looksLikeText(bytes)) return await parseText(kind, bytes, name);
  const what = binaryError ? binaryError.sentence : `no field of a ${kind.name} is in it`;
  throw unparsable(
    name,
    `it is neither a binary nor a text ${kind.name}: ${what}`,
    kind.otherwise(bytes),
    binaryError,
  );
}

function unparsable(name: string, reason: string, hint?: string, cause?: TfError): TfError {
  const offset = cause?.place.offset;
  return new TfError("DATA_LOSS", `Cannot parse file ${name}: ${reason}.`, {
    file: name,
    ...(offset === undefined ? {} : { offset }),
    ...(hint ? { hint } : {}),
    ...(cause ? { cause } : {}),
  });
}

const tableMagic = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb];

/** Files that people take for a .meta and that are told by their form. */
function formOf(bytes: Uint8Array): { readonly is: string; readonly hint: string } | undefined {
  const tail = bytes.subarray(-tableMagic.length);
  if (tail.length === tableMagic.length && tableMagic.every((byte, i) => tail[i] === byte))
    return {
      is: "a checkpoint's table (.index file, or a V1 checkpoint)",
      hint: "The graph is in the .meta file beside it; openCheckpoint(prefix) reads tensors.",
    };
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 64));
  if (/^\s*model_checkpoint_path\s*:/.test(head))
    return {
      is: "a checkpoint state file",
      hint: 'Read "<model_checkpoint_path>.meta"; latestCheckpoint() finds it.',
    };
  if (head.startsWith("\x89HDF"))
    return { is: "an HDF5 file", hint: "Keras .h5 files hold no MetaGraphDef." };
  if (head.startsWith("version https://git-lfs"))
    return { is: "a Git LFS pointer", hint: "Run `git lfs pull` to get the file itself." };
  if (/^\s*<(!doctype|html)/i.test(head))
    return { is: "an HTML page", hint: "Was a download page saved for the file?" };
  return undefined;
}

/** Whether the beginning reads like text: printable ASCII but for a few bytes. */
function looksLikeText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 4096);
  let odd = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if ((byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) || byte >= 0x7f) odd++;
  }
  return odd <= head.length / 10;
}

async function parseText<T extends object>(
  kind: FileMessage<T>,
  bytes: Uint8Array,
  name: string,
): Promise<T> {
  const bad = firstInvalidUtf8(bytes);
  if (bad !== undefined)
    throw new TfError("DATA_LOSS", `Cannot parse file ${name}: it is text, but not UTF-8 at byte ${bad}.`, {
      file: name,
      offset: bad,
      hint: `Text ${kind.name}s are UTF-8; save the file in that encoding.`,
    });
  const { fromText } = await import("@org/proto/text");
  let message: T;
  try {
    message = fromText(kind.type, new TextDecoder("utf-8").decode(bytes));
  } catch (cause) {
    const reason = isTfError(cause) ? cause.sentence : String((cause as Error).message);
    throw new TfError("DATA_LOSS", `Cannot parse file ${name}: ${reason}.`.replace(/\.\.$/, "."), {
      file: name,
      cause,
    });
  }
  if (kind.hasContent(message)) return message;
  throw unparsable(name, `no field of a ${kind.name} is in it`);
}

/** Where `bytes` stop being UTF-8, or undefined. */
function firstInvalidUtf8(bytes: Uint8Array): number | undefined {
  const valid = (length: number): boolean => {
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, length), {
        stream: length < bytes.length,
      });
      return true;
    } catch {
      return false;
    }
  };
  if (valid(bytes.length)) return undefined;
  let low = 0;
  let high = bytes.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (valid(middle)) low = middle;
    else high = middle;
  }
  return low;
}
