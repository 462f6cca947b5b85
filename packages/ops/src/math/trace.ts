// tf.trace. Source: python/ops/math_ops.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { matrixDiagPart } from "../array/diagonal.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { reduceSum } from "./reductions.ts";

/** tf.trace: the sums along the diagonals of matrices (the last two dimensions). @tfExport trace, linalg.trace */
export function trace(x: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "Trace", (scope) =>
    reduceSum(matrixDiagPart(convertToTensor(x, { name: "x", graph })), [-1], { name: scope }),
  );
}
