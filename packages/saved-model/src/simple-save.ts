// A SavedModel of one graph for serving, in one call. Source: python/saved_model/simple_save.py.
import { GraphKeys } from "@org/collections";
import type { Operation, Tensor } from "@org/graph";
import type { SaverSession } from "@org/saver";
import { type AddVariablesOptions, SavedModelBuilder, type SavedModelBuilderOptions } from "./builder.ts";
import { DEFAULT_SERVING_SIGNATURE_DEF_KEY } from "./signature-constants.ts";
import { predictSignatureDef, type SignatureTensors } from "./signature-def.ts";
import { SERVING } from "./tag-constants.ts";

export interface SimpleSaveOptions
  extends SavedModelBuilderOptions,
    Pick<AddVariablesOptions, "signal" | "onProgress"> {
  /** Runs after a load. */
  readonly legacyInitOp?: Operation | undefined;
}

/**
 * Saves the session's graph and variables with the tag "serve", a Predict signature "serving_default" and the assets of the collection
 * `asset_filepaths`, devices cleared; yields the path of saved_model.pb. As tf.saved_model.simple_save.
 * Throws as predictSignatureDef and SavedModelBuilder do.
 */
export async function simpleSave(
  session: SaverSession,
  exportDir: string,
  inputs: SignatureTensors,
  outputs: SignatureTensors,
  options: SimpleSaveOptions = {},
): Promise<string> {
  const { legacyInitOp, signal, onProgress, ...building } = options;
  const signatureDefMap = {
    [DEFAULT_SERVING_SIGNATURE_DEF_KEY]: predictSignatureDef(inputs, outputs),
  };
  const builder = new SavedModelBuilder(exportDir, building);
  await builder.addMetaGraphAndVariables(session, [SERVING], {
    signatureDefMap,
    assetsCollection: session.graph.getCollection(GraphKeys.ASSET_FILEPATHS) as Tensor[],
    mainOp: legacyInitOp,
    clearDevices: true,
    signal,
    onProgress,
  });
  return builder.save();
}
