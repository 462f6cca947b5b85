// tf.conj: what keeps gradient rules right for complex numbers. hlo has none, so the node is built and not run.
import type { Tensor } from "@org/graph";
import { dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import type { NameOption } from "../tensor-like.ts";

/** tf.math.conj: the complex conjugate; a real tensor itself, without a node. @tfExport conj */
export function conj(x: Tensor, options: NameOption = {}): Tensor {
  return dtypes[x.dtype].kind === "complex" ? applyOne("Conj", [x], options) : x;
}
