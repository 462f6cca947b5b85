// tf.verify_tensor_all_finite. Source: python/ops/numerics.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { checkNumerics } from "../array/constant.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { withDependencies } from "./group.ts";

/** tf.verify_tensor_all_finite: `x` itself; a run fails with INVALID_ARGUMENT and `message` where an element is not finite. @tfExport verifyTensorAllFinite */
export function verifyTensorAllFinite(x: TensorLike, message: string, options: NameOption = {}): Tensor {
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "VerifyFinite", () => {
    const tensor = convertToTensor(x, { name: "x", graph });
    return graph.colocateWith(tensor.op, () => withDependencies([checkNumerics(tensor, message)], tensor));
  });
}
