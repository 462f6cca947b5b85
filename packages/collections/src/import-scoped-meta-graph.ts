// A MetaGraphDef into a graph: nodes, functions, then collections. Not here: the Saver and files.
// Source: python/framework/meta_graph.py (import_scoped_meta_graph_with_return_elements).
import { TfError } from "@org/errors";
import {
  type Graph,
  type ImportResult,
  type ImportWarning,
  type InputMap,
  importGraphDef,
  type OpRegistry,
  stripNameScope,
} from "@org/graph";
import type { ICollectionDef, IMetaGraphDef } from "@org/proto";
import { builtInTypes } from "./built-in-types.ts";
import { type CollectionRegistry, createCollectionRegistry } from "./collection-type.ts";
import { fromCollectionDef } from "./from-collection-def.ts";
import { GraphKeys, unboundInputs } from "./graph-keys.ts";
import type { CollectionWarning } from "./warnings.ts";

export interface ImportScopedOptions {
  readonly graph: Graph;
  /** Scope that goes in front of all names, made unique. */
  readonly importScope?: string | undefined;
  readonly clearDevices?: boolean | undefined;
  /** By names in the file; a scoped export's unbound inputs ("$unbound_inputs_x:0") have to be among them. */
  readonly inputMap?: InputMap | undefined;
  readonly returnElements?: readonly string[] | undefined;
  /** Default "unbound_inputs"; null: no check. */
  readonly unboundInputsColName?: string | null | undefined;
  /** Which collections to restore; default: all. */
  readonly restoreCollectionsPredicate?: ((key: string) => boolean) | undefined;
  /** Default: queue runners and control-flow contexts. */
  readonly collections?: CollectionRegistry | undefined;
  /** Default: the graph's. */
  readonly ops?: OpRegistry | undefined;
  /** What the file's producer knew of ops, where the file has no list of its own. */
  readonly producerOps?: OpRegistry | undefined;
  /** As TensorFlow: an op or attribute that is not known stops the import. */
  readonly strict?: boolean | undefined;
  readonly onWarning?: ((warning: ImportWarning | CollectionWarning) => void) | undefined;
}

export interface ScopedImport extends ImportResult {
  /** What was put in front of names: "s" or "s_1"; "" for nothing. */
  readonly importScope: string;
  /** Items of the collection `variables` under the scope, by name within it. */
  readonly variables: ReadonlyMap<string, unknown>;
}

const utf8 = new TextDecoder();

/** "$unbound_inputs_x:0" and "$unbound_inputs_x" are one input. */
const plain = (name: string): string => (name.endsWith(":0") ? name.slice(0, -2) : name);

function checkUnbound(def: ICollectionDef | undefined, inputMap: InputMap | undefined): void {
  const names = [
    ...(def?.bytesList?.value ?? []).map((bytes) => utf8.decode(bytes)),
    ...(def?.nodeList?.value ?? []),
  ];
  if (names.length === 0) return;
  const given = new Set(
    [...(inputMap instanceof Map ? inputMap.keys() : Object.keys(inputMap ?? {}))].map((key) =>
      plain(String(key)),
    ),
  );
  const missing = [...new Set(names)].filter((name) => !given.has(plain(name)));
  if (missing.length > 0)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Graph contains unbound inputs: ${missing.join(",")}. Must provide these inputs through input_map.`,
    );
}

/** TRAINABLE_VARIABLES first (what old files do not say of a variable follows from it), then by name. */
function importOrder(keys: readonly string[]): string[] {
  const first = GraphKeys.TRAINABLE_VARIABLES;
  const sorted = keys.filter((key) => key !== first).sort();
  return keys.includes(first) ? [first, ...sorted] : sorted;
}

/**
 * Adds a MetaGraphDef's graph and collections to a graph; collections are appended to.
 * Throws TfError INVALID_ARGUMENT where inputs stay unbound, and as `importGraphDef` and `fromCollectionDef` do.
 */
export function importScopedMetaGraph(def: IMetaGraphDef, options: ImportScopedOptions): ScopedImport {
  const { graph, importScope, restoreCollectionsPredicate = () => true, onWarning } = options;
  const unboundKey =
    options.unboundInputsColName === undefined ? unboundInputs : options.unboundInputsColName;
  const collectionDefs = def.collectionDef ?? {};
  if (unboundKey !== null) checkUnbound(collectionDefs[unboundKey], options.inputMap);
  const info = def.metaInfoDef;
  const scope = graph.uniqueName(importScope ?? "", false);
  const result = importGraphDef(def.graphDef ?? {}, {
    graph,
    name: importScope || scope,
    inputMap: options.inputMap ?? null,
    returnElements: options.returnElements ?? null,
    producerOps: info?.strippedOpList?.op?.length ? info.strippedOpList : (options.producerOps ?? null),
    clearDevices: options.clearDevices ?? false,
    strict: options.strict ?? false,
    ...(options.ops ? { ops: options.ops } : {}),
    ...(onWarning ? { onWarning } : {}),
  });
  const collections = options.collections ?? createCollectionRegistry(builtInTypes);
  const made = new Map<string, unknown>();
  for (const key of importOrder(Object.keys(collectionDefs))) {
    if (key === unboundKey || !restoreCollectionsPredicate(key)) continue;
    fromCollectionDef(key, collectionDefs[key]!, {
      graph,
      importScope: scope || undefined,
      collections,
      tensorflowVersion: info?.tensorflowVersion ?? "",
      made,
      onWarning,
    });
  }
  const variables = new Map<string, unknown>();
  const inScope = scope === "" || scope.endsWith("/") ? scope : `${scope}/`;
  for (const item of graph.getCollection(GraphKeys.GLOBAL_VARIABLES)) {
    const { name } = item as { name?: unknown };
    if (typeof name === "string" && name.startsWith(inScope))
      variables.set(stripNameScope(name, scope), item);
  }
  return { ...result, importScope: scope, variables };
}
