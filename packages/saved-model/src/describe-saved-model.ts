// What is in a stranger's SavedModel, as plain data: per MetaGraph tags, signatures, assets, init and train op. Builds no graph, runs nothing.
import type { OpRegistry } from "@org/graph";
import { type Description, describe, type SignatureDescription } from "@org/metagraph";
import { checkMessage, type IMetaGraphDef, type ISavedModel } from "@org/proto";
import { INIT_OP_SIGNATURE_KEY, TRAIN_OP_SIGNATURE_KEY } from "./constants.ts";
import { namedOps, type SavedAsset, savedAssets } from "./named-ops.ts";
import { isValidSignature } from "./valid-signature.ts";

export interface SavedMetaGraphDescription {
  readonly tags: readonly string[];
  /** Signatures but those that name init and train op; `servable`: TensorFlow Serving takes it. */
  readonly signatures: readonly (SignatureDescription & { readonly servable: boolean })[];
  /** The op that runs after a load. */
  readonly initOp: string | undefined;
  readonly trainOp: string | undefined;
  readonly assets: readonly SavedAsset[];
  /** Nodes of the object graph that TensorFlow 2 saves beside the graph; 0 for none. */
  readonly objectGraphNodes: number;
  /** The graph itself. */
  readonly metaGraph: Description;
}

export interface SavedModelDescription {
  readonly schemaVersion: bigint;
  readonly metaGraphs: readonly SavedMetaGraphDescription[];
}

/**
 * Describes a SavedModel. `ops`: the registry that says which ops could run, as for `describe`.
 * Throws TypeError for what is no message; TfError as `describe`; DATA_LOSS for damaged assets, INVALID_ARGUMENT for a collection of several init ops.
 */
export function describeSavedModel(
  model: ISavedModel,
  options: { readonly ops?: OpRegistry } = {},
): SavedModelDescription {
  checkMessage(model, "describeSavedModel", "SavedModel", "read one with parseSavedModel");
  return {
    schemaVersion: BigInt(model.savedModelSchemaVersion ?? 0),
    metaGraphs: (model.metaGraphs ?? []).map((def) => describeOne(def, options)),
  };
}

function describeOne(def: IMetaGraphDef, options: { readonly ops?: OpRegistry }): SavedMetaGraphDescription {
  const metaGraph = describe(def, options);
  const signatures = def.signatureDef ?? {};
  return {
    tags: metaGraph.tags,
    signatures: metaGraph.signatures
      .filter(({ key }) => key !== INIT_OP_SIGNATURE_KEY && key !== TRAIN_OP_SIGNATURE_KEY)
      .map((signature) => ({ ...signature, servable: isValidSignature(signatures[signature.key]) })),
    ...namedOps(def),
    assets: savedAssets(def),
    objectGraphNodes: def.objectGraphDef?.nodes?.length ?? 0,
    metaGraph,
  };
}
