// tf.sparse_placeholder: a sparse tensor whose three tensors are fed. Source: python/ops/array_ops.py of TensorFlow 1.15.
import { type Graph, isTensor, type Tensor } from "@org/graph";
import type { DType } from "@org/tensor";
import { placeholder } from "../array/constant.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import type { NameOption } from "../tensor-like.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

export interface SparsePlaceholderOptions extends NameOption {
  readonly graph?: Graph | undefined;
}

/** tf.sparse_placeholder: values, indices and (unless `shape` is known as a whole) the shape are to be fed. @tfExport sparsePlaceholder */
export function sparsePlaceholder(
  dtype: DType,
  shape?: readonly (number | null)[] | Tensor | null,
  options: SparsePlaceholderOptions = {},
): SparseTensor {
  const { name } = options;
  const graph = resolveGraph([shape], options.graph);
  const named = (part: string): string | undefined => (name === undefined ? undefined : `${name}/${part}`);
  return graph.asDefault(() => {
    const given = shape ?? undefined;
    const rank =
      given === undefined ? null : isTensor(given) ? (given.shape.dims?.[0] ?? null) : given.length;
    const open = given === undefined || (!isTensor(given) && given.includes(null));
    const denseShape = open
      ? placeholder("int64", [rank], { name: named("shape") })
      : convertToTensor(given as Tensor, { dtype: "int64", name: named("shape") });
    const values = placeholder(dtype, [null], { name: named("values") });
    const indices = placeholder("int64", [null, rank], { name: named("indices") });
    return sparseTensor(indices, values, denseShape);
  });
}
