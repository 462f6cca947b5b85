// Graphs from files: MetaGraphDef, GraphDef or SavedModel, binary or text, by what is in them; and back into files.
import { isTfError, TfError } from "@org/errors";
import { defaultFileSystem, joinPath, readFile } from "@org/io";
import { parseMetaGraph } from "@org/metagraph";
import {
  decode,
  encode,
  GraphDef,
  type IGraphDef,
  type IMetaGraphDef,
  type ISavedModel,
  type MessageType,
  MetaGraphDef,
  SavedModel,
} from "@org/proto";
import { getVariablesPath, parseSavedModel } from "@org/saved-model";
import { OutputError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import type { Identified } from "./identify.ts";

/** A graph, in the message that it came in. */
export type GraphFile = GraphMessage & {
  readonly path: string;
  /** Whether it was text. */
  readonly text: boolean;
  /** The MetaGraph; of a GraphDef one around it; of a SavedModel the one with the tags that were asked for. */
  readonly def: MetaGraphDef;
};

/** A message that holds a graph. */
export type GraphMessage =
  | { readonly type: "MetaGraphDef"; readonly message: MetaGraphDef }
  | { readonly type: "GraphDef"; readonly message: GraphDef }
  | { readonly type: "SavedModel"; readonly message: SavedModel };

export interface GraphOptions {
  /** Tags of the MetaGraph of a SavedModel, "serve" or "serve,gpu". Default: its only one. */
  readonly tagSet?: string | undefined;
  /** No matter which MetaGraph `def` is: the caller looks at all of them. */
  readonly anyMetaGraph?: boolean;
}

/**
 * Reads the graph at `found`. Throws TfError as `readMetaGraph` and `parseSavedModel`; INVALID_ARGUMENT for a SavedModel of several
 * MetaGraphs where no tags are given, NOT_FOUND for tags that none has.
 */
export async function readGraphFile(
  found: Identified,
  terminal: Terminal,
  options: GraphOptions = {},
): Promise<GraphFile> {
  const { path } = found;
  if (terminal.signal?.aborted)
    throw new TfError("CANCELLED", "Reading was cancelled.", { file: path, cause: terminal.signal.reason });
  if (found.kind === "saved-model") {
    const message = await parseSavedModel(path, terminal.signal ? { signal: terminal.signal } : {});
    const text = !(await (await defaultFileSystem()).stat(joinPath(path, "saved_model.pb")));
    return { type: "SavedModel", message, text, path, def: metaGraphOf(message, path, options) };
  }
  const name = path === "-" ? "(standard input)" : path;
  const bytes = path === "-" ? await terminal.input() : await readFile(await defaultFileSystem(), path);
  const { text, ...parsed } = await parseGraph(bytes, name);
  if (parsed.type === "SavedModel")
    return { ...parsed, text, path, def: metaGraphOf(parsed.message, path, options) };
  if (parsed.type === "MetaGraphDef") return { ...parsed, text, path, def: parsed.message };
  return { ...parsed, text, path, def: new MetaGraphDef({ graphDef: parsed.message }) };
}

/** A binary message that holds what its type should hold; undefined where it does not. `failed` hears why it is none. */
function attempt<T extends object>(
  type: MessageType<T>,
  bytes: Uint8Array,
  holds: (message: T) => boolean,
  failed: (error: TfError) => void,
): T | undefined {
  try {
    const message = decode(type, bytes);
    return holds(message) ? message : undefined;
  } catch (error) {
    if (!isTfError(error)) throw error;
    failed(error);
    return undefined;
  }
}

const offsetOf = (error: unknown): number => (isTfError(error) ? (error.place.offset ?? 0) : 0);

/** A parser's error as one about the file. */
const unparsable = (error: TfError, name: string): TfError =>
  new TfError("DATA_LOSS", `Cannot parse file ${name}: ${error.sentence}`, {
    ...error.place,
    file: name,
    cause: error,
  });

const holdsNodes = (def: GraphDef): boolean =>
  def.node.length > 0 && def.node.every(({ name, op }) => name !== "" && op !== "");
const holdsMetaGraphs = (model: SavedModel): boolean =>
  model.metaGraphs.length > 0 && model.metaGraphs.some((def) => def.graphDef !== null);

async function parseGraph(
  bytes: Uint8Array,
  name: string,
): Promise<GraphMessage & { readonly text: boolean }> {
  // A GraphDef's nodes may look like the fields of a MetaGraphDef to a reader; the other way round they do not.
  const failures: TfError[] = [];
  const failed = (error: TfError): void => void failures.push(error);
  const graph = attempt(GraphDef, bytes, holdsNodes, failed);
  if (graph) return { type: "GraphDef", message: graph, text: false };
  const model = attempt(SavedModel, bytes, holdsMetaGraphs, failed);
  if (model) return { type: "SavedModel", message: model, text: false };
  try {
    const text = await parseText(bytes);
    if (text) return { ...text, text: true };
  } catch (error) {
    throw isTfError(error) ? unparsable(error, name) : error;
  }
  try {
    return { type: "MetaGraphDef", message: await parseMetaGraph(bytes, name), text: isText(bytes) };
  } catch (error) {
    if (isText(bytes)) throw error;
    // What could be read furthest as is what it was meant to be: a GraphDef that is cut off is no MetaGraphDef that is cut off.
    const furthest = failures.reduce<TfError | undefined>(
      (best, one) => (offsetOf(one) > offsetOf(best ?? error) ? one : best),
      undefined,
    );
    throw furthest ? unparsable(furthest, name) : error;
  }
}

/** Whether the beginning is printable ASCII; what binary messages have in their first bytes, tags and lengths, is not. */
function isText(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 512);
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}

/** GraphDef and SavedModel in the text format, told by their first field; MetaGraphDefs are `parseMetaGraph`'s. */
async function parseText(bytes: Uint8Array): Promise<GraphMessage | undefined> {
  if (!isText(bytes)) return undefined;
  const head = new TextDecoder().decode(bytes.subarray(0, 4096)).replace(/#.*$/gm, "");
  const first = /^\s*(\w+)/.exec(head)?.[1];
  const { fromText } = await import("@org/proto/text");
  const whole = new TextDecoder();
  if (first === "saved_model_schema_version" || first === "meta_graphs")
    return { type: "SavedModel", message: fromText(SavedModel, whole.decode(bytes)) };
  if (first === "node" || first === "library" || first === "versions" || first === "version")
    return { type: "GraphDef", message: fromText(GraphDef, whole.decode(bytes)) };
  return undefined;
}

function metaGraphOf(model: SavedModel, path: string, { tagSet, anyMetaGraph }: GraphOptions): MetaGraphDef {
  const tagsOf = (def: MetaGraphDef): string => [...(def.metaInfoDef?.tags ?? [])].sort().join(",");
  const all = model.metaGraphs.map((def) => `"${tagsOf(def)}"`).join(", ");
  if (tagSet === undefined) {
    if (model.metaGraphs.length === 1 || (anyMetaGraph && model.metaGraphs.length > 0))
      return model.metaGraphs[0]!;
    throw new TfError("INVALID_ARGUMENT", `${path} holds ${model.metaGraphs.length} MetaGraphs`, {
      file: path,
      hint: `--tag-set chooses one: ${all}.`,
    });
  }
  const wanted = tagSet
    .split(",")
    .map((tag) => tag.trim())
    .sort()
    .join(",");
  const found = model.metaGraphs.find((def) => tagsOf(def) === wanted);
  if (found) return found;
  throw new TfError(
    "NOT_FOUND",
    `MetaGraphDef associated with tag-set ${tagSet} could not be found in SavedModel`,
    {
      file: path,
      hint: `It has ${all}.`,
    },
  );
}

/** The checkpoint that belongs to a graph: a SavedModel's variables, or the prefix that a .meta file is named after. */
export function checkpointBeside(found: Identified): string | undefined {
  if (found.kind === "saved-model") return getVariablesPath(found.path);
  return found.path.endsWith(".meta") ? found.path.slice(0, -".meta".length) : undefined;
}

/** How an output file is to be written, by its name. */
export const isTextName = (path: string): boolean => /\.(pbtxt|prototxt|txt|textproto)$/.test(path);

/** A message to write. */
export type MessageToWrite =
  | { readonly type: "MetaGraphDef"; readonly message: IMetaGraphDef }
  | { readonly type: "GraphDef"; readonly message: IGraphDef }
  | { readonly type: "SavedModel"; readonly message: ISavedModel };

/** The bytes of a message, as text or binary. */
export async function graphBytes(graph: MessageToWrite, text: boolean): Promise<Uint8Array> {
  const { toText } = text ? await import("@org/proto/text") : { toText: undefined };
  const out = <I extends object>(type: MessageType<object, I>, message: I): Uint8Array =>
    toText ? new TextEncoder().encode(toText(type, message)) : encode(type, message);
  switch (graph.type) {
    case "MetaGraphDef":
      return out(MetaGraphDef, graph.message);
    case "GraphDef":
      return out(GraphDef, graph.message);
    case "SavedModel":
      return out(SavedModel, graph.message);
  }
}

/** The GraphDef of a MetaGraph. Throws OutputError where it has none. */
export function graphDefOf(def: IMetaGraphDef, path: string): GraphDef {
  if (!def.graphDef) throw new OutputError(`${path} has no GraphDef`);
  return def.graphDef as GraphDef;
}
