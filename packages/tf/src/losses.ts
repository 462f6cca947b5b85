// tf.losses, in the default graph where no graph is given: see @org/layers for what they do.
import { losses } from "@org/layers";
import { lift } from "./default-graph.ts";

export const Reduction: typeof losses.Reduction = losses.Reduction;
export type Reduction = losses.Reduction;
export const absoluteDifference: typeof losses.absoluteDifference = /* @__PURE__ */ lift(
  losses.absoluteDifference,
);
export const addLoss: typeof losses.addLoss = losses.addLoss;
export const computeWeightedLoss: typeof losses.computeWeightedLoss = /* @__PURE__ */ lift(
  losses.computeWeightedLoss,
);
export const cosineDistance: typeof losses.cosineDistance = /* @__PURE__ */ lift(losses.cosineDistance);
export const getLosses: typeof losses.getLosses = /* @__PURE__ */ lift(losses.getLosses);
export const getRegularizationLoss: typeof losses.getRegularizationLoss = /* @__PURE__ */ lift(
  losses.getRegularizationLoss,
);
export const getRegularizationLosses: typeof losses.getRegularizationLosses = /* @__PURE__ */ lift(
  losses.getRegularizationLosses,
);
export const getTotalLoss: typeof losses.getTotalLoss = /* @__PURE__ */ lift(losses.getTotalLoss);
export const hingeLoss: typeof losses.hingeLoss = /* @__PURE__ */ lift(losses.hingeLoss);
export const huberLoss: typeof losses.huberLoss = /* @__PURE__ */ lift(losses.huberLoss);
export const logLoss: typeof losses.logLoss = /* @__PURE__ */ lift(losses.logLoss);
export const meanPairwiseSquaredError: typeof losses.meanPairwiseSquaredError = /* @__PURE__ */ lift(
  losses.meanPairwiseSquaredError,
);
export const meanSquaredError: typeof losses.meanSquaredError = /* @__PURE__ */ lift(losses.meanSquaredError);
export const sigmoidCrossEntropy: typeof losses.sigmoidCrossEntropy = /* @__PURE__ */ lift(
  losses.sigmoidCrossEntropy,
);
export const softmaxCrossEntropy: typeof losses.softmaxCrossEntropy = /* @__PURE__ */ lift(
  losses.softmaxCrossEntropy,
);
export const sparseSoftmaxCrossEntropy: typeof losses.sparseSoftmaxCrossEntropy = /* @__PURE__ */ lift(
  losses.sparseSoftmaxCrossEntropy,
);
