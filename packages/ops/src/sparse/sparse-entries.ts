// The three inputs of a sparse tensor as host kernels see them, and the shape functions' look at them. No op.
// Sources: core/util/sparse/sparse_tensor.h, core/framework/common_shape_fns.cc (ValidateSparseTensor).
import type { InferenceContext } from "@org/graph";
import { allocateData, dtypes, type NdArray, ndArray } from "@org/tensor";
import type { HostContext } from "../op-entry.ts";
import { invalid, numbersOf, withRank } from "../shape-rules.ts";

/** A sparse tensor's entries: row i of `indices` is where element i of `values` is. */
export interface SparseEntries {
  readonly count: number;
  readonly rank: number;
  /** [count * rank] */
  readonly indices: BigInt64Array;
  readonly values: NdArray;
  readonly dims: readonly number[];
}

/**
 * The sparse tensor of inputs `at` (indices), `at` + 1 (values), `at` + 2 (shape). Fails with INVALID_ARGUMENT where they are no matrix and
 * vectors that fit one another; ops with words of their own look before.
 */
export function sparseEntries(c: HostContext, at: number): SparseEntries {
  return entriesOf(c, c.input(at), c.input(at + 1), c.input(at + 2));
}

/** The sparse tensor that three arrays are: `sparseEntries` of arrays. */
export function entriesOf(c: HostContext, indices: NdArray, values: NdArray, whole: NdArray): SparseEntries {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (indices.shape.length !== 2)
    fail(`Input indices should be a matrix but received shape [${indices.shape}]`);
  if (values.shape.length !== 1) fail(`Input values should be a vector but received shape [${values.shape}]`);
  if (whole.shape.length !== 1) fail(`Input shape should be a vector but received shape [${whole.shape}]`);
  const [count, rank] = indices.shape as [number, number];
  if (values.shape[0] !== count)
    fail(
      `indices and values rows (indexing dimension) must match. (indices = ${count}, values = ${values.shape[0]})`,
    );
  if (whole.shape[0] !== rank) fail("Shape rank must be SparseTensor rank.");
  const dims = numbersOf(whole);
  for (const [i, dim] of dims.entries()) if (dim < 0) fail(`Dimension ${i} must be >= 0`);
  return { count, rank, indices: indices.data as BigInt64Array, values, dims };
}

/** Throws where shapes are not those of one sparse tensor. */
export function validateSparse(c: InferenceContext, at: number): void {
  const indices = withRank(c.input(at), 2);
  const values = withRank(c.input(at + 1), 1);
  const whole = withRank(c.input(at + 2), 1);
  const [rows, elements] = [indices.dim(0), values.dim(0)];
  if (rows !== null && elements !== null && rows !== elements)
    invalid(`Number of elements in index (${rows}) and values (${elements}) do not match.`);
  const [rank, dims] = [indices.dim(1), whole.dim(0)];
  if (rank !== null && dims !== null && rank !== dims)
    invalid(`Index rank (${rank}) and shape rank (${dims}) do not match.`);
}

/** The dims that input `at` tells, where the graph knows it. */
export function knownDims(c: InferenceContext, at: number): readonly number[] | undefined {
  const value = c.inputValue(at);
  return value && numbersOf(value);
}

/** Elements of a vector in another order, or a part of them: result i is element `order[i]`. */
export function takeElements(values: NdArray, order: ArrayLike<number>): NdArray {
  const { width } = dtypes[values.dtype];
  const from = values.data as ArrayLike<unknown>;
  const data = allocateData(values.dtype, order.length) as unknown[];
  for (let i = 0; i < order.length; i++)
    for (let w = 0; w < width; w++) data[i * width + w] = from[order[i]! * width + w];
  return ndArray(values.dtype, [order.length], data as never);
}

/** Rows of an index matrix in another order, or a part of them. */
export function takeRows({ indices, rank }: SparseEntries, order: ArrayLike<number>): NdArray {
  const data = new BigInt64Array(order.length * rank);
  for (let i = 0; i < order.length; i++)
    data.set(indices.subarray(order[i]! * rank, (order[i]! + 1) * rank), i * rank);
  return ndArray("int64", [order.length, rank], data);
}

/** int64 numbers as an array of the given dims. */
export function int64Array(values: readonly number[], dims: readonly number[] = [values.length]): NdArray {
  return ndArray("int64", dims, BigInt64Array.from(values, BigInt));
}
