// Tags that are in common use. Source: python/saved_model/tag_constants.py.
export const SERVING = "serve";
export const TRAINING = "train";
export const EVAL = "eval";
export const GPU = "gpu";
export const TPU = "tpu";
