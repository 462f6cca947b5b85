// tf.tensordot: products of tensors summed over pairs of axes. Source: python/ops/math_ops.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { concat } from "../array/concat.ts";
import { gather } from "../array/gather.ts";
import { setdiff1d } from "../array/index-sets.ts";
import { stack } from "../array/pack.ts";
import { reshape } from "../array/reshape.ts";
import { rank as rankOf, shape as shapeOf } from "../array/shape-of.ts";
import { transpose } from "../array/transpose.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { invalid } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { matmul } from "./matmul.ts";
import { operator } from "./operator.ts";
import { range } from "./range.ts";
import { reduceProd } from "./reductions.ts";
import { where } from "./select.ts";

/** Axes of one tensor: known, or a tensor. */
type Axes = readonly number[] | Tensor;

/** As many of the last axes of `a` as of the first of `b`; or the axes of each. */
export type TensordotAxes = number | readonly [number | Axes, number | Axes];

interface Matrix {
  readonly matrix: Tensor;
  /** Extents of the axes that stay: numbers where all are known. */
  readonly free: readonly number[] | Tensor;
  readonly known: readonly (number | null)[] | undefined;
}

const product = (dims: readonly number[]): number => dims.reduce((all, dim) => all * dim, 1);
const list = (numbers: readonly number[]): TensorLike => Int32Array.from(numbers);

function asMatrix(a: Tensor, axes: Axes, flipped: boolean): Matrix {
  const { dims } = a.shape;
  if (dims !== null && Array.isArray(axes)) {
    const over = (axes as readonly number[]).map((axis) => (axis < 0 ? axis + dims.length : axis));
    const free = dims.map((_, i) => i).filter((i) => !over.includes(i));
    const known = free.map((i) => dims[i]!);
    if (a.shape.isFullyDefined()) {
      const kept = product(known as number[]);
      const summed = product(over.map((i) => dims[i]!));
      const moved = transpose(a, list(flipped ? [...over, ...free] : [...free, ...over]));
      const matrix = reshape(moved, list(flipped ? [summed, kept] : [kept, summed]));
      return { matrix, free: known as number[], known };
    }
    const graph = { graph: a.graph };
    const overAxes = convertToTensor(list(over), { name: "axes", ...graph });
    const freeAxes = convertToTensor(list(free), { name: "free", ...graph });
    return { ...dynamicMatrix(a, shapeOf(a), overAxes, freeAxes, flipped), known };
  }
  const dimsOfA = shapeOf(a);
  const rank = rankOf(a);
  const given = convertToTensor(Array.isArray(axes) ? list(axes) : (axes as Tensor), {
    name: "axes",
    graph: a.graph,
  });
  const over = where(operator.ge(given, 0), given, operator.add(given, rank));
  const { out: free } = setdiff1d(range(rank), over);
  return { ...dynamicMatrix(a, dimsOfA, over, free, flipped), known: undefined };
}

function dynamicMatrix(
  a: Tensor,
  dims: Tensor,
  over: Tensor,
  free: Tensor,
  flipped: boolean,
): { readonly matrix: Tensor; readonly free: Tensor } {
  const kept = gather(dims, free);
  const summed = gather(dims, over);
  const count = reduceProd(kept);
  const inner = reduceProd(summed);
  const order = concat(flipped ? [over, free] : [free, over], 0);
  const shape = stack(flipped ? [inner, count] : [count, inner]);
  return { matrix: reshape(transpose(a, order), shape), free: kept };
}

function axesOf(a: Tensor, axes: TensordotAxes): readonly [Axes, Axes] {
  if (typeof axes !== "number") {
    const [x, y] = axes.map((own) => (typeof own === "number" ? [own] : own)) as unknown as [Axes, Axes];
    if (Array.isArray(x) && Array.isArray(y) && x.length !== y.length)
      invalid(`Different number of contraction axes 'a' and 'b', ${x.length} != ${y.length}.`);
    return [x, y];
  }
  if (axes < 0) invalid("'axes' must be at least 0.");
  const { rank } = a.shape;
  if (rank === null) {
    const dims = rankOf(a);
    return [range(operator.sub(dims, axes), dims), range(int32(0), int32(axes))];
  }
  if (axes > rank) invalid(`'axes' must not be larger than the number of dimensions of tensor ${a}.`);
  const first = Array.from({ length: axes }, (_, i) => i);
  return [first.map((i) => rank - axes + i), first];
}

/**
 * tf.tensordot: sums of products of `a` and `b` over axes of both; the other axes of a, then those of b, stay.
 * Throws TfError INVALID_ARGUMENT where the axes do not pair.
 * @tfExport tensordot, linalg.tensordot
 */
export function tensordot(
  a: TensorLike,
  b: TensorLike,
  axes: TensordotAxes,
  options: NameOption = {},
): Tensor {
  const graph = resolveGraph([a, b]);
  return withScope(graph, options.name, "Tensordot", (scope) => {
    const x = convertToTensor(a, { name: "a", graph });
    const y = convertToTensor(b, { name: "b", graph });
    const [own, other] = axesOf(x, axes);
    const left = asMatrix(x, own, false);
    const right = asMatrix(y, other, true);
    const made = matmul(left.matrix, right.matrix);
    if (Array.isArray(left.free) && Array.isArray(right.free))
      return reshape(made, list([...left.free, ...right.free]), { name: scope });
    const extents = [left.free, right.free].map((free) =>
      convertToTensor(Array.isArray(free) ? list(free) : (free as Tensor), { dtype: "int32", graph }),
    );
    const result = reshape(made, concat(extents, 0), { name: scope });
    if (left.known && right.known) result.setShape([...left.known, ...right.known]);
    return result;
  });
}
