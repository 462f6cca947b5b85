// What a MetaGraphDef of a SavedModel names besides signatures: the op that runs after a load, the training op, and assets.
// Source: python/saved_model/loader_impl.py (get_init_op, get_train_op, get_asset_tensors).
import { isTfError, TfError } from "@org/errors";
import { type Graph, isOperation, isTensor, type Operation, prependNameScope, type Tensor } from "@org/graph";
import { AssetFileDef, decode, type ICollectionDef, type IMetaGraphDef } from "@org/proto";
import {
  ASSETS_KEY,
  INIT_OP_SIGNATURE_KEY,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  TRAIN_OP_KEY,
  TRAIN_OP_SIGNATURE_KEY,
} from "./constants.ts";
import { assetPath } from "./paths.ts";
import { loadOpFromSignatureDef } from "./signature-def.ts";

const collection = (def: IMetaGraphDef, key: string): ICollectionDef | undefined =>
  def.collectionDef && Object.hasOwn(def.collectionDef, key) ? def.collectionDef[key] : undefined;

/**
 * The name of the op in a collection that holds one; undefined where there is no such collection.
 * Throws TfError INVALID_ARGUMENT "Expected exactly one SavedModel init op. Found: ..." for more or none.
 */
function opNameIn(def: IMetaGraphDef, key: string): string | undefined {
  const found = collection(def, key);
  if (!found) return undefined;
  const names = found.nodeList?.value ?? [];
  if (names.length !== 1)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Expected exactly one SavedModel init op. Found: [${names.map((name) => `'${name}'`).join(", ")}]`,
      { key },
    );
  return names[0]!;
}

/** The same in a graph: by its name under the scope; without a scope given, also the collection's first item, as in TensorFlow. */
function opIn(
  def: IMetaGraphDef,
  key: string,
  graph: Graph,
  importScope: string | undefined,
): Operation | Tensor | undefined {
  const name = opNameIn(def, key);
  if (name === undefined) return undefined;
  const items = graph.getCollection(key).filter((item) => isOperation(item) || isTensor(item));
  const scoped = prependNameScope(name, importScope);
  const named = items.find((item) => item.name === scoped);
  if (named) return named;
  const [first] = items;
  if (first && !importScope) return first;
  return graph.asGraphElement(scoped);
}

/** The name of what a signature of one output names, without a graph. */
function opNameOf(def: IMetaGraphDef, key: string): string | undefined {
  const signatures = def.signatureDef ?? {};
  if (!Object.hasOwn(signatures, key)) return undefined;
  const outputs = signatures[key]!.outputs ?? {};
  return Object.hasOwn(outputs, key) ? (outputs[key]!.name ?? "") : "";
}

function opOf(
  def: IMetaGraphDef,
  key: string,
  graph: Graph,
  importScope: string | undefined,
): Operation | Tensor | undefined {
  const signatures = def.signatureDef ?? {};
  if (!Object.hasOwn(signatures, key)) return undefined;
  return loadOpFromSignatureDef(signatures[key]!, key, { graph, importScope });
}

/**
 * The op that is to run after a load: of the signature `__saved_model_init_op`, else of the collections `saved_model_main_op` and
 * `legacy_init_op`; undefined for none. Throws TfError NOT_FOUND where the graph lacks it, INVALID_ARGUMENT for a collection of several.
 */
export function getInitOp(
  def: IMetaGraphDef,
  graph: Graph,
  importScope?: string,
): Operation | Tensor | undefined {
  return (
    opOf(def, INIT_OP_SIGNATURE_KEY, graph, importScope) ??
    opIn(def, MAIN_OP_KEY, graph, importScope) ??
    opIn(def, LEGACY_INIT_OP_KEY, graph, importScope)
  );
}

/** The training op, if one is named: of the signature `__saved_model_train_op`, else of the collection. Throws as `getInitOp`. */
export function getTrainOp(
  def: IMetaGraphDef,
  graph: Graph,
  importScope?: string,
): Operation | Tensor | undefined {
  return opOf(def, TRAIN_OP_SIGNATURE_KEY, graph, importScope) ?? opIn(def, TRAIN_OP_KEY, graph, importScope);
}

/** The names of both in a message, without a graph. */
export function namedOps(def: IMetaGraphDef): {
  readonly initOp: string | undefined;
  readonly trainOp: string | undefined;
} {
  return {
    initOp:
      opNameOf(def, INIT_OP_SIGNATURE_KEY) ?? opNameIn(def, MAIN_OP_KEY) ?? opNameIn(def, LEGACY_INIT_OP_KEY),
    trainOp: opNameOf(def, TRAIN_OP_SIGNATURE_KEY) ?? opNameIn(def, TRAIN_OP_KEY),
  };
}

/** An asset of a MetaGraph. */
export interface SavedAsset {
  /** The tensor to feed the path: "asset_path:0". */
  readonly tensorName: string;
  /** The name in the assets directory, as the file has it. */
  readonly filename: string;
}

/**
 * The assets of a MetaGraphDef: its `asset_file_def`, else those of the collection `saved_model_assets`, where an Any of another type is no asset.
 * Throws TfError DATA_LOSS for damaged items.
 */
export function savedAssets(def: IMetaGraphDef): SavedAsset[] {
  const files = def.assetFileDef?.length
    ? def.assetFileDef
    : (collection(def, ASSETS_KEY)?.anyList?.value ?? []).flatMap(({ typeUrl, value }) =>
        typeUrl?.split("/").at(-1) === AssetFileDef.typeName ? [decodeAsset(value ?? new Uint8Array())] : [],
      );
  return files.map(({ tensorInfo, filename }) => ({
    tensorName: tensorInfo?.name ?? "",
    filename: filename ?? "",
  }));
}

function decodeAsset(bytes: Uint8Array): AssetFileDef {
  try {
    return decode(AssetFileDef, bytes);
  } catch (cause) {
    if (!isTfError(cause)) throw cause;
    throw new TfError("DATA_LOSS", `Error parsing message with type '${AssetFileDef.typeName}'`, {
      key: ASSETS_KEY,
      cause,
    });
  }
}

/**
 * The paths of a MetaGraphDef's assets by the tensors that are fed them, under a scope.
 * Throws TfError INVALID_ARGUMENT for a file name that leads out of the assets directory, DATA_LOSS for damaged items.
 */
export function getAssetTensors(
  exportDir: string,
  def: IMetaGraphDef,
  importScope?: string,
): Map<string, string> {
  return new Map(
    savedAssets(def).map(({ tensorName, filename }) => [
      prependNameScope(tensorName, importScope),
      assetPath(exportDir, filename),
    ]),
  );
}
