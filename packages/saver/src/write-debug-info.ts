// The file beside a .meta that says where its ops were made. Source: python/framework/meta_graph.py (export_scoped_meta_graph,
// `save_debug_info`): "model-5.meta" has "model-5.debug".
import { createGraphDebugInfoDef, type Graph, prependNameScope } from "@org/graph";
import { atomicWrite, basename, defaultFileSystem, type FileSystem, localPath } from "@org/io";
import { encode, GraphDebugInfo, type IMetaGraphDef } from "@org/proto";

/**
 * Traces of the ops of `graph`, or of those in `def`, an export of its scope `exportScope`.
 * Throws TfError FAILED_PRECONDITION for a graph that records no traces.
 */
export function debugInfoOf(
  graph: Graph,
  def?: IMetaGraphDef,
  exportScope?: string | undefined,
): GraphDebugInfo {
  const operations = def
    ? (def.graphDef?.node ?? []).map(({ name }) =>
        graph.getOperationByName(prependNameScope(name ?? "", exportScope)),
      )
    : graph.getOperations();
  return createGraphDebugInfoDef(operations.map((op) => ["", op] as const));
}

/** Writes the debug info of the MetaGraph at `metaGraphPath` beside it, under its name with ".debug"; binary, or text. */
export async function writeDebugInfo(
  metaGraphPath: string,
  info: GraphDebugInfo,
  options: { readonly asText?: boolean | undefined; readonly fs?: FileSystem | undefined } = {},
): Promise<void> {
  const fs = options.fs ?? (await defaultFileSystem());
  const file = localPath(metaGraphPath);
  const name = basename(file);
  const dot = name.lastIndexOf(".");
  const stem = dot > 0 ? file.slice(0, dot - name.length) : file;
  await atomicWrite(fs, `${stem}.debug`, options.asText ? await textOf(info) : encode(GraphDebugInfo, info));
}

async function textOf(info: GraphDebugInfo): Promise<string> {
  const { toText } = await import("@org/proto/text");
  return toText(GraphDebugInfo, info);
}
