// Clipping, in the default graph. Source: python/ops/clip_ops.py.
import * as training from "@org/train";
import { lift } from "./default-graph.ts";

export const clipByAverageNorm: typeof training.clipByAverageNorm = /* @__PURE__ */ lift(
  training.clipByAverageNorm,
);
export const clipByGlobalNorm: typeof training.clipByGlobalNorm = /* @__PURE__ */ lift(
  training.clipByGlobalNorm,
);
export const clipByNorm: typeof training.clipByNorm = /* @__PURE__ */ lift(training.clipByNorm);
export const clipByValue: typeof training.clipByValue = /* @__PURE__ */ lift(training.clipByValue);
export const globalNorm: typeof training.globalNorm = /* @__PURE__ */ lift(training.globalNorm);
