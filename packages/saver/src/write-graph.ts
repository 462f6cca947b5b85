// tf.train.write_graph: a graph as a file of its own, text unless told otherwise. Source: python/framework/graph_io.py.
import { TfError } from "@org/errors";
import type { Graph } from "@org/graph";
import { atomicWrite, defaultFileSystem, type FileSystem, joinPath, localPath } from "@org/io";
import { encode, GraphDef, type IGraphDef, type IMetaGraphDef } from "@org/proto";
import { writeMetaGraph } from "./write-meta-graph.ts";

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
  const { asText = true } = options;
  const fs = options.fs ?? (await defaultFileSystem());
  const path = joinPath(logdir, name);
  if ("graphDef" in graph) {
    await writeMetaGraph(path, graph, { asText, fs });
    return path;
  }
  const def = "asGraphDef" in graph ? graph.asGraphDef() : (graph as IGraphDef);
  const bytes = asText ? await textOf(def) : encode(GraphDef, def);
  if (bytes.length >= 2 ** 31)
    throw new TfError("INVALID_ARGUMENT", "GraphDef cannot be larger than 2GB.", { file: path });
  const directory = localPath(logdir);
  if (directory !== "" && !(await fs.stat(directory))) await fs.makeDirectory(directory);
  await atomicWrite(fs, localPath(path), bytes);
  return path;
}

async function textOf(def: IGraphDef): Promise<Uint8Array> {
  const { toText } = await import("@org/proto/text");
  return new TextEncoder().encode(toText(GraphDef, def));
}
