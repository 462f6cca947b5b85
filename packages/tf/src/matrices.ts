// tf.eye, tf.qr and other functions of matrices, in the default graph where no graph is given: see @org/ops for what they do.
import * as ops from "@org/ops";
import { lift } from "./default-graph.ts";

export const eye: typeof ops.eye = /* @__PURE__ */ lift(ops.eye);
export const matrixTranspose: typeof ops.matrixTranspose = /* @__PURE__ */ lift(ops.matrixTranspose);
export const orthogonalInitializer: typeof ops.orthogonalInitializer = ops.orthogonalInitializer;
export const qr: typeof ops.qr = /* @__PURE__ */ lift(ops.qr);
export const tensordot: typeof ops.tensordot = /* @__PURE__ */ lift(ops.tensordot);
