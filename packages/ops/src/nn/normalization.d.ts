import { type Tensor } from "@org/graph";
import { type Axis } from "../math/reductions.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.nn.moments: mean and variance over axes. */
export declare function moments(x: TensorLike, axes: readonly number[], options?: NameOption & {
    keepdims?: boolean;
}): {
    mean: Tensor;
    variance: Tensor;
};
/** tf.nn.l2_normalize: x / sqrt(max(sum(x^2), epsilon)) along axes. */
export declare function l2Normalize(x: TensorLike, axis?: Axis, options?: NameOption & {
    epsilon?: number;
}): Tensor;
export interface DropoutOptions extends NameOption {
    /** The share of elements that is dropped; or give `keepProb`. */
    readonly rate?: number | Tensor | undefined;
    readonly keepProb?: number | Tensor | undefined;
    /** Dims of the mask: 1 where all share it. */
    readonly noiseShape?: TensorLike | readonly (number | null)[] | undefined;
    readonly seed?: number | undefined;
}
/**
 * tf.nn.dropout: elements zeroed at random, the others scaled so that the mean stays. Throws a TypeError where x is not
 * floating point or the rate is not in [0, 1).
 */
export declare function dropout(x: TensorLike, keepProb?: number | Tensor | DropoutOptions, options?: DropoutOptions): Tensor;
