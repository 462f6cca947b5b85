export {
  type AddMetaGraphOptions,
  type AddVariablesOptions,
  SavedModelBuilder,
  type SavedModelBuilderOptions,
} from "./builder.ts";
export * from "./constants.ts";
export * as constants from "./constants.ts";
export {
  describeSavedModel,
  type SavedMetaGraphDescription,
  type SavedModelDescription,
} from "./describe-saved-model.ts";
export {
  type LoadGraphOptions,
  type LoadOptions,
  load,
  type RunLoadedOptions,
  SavedModelLoader,
} from "./loader.ts";
export { getAssetTensors, getInitOp, getTrainOp, type SavedAsset, savedAssets } from "./named-ops.ts";
export { assetPath, getAssetsDir, getVariablesDir, getVariablesPath } from "./paths.ts";
export type { RaggedTensor } from "./ragged-tensor.ts";
export {
  containsSavedModel,
  maybeSavedModelDirectory,
  parseSavedModel,
  type ReadSavedModelOptions,
} from "./read-saved-model.ts";
export * from "./signature-constants.ts";
export * as signatureConstants from "./signature-constants.ts";
export {
  buildSignatureDef,
  classificationSignatureDef,
  loadOpFromSignatureDef,
  opSignatureDef,
  predictSignatureDef,
  regressionSignatureDef,
  type SignatureTensors,
  type SupervisedOutputs,
  supervisedEvalSignatureDef,
  supervisedTrainSignatureDef,
} from "./signature-def.ts";
export { type SimpleSaveOptions, simpleSave } from "./simple-save.ts";
export * from "./tag-constants.ts";
export * as tagConstants from "./tag-constants.ts";
export {
  buildTensorInfo,
  buildTensorInfoFromOp,
  getElementFromTensorInfo,
  getTensorFromTensorInfo,
  type LookupOptions,
  type SignatureTensor,
  type SparseTensor,
} from "./tensor-info.ts";
export { isValidSignature } from "./valid-signature.ts";
export { type WriteSavedModelOptions, writeSavedModel } from "./write-saved-model.ts";
