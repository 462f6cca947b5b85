// tf.sparse_reshape: the same values in another shape. Source: core/ops/sparse_ops.cc, core/kernels/reshape_util.cc, python/ops/sparse_ops.py.
import { constantValue, isTensorLike } from "@org/graph";
import { type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { constant, identity } from "../array/constant.ts";
import { withScope } from "../convert.ts";
import { defineOps } from "../define.ts";
import { cast } from "../math/cast.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { invalid, numbersOf, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike, ValueLike } from "../tensor-like.ts";
import { toNdArray } from "../to-nd-array.ts";
import { type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

/**
 * tf.sparse_reshape: the values in row-major order in another shape, of which one dimension may be -1.
 * Throws TfError INVALID_ARGUMENT where both shapes are known and do not agree; else that fails the run.
 * @tfExport sparseReshape
 */
export function sparseReshape(
  input: SparseTensor,
  shape: TensorLike,
  options: NameOption = {},
): SparseTensor {
  const { graph } = input.values;
  const isPacked = Array.isArray(shape) && shape.some((dim) => isTensorLike(dim));
  const whole = isPacked || isTensorLike(shape) ? shape : toNdArray(shape as ValueLike, "int32");
  const wanted = graph.asDefault(() => cast(whole, "int64"));
  return withScope(graph, options.name, "SparseReshape", (scope) => {
    const [indices, reshaped] = applyOp("SparseReshape", [input.indices, input.denseShape, wanted], {
      name: scope,
    }).outputs;
    const [to, from] = [constantValue(wanted), constantValue(input.denseShape)];
    if (!to || !from) return sparseTensor(indices!, identity(input.values), reshaped!);
    const asked = numbersOf(to);
    if (asked.filter((dim) => dim === -1).length > 1)
      invalid(`At most one dimension can be inferred (-1). Found: [${asked.join(" ")}]`);
    const size = sizeOf(numbersOf(from));
    const known = sizeOf(asked.filter((dim) => dim !== -1));
    const dims = asked.map((dim) => (dim === -1 ? Math.floor(size / known) : dim));
    if (sizeOf(dims) !== size)
      invalid(
        `Cannot reshape a tensor with ${size} elements to shape [${asked.join(", ")}] (${sizeOf(dims)} elements).`,
      );
    const told = constant(BigInt64Array.from(dims, BigInt));
    return sparseTensor(indices!, identity(input.values), told);
  });
}

/** The dims that `target` stands for, of a whole of `size` elements. */
function reshapedDims(c: HostContext, target: readonly number[], from: readonly number[]): number[] {
  const size = sizeOf(from);
  const shapes = (dims: readonly number[]): string =>
    `input_shape=${new Shape([...from])} output_shape=${new Shape([...dims])}`;
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  let [product, open] = [1, -1];
  target.forEach((dim, i) => {
    if (dim === -1) {
      if (open >= 0) fail(`only one output dimension may be -1, not both ${open} and ${i}`);
      open = i;
    } else {
      if (dim < 0) fail(`size ${i} must be non-negative, not ${dim}`);
      product *= dim;
    }
  });
  const dims = [...target];
  if (open >= 0) {
    if (product === 0)
      fail(
        "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero",
      );
    if (size % product !== 0)
      fail(
        `Input to reshape is a SparseTensor with ${size} dense values, but the requested shape requires a multiple of ${product}. ${shapes(dims.map((dim) => (dim === -1 ? 1 : dim)))}`,
      );
    dims[open] = size / product;
  }
  if (sizeOf(dims) !== size)
    fail(
      `Input to reshape is a tensor with ${size} dense values, but the requested shape has ${sizeOf(dims)}. ${shapes(dims)}`,
    );
  return dims;
}

function reshape(c: HostContext): NdArray[] {
  const [indices, shape, target] = [c.input(0), c.input(1), c.input(2)];
  const fail = (what: string, kind: string, got: NdArray): never =>
    c.fail("INVALID_ARGUMENT", `${what} should be a ${kind} but received shape ${new Shape(got.shape)}`);
  if (indices.shape.length !== 2) fail("Input indices", "matrix", indices);
  if (shape.shape.length !== 1) fail("Input shape", "vector", shape);
  if (target.shape.length !== 1) fail("Target shape", "vector", target);
  const from = numbersOf(shape);
  const to = reshapedDims(c, numbersOf(target), from);
  const [count, rank] = indices.shape as [number, number];
  const places = indices.data as BigInt64Array;
  const moved = new BigInt64Array(count * to.length);
  for (let i = 0; i < count; i++) {
    let place = 0n;
    for (let d = 0; d < rank; d++) place = place * BigInt(from[d]!) + places[i * rank + d]!;
    for (let d = to.length - 1; d >= 0; d--) {
      const dim = BigInt(Math.max(to[d]!, 1));
      moved[i * to.length + d] = d === 0 ? place : place % dim;
      place /= dim;
    }
  }
  return [
    ndArray("int64", [count, to.length], moved),
    ndArray("int64", [to.length], BigInt64Array.from(to, BigInt)),
  ];
}

/** The entry of SparseReshape. */
export const sparseReshapeOps: readonly OpEntry[] = defineOps({
  SparseReshape: {
    shape: (c) => {
      const indices = withRank(c.input(0), 2);
      withRank(c.input(1), 1);
      const target = withRank(c.input(2), 1);
      return [new Shape([indices.dim(0), target.dim(0)]), target];
    },
    host: reshape,
    gradient: null,
  },
});
