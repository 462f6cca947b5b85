import type { IndexedSlices, Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
export interface ShapeOptions extends NameOption {
    /** int32 unless given. */
    readonly outType?: "int32" | "int64" | undefined;
    /** Make a constant of a shape that is known: true unless given. */
    readonly optimize?: boolean | undefined;
}
/** tf.shape: the dims of a tensor, as a vector. */
export declare function shape(input: TensorLike | IndexedSlices, options?: ShapeOptions): Tensor;
/** tf.shape_n: the dims of several tensors of one type. */
export declare function shapeN(inputs: readonly TensorLike[], options?: NameOption & {
    outType?: "int32" | "int64";
}): readonly Tensor[];
/** tf.size: how many elements a tensor has. */
export declare function size(input: TensorLike | IndexedSlices, options?: ShapeOptions): Tensor;
/** tf.rank: how many dimensions a tensor has. */
export declare function rank(input: TensorLike | IndexedSlices, options?: NameOption & {
    optimize?: boolean;
}): Tensor;
/** Shape, ShapeN, Size, Rank. */
export declare const shapeOps: readonly OpEntry[];
