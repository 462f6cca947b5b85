import { type Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
export interface CrossEntropyOptions extends NameOption {
    readonly labels: TensorLike;
    readonly logits: TensorLike;
    /** The class dimension: the last (-1) unless given. */
    readonly axis?: number | undefined;
}
/** tf.nn.softmax_cross_entropy_with_logits_v2: gradients flow to logits and labels. */
export declare function softmaxCrossEntropyWithLogitsV2(options: CrossEntropyOptions): Tensor;
/** tf.nn.softmax_cross_entropy_with_logits: as V2, with no gradient to the labels. */
export declare function softmaxCrossEntropyWithLogits(options: CrossEntropyOptions): Tensor;
/** tf.nn.sparse_softmax_cross_entropy_with_logits: labels are class numbers. */
export declare function sparseSoftmaxCrossEntropyWithLogits(options: Omit<CrossEntropyOptions, "axis">): Tensor;
/** tf.nn.sigmoid_cross_entropy_with_logits: max(x, 0) - x z + log(1 + e^-|x|). */
export declare function sigmoidCrossEntropyWithLogits(options: Omit<CrossEntropyOptions, "axis">): Tensor;
/** Cross entropies of softmax. */
export declare const crossEntropyOps: readonly OpEntry[];
