// SignatureDefs: what a model takes and gives, by name, for whoever serves it. Source: python/saved_model/signature_def_utils_impl.py.
import { isTfError, TfError } from "@org/errors";
import { isTensor, type Operation, type Tensor } from "@org/graph";
import { create, type ISignatureDef, type ITensorInfo, SignatureDef } from "@org/proto";
import { dtypes } from "@org/tensor";
import * as keys from "./signature-constants.ts";
import {
  buildTensorInfo,
  buildTensorInfoFromOp,
  getElementFromTensorInfo,
  type LookupOptions,
  type SignatureTensor,
} from "./tensor-info.ts";

/** Names with what they stand for. */
export type SignatureTensors = Readonly<Record<string, SignatureTensor>>;
type Infos = Readonly<Record<string, ITensorInfo>>;

const invalid = (sentence: string): TfError => new TfError("INVALID_ARGUMENT", sentence);

/** A SignatureDef of TensorInfos. As tf.saved_model.signature_def_utils.build_signature_def. */
export function buildSignatureDef(
  inputs?: Infos | null,
  outputs?: Infos | null,
  methodName?: string | null,
): SignatureDef {
  return create(SignatureDef, {
    inputs: inputs ?? {},
    outputs: outputs ?? {},
    methodName: methodName ?? "",
  });
}

const infosOf = (tensors: SignatureTensors | null | undefined): Record<string, ITensorInfo> =>
  Object.fromEntries(Object.entries(tensors ?? {}).map(([key, tensor]) => [key, buildTensorInfo(tensor)]));

/** The TensorInfo of a tensor that must be of a type. Throws TfError INVALID_ARGUMENT with `sentence`. */
function typed(tensor: SignatureTensor, dtype: "string" | "float32", sentence: string): ITensorInfo {
  const info = buildTensorInfo(tensor);
  if (info.dtype !== dtypes[dtype].number) throw invalid(sentence);
  return info;
}

/** The serialized Examples that classify and regress take. */
function examplesInfo(kind: "Regression" | "Classification", examples: unknown): ITensorInfo {
  if (examples === null || examples === undefined) throw invalid(`${kind} examples cannot be None.`);
  const sentence = `${kind} examples must be a string Tensor.`;
  if (!isTensor(examples)) throw invalid(sentence);
  return typed(examples, "string", sentence);
}

/**
 * The signature of TensorFlow Serving's Regress: `examples` a string tensor of serialized Examples, `predictions` float32.
 * Throws TfError INVALID_ARGUMENT for what is missing or of another type.
 */
export function regressionSignatureDef(
  examples: Tensor | null | undefined,
  predictions: Tensor | null | undefined,
): SignatureDef {
  const input = examplesInfo("Regression", examples);
  if (!predictions) throw invalid("Regression predictions cannot be None.");
  return buildSignatureDef(
    { [keys.REGRESS_INPUTS]: input },
    { [keys.REGRESS_OUTPUTS]: typed(predictions, "float32", "Regression output must be a float Tensor.") },
    keys.REGRESS_METHOD_NAME,
  );
}

/**
 * The signature of TensorFlow Serving's Classify: `examples` and `classes` strings, `scores` float32; one of the last two may be missing.
 * Throws TfError INVALID_ARGUMENT for what is missing or of another type.
 */
export function classificationSignatureDef(
  examples: Tensor | null | undefined,
  classes?: Tensor | null,
  scores?: Tensor | null,
): SignatureDef {
  if (isTensor(examples) && !classes && !scores)
    throw invalid("Classification classes and scores cannot both be None.");
  const input = examplesInfo("Classification", examples);
  return buildSignatureDef(
    { [keys.CLASSIFY_INPUTS]: input },
    {
      ...(classes
        ? {
            [keys.CLASSIFY_OUTPUT_CLASSES]: typed(
              classes,
              "string",
              "Classification classes must be a string Tensor.",
            ),
          }
        : {}),
      ...(scores
        ? {
            [keys.CLASSIFY_OUTPUT_SCORES]: typed(
              scores,
              "float32",
              "Classification scores must be a float Tensor.",
            ),
          }
        : {}),
    },
    keys.CLASSIFY_METHOD_NAME,
  );
}

const isEmpty = (tensors: SignatureTensors | null | undefined): boolean =>
  !tensors || Object.keys(tensors).length === 0;

/** The signature of TensorFlow Serving's Predict: any tensors. Throws TfError INVALID_ARGUMENT where there are no inputs or no outputs. */
export function predictSignatureDef(
  inputs: SignatureTensors | null | undefined,
  outputs: SignatureTensors | null | undefined,
): SignatureDef {
  if (isEmpty(inputs)) throw invalid("Prediction inputs cannot be None or empty.");
  if (isEmpty(outputs)) throw invalid("Prediction outputs cannot be None or empty.");
  return buildSignatureDef(infosOf(inputs), infosOf(outputs), keys.PREDICT_METHOD_NAME);
}

/** What a training or evaluation signature gives. */
export interface SupervisedOutputs {
  readonly loss?: SignatureTensors | null | undefined;
  readonly predictions?: SignatureTensors | null | undefined;
  readonly metrics?: SignatureTensors | null | undefined;
}

function supervised(
  methodName: string,
  inputs: SignatureTensors | null | undefined,
  { loss, predictions, metrics }: SupervisedOutputs,
): SignatureDef {
  if (isEmpty(inputs)) throw invalid(`${methodName} inputs cannot be None or empty.`);
  return buildSignatureDef(
    infosOf(inputs),
    { ...infosOf(loss), ...infosOf(predictions), ...infosOf(metrics) },
    methodName,
  );
}

/** The signature of a training step. Throws TfError INVALID_ARGUMENT where there are no inputs. */
export const supervisedTrainSignatureDef = (
  inputs: SignatureTensors | null | undefined,
  outputs: SupervisedOutputs,
): SignatureDef => supervised(keys.SUPERVISED_TRAIN_METHOD_NAME, inputs, outputs);

/** The signature of an evaluation. Throws TfError INVALID_ARGUMENT where there are no inputs. */
export const supervisedEvalSignatureDef = (
  inputs: SignatureTensors | null | undefined,
  outputs: SupervisedOutputs,
): SignatureDef => supervised(keys.SUPERVISED_EVAL_METHOD_NAME, inputs, outputs);

/** A signature whose one output, `key`, names an operation or tensor. */
export function opSignatureDef(op: Operation | Tensor, key: string): SignatureDef {
  return buildSignatureDef(null, { [key]: buildTensorInfoFromOp(op) });
}

/**
 * What output `key` of such a signature names in a graph.
 * Throws TfError NOT_FOUND "The <key> could not be found in the graph. ...".
 */
export function loadOpFromSignatureDef(
  signature: ISignatureDef,
  key: string,
  options: LookupOptions = {},
): Operation | Tensor {
  const outputs = signature.outputs ?? {};
  try {
    return getElementFromTensorInfo(Object.hasOwn(outputs, key) ? outputs[key]! : {}, options);
  } catch (cause) {
    if (!isTfError(cause)) throw cause;
    throw new TfError(
      "NOT_FOUND",
      `The ${key} could not be found in the graph. Please make sure the SavedModel was created by the internal _SavedModelBuilder. If you are using the public API, please make sure the SignatureDef in the SavedModel does not contain the key "${key}".`,
      {
        key,
        cause,
        hint: "Was the graph imported under a scope? Pass it as importScope.",
      },
    );
  }
}
