import { type Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
export interface StackOptions extends NameOption {
    readonly axis?: number | undefined;
}
/**
 * tf.stack: tensors of one shape along a new dimension. A list without tensors becomes a constant.
 * Throws a TypeError where `axis` is out of range.
 */
export declare function stack(values: readonly TensorLike[], axis?: number | StackOptions, options?: StackOptions): Tensor;
/**
 * tf.unstack: the `num` tensors along dimension `axis`. Throws a TypeError where num is neither given nor known.
 */
export declare function unstack(value: TensorLike, num?: number | null | (StackOptions & {
    num?: number;
}), axis?: number | StackOptions, options?: StackOptions): readonly Tensor[];
/** Pack, Unpack. */
export declare const packOps: readonly OpEntry[];
