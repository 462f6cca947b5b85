// Sparse tensors joined and cut: SparseConcat, SparseSplit, SparseSlice and its gradient. Entries are taken to be in order.
// Source: core/kernels/{sparse_concat_op,sparse_split_op,sparse_slice_op,sparse_slice_grad_op}.cc, core/util/sparse/sparse_tensor.h,
// python/ops/{sparse_ops,sparse_grad}.py.
import { constantValue, type Tensor } from "@org/graph";
import { concatenateRows, type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { reshape } from "../array/reshape.ts";
import { getItem } from "../array/strided-slice.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { dense, several } from "../gradient.ts";
import { reduceMax } from "../math/reductions.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { addDims, mergeDims, mergeShapes, numbersOf, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { arithmeticOf, numbersIn, numericArray } from "./element-arithmetic.ts";
import { entriesOf, int64Array, type SparseEntries, takeElements } from "./sparse-entries.ts";
import { rowOrder } from "./sparse-merge.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

export interface SparseConcatOptions extends NameOption {
  /** Let other dimensions differ: all are stretched to the largest. Default false. */
  readonly expandNonconcatDims?: boolean | undefined;
}

/**
 * tf.sparse_concat: sparse tensors of one rank in a row along `axis`; shapes that differ elsewhere fail the run with INVALID_ARGUMENT.
 * Throws a TypeError where there is none. @tfExport sparseConcat
 */
export function sparseConcat(
  axis: number,
  inputs: readonly SparseTensor[],
  options: SparseConcatOptions = {},
): SparseTensor {
  const [first] = inputs;
  if (!first) throw new TypeError("Inputs must be a list of SparseTensors, and not an empty one.");
  if (inputs.length === 1) return first;
  return resolveGraph(inputs.map((x) => x.values)).asDefault(() => {
    let shapes: readonly Tensor[] = inputs.map((x) => x.denseShape);
    if (options.expandNonconcatDims) {
      const largest = reduceMax(
        concat(
          shapes.map((shape) => reshape(shape, [1, -1])),
          0,
        ),
        { axis: 0 },
      );
      shapes = shapes.map((shape) =>
        concat(
          axis === -1
            ? [getItem(largest, [{ stop: -1 }]), getItem(shape, [{ start: -1 }]), []]
            : [
                getItem(largest, [{ stop: axis }]),
                getItem(shape, [{ start: axis, stop: axis + 1 }]),
                getItem(largest, [{ start: axis + 1 }]),
              ],
          0,
        ),
      );
    }
    const [indices, values, whole] = applyOp(
      "SparseConcat",
      [inputs.map((x) => x.indices), inputs.map((x) => x.values), shapes],
      { name: options.name, attrs: { concat_dim: axis } },
    ).outputs as [Tensor, Tensor, Tensor];
    const known = shapes.map((shape) => constantValue(shape));
    if (!known.every((shape) => shape !== undefined)) return sparseTensor(indices, values, whole);
    const dims = numbersOf(known[0]!);
    const at = axis < 0 ? axis + dims.length : axis;
    dims[at] = known.reduce((sum, shape) => sum + numbersOf(shape)[at]!, 0);
    return sparseTensor(indices, values, convertToTensor(int64Array(dims)));
  });
}

/** tf.sparse_slice: the part of `size` that begins at `start`, as far as the tensor goes. @tfExport sparseSlice */
export function sparseSlice(
  input: SparseTensor,
  start: TensorLike,
  size: TensorLike,
  options: NameOption = {},
): SparseTensor {
  const { graph } = input.values;
  const from = graph.asDefault(() => convertToTensor(start, { dtype: "int64", graph }));
  const extent = graph.asDefault(() => convertToTensor(size, { dtype: "int64", graph }));
  return withScope(graph, options.name, "SparseSlice", (scope) => {
    const [indices, values, whole] = applyOp(
      "SparseSlice",
      [input.indices, input.values, input.denseShape, from, extent],
      { name: scope },
    ).outputs;
    return sparseTensor(indices!, values!, whole!);
  });
}

export interface SparseSplitOptions extends NameOption {
  readonly spInput: SparseTensor;
  readonly numSplit: number;
  readonly axis: TensorLike;
}

/** tf.sparse_split: cut into `numSplit` pieces along `axis`, the first ones larger by 1 where the extent is no multiple. @tfExport sparseSplit */
export function sparseSplit({ spInput, numSplit, axis, name }: SparseSplitOptions): readonly SparseTensor[] {
  const { indices, values, denseShape } = spInput;
  const { outputs } = applyOp("SparseSplit", [axis, indices, values, denseShape], {
    name,
    attrs: { num_split: numSplit },
  });
  return Array.from({ length: numSplit }, (_, i) =>
    sparseTensor(outputs[i]!, outputs[numSplit + i]!, outputs[2 * numSplit + i]!),
  );
}

const shown = (value: NdArray): string => `${new Shape([...value.shape])}`;

function join(c: HostContext): NdArray[] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const n = c.inputCount / 3;
  const words = [
    [2, "indices", "a matrix"],
    [1, "values", "a vector"],
    [1, "shapes", "a vector"],
  ] as const;
  words.forEach(([rank, what, kind], k) => {
    for (let i = 0; i < n; i++) {
      const value = c.input(k * n + i);
      if (value.shape.length !== rank)
        fail(`Input ${what} should be ${kind} but received shape ${shown(value)} at position ${i}`);
    }
  });
  const dimsOf = Array.from({ length: n }, (_, i) => numbersOf(c.input(2 * n + i)));
  const [first] = dimsOf as [number[]];
  const rank = first.length;
  const asked = c.attrs.int("concat_dim");
  const axis = asked < 0 ? rank + asked : asked;
  if (axis < 0 || axis >= rank) fail(`Concat dimension must be in range [${-rank}, ${rank}), got ${asked}`);
  dimsOf.forEach((dims, i) => {
    if (dims.length !== rank)
      fail(`Ranks of all input tensors must match: expected ${rank} but got ${dims.length} at position ${i}`);
    dims.forEach((dim, d) => {
      if (d !== axis && dim !== first[d])
        fail(
          `Input shapes must match: expected ${first[d]} for dimension ${d} but got ${dim} at position ${i}`,
        );
    });
  });
  const parts = dimsOf.map((_, i) => entriesOf(c, c.input(i), c.input(n + i), c.input(2 * n + i)));
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const places = new BigInt64Array(count * rank);
  let [row, offset] = [0, 0n];
  for (const part of parts) {
    places.set(part.indices, row * rank);
    for (let i = 0; i < part.count; i++) places[(row + i) * rank + axis]! += offset;
    row += part.count;
    offset += BigInt(part.dims[axis]!);
  }
  const order = rowOrder(places, rank);
  const sorted = new BigInt64Array(places.length);
  for (const [i, j] of order.entries()) sorted.set(places.subarray(j * rank, (j + 1) * rank), i * rank);
  const dims = first.map((dim, d) => (d === axis ? Number(offset) : dim));
  return [
    ndArray("int64", [count, rank], sorted),
    takeElements(concatenateRows(parts.map((part) => part.values)), order),
    int64Array(dims),
  ];
}

/** The entries of `kept` (their numbers), moved by `offset`. */
function part(entries: SparseEntries, kept: readonly number[], offset: readonly number[]): NdArray[] {
  const { rank } = entries;
  const places = new BigInt64Array(kept.length * rank);
  kept.forEach((i, row) => {
    for (let d = 0; d < rank; d++)
      places[row * rank + d] = entries.indices[i * rank + d]! - BigInt(offset[d]!);
  });
  return [ndArray("int64", [kept.length, rank], places), takeElements(entries.values, kept)];
}

/** The inputs of a sparse tensor from `at` on, with the words of SparseSplit and SparseSlice. */
function cutInput(c: HostContext, at: number): SparseEntries {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [indices, values, whole] = [c.input(at), c.input(at + 1), c.input(at + 2)];
  if (indices.shape.length !== 2)
    fail(`Input indices should be a matrix but received shape ${shown(indices)}`);
  // TensorFlow names the shape of the indices here, too.
  if (values.shape.length !== 1) fail(`Input values should be a vector but received shape ${shown(indices)}`);
  if (whole.shape.length !== 1) fail(`Input shape should be a vector but received shape ${shown(whole)}`);
  return entriesOf(c, indices, values, whole);
}

function split(c: HostContext): NdArray[] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const entries = cutInput(c, 1);
  const axis = numbersOf(c.input(0))[0]!;
  const pieces = c.attrs.int("num_split");
  const { rank, dims } = entries;
  if (axis < 0 || axis >= rank) fail(`Input split_dim should be between 0 and rank (${rank}), got ${axis}`);
  const extent = dims[axis]!;
  if (pieces < 1 || pieces > extent)
    fail(`Input num_split should be between 1 and the splitting dimension size (${extent}), got ${pieces}`);
  const size = Math.floor(extent / pieces);
  const larger = extent % pieces;
  const begin = (i: number): number => i * size + Math.min(i, larger);
  const kept: number[][] = Array.from({ length: pieces }, () => []);
  for (let i = 0; i < entries.count; i++) {
    const at = Number(entries.indices[i * rank + axis]);
    if (at < 0 || at >= extent) fail(`indices[${i}, ${axis}] = ${at} is not in [0, ${extent})`);
    const border = larger * (size + 1);
    kept[at < border ? Math.floor(at / (size + 1)) : larger + Math.floor((at - border) / size)]!.push(i);
  }
  const cut = kept.map((own, i) =>
    part(
      entries,
      own,
      dims.map((_, d) => (d === axis ? begin(i) : 0)),
    ),
  );
  return [
    ...cut.map(([indices]) => indices!),
    ...cut.map(([, values]) => values!),
    ...kept.map((_, i) => int64Array(dims.map((dim, d) => (d === axis ? begin(i + 1) - begin(i) : dim)))),
  ];
}

function slice(c: HostContext): NdArray[] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const entries = cutInput(c, 0);
  const [start, size] = [c.input(3), c.input(4)];
  for (const [value, what] of [
    [start, "start"],
    [size, "size"],
  ] as const)
    if (value.shape.length !== 1) fail(`Input ${what} should be a vector but received shape ${shown(value)}`);
  for (const [value, what] of [
    [start, "start"],
    [size, "size"],
  ] as const)
    if (value.shape[0] !== entries.rank)
      fail(`Expected ${what} to be a vector of length ${entries.rank} but got length ${value.shape[0]}`);
  const { rank, dims, indices, count } = entries;
  const [from, extent] = [numbersOf(start), numbersOf(size)];
  const result = dims.map((dim, d) => (from[d]! + extent[d]! < dim ? extent[d]! : dim - from[d]!));
  for (const [d, dim] of result.entries()) if (dim < 0) fail(`Dimension ${d} of the slice would be ${dim}`);
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    const inside = from.every((begin, d) => {
      const at = Number(indices[i * rank + d]);
      return begin <= at && at < begin + extent[d]!;
    });
    if (inside) kept.push(i);
  }
  return [...part(entries, kept, from), int64Array(result)];
}

/** Each entry of the input that the slice took gets its gradient, the others 0. */
function sliceGrad(c: HostContext): NdArray {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [grads, input, start, output] = [c.input(0), c.input(1), c.input(2), c.input(3)];
  if (input.shape.length !== 2 || output.shape.length !== 2)
    fail(
      `Input and output indices should be matrices but received shapes: ${shown(input)} and ${shown(output)}`,
    );
  if (grads.shape.length !== 1)
    fail(`Input backprop_val_grad should be a vector but received shape: ${shown(grads)}`);
  const rank = input.shape[1]!;
  if (output.shape[1] !== rank)
    fail(`The input and output should have the same ndims: got: ${rank} and ${output.shape[1]}`);
  if (output.shape[0]! > input.shape[0]!)
    fail(
      `# rows of output_indices should be not greater than of input_indices, got ${output.shape[0]} and ${input.shape[0]}`,
    );
  if (grads.shape[0] !== output.shape[0])
    fail(
      `# elements of backprop_val_grad and # rows of output_indices should match (#nnz of sum): got ${grads.shape[0]} and ${output.shape[0]}`,
    );
  if (start.shape.length !== 1) fail(`The input_start should be a vector but received shape ${shown(start)}`);
  if (start.shape[0] !== rank)
    fail(`Expected input_start to be a vector of length ${rank} but got length ${start.shape[0]}`);
  const [from, to] = [input.data as BigInt64Array, output.data as BigInt64Array];
  const offset = start.data as BigInt64Array;
  const each = numbersIn(grads);
  const { zero } = arithmeticOf(grads.dtype);
  let used = 0;
  const values = Array.from({ length: input.shape[0]! }, (_, i) => {
    if (used >= each.length) return zero;
    for (let d = 0; d < rank; d++) if (from[i * rank + d] !== to[used * rank + d]! + offset[d]!) return zero;
    return each[used++]!;
  });
  if (used < each.length)
    c.fail(
      "INTERNAL",
      `Elements of backprop_val_grad aren't all propagated. Num elements:${each.length}, used: ${used}`,
    );
  return numericArray(grads.dtype, [values.length], values);
}

/** Entries of the ops that join and cut sparse tensors. */
export const sparsePieceOps: readonly OpEntry[] = defineOps({
  SparseConcat: {
    shape: (c) => {
      const n = c.inputCount / 3;
      let rows: number | null = 0;
      let columns: number | null = null;
      let whole = Shape.unknown;
      for (let i = 0; i < n; i++) {
        const indices = withRank(c.input(i), 2);
        const values = withRank(c.input(n + i), 1);
        const shape = withRank(c.input(2 * n + i), 1);
        rows = addDims(rows, mergeDims(indices.dim(0), values.dim(0)));
        columns = mergeDims(columns, indices.dim(1));
        whole = mergeShapes(whole, shape);
      }
      return [new Shape([rows, columns]), new Shape([rows]), whole];
    },
    host: join,
  },
  SparseSplit: {
    shape: (c) => {
      const whole = c.input(3);
      const n = c.attrs.int("num_split");
      const rank = whole.rank === 1 ? whole.dim(0) : null;
      const each = <T>(x: T): T[] => new Array<T>(n).fill(x);
      return [...each(new Shape([null, rank])), ...each(Shape.ofRank(1)), ...each(whole)];
    },
    host: split,
  },
  SparseSlice: {
    shape: (c) => {
      const whole = c.input(2);
      return [new Shape([null, whole.rank === 1 ? whole.dim(0) : null]), Shape.ofRank(1), whole];
    },
    host: slice,
    gradient: several((op, grads) => {
      const grad = grads[1];
      if (!grad) return op.inputs.map(() => undefined);
      const values = applyOne("SparseSliceGrad", [dense(grad), op.inputs[0]!, op.inputs[3]!, op.outputs[0]!]);
      values.setShape(op.inputs[1]!.shape);
      return [undefined, values, undefined, undefined, undefined];
    }),
  },
  SparseSliceGrad: {
    shape: (c) => [new Shape([withRank(c.input(1), 2).dim(0)])],
    host: (c) => [sliceGrad(c)],
  },
});
