// tf.train.write_graph: a graph as a file of its own, text unless told otherwise. Source: python/framework/graph_io.py.
import type { Graph } from "@org/graph";
import { type FileSystem, joinPath } from "@org/io";
import type { IGraphDef, IMetaGraphDef } from "@org/proto";
import { writeGraphDef, writeMetaGraph } from "./write-meta-graph.ts";

/**
 * Writes a graph, a GraphDef or a MetaGraphDef to `name` in `logdir`, making directories that are missing; the file's path.
 * Throws TfError INVALID_ARGUMENT where it would reach 2 GiB; what the file system throws. As tf.train.write_graph.
 */
export async function writeGraph(
  graph: Graph | IGraphDef | IMetaGraphDef,
  logdir: string,
  name: string,
  options: { readonly asText?: boolean; readonly fs?: FileSystem } = {},
): Promise<string> {
  const { asText = true, fs } = options;
  const path = joinPath(logdir, name);
  const how = { asText, ...(fs ? { fs } : {}) };
  if ("graphDef" in graph) await writeMetaGraph(path, graph, how);
  else await writeGraphDef(path, "asGraphDef" in graph ? graph.asGraphDef() : (graph as IGraphDef), how);
  return path;
}
