// tf.sparse_merge, tf.sparse_reorder, tf.sparse_tensor_to_dense. Source: python/ops/sparse_ops.py, python/ops/sparse_grad.py,
// core/ops/sparse_ops.cc, core/kernels/sparse_reorder_op.cc.
import { TfError } from "@org/errors";
import { constantValueAsShape, isTensor, type Tensor } from "@org/graph";
import { allocateData, dtypes, ndArray, Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { identity } from "../array/constant.ts";
import { zeros } from "../array/fill.ts";
import { gather } from "../array/gather.ts";
import { sparseToDense } from "../array/one-hot.ts";
import { expandDims } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { invertPermutation } from "../array/transpose.ts";
import { convertToTensor, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { dense } from "../gradient.ts";
import { cast } from "../math/cast.ts";
import { range } from "../math/range.ts";
import type { OpEntry } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

/** tf.sparse_reorder: the same values in the order of their indices, row by row. @tfExport sparseReorder */
export function sparseReorder(input: SparseTensor, options: NameOption = {}): SparseTensor {
  const { indices, values, denseShape } = input;
  const { outputs } = applyOp("SparseReorder", [indices, values, denseShape], options);
  const known = constantValueAsShape(denseShape);
  return values.graph.asDefault(() =>
    sparseTensor(
      outputs[0]!,
      outputs[1]!,
      known.isFullyDefined() ? BigInt64Array.from(known.toNumbers(), BigInt) : identity(denseShape),
    ),
  );
}

export interface SparseMergeOptions extends NameOption {
  /** The ids are in order already: true leaves them as they are. */
  readonly alreadySorted?: boolean | undefined;
}

/**
 * tf.sparse_merge: `values` at the places that `ids` tell: the last dimension of `ids` is replaced by one of `vocabSize` for each of them.
 * Throws TfError INVALID_ARGUMENT where there are not as many sizes as ids.
 * @tfExport sparseMerge
 */
export function sparseMerge(
  ids: SparseTensor | readonly SparseTensor[],
  values: SparseTensor,
  vocabSize: TensorLike | readonly (number | Tensor)[],
  options: SparseMergeOptions = {},
): SparseTensor {
  const list = "indices" in ids ? [ids] : ids;
  const sizes = (Array.isArray(vocabSize) ? vocabSize : [vocabSize]) as readonly (number | Tensor)[];
  if (list.length !== sizes.length)
    throw new TfError("INVALID_ARGUMENT", "sp_ids and vocab_size have to have equal lengths.");
  const [first] = list;
  if (!first) throw new TfError("INVALID_ARGUMENT", "sp_ids has to be a SparseTensor or list thereof.");
  return withScope(values.values.graph, options.name, "SparseMerge", () => {
    const columns = list.map(({ values }) => expandDims(cast(values, "int64"), int32(1)));
    const dims = sizes.map((size) => cast(isTensor(size) ? size : int32(size), "int64"));
    const kept = getItem(first.indices, [{}, { stop: -1 }]);
    const indices = concat([kept, ...columns], 1);
    const denseShape = concat([getItem(first.denseShape, [{ stop: -1 }]), dims as never], 0);
    const merged = sparseTensor(indices, values.values, denseShape);
    if (options.alreadySorted) return merged;
    const sorted = sparseReorder(merged);
    return sparseTensor(sorted.indices, sorted.values, denseShape);
  });
}

export interface SparseTensorToDenseOptions extends NameOption {
  /** What is nowhere told: zeros unless given. */
  readonly defaultValue?: TensorLike | undefined;
  /** Check that indices are in order and without repeats: true unless given. */
  readonly validateIndices?: boolean | undefined;
}

/** tf.sparse_tensor_to_dense: all of a sparse tensor, with `defaultValue` where it has nothing. @tfExport sparseTensorToDense */
export function sparseTensorToDense(input: SparseTensor, options: SparseTensorToDenseOptions = {}): Tensor {
  const { dtype, graph } = input.values;
  return graph.asDefault(() => {
    const fallback = options.defaultValue ?? zeros([], dtype);
    return sparseToDense(
      input.indices,
      input.denseShape,
      input.values,
      convertToTensor(fallback, { dtype, name: "default_value" }),
      {
        name: options.name,
        validateIndices: options.validateIndices,
      },
    );
  });
}

/** Row order of an index matrix. */
export function rowOrder(indices: BigInt64Array, rank: number): number[] {
  const compare = (a: number, b: number): number => {
    for (let d = 0; d < rank; d++) {
      const [x, y] = [indices[a * rank + d]!, indices[b * rank + d]!];
      if (x !== y) return x < y ? -1 : 1;
    }
    return a - b;
  };
  const count = rank === 0 ? 0 : indices.length / rank;
  return Array.from({ length: count }, (_, i) => i).sort(compare);
}

/** SparseReorder. */
export const sparseOps: readonly OpEntry[] = defineOps({
  SparseReorder: {
    shape: (c) => {
      const [indices, values] = [withRank(c.input(0), 2), withRank(c.input(1), 1)];
      withRank(c.input(2), 1);
      return [indices, values];
    },
    host: (c) => {
      const [indices, values, whole] = [c.input(0), c.input(1), c.input(2)];
      const fail = (what: string, kind: string, got: readonly number[]): never =>
        c.fail("INVALID_ARGUMENT", `Input ${what} should be a ${kind} but received shape ${new Shape(got)}`);
      if (indices.shape.length !== 2) fail("indices", "matrix", indices.shape);
      if (values.shape.length !== 1) fail("values", "vector", values.shape);
      if (whole.shape.length !== 1) fail("shape", "vector", whole.shape);
      const [count, rank] = indices.shape as [number, number];
      if (values.shape[0] !== count)
        c.fail(
          "INVALID_ARGUMENT",
          `number of values must match first dimension of indices. Got ${values.shape[0]} values, indices shape: ${new Shape(indices.shape)}`,
        );
      const at = indices.data as BigInt64Array;
      const order = rowOrder(at, rank);
      const sorted = new BigInt64Array(at.length);
      const { width } = dtypes[values.dtype];
      const from = values.data as ArrayLike<unknown>;
      const to = allocateData(values.dtype, count) as unknown[];
      for (const [i, j] of order.entries()) {
        sorted.set(at.subarray(j * rank, (j + 1) * rank), i * rank);
        for (let w = 0; w < width; w++) to[i * width + w] = from[j * width + w];
      }
      return [ndArray("int64", [count, rank], sorted), ndArray(values.dtype, [count], to as never)];
    },
    gradient: (op, grads) => {
      const [indices, , denseShape] = op.inputs as [Tensor, Tensor, Tensor];
      const grad = grads[1];
      if (!grad) return [undefined, undefined, undefined];
      const entries = range(getItem(shapeOf(indices), 0));
      const moved = sparseReorder(sparseTensor(indices, entries, denseShape)).values;
      return [undefined, gather(dense(grad), invertPermutation(moved)), undefined];
    },
  },
});
