// Writes a MetaGraphDef to a file, binary or text, so that there is the old file or the new one, never half of one.
// Source: python/framework/graph_io.py (write_graph).
import { TfError } from "@org/errors";
import { atomicWrite, defaultFileSystem, dirname, type FileSystem, localPath } from "@org/io";
import { encode, type IMetaGraphDef, MetaGraphDef, NodeDef } from "@org/proto";

/** Largest message that protobuf readers take. */
const maxBytes = 2 ** 31 - 1;

/**
 * Writes `def` to `path`, making directories that are missing.
 * Throws TfError INVALID_ARGUMENT "GraphDef cannot be larger than 2GB.", with the largest nodes as the hint; and what the file system throws.
 */
export async function writeMetaGraph(
  path: string,
  def: IMetaGraphDef,
  options: { readonly asText?: boolean; readonly fs?: FileSystem } = {},
): Promise<void> {
  if (typeof path !== "string") throw new TypeError(`A path must be a string, not ${String(path)}`);
  const fs = options.fs ?? (await defaultFileSystem());
  const file = localPath(path);
  const bytes = options.asText ? await textOf(def) : encode(MetaGraphDef, def);
  if (bytes.length > maxBytes)
    throw new TfError("INVALID_ARGUMENT", "GraphDef cannot be larger than 2GB.", {
      file,
      hint: `The largest nodes: ${largestNodes(def).join(", ")}. Feed such values, or keep them in variables.`,
    });
  const directory = dirname(file);
  if (directory !== "" && !(await fs.stat(directory))) await fs.makeDirectory(directory);
  await atomicWrite(fs, file, bytes);
}

async function textOf(def: IMetaGraphDef): Promise<Uint8Array> {
  const { toText } = await import("@org/proto/text");
  return new TextEncoder().encode(toText(MetaGraphDef, def));
}

function largestNodes(def: IMetaGraphDef): string[] {
  return (def.graphDef?.node ?? [])
    .map((node) => ({ name: node.name ?? "", size: encode(NodeDef, node).length }))
    .sort((a, b) => b.size - a.size)
    .slice(0, 3)
    .map(({ name, size }) => `${name} (${Math.round(size / 2 ** 20)} MiB)`);
}
