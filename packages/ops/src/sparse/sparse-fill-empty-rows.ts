// tf.sparse_fill_empty_rows: a default value for each row without any. Source: core/ops/sparse_ops.cc,
// core/kernels/sparse_fill_empty_rows_op.cc, python/ops/{sparse_ops,sparse_grad}.py.
import type { Tensor } from "@org/graph";
import { allocateData, dtypes, type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { convertToTensor, withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { dense } from "../gradient.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { mergeDims, numbersOf, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

/** tf.sparse_fill_empty_rows: the sparse tensor with `defaultValue` at the beginning of each row that has nothing, and which rows those are (bool). @tfExport sparseFillEmptyRows */
export function sparseFillEmptyRows(
  input: SparseTensor,
  defaultValue: TensorLike,
  options: NameOption = {},
): readonly [filled: SparseTensor, emptyRowIndicator: Tensor] {
  const { graph, dtype } = input.values;
  return withScope(graph, options.name, "SparseFillEmptyRows", () => {
    const fallback = convertToTensor(defaultValue, { dtype, graph });
    const [indices, values, empty] = applyOp("SparseFillEmptyRows", [
      input.indices,
      input.values,
      input.denseShape,
      fallback,
    ]).outputs;
    return [sparseTensor(indices!, values!, input.denseShape), empty!];
  });
}

function fill(c: HostContext): NdArray[] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [indices, values, whole, fallback] = [c.input(0), c.input(1), c.input(2), c.input(3)];
  if (whole.shape.length !== 1) fail(`dense_shape must be a vector, saw: ${new Shape(whole.shape)}`);
  if (indices.shape.length !== 2) fail(`indices must be a matrix, saw: ${new Shape(indices.shape)}`);
  if (values.shape.length !== 1) fail(`values must be a vector, saw: ${new Shape(values.shape)}`);
  if (fallback.shape.length !== 0) fail(`default_value must be a scalar, saw: ${new Shape(fallback.shape)}`);
  const rows = numbersOf(whole)[0]!;
  const [count, rank] = indices.shape as [number, number];
  if (rows === 0 && count > 0)
    fail(`Received SparseTensor with dense_shape[0] = 0 but indices.shape[0] = ${count}`);
  const at = indices.data as BigInt64Array;
  const held: number[][] = Array.from({ length: rows }, () => []);
  for (let i = 0; i < count; i++) {
    const row = Number(at[i * rank]!);
    if (row < 0 || row >= rows) fail(`indices(${i}, 0) is invalid: ${row} >= ${rows}`);
    held[row]!.push(i);
  }
  const { dtype } = values;
  const { width } = dtypes[dtype];
  const total = held.reduce((sum, { length }) => sum + Math.max(length, 1), 0);
  const filled = new BigInt64Array(total * rank);
  const data = allocateData(dtype, total) as unknown[];
  const reverse = new BigInt64Array(count);
  const put = (place: number, from: ArrayLike<unknown>, i: number): void => {
    for (let w = 0; w < width; w++) data[place * width + w] = from[i * width + w];
  };
  let next = 0;
  held.forEach((entries, row) => {
    if (entries.length === 0) {
      filled[next * rank] = BigInt(row);
      put(next++, fallback.data as ArrayLike<unknown>, 0);
    }
    for (const i of entries) {
      filled.set(at.subarray(i * rank, (i + 1) * rank), next * rank);
      put(next, values.data as ArrayLike<unknown>, i);
      reverse[i] = BigInt(next++);
    }
  });
  const empty = Uint8Array.from(held, ({ length }) => (length === 0 ? 1 : 0));
  return [
    ndArray("int64", [total, rank], filled),
    ndArray(dtype, [total], data as never),
    ndArray("bool", [rows], empty),
    ndArray("int64", [count], reverse),
  ];
}

/** What of the gradient goes to the values, and to the default value. */
function fillGrad(c: HostContext): NdArray[] {
  const [map, grads] = [c.input(0), c.input(1)];
  if (map.shape.length !== 1)
    c.fail("INVALID_ARGUMENT", `reverse_index_map must be a vector, saw: ${new Shape(map.shape)}`);
  const from = grads.data as Float64Array;
  const places = numbersOf(map);
  const visited = new Uint8Array(from.length);
  const data = allocateData(grads.dtype, places.length) as Float64Array;
  places.forEach((place, i) => {
    if (place < 0 || place >= from.length)
      c.fail("INVALID_ARGUMENT", `Elements in reverse index must be in [0, ${from.length}) but got ${place}`);
    data[i] = from[place]!;
    visited[place] = 1;
  });
  const rest = allocateData(grads.dtype, 1) as Float64Array;
  rest[0] = from.reduce((sum, grad, i) => (visited[i] ? sum : sum + grad), 0);
  return [ndArray(grads.dtype, [places.length], data as never), ndArray(grads.dtype, [], rest as never)];
}

/** Entries of SparseFillEmptyRows and its gradient (of float32 and float64). */
export const sparseFillEmptyRowsOps: readonly OpEntry[] = defineOps({
  SparseFillEmptyRows: {
    shape: (c) => {
      const indices = withRank(c.input(0), 2);
      const values = withRank(c.input(1), 1);
      const whole = withRank(c.input(2), 1);
      withRank(c.input(3), 0);
      mergeDims(indices.dim(0), values.dim(0));
      const rank = mergeDims(indices.dim(1), whole.dim(0));
      const dims = c.inputAsShape(2).dims;
      return [
        new Shape([null, rank]),
        new Shape([null]),
        new Shape([dims?.[0] ?? null]),
        new Shape([indices.dim(0)]),
      ];
    },
    host: fill,
    gradient: (op, grads) => {
      const grad = grads[1];
      if (!grad) return [undefined, undefined, undefined, undefined];
      const [values, fallback] = op.graph.asDefault(
        () => applyOp("SparseFillEmptyRowsGrad", [op.outputs[3]!, dense(grad)]).outputs,
      );
      return [undefined, values, undefined, fallback];
    },
  },
  SparseFillEmptyRowsGrad: {
    shape: (c) => [withRank(c.input(0), 1), Shape.scalar],
    host: fillGrad,
  },
});
