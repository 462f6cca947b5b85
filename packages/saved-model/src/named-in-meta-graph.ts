// How a MetaGraphDef comes to name its assets, its main, init and train op: collections of the graph, which an export carries along, and
// signatures. Reading them is named-ops.ts. Source: python/saved_model/builder_impl.py (_add_collections, _add_op_to_signature_def_map).
import { TfError } from "@org/errors";
import { type Graph, isOperation, isTensor, type Operation, type Tensor } from "@org/graph";
import {
  AssetFileDef,
  create,
  encode,
  type IAssetFileDef,
  type ISignatureDef,
  SignatureDef,
} from "@org/proto";
import type { NamedAsset } from "./asset-files.ts";
import {
  ASSETS_KEY,
  INIT_OP_SIGNATURE_KEY,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  TRAIN_OP_SIGNATURE_KEY,
} from "./constants.ts";
import { opSignatureDef } from "./signature-def.ts";

interface NamedOps {
  readonly initOp?: Operation | Tensor | undefined;
  readonly trainOp?: Operation | Tensor | undefined;
}

/** Throws a TypeError for what is no op, TfError INVALID_ARGUMENT where there is a main op and the graph has one already. */
export function checkOps(graph: Graph, mainOp: unknown, { trainOp, initOp }: NamedOps): void {
  for (const [name, op] of [
    ["train_op", trainOp],
    ["init_op", initOp],
  ] as const)
    if (op !== undefined && !isOperation(op) && !isTensor(op))
      throw new TypeError(`${name} needs to be a Tensor or Op: ${String(op)}`);
  if (mainOp === undefined) return;
  if (!isOperation(mainOp)) throw new TypeError(`main_op needs to be an Operation: ${String(mainOp)}`);
  for (const key of [MAIN_OP_KEY, LEGACY_INIT_OP_KEY])
    if (graph.getCollection(key).length > 0)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Graph already contains one or more main ops under the collection ${key}.`,
        { key, hint: `graph.clearCollection("${key}") takes it away.` },
      );
}

/** The message that names an asset. */
export function assetFileDef({ tensorName, filename }: NamedAsset): IAssetFileDef {
  return { tensorInfo: { name: tensorName }, filename };
}

/** Puts assets and main op into the graph's collections; the result takes them out again. */
export function addToCollections(
  graph: Graph,
  assets: readonly NamedAsset[],
  mainOp: Operation | undefined,
): () => void {
  const items: (readonly [string, unknown])[] = assets.map((asset) => [
    ASSETS_KEY,
    {
      typeUrl: `type.googleapis.com/${AssetFileDef.typeName}`,
      value: encode(AssetFileDef, assetFileDef(asset)),
    },
  ]);
  if (mainOp) items.push([MAIN_OP_KEY, mainOp]);
  for (const [key, item] of items) graph.addToCollection(key, item);
  return () => {
    for (const key of new Set(items.map(([name]) => name))) {
      const added = new Set(items.filter(([name]) => name === key).map(([, item]) => item));
      const rest = graph.getCollection(key).filter((item) => !added.has(item));
      graph.clearCollection(key);
      for (const item of rest) graph.addToCollection(key, item);
    }
  };
}

/** Copies of the signatures, and those that name init and train op. */
export function signaturesOf({
  signatureDefMap = {},
  initOp,
  trainOp,
}: NamedOps & { readonly signatureDefMap?: Readonly<Record<string, ISignatureDef>> | undefined }): Record<
  string,
  ISignatureDef
> {
  return {
    ...Object.fromEntries(
      Object.entries(signatureDefMap).map(([key, signature]) => [key, create(SignatureDef, signature)]),
    ),
    ...(initOp ? { [INIT_OP_SIGNATURE_KEY]: opSignatureDef(initOp, INIT_OP_SIGNATURE_KEY) } : {}),
    ...(trainOp ? { [TRAIN_OP_SIGNATURE_KEY]: opSignatureDef(trainOp, TRAIN_OP_SIGNATURE_KEY) } : {}),
  };
}
