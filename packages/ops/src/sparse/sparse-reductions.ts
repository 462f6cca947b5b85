// Sums and largest elements of sparse tensors along axes, and softmax of their rows: SparseReduceSum, SparseReduceMax, the same with a sparse
// result, SparseSoftmax. Source: core/kernels/{sparse_reduce_op,sparse_reduce_sum_op,sparse_softmax_op}.cc, core/framework/common_shape_fns.cc
// (SparseReduceShapeFn), python/ops/{sparse_ops,sparse_grad}.py.
import type { InferenceContext, Operation, Tensor } from "@org/graph";
import { type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { gatherNd } from "../array/gather.ts";
import { reshape } from "../array/reshape.ts";
import { rank as rankOf } from "../array/shape-of.ts";
import { withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, type Grad, single } from "../gradient.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reducedShape } from "../math/reduction-gradients.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { numbersOf, unknownShape, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { arithmeticOf, type Num, numbersIn, numericArray } from "./element-arithmetic.ts";
import { sparseDenseCwiseAdd } from "./sparse-dense-cwise.ts";
import { entriesOf, int64Array, type SparseEntries, sparseEntries } from "./sparse-entries.ts";
import { rowOrder } from "./sparse-merge.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

export interface SparseReduceOptions {
  /** All axes unless given. */
  readonly axis?: TensorLike | undefined;
  /** Leave axes of 1 in their place. Default false. */
  readonly keepdims?: boolean | undefined;
}

/** The axes that are reduced: a constant where the rank is known. */
function axesOf(x: SparseTensor, axis: TensorLike | undefined): TensorLike {
  if (axis !== undefined) return axis;
  const known = x.denseShape.shape.dims?.[0] ?? null;
  return known === null
    ? range(0, rankOf(x.denseShape))
    : constant(
        Int32Array.from({ length: known }, (_, i) => i),
        "int32",
      );
}

const reduced =
  (type: string) =>
  (x: SparseTensor, options: SparseReduceOptions = {}): Tensor[] =>
    x.values.graph.asDefault(
      () =>
        applyOp(type, [x.indices, x.values, x.denseShape, axesOf(x, options.axis)], {
          attrs: { keep_dims: options.keepdims ?? false },
        }).outputs as Tensor[],
    );

/** tf.sparse_reduce_sum: sums along axes, dense. @tfExport sparseReduceSum */
export function sparseReduceSum(x: SparseTensor, options: SparseReduceOptions = {}): Tensor {
  return reduced("SparseReduceSum")(x, options)[0]!;
}
/** tf.sparse_reduce_max: the largest entries along axes, dense; 0 where there is no entry. @tfExport sparseReduceMax */
export function sparseReduceMax(x: SparseTensor, options: SparseReduceOptions = {}): Tensor {
  return reduced("SparseReduceMax")(x, options)[0]!;
}
/** tf.sparse_reduce_sum_sparse: sums along axes, sparse. @tfExport sparseReduceSumSparse */
export function sparseReduceSumSparse(x: SparseTensor, options: SparseReduceOptions = {}): SparseTensor {
  const [indices, values, shape] = reduced("SparseReduceSumSparse")(x, options);
  return sparseTensor(indices!, values!, shape!);
}
/** tf.sparse_reduce_max_sparse: the largest entries along axes, sparse. @tfExport sparseReduceMaxSparse */
export function sparseReduceMaxSparse(x: SparseTensor, options: SparseReduceOptions = {}): SparseTensor {
  const [indices, values, shape] = reduced("SparseReduceMaxSparse")(x, options);
  return sparseTensor(indices!, values!, shape!);
}

/** tf.sparse_softmax: softmax of the entries of each row (the last dimension), of a rank of at least 2; what has no entry stays so. @tfExport sparseSoftmax */
export function sparseSoftmax(x: SparseTensor, options: NameOption = {}): SparseTensor {
  return withScope(x.values.graph, options.name, "SparseSoftmax", () => {
    const values = applyOne("SparseSoftmax", [x.indices, x.values, x.denseShape]);
    return sparseTensor(x.indices, values, x.denseShape);
  });
}

interface Groups {
  /** The entries' numbers, by what their place among the kept dimensions is, in row order. */
  readonly groups: Map<number, number[]>;
  readonly kept: readonly number[];
}

/** Entries that share their place in the dimensions `kept`. Fails where an index is outside of `dims`. */
function grouped(c: HostContext, entries: SparseEntries, kept: readonly number[]): Groups {
  const { count, rank, indices, dims } = entries;
  const groups = new Map<number, number[]>();
  for (const i of count === 0
    ? []
    : rank === 0
      ? Array.from({ length: count }, (_, k) => k)
      : rowOrder(indices, rank)) {
    let place = 0;
    for (const d of kept) {
      const at = Number(indices[i * rank + d]);
      if (at < 0 || at >= dims[d]!)
        c.fail(
          "INVALID_ARGUMENT",
          `indices[${i}] = [${indices.slice(i * rank, (i + 1) * rank)}] is out of bounds: need 0 <= index < [${dims}]`,
        );
      place = place * dims[d]! + at;
    }
    const group = groups.get(place);
    if (group) group.push(i);
    else groups.set(place, [i]);
  }
  return { groups, kept };
}

interface Reduction {
  /** By place among the kept dimensions, in order. */
  readonly results: readonly (readonly [place: number, value: Num])[];
  readonly kept: readonly number[];
  /** With axes of 1 where they are kept. */
  readonly shape: readonly number[];
}

function reduce(c: HostContext, operation: "add" | "max"): Reduction {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [indices, values, whole, axes] = [c.input(0), c.input(1), c.input(2), c.input(3)];
  if (whole.shape.length !== 1)
    fail(`Expected input_shape to be a vector; got shape: ${new Shape([...whole.shape])}`);
  if (axes.shape.length > 1)
    fail(`Expected reduction_axes to be a scalar or a vector; got shape: ${new Shape([...axes.shape])}`);
  const rank = whole.shape[0]!;
  const gone = new Set<number>();
  for (const axis of numbersOf(axes)) {
    if (axis < -rank || axis >= rank)
      fail(`Invalid reduction dimension ${axis}, for input with ${rank} dimensions.`);
    gone.add((axis + rank) % rank);
  }
  const entries = entriesOf(c, indices, values, whole);
  const { dims } = entries;
  const kept = dims.map((_, d) => d).filter((d) => !gone.has(d));
  const numbers = numbersIn(values);
  const apply = arithmeticOf(values.dtype)[operation];
  const { groups } = grouped(c, entries, kept);
  const results = [...groups]
    .map(([place, group]) => [place, group.map((i) => numbers[i]!).reduce(apply)] as const)
    .sort(([a], [b]) => a - b);
  const shape = c.attrs.bool("keep_dims")
    ? dims.map((dim, d) => (gone.has(d) ? 1 : dim))
    : kept.map((d) => dims[d]!);
  return { results, kept, shape };
}

function reducedShapes(c: InferenceContext): readonly Shape[] {
  const [whole, axes] = [c.inputValue(2), c.inputValue(3)];
  if (!whole || !axes) return [Shape.unknown];
  const dims = numbersOf(whole);
  const gone = new Set(numbersOf(axes).map((axis) => (axis + dims.length) % dims.length));
  const result = c.attrs.bool("keep_dims")
    ? dims.map((dim, d) => (gone.has(d) ? 1 : dim))
    : dims.filter((_, d) => !gone.has(d));
  return [new Shape(result)];
}

const toDense = (operation: "add" | "max", gradient?: OpSpec["gradient"]): OpSpec => ({
  shape: reducedShapes,
  host: (c) => {
    const { results, shape } = reduce(c, operation);
    const dtype = c.outputDType(0);
    const all = new Array<Num>(sizeOf(shape)).fill(arithmeticOf(dtype).zero);
    for (const [place, value] of results) all[place] = value;
    return [numericArray(dtype, shape, all)];
  },
  ...(gradient === undefined ? {} : { gradient }),
});

const toSparse = (operation: "add" | "max"): OpSpec => ({
  shape: (c) => [...unknownShape(c), Shape.unknown, Shape.unknown],
  gradient: null,
  host: (c) => {
    const { results, shape } = reduce(c, operation);
    const rank = shape.length;
    const places: number[] = [];
    for (const [place] of results) {
      const at = new Array<number>(rank);
      let rest = place;
      for (let d = rank - 1; d >= 0; d--) {
        at[d] = rest % shape[d]!;
        rest = Math.floor(rest / shape[d]!);
      }
      places.push(...at);
    }
    return [
      int64Array(places, [results.length, rank]),
      numericArray(
        c.outputDType(1),
        [results.length],
        results.map(([, value]) => value),
      ),
      int64Array(shape),
    ];
  },
});

function sumGradient(op: Operation, grad: Grad): readonly (Grad | undefined)[] {
  const [indices, , whole, axes] = op.inputs as [Tensor, Tensor, Tensor, Tensor];
  const kept = reducedShape(whole, axes);
  const shaped = reshape(dense(grad), kept);
  const scale = operator.floordiv(whole, cast(kept, "int64"));
  return [undefined, gatherNd(shaped, operator.floordiv(indices, scale)), undefined, undefined];
}

function softmax(c: HostContext): NdArray {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [indices, values, whole] = [c.input(0), c.input(1), c.input(2)];
  const shown = ({ shape }: NdArray): string => `${new Shape([...shape])}`;
  if (indices.shape.length !== 2)
    fail(`Input sp_indices should be a matrix but received shape: ${shown(indices)}`);
  if (values.shape.length !== 1 || whole.shape.length !== 1)
    fail(
      `Inputs sp_values and sp_shape should be vectors but received shapes: ${shown(values)} and ${shown(whole)}`,
    );
  if (whole.shape[0]! < 2)
    fail(`Input should have rank >= 2, but received shape: ${numbersOf(whole).join(" ")}`);
  const entries = sparseEntries(c, 0);
  const from = values.data as Float32Array | Float64Array;
  const round = values.dtype === "float32" ? Math.fround : (x: number): number => x;
  const out = ndArray(values.dtype, [entries.count]);
  const data = out.data as Float64Array;
  const rows = Array.from({ length: entries.rank - 1 }, (_, d) => d);
  // TensorFlow writes the results in the order of the entries' places.
  let next = 0;
  const { groups } = grouped(c, entries, rows);
  for (const [, group] of [...groups].sort(([a], [b]) => a - b)) {
    const largest = group.reduce((most, i) => Math.max(most, from[i]!), Number.NEGATIVE_INFINITY);
    const powers = group.map((i) => round(Math.exp(round(from[i]! - largest))));
    const inverse = round(1 / powers.reduce((sum, x) => round(sum + x), 0));
    for (const power of powers) data[next++] = power * inverse;
  }
  return out;
}

/** Entries of the reductions of sparse tensors and of their softmax. */
export const sparseReductionOps: readonly OpEntry[] = defineOps({
  SparseReduceSum: toDense("add", single(sumGradient)),
  // TensorFlow has no gradient of the largest.
  SparseReduceMax: toDense("max"),
  SparseReduceSumSparse: toSparse("add"),
  SparseReduceMaxSparse: toSparse("max"),
  SparseSoftmax: {
    shape: (c) => {
      withRank(c.input(0), 2);
      withRank(c.input(2), 1);
      return [withRank(c.input(1), 1)];
    },
    host: (c) => [softmax(c)],
    gradient: single((op, grad) => {
      const [indices, , whole] = op.inputs as [Tensor, Tensor, Tensor];
      const values = op.outputs[0]!;
      const given = sparseTensor(indices, dense(grad), whole);
      const product = sparseTensor(indices, operator.mul(values, given.values), whole);
      const sums = operator.neg(sparseReduceSum(product, { axis: [-1], keepdims: true }));
      const added = sparseDenseCwiseAdd(given, sums);
      return [undefined, operator.mul(added.values, values), undefined];
    }),
  },
});
