import { type Tensor } from "@org/graph";
import { type DType } from "@org/tensor";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.fill: a tensor of `dims` that is `value` all over. */
export declare function fill(dims: TensorLike, value: TensorLike, options?: NameOption): Tensor;
/** tf.zeros: a tensor of zeros (false, ""). */
export declare function zeros(dims: TensorLike, dtype?: DType, options?: NameOption): Tensor;
/** tf.ones: a tensor of ones (true). */
export declare function ones(dims: TensorLike, dtype?: DType, options?: NameOption): Tensor;
/** What `zerosLike` and `onesLike` take. */
export interface LikeOptions extends NameOption {
    readonly dtype?: DType | undefined;
    /** Use what the graph knows of the shape: true unless given. */
    readonly optimize?: boolean | undefined;
}
/** tf.zeros_like: zeros of another tensor's shape and, unless given, type. */
export declare function zerosLike(tensor: TensorLike, options?: LikeOptions): Tensor;
/** tf.ones_like: ones of another tensor's shape and, unless given, type. */
export declare function onesLike(tensor: TensorLike, options?: LikeOptions): Tensor;
/** Fill, ZerosLike, OnesLike. */
export declare const fillOps: readonly OpEntry[];
