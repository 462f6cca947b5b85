// tf.savedModel: SavedModels with the default graph, under the names that Python has, flat and by module.
// Source: python/saved_model (saved_model.py, builder.py, loader.py, main_op_impl.py ...).

import { isOperation, isTensor, type Operation, type Tensor } from "@org/graph";
import { group, tablesInitializer } from "@org/ops";
import type { MetaGraphDef } from "@org/proto";
import * as base from "@org/saved-model";
import type { SaverSession } from "@org/saver";
import { globalVariablesInitializer, localVariablesInitializer } from "@org/variables";
import { collectionTypes } from "./collection-types.ts";
import { getDefaultGraph, inDefaultGraph, lift } from "./default-graph.ts";
import { warnOnce } from "./warn-once.ts";

const told = () => ({ collections: collectionTypes(), onWarning: warnOnce });

/**
 * tf.saved_model.Builder: `addMetaGraphAndVariables(session, tags, options)` first, then `addMetaGraph(tags, options)` of the default graph,
 * then `save()`. Throws as SavedModelBuilder of @org/saved-model.
 */
export class SavedModelBuilder extends base.SavedModelBuilder {
  constructor(exportDir: string, options: base.SavedModelBuilderOptions = {}) {
    super(exportDir, { ...told(), ...options });
  }

  override addMetaGraph(tags: Iterable<string>, options: base.AddMetaGraphOptions = {}): Promise<void> {
    return super.addMetaGraph(tags, { ...options, graph: options.graph ?? getDefaultGraph() });
  }
}
export { SavedModelBuilder as Builder };

/** Loads a MetaGraph of a SavedModel into a session: graph, variables, init op. As tf.saved_model.loader.load; throws as `load` of @org/saved-model. */
export function load(
  session: SaverSession,
  tags: Iterable<string>,
  exportDir: string,
  options: NonNullable<Parameters<typeof base.load>[3]> = {},
): Promise<MetaGraphDef> {
  return base.load(session, tags, exportDir, { ...told(), ...options });
}

/** Saves a session's graph and variables for serving. As tf.saved_model.simple_save; throws as `simpleSave` of @org/saved-model. */
export function simpleSave(
  session: SaverSession,
  exportDir: string,
  inputs: base.SignatureTensors,
  outputs: base.SignatureTensors,
  options: base.SimpleSaveOptions = {},
): Promise<string> {
  return base.simpleSave(session, exportDir, inputs, outputs, { ...told(), ...options });
}

export const getTensorFromTensorInfo: typeof base.getTensorFromTensorInfo = /* @__PURE__ */ lift(
  base.getTensorFromTensorInfo,
);

/** An op that runs the initializers of global variables, local variables and tables. As tf.saved_model.main_op.main_op. */
function buildMainOp(): Operation {
  return inDefaultGraph(() =>
    group([globalVariablesInitializer(), localVariablesInitializer(), tablesInitializer()]),
  );
}

/**
 * The same, and then the restore op (itself, or its name). As tf.saved_model.main_op_with_restore.
 * Throws TfError NOT_FOUND for a name that the default graph lacks.
 */
export function mainOpWithRestore(restoreOp: Operation | Tensor | string): Operation {
  return inDefaultGraph(() => {
    const graph = getDefaultGraph();
    const op = isOperation(restoreOp) || isTensor(restoreOp) ? restoreOp : graph.asGraphElement(restoreOp);
    return graph.controlDependencies([buildMainOp()], () => group([op]));
  });
}

const {
  buildSignatureDef,
  buildTensorInfo,
  classificationSignatureDef,
  isValidSignature,
  maybeSavedModelDirectory,
  predictSignatureDef,
  regressionSignatureDef,
} = base;

/** tf.saved_model.builder */
export const builder: { readonly SavedModelBuilder: typeof SavedModelBuilder } = { SavedModelBuilder };
/** tf.saved_model.loader */
export const loader: {
  readonly load: typeof load;
  readonly maybeSavedModelDirectory: typeof base.maybeSavedModelDirectory;
} = { load, maybeSavedModelDirectory };
/** tf.saved_model.main_op */
export const mainOp: {
  readonly mainOp: typeof buildMainOp;
  readonly mainOpWithRestore: typeof mainOpWithRestore;
} = { mainOp: buildMainOp, mainOpWithRestore };
/** tf.saved_model.signature_def_utils */
export const signatureDefUtils: Pick<
  typeof base,
  | "buildSignatureDef"
  | "classificationSignatureDef"
  | "isValidSignature"
  | "predictSignatureDef"
  | "regressionSignatureDef"
> = {
  buildSignatureDef,
  classificationSignatureDef,
  isValidSignature,
  predictSignatureDef,
  regressionSignatureDef,
};
/** tf.saved_model.utils */
export const utils: Pick<typeof base, "buildTensorInfo" | "getTensorFromTensorInfo"> = {
  buildTensorInfo,
  getTensorFromTensorInfo,
};

export {
  ASSETS_DIRECTORY,
  ASSETS_KEY,
  buildSignatureDef,
  buildTensorInfo,
  CLASSIFY_INPUTS,
  CLASSIFY_METHOD_NAME,
  CLASSIFY_OUTPUT_CLASSES,
  CLASSIFY_OUTPUT_SCORES,
  classificationSignatureDef,
  constants,
  containsSavedModel,
  DEFAULT_SERVING_SIGNATURE_DEF_KEY,
  describeSavedModel,
  GPU,
  isValidSignature,
  LEGACY_INIT_OP_KEY,
  MAIN_OP_KEY,
  maybeSavedModelDirectory,
  PREDICT_INPUTS,
  PREDICT_METHOD_NAME,
  PREDICT_OUTPUTS,
  parseSavedModel,
  predictSignatureDef,
  REGRESS_INPUTS,
  REGRESS_METHOD_NAME,
  REGRESS_OUTPUTS,
  regressionSignatureDef,
  SAVED_MODEL_FILENAME_PB,
  SAVED_MODEL_FILENAME_PBTXT,
  SAVED_MODEL_SCHEMA_VERSION,
  SavedModelLoader,
  SERVING,
  signatureConstants,
  TPU,
  TRAINING,
  tagConstants,
  VARIABLES_DIRECTORY,
  VARIABLES_FILENAME,
  writeSavedModel,
} from "@org/saved-model";
