// Rows of tables by id, one table or one that is cut into parts; sums and means of them by sparse ids.
// Source: python/ops/embedding_ops.py of TensorFlow 1.15.
import { isIndexedSlices, type Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { isPartitionedVariable, isVariable } from "@org/variables";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { constant, identity } from "../array/constant.ts";
import { fill } from "../array/fill.ts";
import { gather } from "../array/gather.ts";
import { unique } from "../array/index-sets.ts";
import { stack } from "../array/pack.ts";
import { expandDims, reshape } from "../array/reshape.ts";
import { rank as rankOf, shape as shapeOf, size as sizeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { dynamicPartition } from "../host/dynamic-partition.ts";
import { maximum, pow } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { clipByNorm } from "../math/clip.ts";
import { div, operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reduceSum } from "../math/reductions.ts";
import { segmentSum } from "../math/segment.ts";
import { where } from "../math/select.ts";
import { sparseSegmentMean, sparseSegmentSqrtN, sparseSegmentSum } from "../math/sparse-segment.ts";
import { sqrt } from "../math/unary.ts";
import { isSparseTensor, type SparseTensor } from "../sparse/sparse-tensor.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";

export interface EmbeddingLookupOptions extends NameOption {
  /** Which of several tables a row is in: "mod" (default) deals them out in turn, "div" cuts the whole into blocks. */
  readonly partitionStrategy?: "mod" | "div" | undefined;
  /** Scale rows down to this L2 norm. */
  readonly maxNorm?: TensorLike | undefined;
}

/** A table: a tensor or variable, a partitioned variable, or a list of tables that are one. */
export type EmbeddingTable = TensorLike | readonly TensorLike[];

/** The tables of an argument. Throws a TypeError where there is none. */
export function tablesOf(params: EmbeddingTable): readonly TensorLike[] {
  if (isPartitionedVariable(params)) return params.variables;
  const tables = (Array.isArray(params) ? params : [params]) as readonly TensorLike[];
  if (tables.length === 0 || tables[0] === undefined) throw new TypeError("Need at least one param");
  return tables;
}

/** Resource variables are not read as a whole. */
const isResource = (table: unknown): boolean => isVariable(table) && table.isResource;

function clip(rows: Tensor, ids: Tensor, maxNorm: TensorLike | undefined): Tensor {
  if (maxNorm === undefined) return rows;
  const first = ids.shape.rank || rankOf(ids);
  const last = rows.shape.rank || rankOf(rows);
  const known = typeof first === "number" && typeof last === "number";
  const axes = known ? Array.from({ length: last - first }, (_, i) => first + i) : range(first, last);
  return clipByNorm(rows, maxNorm, { axes });
}

const opOf = (table: TensorLike): { readonly op: Tensor["op"] } => table as Tensor;

/**
 * tf.nn.embedding_lookup: for each id the row of `params`. Several tables (or the parts of a partitioned variable) are one, cut along
 * its rows. Throws a TypeError where there is no table, or the strategy is none.
 * @tfExport nn.embeddingLookup
 */
export function embeddingLookup(
  params: EmbeddingTable,
  ids: TensorLike,
  options: EmbeddingLookupOptions = {},
): Tensor {
  const { maxNorm, partitionStrategy = "mod" } = options;
  const given = tablesOf(params);
  const graph = resolveGraph([...given, ids]);
  return withScope(graph, options.name, "embedding_lookup", (scope) => {
    const tables = given.some(isResource)
      ? given
      : given.map((table) =>
          isIndexedSlices(table)
            ? table
            : convertToTensor(table, {
                name: given.length === 1 ? "params" : `params_${given.indexOf(table)}`,
                graph,
              }),
        );
    const indices = convertToTensor(ids, { name: "ids", preferredDType: "int32", graph });
    if (tables.length === 1) {
      const [table] = tables as readonly [TensorLike];
      const place = isVariable(table) ? table.op : opOf(table).op;
      const rows = graph.colocateWith(place, () =>
        clip(gather(table, indices, { name: scope }), indices, maxNorm),
      );
      return identity(rows);
    }
    return lookUpParts(tables, indices, partitionStrategy, maxNorm, scope);
  });
}

const shapeOfTable = (table: TensorLike): Shape => (table as Tensor).shape;

/** Number of rows of all tables, of the ids' type. */
function totalRows(tables: readonly TensorLike[], ids: Tensor): Tensor {
  const { graph } = ids;
  const known = tables.map((table) => shapeOfTable(table).dims?.[0] ?? null);
  const total = known.reduce(
    (sum: number | null, rows) => (sum === null || rows === null ? null : sum + rows),
    0,
  );
  if (total) return constant(total, ids.dtype);
  const sizes = tables.map((table, i) =>
    known[i] === null
      ? graph.colocateWith(opOf(table).op, () => getItem(shapeOf(table), 0))
      : int32(known[i]!),
  );
  return reduceSum(cast(stack(sizes), ids.dtype));
}

/** The part that each id is in, and the row there. */
function assign(
  tables: readonly TensorLike[],
  ids: Tensor,
  strategy: "mod" | "div",
): readonly [part: Tensor, row: Tensor] {
  const { add, sub, mod, floordiv, lt } = operator;
  const count = tables.length;
  if (strategy === "mod") {
    const part = mod(ids, count);
    return [part, floordiv(ids, count)];
  }
  if (strategy !== "div") throw new TypeError(`Unrecognized partition strategy: ${strategy}`);
  const total = totalRows(tables, ids);
  // The first `extras` parts hold a row more.
  const each = floordiv(total, count);
  const extras = mod(total, count);
  const part = maximum(floordiv(ids, add(each, 1)), floordiv(sub(ids, extras), each));
  const row = where(lt(part, extras), mod(ids, add(each, 1)), mod(sub(ids, extras), each));
  return [part, row];
}

function lookUpParts(
  tables: readonly TensorLike[],
  ids: Tensor,
  strategy: "mod" | "div",
  maxNorm: TensorLike | undefined,
  scope: string,
): Tensor {
  const { graph } = ids;
  const flat = reshape(ids, Int32Array.of(-1));
  const order = range(sizeOf(flat));
  const [part, row] = assign(tables, flat, strategy);
  const parts = cast(part, "int32");
  const rowsOfPart = dynamicPartition(row, parts, tables.length);
  const placesOfPart = dynamicPartition(order, parts, tables.length);
  const found = tables.map((table, p) =>
    graph.colocateWith(opOf(table).op, () => gather(table, rowsOfPart[p]!)),
  );
  const joined = applyOne("ParallelDynamicStitch", [placesOfPart, found], { name: scope });
  const element = tables.map((table) => new Shape(shapeOfTable(table).dims?.slice(1) ?? null));
  const known = element.reduce((all, one) => all.mergeWith(one) ?? all);
  const elementShape: TensorLike = known.isFullyDefined()
    ? known
    : getItem(
        graph.colocateWith(opOf(tables[0]!).op, () => shapeOf(tables[0]!)),
        [{ start: 1 }],
      );
  const shaped = reshape(joined, concat([shapeOf(ids), elementShape], 0));
  shaped.setShape(ids.shape.concat(known));
  return clip(shaped, ids, maxNorm);
}

export interface EmbeddingLookupSparseOptions extends EmbeddingLookupOptions {
  /** How a row's embeddings become one: "mean" (default), "sqrtn" or "sum". */
  readonly combiner?: "mean" | "sqrtn" | "sum" | undefined;
}

/**
 * tf.nn.embedding_lookup_sparse: for each row of `spIds` (a matrix without empty rows) the embeddings of its ids, combined, weighted by
 * `spWeights` where they are given. Throws a TypeError where ids or weights are no sparse tensors, or the combiner is none.
 * @tfExport nn.embeddingLookupSparse
 */
export function embeddingLookupSparse(
  params: EmbeddingTable,
  spIds: SparseTensor,
  spWeights: SparseTensor | null | undefined,
  options: EmbeddingLookupSparseOptions = {},
): Tensor {
  const { combiner = "mean", partitionStrategy, maxNorm } = options;
  if (!["mean", "sqrtn", "sum"].includes(combiner))
    throw new TypeError("combiner must be one of 'mean', 'sqrtn' or 'sum'");
  if (!isSparseTensor(spIds)) throw new TypeError("sp_ids must be SparseTensor");
  if (spWeights && !isSparseTensor(spWeights))
    throw new TypeError("sp_weights must be either None or SparseTensor");
  const tables = tablesOf(params);
  const graph = resolveGraph([...tables, spIds.values]);
  return withScope(graph, options.name, "embedding_lookup_sparse", (scope) => {
    const segments = cast(getItem(spIds.indices, [{}, 0]), "int32");
    const { y: ids, idx } = unique(spIds.values);
    let rows = embeddingLookup(tables, ids, { partitionStrategy, maxNorm });
    if (rows.dtype === "float16" || rows.dtype === "bfloat16") rows = cast(rows, "float32");
    const name = { name: scope };
    if (!spWeights) {
      const combine = { sum: sparseSegmentSum, mean: sparseSegmentMean, sqrtn: sparseSegmentSqrtN }[combiner];
      return combine(rows, idx, segments, name);
    }
    const own = cast(spWeights.values, rows.dtype);
    const picked = gather(rows, idx);
    const ones = fill(expandDims(operator.sub(rankOf(picked), 1), 0), int32(1));
    const weights = reshape(own, concat([shapeOf(own), ones], 0));
    if (picked.shape.rank !== null)
      weights.setShape(own.shape.concat(new Shape(new Array<number>(picked.shape.rank - 1).fill(1))));
    const weighted = operator.mul(picked, weights);
    if (combiner === "sum") return segmentSum(weighted, segments, name);
    const sums = segmentSum(weighted, segments);
    if (combiner === "mean") return div(sums, segmentSum(weights, segments), name);
    const squares = segmentSum(pow(weights, 2), segments);
    return div(sums, sqrt(squares), name);
  });
}
