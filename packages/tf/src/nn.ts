// tf.nn: what is marked @tfExport in @org/ops, and of @org/layers the recurrent nets, in the default graph where no graph is given.
import * as recurrent from "@org/layers";
import { lift } from "./default-graph.ts";

export const bidirectionalDynamicRnn: typeof recurrent.bidirectionalDynamicRnn = /* @__PURE__ */ lift(
  recurrent.bidirectionalDynamicRnn,
);
export const dynamicRnn: typeof recurrent.dynamicRnn = /* @__PURE__ */ lift(recurrent.dynamicRnn);
export const staticRnn: typeof recurrent.staticRnn = /* @__PURE__ */ lift(recurrent.staticRnn);

export * from "./gen/nn.ts";
export * as rnnCell from "./rnn-cell.ts";
