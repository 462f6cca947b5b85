// Builders about sets of indices: unique, setdiff1d (kernels: host/selection-ops.ts), and the composites sequenceMask
// and meshgrid. Source: python/ops/array_ops.py.
import type { Tensor } from "@org/graph";
import type { DType } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { constant } from "./constant.ts";
import { ones } from "./fill.ts";
import { expandDims, reshape } from "./reshape.ts";
import { rank, size } from "./shape-of.ts";

export interface IndexOptions extends NameOption {
  /** Type of positions and counts: int32 unless given. */
  readonly outIdx?: "int32" | "int64" | undefined;
}

/** tf.unique: the different elements of a vector in order of appearance, and each element's place among them. @tfExport unique */
export function unique(x: TensorLike, options: IndexOptions = {}): { y: Tensor; idx: Tensor } {
  const attrs = { out_idx: options.outIdx };
  const [y, idx] = applyOp("Unique", [x], { name: options.name, attrs }).outputs as [Tensor, Tensor];
  return { y, idx };
}

/** tf.unique_with_counts: as `unique`, with how often each comes. @tfExport uniqueWithCounts */
export function uniqueWithCounts(
  x: TensorLike,
  options: IndexOptions = {},
): { y: Tensor; idx: Tensor; count: Tensor } {
  const attrs = { out_idx: options.outIdx };
  const { outputs } = applyOp("UniqueWithCounts", [x], { name: options.name, attrs });
  const [y, idx, count] = outputs as [Tensor, Tensor, Tensor];
  return { y, idx, count };
}

/** tf.setdiff1d: the elements of `x` that are not in `y`, and their places in `x`. @tfExport setdiff1d */
export function setdiff1d(
  x: TensorLike,
  y: TensorLike,
  options: IndexOptions = {},
): { out: Tensor; idx: Tensor } {
  const attrs = { out_idx: options.outIdx };
  const [out, idx] = applyOp("ListDiff", [x, y], { name: options.name, attrs }).outputs as [Tensor, Tensor];
  return { out, idx };
}

export interface SequenceMaskOptions extends NameOption {
  /** The longest length unless given. */
  readonly maxlen?: TensorLike | undefined;
  /** bool unless given. */
  readonly dtype?: DType | undefined;
}

/** tf.sequence_mask: for each length a row whose first so many elements are true. Throws a TypeError for a maxlen that is no scalar. @tfExport sequenceMask */
export function sequenceMask(lengths: TensorLike, options: SequenceMaskOptions = {}): Tensor {
  const graph = resolveGraph([lengths, options.maxlen]);
  return withScope(graph, options.name, "SequenceMask", () => {
    const counts = convertToTensor(lengths, { graph, preferredDType: "int32" });
    let most: Tensor;
    if (options.maxlen === undefined) {
      const dims = counts.shape.rank;
      const axes =
        dims === null
          ? range(0, rank(counts))
          : constant(
              Int32Array.from({ length: dims }, (_, i) => i),
              "int32",
            );
      const longest = applyOne("Max", [counts, axes], { attrs: { keep_dims: false } });
      most = applyOne("Maximum", [constant(0, longest.dtype), longest]);
    } else {
      most = convertToTensor(options.maxlen, { graph, preferredDType: "int32" });
    }
    if (most.shape.rank !== null && most.shape.rank !== 0)
      throw new TypeError("maxlen must be scalar for sequence_mask");
    const row = applyOne("Range", [constant(0, most.dtype), most, constant(1, most.dtype)]);
    const column = applyOne("Cast", [expandDims(counts, -1)], { attrs: { DstT: most.dtype } });
    const mask = operator.lt(row, column);
    const { dtype = "bool" } = options;
    return dtype === "bool" ? mask : applyOne("Cast", [mask], { attrs: { DstT: dtype } });
  });
}

/** tf.meshgrid: coordinates of a grid from vectors; "xy" (unless given) swaps the first two dimensions, "ij" does not. @tfExport meshgrid */
export function meshgrid(
  args: readonly TensorLike[],
  options: NameOption & { indexing?: "xy" | "ij" } = {},
): readonly Tensor[] {
  const graph = resolveGraph([args]);
  const { indexing = "xy", name } = options;
  return withScope(graph, name, "meshgrid", () => {
    const vectors = args.map((x) => convertToTensor(x, { graph, name: "stack" }));
    const count = vectors.length;
    const along = (at: number): number[] => vectors.map((_, i) => (i === at ? -1 : 1));
    const output = vectors.map((x, i) => reshape(x, along(i)));
    const sizes = vectors.map((x) => size(x));
    if (indexing === "xy" && count > 1) {
      output[0] = reshape(output[0]!, along(1));
      output[1] = reshape(output[1]!, along(0));
      [sizes[0], sizes[1]] = [sizes[1]!, sizes[0]!];
    }
    const factor = ones(sizes, vectors[0]!.dtype);
    return output.map((x) => operator.mul(x, factor));
  });
}
