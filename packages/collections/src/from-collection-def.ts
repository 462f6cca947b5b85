// A CollectionDef's items into a graph's collection. Source: python/framework/meta_graph.py (import_scoped_meta_graph).
import { isTfError, TfError } from "@org/errors";
import { type Graph, prependNameScope } from "@org/graph";
import { type CollectionDef, decode, type ICollectionDef } from "@org/proto";
import type { AnyCollectionType, CollectionRegistry, FromProtoContext } from "./collection-type.ts";
import { GraphKeys } from "./graph-keys.ts";
import { markFloatList } from "./number-kinds.ts";
import type { OnCollectionWarning } from "./warnings.ts";

export interface FromCollectionDefOptions {
  readonly graph: Graph;
  readonly importScope?: string | undefined;
  readonly collections?: CollectionRegistry | undefined;
  readonly tensorflowVersion?: string | undefined;
  /** Objects made so far of each identity, by their bytes; pass one map to all collections of a file. */
  readonly made?: Map<string, unknown>;
  readonly onWarning?: OnCollectionWarning | undefined;
}

/** Collections that had no type once: their items stand as names in old files. */
const once: ReadonlySet<string> = new Set([
  GraphKeys.LOCAL_VARIABLES,
  GraphKeys.MODEL_VARIABLES,
  GraphKeys.METRIC_VARIABLES,
]);

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text where the bytes are UTF-8, else the bytes. */
function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return strict.decode(bytes);
  } catch {
    return bytes;
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 4096)
    text += String.fromCharCode.apply(null, bytes.subarray(i, i + 4096) as unknown as number[]);
  return text;
}

type Kind = keyof Pick<CollectionDef, "nodeList" | "bytesList" | "int64List" | "floatList" | "anyList">;
const kinds: readonly (readonly [Kind, string])[] = [
  ["nodeList", "node_list"],
  ["bytesList", "bytes_list"],
  ["int64List", "int64_list"],
  ["floatList", "float_list"],
  ["anyList", "any_list"],
];

/** Which list a CollectionDef holds, by its name in the schema; undefined for none. */
export function collectionKind(def: ICollectionDef): string | undefined {
  return kinds.find(([kind]) => def[kind] !== null && def[kind] !== undefined)?.[1];
}

function message(type: AnyCollectionType, bytes: Uint8Array, key: string): object {
  try {
    return decode(type.protoType, bytes);
  } catch (cause) {
    if (!isTfError(cause)) throw cause;
    const name = type.protoType.typeName;
    throw new TfError("DATA_LOSS", `Error parsing message with type '${name}'`, {
      key,
      hint: `An item of the collection "${key}" is damaged, or of another type. ${cause.sentence}.`,
      cause,
    });
  }
}

function fromMessages(
  type: AnyCollectionType,
  messages: readonly Uint8Array[],
  context: FromProtoContext,
  options: FromCollectionDefOptions,
): void {
  for (const bytes of messages) {
    const shareKey = type.identity === undefined ? undefined : `${type.identity}\n${latin1(bytes)}`;
    let item = shareKey === undefined ? undefined : options.made?.get(shareKey);
    if (item === undefined) {
      try {
        item = type.fromProto(message(type, bytes, context.key), context);
      } catch (cause) {
        if (!type.mayNameOutside || !isTfError(cause) || cause.code !== "NOT_FOUND") throw cause;
        // TensorFlow stops here, at exports of its own.
        options.onWarning?.({
          key: context.key,
          message: `An item of collection ${context.key} is left out: ${cause.sentence}`,
          cause,
        });
        continue;
      }
      if (shareKey !== undefined) options.made?.set(shareKey, item);
    }
    context.graph.addToCollection(context.key, item);
  }
}

/**
 * Appends the items of `def` to collection `key`. Text gets the import scope in front, as names of nodes do (TensorFlow's rule for any
 * text, hyper-parameters included); bytes that are no text stay as they are. Where the type `mayNameOutside`, an item that names nodes which the graph
 * lacks is left out, with a warning.
 * Throws TfError DATA_LOSS for bytes that are not the collection's message, NOT_FOUND for an item or a node_list with a name that the graph lacks.
 */
export function fromCollectionDef(key: string, def: ICollectionDef, options: FromCollectionDefOptions): void {
  const { graph, importScope, onWarning } = options;
  const kind = collectionKind(def);
  if (kind === undefined) {
    onWarning?.({ key, message: `Cannot identify data type for collection ${key}. Skipping.` });
    return;
  }
  const type = options.collections?.get(key);
  const context: FromProtoContext = {
    graph,
    importScope,
    key,
    tensorflowVersion: options.tensorflowVersion ?? "",
  };
  if (type !== undefined && def.bytesList) {
    fromMessages(type, def.bytesList.value ?? [], context, options);
    return;
  }
  if (once.has(key))
    onWarning?.({
      key,
      message: `The saved meta_graph is possibly from an older release:\n'${key}' collection should be of type 'byte_list', but instead is of type '${kind}'.`,
    });
  for (const name of def.nodeList?.value ?? []) {
    const node = graph.asGraphElement(prependNameScope(name, importScope));
    graph.addToCollection(key, type?.fromNode?.(node, context) ?? node);
  }
  for (const value of def.int64List?.value ?? []) {
    const number = Number(value);
    graph.addToCollection(key, Number.isSafeInteger(number) ? number : BigInt(value));
  }
  if (def.floatList) {
    for (const value of def.floatList.value ?? []) graph.addToCollection(key, value);
    if ((def.floatList.value ?? []).length > 0) markFloatList(graph.getCollectionRef(key));
  }
  for (const bytes of def.bytesList?.value ?? []) {
    const item = textOrBytes(bytes);
    graph.addToCollection(key, typeof item === "string" ? prependNameScope(item, importScope) : item);
  }
  for (const value of def.anyList?.value ?? []) graph.addToCollection(key, value);
}
