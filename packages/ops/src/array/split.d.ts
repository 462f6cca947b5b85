import type { Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import { type NameOption, type TensorLike } from "../tensor-like.ts";
export interface SplitOptions extends NameOption {
    readonly axis?: TensorLike | undefined;
    /** How many parts, where a sizes tensor of unknown length does not tell. */
    readonly num?: number | undefined;
}
/**
 * tf.split: into `n` equal parts, or parts of given sizes (one may be -1), along `axis` (0 unless given).
 * Throws a TypeError where the number of parts is not known.
 */
export declare function split(value: TensorLike | Grad, numOrSizes: TensorLike, axis?: TensorLike | SplitOptions, options?: SplitOptions): readonly Tensor[];
/** Split, SplitV. */
export declare const splitOps: readonly OpEntry[];
