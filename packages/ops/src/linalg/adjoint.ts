// tf.linalg.adjoint. Source: python/ops/linalg/linalg_impl.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { matrixTranspose } from "../array/transpose.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** tf.linalg.adjoint: the last two dimensions changed for each other, elements conjugated. Throws TfError INVALID_ARGUMENT for fewer. @tfExport linalg.adjoint */
export function adjoint(matrix: TensorLike, options: NameOption = {}): Tensor {
  const graph = resolveGraph([matrix]);
  return withScope(graph, options.name, "adjoint", () =>
    matrixTranspose(convertToTensor(matrix, { name: "matrix", graph }), { conjugate: true }),
  );
}
