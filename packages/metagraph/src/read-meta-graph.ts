// Reads a MetaGraphDef, binary or text, from a path, URL, Blob or bytes. Its nodes stay bytes until they are touched.
import { decode, GraphDef, MetaGraphDef, SavedModel } from "@org/proto";
import { type FileMessage, parseMessage } from "./parse-message.ts";
import { bytesOf, type ReadOptions, type Source } from "./source.ts";

/**
 * The MetaGraphDef at `source`. Unknown fields are kept; nodes are decoded when they are touched.
 * Throws TfError NOT_FOUND "File <path> does not exist."; FAILED_PRECONDITION for a directory; DATA_LOSS "Cannot parse file <path>: ..."
 * for an empty, truncated or other file, with what it seems to be as the hint; UNAVAILABLE where a server fails; CANCELLED.
 */
export async function readMetaGraph(source: Source, options: ReadOptions = {}): Promise<MetaGraphDef> {
  const { name, bytes } = await bytesOf(source, options, "MetaGraphDef");
  return parseMessage(metaGraph, bytes, name);
}

/** The MetaGraphDef that `bytes` hold, binary or text; `name` is for messages. Throws TfError DATA_LOSS as `readMetaGraph`. */
export function parseMetaGraph(bytes: Uint8Array, name = "(bytes)"): Promise<MetaGraphDef> {
  return parseMessage(metaGraph, Uint8Array.from(bytes), name);
}

const metaGraph: FileMessage<MetaGraphDef> = {
  type: MetaGraphDef,
  name: "MetaGraphDef",
  hasContent: (def) =>
    Boolean(
      def.metaInfoDef ||
        def.graphDef ||
        def.saverDef ||
        def.objectGraphDef ||
        def.assetFileDef.length > 0 ||
        Object.keys(def.collectionDef).length > 0 ||
        Object.keys(def.signatureDef).length > 0,
    ),
  otherwise: otherMessage,
};

/** What else the bytes decode to, as a hint. */
function otherMessage(bytes: Uint8Array): string | undefined {
  const decodes = <T extends object>(
    type: Parameters<typeof decode<T>>[0],
    ok: (message: T) => boolean,
  ): boolean => {
    try {
      return ok(decode(type, bytes));
    } catch {
      return false;
    }
  };
  if (decodes(SavedModel, (model) => model.metaGraphs.some((def) => def.graphDef !== null)))
    return "It is a SavedModel: its metaGraphs are what you want.";
  if (decodes(GraphDef, (graph) => graph.node.some((node) => node.op !== "")))
    return "It is a GraphDef (a frozen graph?): readGraphDef reads it, importGraphDef takes what it gives.";
  return undefined;
}
