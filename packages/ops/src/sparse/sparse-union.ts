// Two sparse tensors of one shape together: SparseAdd, SparseAddGrad, SparseSparseMaximum, SparseSparseMinimum. Entries are taken to be in
// order. Source: core/kernels/{sparse_add_op,sparse_add_grad_op,sparse_sparse_binary_op_shared}.cc, python/ops/{sparse_ops,sparse_grad}.py.
import { TfError } from "@org/errors";
import { constantValueAsShape, type InferenceContext, type Tensor } from "@org/graph";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { dense, several } from "../gradient.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { broadcastShapes, numbersOf, withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { type Arithmetic, arithmeticOf, type Num, numbersIn, numericArray } from "./element-arithmetic.ts";
import { sparseTensorDenseAdd } from "./sparse-dense-add.ts";
import { entriesOf, type SparseEntries } from "./sparse-entries.ts";
import { isSparseTensor, type SparseTensor, sparseTensor } from "./sparse-tensor.ts";

/** The three tensors of a sparse one, as ops take them. */
const three = (x: SparseTensor): readonly Tensor[] => [x.indices, x.values, x.denseShape];

export interface SparseAddOptions {
  /** Sums of two entries whose magnitude is below are left out: 0 unless given. */
  readonly threshold?: TensorLike | undefined;
}

/** tf.sparse_add of two sparse tensors of one shape: sparse. */
export function sparseAdd(a: SparseTensor, b: SparseTensor, options?: SparseAddOptions): SparseTensor;
/** tf.sparse_add of a sparse and a dense tensor of one shape: dense. */
export function sparseAdd(a: SparseTensor | TensorLike, b: SparseTensor | TensorLike): Tensor;
/**
 * tf.sparse_add: the sum of two tensors of one shape, at least one of them sparse. Throws a TypeError where none is; shapes that differ fail
 * the run with INVALID_ARGUMENT.
 * @tfExport sparseAdd
 */
export function sparseAdd(
  a: SparseTensor | TensorLike,
  b: SparseTensor | TensorLike,
  options: SparseAddOptions = {},
): SparseTensor | Tensor {
  if (!isSparseTensor(a)) {
    if (!isSparseTensor(b))
      throw new TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?");
    return sparseTensorDenseAdd(b, a as TensorLike);
  }
  if (!isSparseTensor(b)) return sparseTensorDenseAdd(a, b as TensorLike);
  const { graph, dtype } = a.values;
  return graph.asDefault(() => {
    const real = dtype === "complex64" ? "float32" : dtype === "complex128" ? "float64" : dtype;
    const threshold = convertToTensor(options.threshold ?? 0, { dtype: real, name: "threshold", graph });
    const [indices, values, shape] = applyOp("SparseAdd", [...three(a), ...three(b), threshold]).outputs;
    const [x, y] = [constantValueAsShape(a.denseShape), constantValueAsShape(b.denseShape)];
    if (!x.isCompatibleWith(y))
      throw new TfError("INVALID_ARGUMENT", `Shapes ${x.toTuple()} and ${y.toTuple()} are incompatible`, {
        hint: "Sparse tensors are added without broadcasting: give both the same shape.",
      });
    const known = broadcastShapes(x, y);
    return sparseTensor(
      indices!,
      values!,
      known.isFullyDefined() ? BigInt64Array.from(known.toNumbers(), BigInt) : shape!,
    );
  });
}

function extreme(type: string, a: SparseTensor, b: SparseTensor, name: string | undefined): SparseTensor {
  const graph = resolveGraph([a.values, b.values]);
  return withScope(graph, name, type, (scope) => {
    const [indices, values] = applyOp(type, [...three(a), ...three(b)], { name: scope }).outputs;
    return sparseTensor(indices!, values!, a.denseShape);
  });
}

/** tf.sparse.maximum: the larger of two sparse tensors' elements, where either has an entry; what one lacks counts as 0. @tfExport sparseMaximum */
export function sparseMaximum(a: SparseTensor, b: SparseTensor, options: NameOption = {}): SparseTensor {
  return extreme("SparseSparseMaximum", a, b, options.name);
}
/** tf.sparse.minimum: the smaller of two sparse tensors' elements, where either has an entry; what one lacks counts as 0. @tfExport sparseMinimum */
export function sparseMinimum(a: SparseTensor, b: SparseTensor, options: NameOption = {}): SparseTensor {
  return extreme("SparseSparseMinimum", a, b, options.name);
}

/** The order of row `i` of one index matrix and row `j` of another. */
export function compareRows(
  a: BigInt64Array,
  i: number,
  b: BigInt64Array,
  j: number,
  rank: number,
): -1 | 0 | 1 {
  for (let d = 0; d < rank; d++) {
    const [x, y] = [a[i * rank + d]!, b[j * rank + d]!];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

interface Union {
  readonly indices: BigInt64Array;
  readonly values: readonly Num[];
}

/** Both entries' places in order; `both` gives what stands where both have one (undefined: nothing), `one` where one has. */
function unite(
  a: SparseEntries,
  b: SparseEntries,
  both: (x: Num, y: Num) => Num | undefined,
  one: (x: Num, isFirst: boolean) => Num,
): Union {
  const { rank } = a;
  const [x, y] = [numbersIn(a.values), numbersIn(b.values)];
  const places = new BigInt64Array((a.count + b.count) * rank);
  const values: Num[] = [];
  const put = (from: SparseEntries, i: number, value: Num): void => {
    places.set(from.indices.subarray(i * rank, (i + 1) * rank), values.length * rank);
    values.push(value);
  };
  let [i, j] = [0, 0];
  while (i < a.count || j < b.count) {
    const order = i === a.count ? 1 : j === b.count ? -1 : compareRows(a.indices, i, b.indices, j, rank);
    if (order < 0) put(a, i, one(x[i]!, true));
    else if (order > 0) put(b, j, one(y[j]!, false));
    else {
      const value = both(x[i]!, y[j]!);
      if (value !== undefined) put(a, i, value);
    }
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return { indices: places.slice(0, values.length * rank), values };
}

const shown = (value: NdArray): string => `${new Shape([...value.shape])}`;
const listed = (value: NdArray): string => numbersOf(value).join(" ");

/** The two sparse tensors of inputs 0 to 5. `matrices`: the word for indices that are none. */
function operands(
  c: HostContext,
  matrices: (a: string, b: string) => string,
): [SparseEntries, SparseEntries] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [ai, av, as, bi, bv, bs] = [0, 1, 2, 3, 4, 5].map((i) => c.input(i)) as [
    NdArray,
    NdArray,
    NdArray,
    NdArray,
    NdArray,
    NdArray,
  ];
  if (ai.shape.length !== 2 || bi.shape.length !== 2) fail(matrices(shown(ai), shown(bi)));
  if (av.shape.length !== 1 || bv.shape.length !== 1)
    fail(
      c.op === "SparseAdd"
        ? `Input values should be vectors but received shapes: ${shown(av)} and ${shown(bv)}`
        : `Inputs a_values and b_values should be vectors but received shapes: ${shown(av)} and ${shown(bv)}`,
    );
  if (av.shape[0] !== ai.shape[0] || bv.shape[0] !== bi.shape[0])
    fail(
      `Expected ${ai.shape[0]} and ${bi.shape[0]} non-empty input values, got ${av.shape[0]} and ${bv.shape[0]}`,
    );
  if (as.shape.length !== 1 || bs.shape.length !== 1)
    fail(`Input shapes should be a vector but received shapes ${shown(as)} and ${shown(bs)}`);
  if (as.shape[0] !== bs.shape[0])
    fail(`Operands do not have the same ranks; got shapes: ${listed(as)} and ${listed(bs)}`);
  const [x, y] = [numbersOf(as), numbersOf(bs)];
  x.forEach((dim, i) => {
    if (dim !== y[i]) fail(`Operands' shapes do not match: got ${dim} and ${y[i]} for dimension ${i}`);
  });
  return [entriesOf(c, ai, av, as), entriesOf(c, bi, bv, bs)];
}

function made(c: HostContext, { indices, values }: Union, rank: number): [NdArray, NdArray] {
  return [
    ndArray("int64", [values.length, rank], indices),
    numericArray(c.outputDType(1), [values.length], values),
  ];
}

function sum(c: HostContext): NdArray[] {
  const [a, b] = operands(c, (x, y) => `Input indices should be matrices but received shapes: ${x} and ${y}`);
  const limit = c.input(6);
  if (limit.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `The magnitude threshold must be a scalar: got shape ${shown(limit)}`);
  const threshold = numbersIn(limit)[0] as number;
  const { add, magnitude } = arithmeticOf(a.values.dtype);
  const united = unite(
    a,
    b,
    (x, y) => {
      const value = add(x, y);
      return threshold <= magnitude(value) ? value : undefined;
    },
    (x) => x,
  );
  return [...made(c, united, a.rank), c.input(2)];
}

const extremeSpec = (which: "max" | "min"): OpSpec => ({
  shape: (c) => {
    for (const [i, rank] of [2, 1, 1, 2, 1, 1].entries()) withRank(c.input(i), rank);
    return [Shape.ofRank(2), Shape.ofRank(1)];
  },
  host: (c) => {
    const [a, b] = operands(
      c,
      (x, y) => `Inputs a_indices and b_indices should be matrices but received shapes: ${x}, ${y}`,
    );
    const arithmetic: Arithmetic = arithmeticOf(a.values.dtype);
    const { zero } = arithmetic;
    const united = unite(
      a,
      b,
      (x, y) => arithmetic[which](x, y),
      (x, isFirst) => (isFirst ? arithmetic[which](x, zero) : arithmetic[which](zero, x)),
    );
    return made(c, united, a.rank);
  },
});

/** Where the entries of `inputs` [a, b] stand in the sum, each takes its gradient; what was left out gets 0. */
function sumGrad(c: HostContext): NdArray[] {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [grads, a, b, total] = [c.input(0), c.input(1), c.input(2), c.input(3)];
  if ([a, b, total].some((x) => x.shape.length !== 2))
    fail(
      `Input indices should be matrices but received shapes: ${shown(a)} and ${shown(b)} and ${shown(total)}`,
    );
  if (grads.shape.length !== 1)
    fail(`Input backprop_val_grad should be a vector but received shape: ${shown(grads)}`);
  const rank = total.shape[1]!;
  if (a.shape[1] !== rank || b.shape[1] !== rank)
    fail(
      `The densified operands should have the same ndims; for A, B, sum got: ${a.shape[1]}${b.shape[1]}${rank}`,
    );
  if (grads.shape[0] !== total.shape[0])
    fail(
      `# elements of backprop_val_grad and # rows of sum_indices should match (#nnz of sum): got ${grads.shape[0]} and ${total.shape[0]}`,
    );
  const from = numbersIn(grads);
  const { zero } = arithmeticOf(grads.dtype);
  const sumAt = total.data as BigInt64Array;
  return [a, b].map((part) => {
    const at = part.data as BigInt64Array;
    let k = 0;
    const values = Array.from({ length: part.shape[0]! }, (_, i): Num => {
      while (k < from.length && compareRows(at, i, sumAt, k, rank) > 0) k++;
      return k < from.length && compareRows(at, i, sumAt, k, rank) === 0 ? from[k]! : zero;
    });
    return numericArray(grads.dtype, [values.length], values);
  });
}

function sumShape(c: InferenceContext): Shape[] {
  const shape = withRank(c.input(2), 1);
  return [new Shape([null, shape.dim(0)]), Shape.ofRank(1), shape];
}

/** Entries of ops on two sparse tensors of one shape. */
export const sparseUnionOps: readonly OpEntry[] = defineOps({
  SparseAdd: {
    shape: sumShape,
    host: sum,
    gradient: several((op, grads) => {
      const grad = grads[1];
      if (!grad) return op.inputs.map(() => undefined);
      const [a, b] = applyOp("SparseAddGrad", [dense(grad), op.inputs[0]!, op.inputs[3]!, op.outputs[0]!])
        .outputs as [Tensor, Tensor];
      a.setShape(op.inputs[1]!.shape);
      b.setShape(op.inputs[4]!.shape);
      return [undefined, a, undefined, undefined, b, undefined, undefined];
    }),
  },
  SparseAddGrad: {
    shape: (c) => [new Shape([withRank(c.input(1), 2).dim(0)]), new Shape([withRank(c.input(2), 2).dim(0)])],
    host: sumGrad,
  },
  SparseSparseMaximum: extremeSpec("max"),
  SparseSparseMinimum: extremeSpec("min"),
});
