// tf.nn, in the default graph where no graph is given: one line each, see @org/ops for what they do.
import * as ops from "@org/ops";
import { lift } from "./default-graph.ts";

export const biasAdd: typeof ops.biasAdd = /* @__PURE__ */ lift(ops.biasAdd);
export const crelu: typeof ops.crelu = /* @__PURE__ */ lift(ops.crelu);
export const dropout: typeof ops.dropout = /* @__PURE__ */ lift(ops.dropout);
export const elu: typeof ops.elu = /* @__PURE__ */ lift(ops.elu);
export const inTopK: typeof ops.inTopK = /* @__PURE__ */ lift(ops.inTopK);
export const l2Loss: typeof ops.l2Loss = /* @__PURE__ */ lift(ops.l2Loss);
export const l2Normalize: typeof ops.l2Normalize = /* @__PURE__ */ lift(ops.l2Normalize);
export const leakyRelu: typeof ops.leakyRelu = /* @__PURE__ */ lift(ops.leakyRelu);
export const logSigmoid: typeof ops.logSigmoid = /* @__PURE__ */ lift(ops.logSigmoid);
export const logSoftmax: typeof ops.logSoftmax = /* @__PURE__ */ lift(ops.logSoftmax);
export const moments: typeof ops.moments = /* @__PURE__ */ lift(ops.moments);
export const relu: typeof ops.relu = /* @__PURE__ */ lift(ops.relu);
export const relu6: typeof ops.relu6 = /* @__PURE__ */ lift(ops.relu6);
export const reluLayer: typeof ops.reluLayer = /* @__PURE__ */ lift(ops.reluLayer);
export const selu: typeof ops.selu = /* @__PURE__ */ lift(ops.selu);
export const sigmoidCrossEntropyWithLogits: typeof ops.sigmoidCrossEntropyWithLogits = /* @__PURE__ */ lift(
  ops.sigmoidCrossEntropyWithLogits,
);
export const softmax: typeof ops.softmax = /* @__PURE__ */ lift(ops.softmax);
export const softmaxCrossEntropyWithLogits: typeof ops.softmaxCrossEntropyWithLogits = /* @__PURE__ */ lift(
  ops.softmaxCrossEntropyWithLogits,
);
export const softmaxCrossEntropyWithLogitsV2: typeof ops.softmaxCrossEntropyWithLogitsV2 =
  /* @__PURE__ */ lift(ops.softmaxCrossEntropyWithLogitsV2);
export const softplus: typeof ops.softplus = /* @__PURE__ */ lift(ops.softplus);
export const softsign: typeof ops.softsign = /* @__PURE__ */ lift(ops.softsign);
export const sparseSoftmaxCrossEntropyWithLogits: typeof ops.sparseSoftmaxCrossEntropyWithLogits =
  /* @__PURE__ */ lift(ops.sparseSoftmaxCrossEntropyWithLogits);
export const topK: typeof ops.topK = /* @__PURE__ */ lift(ops.topK);
export const xwPlusB: typeof ops.xwPlusB = /* @__PURE__ */ lift(ops.xwPlusB);

export { sigmoid, tanh } from "./builders.ts";
