import type { Tensor } from "@org/graph";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/**
 * tf.boolean_mask: what `mask` holds for, of the dimensions that begin at `axis` (0 unless given), in one dimension.
 * Throws a TypeError where the mask is a scalar, of unknown rank, or does not fit.
 */
export declare function booleanMask(tensor: TensorLike, mask: TensorLike, options?: NameOption & {
    axis?: number;
}): Tensor;
