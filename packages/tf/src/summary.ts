// tf.summary, in the default graph.
import { summary } from "@org/ops";
import { lift } from "./default-graph.ts";

export const scalar: typeof summary.scalar = /* @__PURE__ */ lift(summary.scalar);
export const histogram: typeof summary.histogram = /* @__PURE__ */ lift(summary.histogram);
export const merge: typeof summary.merge = /* @__PURE__ */ lift(summary.merge);
export const mergeAll: typeof summary.mergeAll = /* @__PURE__ */ lift(summary.mergeAll);
