// Keys and method names of signatures that TensorFlow Serving knows. Source: python/saved_model/signature_constants.py.

/** The signature of requests that name none. */
export const DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default";

export const CLASSIFY_INPUTS = "inputs";
export const CLASSIFY_METHOD_NAME = "tensorflow/serving/classify";
export const CLASSIFY_OUTPUT_CLASSES = "classes";
export const CLASSIFY_OUTPUT_SCORES = "scores";

export const PREDICT_INPUTS = "inputs";
export const PREDICT_METHOD_NAME = "tensorflow/serving/predict";
export const PREDICT_OUTPUTS = "outputs";

export const REGRESS_INPUTS = "inputs";
export const REGRESS_METHOD_NAME = "tensorflow/serving/regress";
export const REGRESS_OUTPUTS = "outputs";

export const DEFAULT_TRAIN_SIGNATURE_DEF_KEY = "train";
export const DEFAULT_EVAL_SIGNATURE_DEF_KEY = "eval";
export const SUPERVISED_TRAIN_METHOD_NAME = "tensorflow/supervised/training";
export const SUPERVISED_EVAL_METHOD_NAME = "tensorflow/supervised/eval";
