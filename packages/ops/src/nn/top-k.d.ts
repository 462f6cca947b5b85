import type { Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.nn.l2_loss: half the sum of squares. */
export declare function l2Loss(t: TensorLike, options?: NameOption): Tensor;
/** tf.nn.top_k: the k (1 unless given) largest of the last dimension, in order, and where they are. */
export declare function topK(input: TensorLike, k?: TensorLike, options?: NameOption & {
    sorted?: boolean;
}): {
    values: Tensor;
    indices: Tensor;
};
/** tf.nn.in_top_k: whether each row's target is among its k largest predictions. */
export declare function inTopK(predictions: TensorLike, targets: TensorLike, k: TensorLike, options?: NameOption): Tensor;
/** TopK, TopKV2, InTopK, InTopKV2, L2Loss. */
export declare const topKOps: readonly OpEntry[];
