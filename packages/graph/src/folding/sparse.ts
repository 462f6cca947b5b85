// What folds of sparse tensors, which the sizes of embeddings of constant ids hang on.
// Source: core/kernels/{sparse_reorder_op,reshape_util,sparse_fill_empty_rows_op,where_op}.cc.
import { type Element, eachIndex, type Folded, folded, foldLimit, give, numbers } from "./folded.ts";
import type { FoldContext } from "./kernels.ts";

/** Row `i` of a matrix. */
const row = (matrix: Folded, i: number): number[] => {
  const width = matrix.shape[1]!;
  return numbers(matrix).slice(i * width, (i + 1) * width);
};

function reorder({ inputs }: FoldContext): Folded[] {
  const [indices, values] = inputs as [Folded, Folded, Folded];
  if (indices.shape.length !== 2 || values.shape.length !== 1 || indices.shape[0] !== values.shape[0]) give();
  const order = Array.from({ length: indices.shape[0]! }, (_, i) => ({ i, at: row(indices, i) }));
  order.sort((a, b) => {
    const d = a.at.findIndex((x, k) => x !== b.at[k]);
    return d < 0 ? a.i - b.i : a.at[d]! - b.at[d]!;
  });
  return [
    { ...indices, values: order.flatMap(({ at }) => at) },
    { ...values, values: order.map(({ i }) => values.values[i]!) },
  ];
}

function reshape({ inputs }: FoldContext): Folded[] {
  const [indices, shape, target] = inputs as [Folded, Folded, Folded];
  if (indices.shape.length !== 2 || shape.shape.length !== 1 || target.shape.length !== 1) give();
  const from = numbers(shape);
  const asked = numbers(target);
  const product = (dims: readonly number[]): number => dims.reduce((all, dim) => all * dim, 1);
  const size = product(from);
  const known = product(asked.filter((dim) => dim !== -1));
  if (asked.filter((dim) => dim === -1).length > 1 || !Number.isSafeInteger(size)) give();
  const to = asked.map((dim) => (dim === -1 ? size / known : dim));
  if (product(to) !== size || !to.every((dim) => Number.isInteger(dim) && dim >= 0)) give();
  const moved = Array.from({ length: indices.shape[0]! }, (_, i) => {
    let place = row(indices, i).reduce((at, x, d) => at * from[d]! + x, 0);
    return to
      .map((_, k) => to.length - 1 - k)
      .map((d) => {
        const x = d === 0 ? place : place % Math.max(to[d]!, 1);
        place = Math.floor(place / Math.max(to[d]!, 1));
        return x;
      })
      .reverse();
  });
  return [
    folded(indices.dtype, [indices.shape[0]!, to.length], moved.flat()),
    folded(shape.dtype, [to.length], to),
  ];
}

function where({ inputs, outputTypes }: FoldContext): Folded[] {
  const [condition] = inputs as [Folded];
  const { length } = condition.shape;
  if (length === 0) give();
  const places: number[] = [];
  let at = 0;
  eachIndex(condition.shape, (index) => {
    if (condition.values[at++]) places.push(...index);
  });
  return [folded(outputTypes[0]!, [places.length / length, length], places)];
}

function fillEmptyRows({ inputs, outputTypes }: FoldContext): Folded[] {
  const [indices, values, shape, fallback] = inputs as [Folded, Folded, Folded, Folded];
  if (indices.shape.length !== 2 || shape.shape.length !== 1 || values.shape[0] !== indices.shape[0]) give();
  const rows = numbers(shape)[0] ?? give();
  if (rows > foldLimit) give();
  const held: number[][] = Array.from({ length: rows }, () => []);
  for (let i = 0; i < indices.shape[0]!; i++) (held[row(indices, i)[0]!] ?? give()).push(i);
  const places: number[] = [];
  const filled: Element[] = [];
  const reverse = new Array<number>(indices.shape[0]!);
  held.forEach((entries, at) => {
    if (entries.length === 0) {
      places.push(at, ...new Array<number>(indices.shape[1]! - 1).fill(0));
      filled.push(fallback.values[0]!);
    }
    for (const i of entries) {
      reverse[i] = filled.length;
      places.push(...row(indices, i));
      filled.push(values.values[i]!);
    }
  });
  return [
    folded(outputTypes[0]!, [filled.length, indices.shape[1]!], places),
    { dtype: values.dtype, shape: [filled.length], values: filled },
    folded(
      outputTypes[2]!,
      [rows],
      held.map((entries) => Number(entries.length === 0)),
    ),
    folded(outputTypes[3]!, [reverse.length], reverse),
  ];
}

/** Folds of Where and of ops on sparse tensors. */
export const sparseFoldKernels: Readonly<Record<string, (c: FoldContext) => readonly Folded[]>> = {
  SparseFillEmptyRows: fillEmptyRows,
  SparseReorder: reorder,
  SparseReshape: reshape,
  Where: where,
};
