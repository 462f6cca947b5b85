// Names of files, directories and collections of a SavedModel; they stand in files.
// Source: python/saved_model/constants.py.

/** Directory of the files that the graph reads. */
export const ASSETS_DIRECTORY = "assets";
/** Directory of files that higher-level APIs put beside a model; nothing here touches it. */
export const EXTRA_ASSETS_DIRECTORY = "assets.extra";
/** Collection of assets: Any messages of AssetFileDef. */
export const ASSETS_KEY = "saved_model_assets";
/** Collection of the op that runs after a load, as TensorFlow 1.0 wrote it. */
export const LEGACY_INIT_OP_KEY = "legacy_init_op";
/** Collection of the op that runs after a load. */
export const MAIN_OP_KEY = "saved_model_main_op";
/** Collection of the training op. */
export const TRAIN_OP_KEY = "saved_model_train_op";
/** The schema that is written. */
export const SAVED_MODEL_SCHEMA_VERSION = 1;
export const SAVED_MODEL_FILENAME_PB = "saved_model.pb";
export const SAVED_MODEL_FILENAME_PBTXT = "saved_model.pbtxt";
/** Directory of the checkpoint. */
export const VARIABLES_DIRECTORY = "variables";
/** Prefix of the checkpoint in it. */
export const VARIABLES_FILENAME = "variables";
/** Signature whose one output names the op that runs after a load (TensorFlow 2, and `initOp` of the builder). */
export const INIT_OP_SIGNATURE_KEY = "__saved_model_init_op";
/** Signature whose one output names the training op. */
export const TRAIN_OP_SIGNATURE_KEY = "__saved_model_train_op";
