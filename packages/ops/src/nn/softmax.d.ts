import { type Tensor } from "@org/graph";
import type { HloInstruction } from "@org/hlo";
import type { LoweringContext, OpEntry } from "../op-entry.ts";
import { type NameOption, type TensorLike } from "../tensor-like.ts";
export interface SoftmaxOptions extends NameOption {
    readonly axis?: number | Tensor | undefined;
}
/** tf.nn.softmax: e^x / sum(e^x) along `axis` (-1 unless given). */
export declare function softmax(logits: TensorLike, axis?: number | Tensor | SoftmaxOptions, options?: SoftmaxOptions): Tensor;
/** tf.nn.log_softmax: x - log(sum(e^x)) along `axis` (-1 unless given). */
export declare function logSoftmax(logits: TensorLike, axis?: number | Tensor | SoftmaxOptions, options?: SoftmaxOptions): Tensor;
/** A reduction over the last dimension, stretched back over it. */
export declare function overLast(c: LoweringContext, x: HloInstruction, reducer: "add" | "maximum"): HloInstruction;
/** x less its largest in the last dimension: e^ of it does not overflow. */
export declare function shiftedLogits(c: LoweringContext, x: HloInstruction): HloInstruction;
/** Softmax, LogSoftmax. */
export declare const softmaxOps: readonly OpEntry[];
