// Reads a GraphDef alone: what tf.train.write_graph wrote, a frozen graph. Its nodes stay bytes until they are touched.
// Source: tools/freeze_graph.py, tools/graph_transforms (both read either format).
import { decode, GraphDef, MetaGraphDef, SavedModel } from "@org/proto";
import { nodeOps } from "@org/proto/nodes";
import { type FileMessage, parseMessage } from "./parse-message.ts";
import { bytesOf, type ReadOptions, type Source } from "./source.ts";

/**
 * The GraphDef at `source`, binary or text; `importGraphDef` takes it. Unknown fields are kept; nodes are decoded when they are touched.
 * Throws as `readMetaGraph`: DATA_LOSS where the bytes are no GraphDef, with the reader to use instead as the hint.
 */
export async function readGraphDef(source: Source, options: ReadOptions = {}): Promise<GraphDef> {
  const { name, bytes } = await bytesOf(source, options, "GraphDef");
  return parseMessage(graphDef, bytes, name);
}

const graphDef: FileMessage<GraphDef> = {
  type: GraphDef,
  name: "GraphDef",
  hasContent: (def) => [...nodeOps(def.node)].some((op) => op !== "") || Boolean(def.versions || def.library),
  otherwise: otherMessage,
};

/** Whether the bytes are that message, by a part that it must have. */
function holds(read: () => unknown): boolean {
  try {
    return Boolean(read());
  } catch {
    return false;
  }
}

function otherMessage(bytes: Uint8Array): string | undefined {
  if (holds(() => decode(MetaGraphDef, bytes).graphDef))
    return "It is a MetaGraphDef: readMetaGraph reads it.";
  if (holds(() => decode(SavedModel, bytes).metaGraphs.some((def) => def.graphDef)))
    return "It is a SavedModel: parseSavedModel of @org/saved-model reads it.";
  return undefined;
}
