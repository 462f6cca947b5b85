// tf.nn.safe_embedding_lookup_sparse: sums and means of rows by sparse ids of any rank, where ids may be wrong and rows empty.
// Source: python/ops/embedding_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { isPartitionedVariable, isVariable } from "@org/variables";
import { concat } from "../array/concat.ts";
import { onesLike, zerosLike } from "../array/fill.ts";
import { gather } from "../array/gather.ts";
import { stack } from "../array/pack.ts";
import { reshape } from "../array/reshape.ts";
import { shape as shapeOf, size as sizeOf } from "../array/shape-of.ts";
import { slice } from "../array/slice.ts";
import { getItem } from "../array/strided-slice.ts";
import { tile } from "../array/tile.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { cast } from "../math/cast.ts";
import { greater, greaterEqual, logicalAnd } from "../math/comparison.ts";
import { operator } from "../math/operator.ts";
import { reduceProd } from "../math/reductions.ts";
import { where } from "../math/select.ts";
import { sparseFillEmptyRows } from "../sparse/sparse-fill-empty-rows.ts";
import { sparseReshape } from "../sparse/sparse-reshape.ts";
import { sparseRetain } from "../sparse/sparse-retain.ts";
import { type SparseTensor, sparseTensor } from "../sparse/sparse-tensor.ts";
import type { TensorLike } from "../tensor-like.ts";
import {
  type EmbeddingLookupSparseOptions,
  type EmbeddingTable,
  embeddingLookupSparse,
} from "./embedding.ts";

export interface SafeEmbeddingLookupOptions extends EmbeddingLookupSparseOptions {
  /** The weight of each id; those that are not positive do not count, unless the combiner is "sum". */
  readonly sparseWeights?: SparseTensor | undefined;
  /** The id that a row without any has; without one, such a row gives zeros. */
  readonly defaultId?: number | undefined;
}

/**
 * tf.nn.safe_embedding_lookup_sparse: for each row (the last dimension) of `sparseIds`, of a rank of at least 2, the embeddings of its ids,
 * combined ("mean" unless given). Negative ids do not count; rows without ids give zeros, or the row `defaultId`. Several tables are one,
 * cut by "div" unless told otherwise. Throws TfError INVALID_ARGUMENT where there is no table.
 * @tfExport nn.safeEmbeddingLookupSparse
 */
export function safeEmbeddingLookupSparse(
  embeddingWeights: EmbeddingTable,
  sparseIds: SparseTensor,
  options: SafeEmbeddingLookupOptions = {},
): Tensor {
  const { combiner = "mean", defaultId, partitionStrategy = "div", maxNorm, sparseWeights } = options;
  const given: readonly TensorLike[] = isPartitionedVariable(embeddingWeights)
    ? embeddingWeights.variables
    : ((Array.isArray(embeddingWeights) ? embeddingWeights : [embeddingWeights]) as readonly TensorLike[]);
  if (given.length === 0)
    throw new TfError("INVALID_ARGUMENT", "Missing embedding_weights [].", {
      hint: "Give a table, or a list of tables that are one.",
    });
  const dtype = sparseWeights?.values.dtype;
  const graph = resolveGraph([...given, sparseIds.values]);
  const tables = graph.asDefault(() =>
    given.map((table: TensorLike) => {
      const variable: unknown = table;
      const isRead = isVariable(variable) && variable.isResource && (!dtype || variable.dtype === dtype);
      return isRead ? table : convertToTensor(table, { graph, ...(dtype === undefined ? {} : { dtype }) });
    }),
  );
  return withScope(graph, options.name, "embedding_lookup", (scope) => {
    const whole = sparseIds.denseShape;
    const known = whole.shape.dims?.[0] ?? null;
    const rank: TensorLike = known ?? sizeOf(whole);
    const before = (by: number): TensorLike =>
      typeof rank === "number" ? rank - by : operator.sub(rank as Tensor, by);
    let ids = sparseReshape(sparseIds, [
      reduceProd(slice(whole, [0], [before(1)] as TensorLike[])),
      gather(whole, before(1)),
    ] as TensorLike[]);
    let weights = sparseWeights && sparseTensor(ids.indices, sparseWeights.values, ids.denseShape);
    const retain = (valid: Tensor): void => {
      ids = sparseRetain(ids, valid);
      if (weights) weights = sparseRetain(weights, valid);
    };
    const isValid = greaterEqual(ids.values, 0);
    retain(weights ? logicalAnd(isValid, onesLike(weights.values, { dtype: "bool" })) : isValid);
    if (combiner !== "sum" && weights) retain(greater(weights.values, 0));
    const [filled, isEmpty] = sparseFillEmptyRows(ids, defaultId ?? 0);
    if (weights) [weights] = sparseFillEmptyRows(weights, 1);
    let result = embeddingLookupSparse(tables, filled, weights, {
      combiner,
      partitionStrategy,
      maxNorm,
      ...(defaultId === undefined ? {} : { name: scope }),
    });
    if (defaultId === undefined) {
      const column = reshape(isEmpty, [-1, 1]);
      const empty = tile(column, stack([1, getItem(shapeOf(result), 1)]));
      result = where(empty, zerosLike(result), result, { name: scope });
    }
    const outer = slice(cast(whole, "int32"), [0], [before(1)] as TensorLike[]);
    const inner = slice(shapeOf(result), [1], [-1]);
    const shaped = reshape(result, concat([outer, inner], 0));
    const dims = result.shape.dims?.slice(1);
    if (known !== null && dims)
      shaped.setShape(new Shape([...new Array<null>(known - 1).fill(null), ...dims]));
    return shaped;
  });
}
