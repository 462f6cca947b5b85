// Source: python/framework/graph_io.py (write_graph).
import { checkMessage, GraphDef, type IGraphDef, type IMetaGraphDef, MetaGraphDef } from "@org/proto";
import { type WriteOptions, writeMessage } from "./write-message.ts";

/**
 * Writes `def` to `path`, binary or text (`asText`), making directories that are missing; there is the old file or the new one, never half of one.
 * Throws TfError INVALID_ARGUMENT "GraphDef cannot be larger than 2GB.", with the largest nodes as the hint; TypeError where `def` is no message; and what the file system
 * throws.
 */
export async function writeMetaGraph(
  path: string,
  def: IMetaGraphDef,
  options: WriteOptions = {},
): Promise<void> {
  checkMessage(def, "writeMetaGraph", "MetaGraphDef", "make one with exportMetaGraph");
  return writeMessage(path, MetaGraphDef, def, def.graphDef?.node ?? [], options);
}

/** The same for a GraphDef alone, such as a frozen graph; as tf.io.write_graph, but for the defaults. Throws as `writeMetaGraph`. */
export async function writeGraphDef(path: string, def: IGraphDef, options: WriteOptions = {}): Promise<void> {
  checkMessage(def, "writeGraphDef", "GraphDef", "make one with graph.asGraphDef()");
  return writeMessage(path, GraphDef, def, def.node ?? [], options);
}
