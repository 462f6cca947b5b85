// Whether TensorFlow Serving can serve a signature. Source: python/saved_model/signature_def_utils_impl.py (is_valid_signature).
import type { ISignatureDef, ITensorInfo } from "@org/proto";
import { dtypes } from "@org/tensor";
import * as keys from "./signature-constants.ts";

type Types = Readonly<Record<string, number>>;

const text = dtypes.string.number;
const float = dtypes.float32.number;

/** For each method whose names and types are fixed: its inputs, all of them needed, and outputs. */
const rules: Readonly<Record<string, { inputs: Types; outputs: Types; allOutputs: boolean }>> = {
  [keys.CLASSIFY_METHOD_NAME]: {
    inputs: { [keys.CLASSIFY_INPUTS]: text },
    outputs: { [keys.CLASSIFY_OUTPUT_CLASSES]: text, [keys.CLASSIFY_OUTPUT_SCORES]: float },
    allOutputs: false,
  },
  [keys.REGRESS_METHOD_NAME]: {
    inputs: { [keys.REGRESS_INPUTS]: text },
    outputs: { [keys.REGRESS_OUTPUTS]: float },
    allOutputs: true,
  },
};

const fits = (infos: { readonly [key: string]: ITensorInfo }, types: Types, all: boolean): boolean => {
  const names = Object.keys(infos);
  return (
    names.length > 0 &&
    (!all || names.length === Object.keys(types).length) &&
    names.every((name) => Object.hasOwn(types, name) && infos[name]!.dtype === types[name])
  );
};

/**
 * Whether `signature` is a Classify, Regress or Predict signature that TensorFlow Serving takes; false for none.
 * As tf.saved_model.signature_def_utils.is_valid_signature.
 */
export function isValidSignature(signature: ISignatureDef | null | undefined): boolean {
  if (!signature) return false;
  const { inputs, outputs, methodName } = signature;
  if (methodName === keys.PREDICT_METHOD_NAME)
    return Object.keys(inputs ?? {}).length > 0 && Object.keys(outputs ?? {}).length > 0;
  const rule = Object.hasOwn(rules, methodName ?? "") ? rules[methodName!] : undefined;
  return (
    rule !== undefined &&
    fits(inputs ?? {}, rule.inputs, true) &&
    fits(outputs ?? {}, rule.outputs, rule.allOutputs)
  );
}
