// tf.nn, in the default graph where no graph is given: one line each, see @org/ops for what they do.
import * as recurrent from "@org/layers";
import * as ops from "@org/ops";
import { lift } from "./default-graph.ts";

export const atrousConv2d: typeof ops.atrousConv2d = /* @__PURE__ */ lift(ops.atrousConv2d);
export const avgPool: typeof ops.avgPool = /* @__PURE__ */ lift(ops.avgPool);
export const avgPool3d: typeof ops.avgPool3d = /* @__PURE__ */ lift(ops.avgPool3d);
export const batchNormalization: typeof ops.batchNormalization = /* @__PURE__ */ lift(ops.batchNormalization);
export const bidirectionalDynamicRnn: typeof recurrent.bidirectionalDynamicRnn = /* @__PURE__ */ lift(
  recurrent.bidirectionalDynamicRnn,
);
export const biasAdd: typeof ops.biasAdd = /* @__PURE__ */ lift(ops.biasAdd);
export const conv1d: typeof ops.conv1d = /* @__PURE__ */ lift(ops.conv1d);
export const conv2d: typeof ops.conv2d = /* @__PURE__ */ lift(ops.conv2d);
export const conv2dBackpropFilter: typeof ops.conv2dBackpropFilter = /* @__PURE__ */ lift(
  ops.conv2dBackpropFilter,
);
export const conv2dBackpropInput: typeof ops.conv2dBackpropInput = /* @__PURE__ */ lift(
  ops.conv2dBackpropInput,
);
export const conv2dTranspose: typeof ops.conv2dTranspose = /* @__PURE__ */ lift(ops.conv2dTranspose);
export const conv3d: typeof ops.conv3d = /* @__PURE__ */ lift(ops.conv3d);
export const convolution: typeof ops.convolution = /* @__PURE__ */ lift(ops.convolution);
export const crelu: typeof ops.crelu = /* @__PURE__ */ lift(ops.crelu);
export const depthwiseConv2d: typeof ops.depthwiseConv2d = /* @__PURE__ */ lift(ops.depthwiseConv2d);
export const depthwiseConv2dNative: typeof ops.depthwiseConv2dNative = /* @__PURE__ */ lift(
  ops.depthwiseConv2dNative,
);
export const depthwiseConv2dNativeBackpropFilter: typeof ops.depthwiseConv2dNativeBackpropFilter =
  /* @__PURE__ */ lift(ops.depthwiseConv2dNativeBackpropFilter);
export const depthwiseConv2dNativeBackpropInput: typeof ops.depthwiseConv2dNativeBackpropInput =
  /* @__PURE__ */ lift(ops.depthwiseConv2dNativeBackpropInput);
export const dropout: typeof ops.dropout = /* @__PURE__ */ lift(ops.dropout);
export const dynamicRnn: typeof recurrent.dynamicRnn = /* @__PURE__ */ lift(recurrent.dynamicRnn);
export const elu: typeof ops.elu = /* @__PURE__ */ lift(ops.elu);
export const embeddingLookup: typeof ops.embeddingLookup = /* @__PURE__ */ lift(ops.embeddingLookup);
export const embeddingLookupSparse: typeof ops.embeddingLookupSparse = /* @__PURE__ */ lift(
  ops.embeddingLookupSparse,
);
export const fusedBatchNorm: typeof ops.fusedBatchNorm = /* @__PURE__ */ lift(ops.fusedBatchNorm);
export const inTopK: typeof ops.inTopK = /* @__PURE__ */ lift(ops.inTopK);
export const l2Loss: typeof ops.l2Loss = /* @__PURE__ */ lift(ops.l2Loss);
export const l2Normalize: typeof ops.l2Normalize = /* @__PURE__ */ lift(ops.l2Normalize);
export const leakyRelu: typeof ops.leakyRelu = /* @__PURE__ */ lift(ops.leakyRelu);
export const localResponseNormalization: typeof ops.localResponseNormalization = /* @__PURE__ */ lift(
  ops.localResponseNormalization,
);
export const logSigmoid: typeof ops.logSigmoid = /* @__PURE__ */ lift(ops.logSigmoid);
export const logSoftmax: typeof ops.logSoftmax = /* @__PURE__ */ lift(ops.logSoftmax);
export const lrn: typeof ops.lrn = /* @__PURE__ */ lift(ops.lrn);
export const maxPool: typeof ops.maxPool = /* @__PURE__ */ lift(ops.maxPool);
export const maxPool3d: typeof ops.maxPool3d = /* @__PURE__ */ lift(ops.maxPool3d);
export const maxPoolWithArgmax: typeof ops.maxPoolWithArgmax = /* @__PURE__ */ lift(ops.maxPoolWithArgmax);
export const moments: typeof ops.moments = /* @__PURE__ */ lift(ops.moments);
export const pool: typeof ops.pool = /* @__PURE__ */ lift(ops.pool);
export const relu: typeof ops.relu = /* @__PURE__ */ lift(ops.relu);
export const relu6: typeof ops.relu6 = /* @__PURE__ */ lift(ops.relu6);
export const reluLayer: typeof ops.reluLayer = /* @__PURE__ */ lift(ops.reluLayer);
export const selu: typeof ops.selu = /* @__PURE__ */ lift(ops.selu);
export const separableConv2d: typeof ops.separableConv2d = /* @__PURE__ */ lift(ops.separableConv2d);
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
export const staticRnn: typeof recurrent.staticRnn = /* @__PURE__ */ lift(recurrent.staticRnn);
export const topK: typeof ops.topK = /* @__PURE__ */ lift(ops.topK);
export const weightedCrossEntropyWithLogits: typeof ops.weightedCrossEntropyWithLogits = /* @__PURE__ */ lift(
  ops.weightedCrossEntropyWithLogits,
);
export const withSpaceToBatch: typeof ops.withSpaceToBatch = /* @__PURE__ */ lift(ops.withSpaceToBatch);
export const xwPlusB: typeof ops.xwPlusB = /* @__PURE__ */ lift(ops.xwPlusB);

export { sigmoid, tanh } from "./builders.ts";
export * as rnnCell from "./rnn-cell.ts";
