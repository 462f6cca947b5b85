// A MetaGraphDef or GraphDef into a file, binary or text, so that there is the old file or the new one, never half of one. Binary ones
// are written in parts as they lie in memory: the bytes of a large graph are not gathered first.
// Source: python/framework/graph_io.py (write_graph).
import { TfError } from "@org/errors";
import { atomicWrite, defaultFileSystem, dirname, type FileSystem, localPath } from "@org/io";
import { encodeParts, type INodeDef, type MessageType, NodeDef } from "@org/proto";
import { nodeSizes } from "@org/proto/nodes";

export interface WriteOptions {
  readonly asText?: boolean;
  /** Default: the machine's files in Node. */
  readonly fs?: FileSystem;
}

/** Largest message that protobuf readers take. */
const maxBytes = 2 ** 31 - 1;

/**
 * Writes `message`, whose nodes are `nodes`, to `path`, making directories that are missing.
 * Throws TfError INVALID_ARGUMENT "GraphDef cannot be larger than 2GB.", with the largest nodes as the hint; and what the file system throws.
 */
export async function writeMessage<T extends object, I extends object>(
  path: string,
  type: MessageType<T, I>,
  message: I,
  nodes: readonly INodeDef[],
  options: WriteOptions,
): Promise<void> {
  if (typeof path !== "string") throw new TypeError(`A path must be a string, not ${String(path)}`);
  const fs = options.fs ?? (await defaultFileSystem());
  const file = localPath(path);
  const parts = options.asText ? [await textOf(type, message)] : encodeParts(type, message);
  if (lengthOf(parts) > maxBytes)
    throw new TfError("INVALID_ARGUMENT", "GraphDef cannot be larger than 2GB.", {
      file,
      hint: `The largest nodes: ${largestNodes(nodes).join(", ")}. Feed such values, or keep them in variables.`,
    });
  const directory = dirname(file);
  if (directory !== "" && !(await fs.stat(directory))) await fs.makeDirectory(directory);
  await atomicWrite(fs, file, parts);
}

async function textOf<T extends object, I extends object>(
  type: MessageType<T, I>,
  message: I,
): Promise<Uint8Array> {
  const { toText } = await import("@org/proto/text");
  return new TextEncoder().encode(toText(type, message));
}

const lengthOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

function largestNodes(nodes: readonly INodeDef[]): string[] {
  const sizes = nodeSizes(nodes, (node) => lengthOf(encodeParts(NodeDef, node)));
  return [...sizes.keys()]
    .sort((a, b) => sizes[b]! - sizes[a]!)
    .slice(0, 3)
    .map((i) => `${nodes[i]!.name} (${Math.round(sizes[i]! / 2 ** 20)} MiB)`);
}
