import type { Tensor } from "@org/graph";
import type { DType } from "@org/tensor";
import type { NameOption, TensorLike } from "../tensor-like.ts";
export interface IndexOptions extends NameOption {
    /** Type of positions and counts: int32 unless given. */
    readonly outIdx?: "int32" | "int64" | undefined;
}
/** tf.unique: the different elements of a vector in order of appearance, and each element's place among them. */
export declare function unique(x: TensorLike, options?: IndexOptions): {
    y: Tensor;
    idx: Tensor;
};
/** tf.unique_with_counts: as `unique`, with how often each comes. */
export declare function uniqueWithCounts(x: TensorLike, options?: IndexOptions): {
    y: Tensor;
    idx: Tensor;
    count: Tensor;
};
/** tf.setdiff1d: the elements of `x` that are not in `y`, and their places in `x`. */
export declare function setdiff1d(x: TensorLike, y: TensorLike, options?: IndexOptions): {
    out: Tensor;
    idx: Tensor;
};
export interface SequenceMaskOptions extends NameOption {
    /** The longest length unless given. */
    readonly maxlen?: TensorLike | undefined;
    /** bool unless given. */
    readonly dtype?: DType | undefined;
}
/** tf.sequence_mask: for each length a row whose first so many elements are true. Throws a TypeError for a maxlen that is no scalar. */
export declare function sequenceMask(lengths: TensorLike, options?: SequenceMaskOptions): Tensor;
/** tf.meshgrid: coordinates of a grid from vectors; "xy" (unless given) swaps the first two dimensions, "ij" does not. */
export declare function meshgrid(args: readonly TensorLike[], options?: NameOption & {
    indexing?: "xy" | "ij";
}): readonly Tensor[];
