// The matrices in the last two dimensions of tensors: how host kernels take them one by one and put results together.
// Source: core/kernels/linalg_ops_common.cc.
import { allocateData, type DType, type NdArray, ndArray, sizeOf } from "@org/tensor";
import { isComplex } from "../complex/kernels.ts";
import type { HostContext } from "../op-entry.ts";
import type { Matrix } from "./numerics/matrix.ts";

type Floats = Float32Array | Float64Array;

/** The matrices of one input. */
export interface Batch {
  readonly dtype: DType;
  /** Dims before the last two. */
  readonly outer: readonly number[];
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  /** Of the type: the distance from 1 to the next number. */
  readonly epsilon: number;
  /** A copy of one, in double precision. */
  at(index: number): Matrix;
}

/** Input `index` as matrices. Fails where it has fewer than two dimensions, or a type without kernels. */
export function batchOf(c: HostContext, index: number): Batch {
  const { dtype, shape, data } = c.input(index);
  if (!(data instanceof Float32Array || data instanceof Float64Array))
    c.fail("UNIMPLEMENTED", `${c.op} of ${dtype} is not supported`, "Cast to float32 or float64.");
  if (shape.length < 2) c.fail("INVALID_ARGUMENT", `Input tensor ${index} must have rank >= 2`);
  const outer = shape.slice(0, -2);
  const [rows, columns] = shape.slice(-2) as [number, number];
  const size = rows * columns;
  const complex = isComplex(dtype);
  return {
    dtype,
    outer,
    count: sizeOf(outer),
    rows,
    columns,
    epsilon: data instanceof Float32Array ? 2 ** -23 : 2 ** -52,
    at: (b) => {
      const from = data as Floats;
      if (!complex)
        return {
          rows,
          columns,
          re: Float64Array.from(from.subarray(b * size, (b + 1) * size)),
          im: undefined,
        };
      const [re, im] = [new Float64Array(size), new Float64Array(size)];
      for (let i = 0, at = 2 * b * size; i < size; i++, at += 2) {
        re[i] = from[at]!;
        im[i] = from[at + 1]!;
      }
      return { rows, columns, re, im };
    },
  };
}

/** The same, of square matrices. */
export function squareBatch(c: HostContext, index = 0): Batch {
  const batch = batchOf(c, index);
  if (batch.rows !== batch.columns) c.fail("INVALID_ARGUMENT", "Input matrix must be square.");
  return batch;
}

/** Inputs 0 and 1 of a solver: left sides and right sides, as many of each, with as many rows. */
export function solverBatches(c: HostContext, square: boolean): readonly [Batch, Batch] {
  const [left, right] = [batchOf(c, 0), batchOf(c, 1)];
  if (left.outer.length !== right.outer.length)
    c.fail("INVALID_ARGUMENT", "All input tensors must have the same rank.");
  if (`${left.outer}` !== `${right.outer}`)
    c.fail("INVALID_ARGUMENT", "All input tensors must have the same outer dimensions.");
  if (square && left.rows !== left.columns) c.fail("INVALID_ARGUMENT", "Input matrix must be square.");
  if (left.rows !== right.rows) c.fail("INVALID_ARGUMENT", "Input matrix and rhs are incompatible.");
  return [left, right];
}

/** Something to be filled, matrix by matrix. */
export interface Results {
  readonly array: NdArray;
  put(index: number, part: Pick<Matrix, "re" | "im">): void;
}

/** An array of `count` equal parts; of a complex type where `dtype` is one: then parts without `im` are real. */
export function resultsOf(dtype: DType, dims: readonly number[], count: number): Results {
  const data = allocateData(dtype, sizeOf(dims)) as Floats;
  const complex = isComplex(dtype);
  const size = count === 0 ? 0 : sizeOf(dims) / count;
  return {
    array: ndArray(dtype, dims, data as never),
    put: (b, { re, im }) => {
      if (!complex) return data.set(re, b * size);
      for (let i = 0, at = 2 * b * size; i < size; i++, at += 2) {
        data[at] = re[i]!;
        data[at + 1] = im?.[i] ?? 0;
      }
    },
  };
}

/** f of each square matrix of input 0, of the same size. */
export function eachSquare(c: HostContext, f: (a: Matrix) => Matrix): readonly NdArray[] {
  const batch = squareBatch(c);
  const results = resultsOf(batch.dtype, c.input(0).shape, batch.count);
  for (let b = 0; b < batch.count; b++) results.put(b, f(batch.at(b)));
  return [results.array];
}
