// tf.edit_distance: Levenshtein distances of sequences that the last dimension of sparse tensors holds.
// Source: core/ops/array_ops.cc, core/kernels/edit_distance_op.cc, python/ops/array_ops.py.
import type { Tensor } from "@org/graph";
import { type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import { type Element, keyOf } from "../host/selection-ops.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption } from "../tensor-like.ts";
import { knownDims, type SparseEntries, sparseEntries, validateSparse } from "./sparse-entries.ts";
import { isSparseTensor, type SparseTensor } from "./sparse-tensor.ts";

export interface EditDistanceOptions extends NameOption {
  /** Divide by the length of the truth: true unless given. */
  readonly normalize?: boolean | undefined;
}

/**
 * tf.edit_distance: for each sequence (along the last dimension of two sparse tensors of one rank, their entries in order) how many
 * insertions, deletions and substitutions make `truth` of `hypothesis`: float32, of a rank less. Normalized, a sequence without
 * truth gives infinity. Throws a TypeError where an argument is no sparse tensor.
 * @tfExport editDistance
 */
export function editDistance(
  hypothesis: SparseTensor,
  truth: SparseTensor,
  options: EditDistanceOptions = {},
): Tensor {
  if (!isSparseTensor(hypothesis)) throw new TypeError("Hypothesis must be a SparseTensor.");
  if (!isSparseTensor(truth)) throw new TypeError("Truth must be a SparseTensor.");
  const three = (x: SparseTensor): Tensor[] => [x.indices, x.values, x.denseShape];
  return applyOne("EditDistance", [...three(hypothesis), ...three(truth)], {
    name: options.name ?? "edit_distance",
    attrs: { normalize: options.normalize },
  });
}

/** How many insertions, deletions and substitutions lead from one sequence to the other: the rows of the table are made one after another. */
function levenshtein(a: readonly unknown[], b: readonly unknown[]): number {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  const row = Array.from({ length: short.length + 1 }, (_, j) => j);
  for (const [i, x] of long.entries()) {
    let diagonal = row[0]!;
    row[0] = i + 1;
    for (const [j, y] of short.entries()) {
      const above = row[j + 1]!;
      row[j + 1] = Math.min(above + 1, row[j]! + 1, diagonal + (x === y ? 0 : 1));
      diagonal = above;
    }
  }
  return row[short.length]!;
}

/** Sequences by the place that they have in an array of `dims`. */
function sequences(c: HostContext, entries: SparseEntries, dims: readonly number[]): Map<number, unknown[]> {
  const { count, rank, indices, values } = entries;
  const key = keyOf(values.dtype);
  const found = new Map<number, unknown[]>();
  for (let i = 0; i < count; i++) {
    let place = 0;
    for (let d = 0; d < dims.length; d++) {
      const at = Number(indices[i * rank + d]);
      if (at < 0 || at >= dims[d]!)
        c.fail(
          "INVALID_ARGUMENT",
          `indices[${i}] = [${indices.slice(i * rank, (i + 1) * rank)}] is out of bounds: need 0 <= index < [${entries.dims}]`,
        );
      place = place * dims[d]! + at;
    }
    const sequence = found.get(place);
    const element = key((values.data as unknown as ArrayLike<Element>)[i]!);
    if (sequence) sequence.push(element);
    else found.set(place, [element]);
  }
  return found;
}

/** The words that the kernel has for each of its inputs. */
function validate(c: HostContext): void {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const shapes = Array.from({ length: 6 }, (_, i) => c.input(i).shape);
  for (const [i, part] of ["indices", "values", "shape"].entries())
    for (const [j, what] of ["hypothesis", "truth"].entries()) {
      const shape = shapes[j * 3 + i]!;
      const [rank, kind] = part === "indices" ? [2, "matrix"] : [1, "vector"];
      if (shape.length !== rank) fail(`${what}_${part} should be a ${kind}, but got shape: [${shape}]`);
    }
  const own = (j: number): number => shapes[j * 3 + 2]![0]!;
  const columns = (j: number, what: string): void => {
    if (own(j) !== shapes[j * 3]![1])
      fail(
        `Expected ${what}_shape.NumElements == #cols(${what}_indices), their shapes are: [${shapes[j * 3 + 2]}] and [${shapes[j * 3]}]`,
      );
  };
  columns(0, "hypothesis");
  if (own(1) < 2) fail(`Input SparseTensors must have rank at least 2, but truth_shape rank is: ${own(1)}`);
  columns(1, "truth");
  if (own(0) !== own(1))
    fail(
      `Expected truth and hypothesis to have matching ranks, but their shapes are: [${shapes[5]}] and [${shapes[2]}]`,
    );
}

function distances(c: HostContext): NdArray {
  validate(c);
  const [hypothesis, truth] = [sparseEntries(c, 0), sparseEntries(c, 3)];
  const dims = truth.dims.slice(0, -1).map((dim, d) => Math.max(dim, hypothesis.dims[d]!));
  const normalize = c.attrs.bool("normalize");
  const out = ndArray("float32", dims, new Float32Array(sizeOf(dims)));
  const wanted = sequences(c, truth, dims);
  const given = sequences(c, hypothesis, dims);
  for (const [place, sequence] of given) {
    const goal = wanted.get(place);
    if (goal) {
      const distance = levenshtein(goal, sequence);
      out.data[place] = normalize ? distance / goal.length : distance;
    } else out.data[place] = normalize ? Number.POSITIVE_INFINITY : sequence.length;
  }
  for (const [place, { length }] of wanted) if (!given.has(place)) out.data[place] = normalize ? 1 : length;
  return out;
}

/** The entry of EditDistance. */
export const editDistanceOps: readonly OpEntry[] = defineOps({
  EditDistance: {
    shape: (c) => {
      validateSparse(c, 0);
      validateSparse(c, 3);
      const [h, t] = [knownDims(c, 2), knownDims(c, 5)];
      if (!h || !t) return [Shape.unknown];
      if (h.length !== t.length)
        invalid(`Num elements of hypothesis_shape does not match truth_shape: ${h.length} vs. ${t.length}`);
      return [new Shape(h.slice(0, -1).map((dim, i) => Math.max(dim, t[i]!)))];
    },
    host: (c) => [distances(c)],
    gradient: null,
  },
});
