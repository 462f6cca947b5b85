import { type Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
export interface PadOptions extends NameOption {
    /** CONSTANT unless given. */
    readonly mode?: "CONSTANT" | "REFLECT" | "SYMMETRIC" | undefined;
    /** What a constant border is made of: 0 unless given. */
    readonly constantValues?: TensorLike | undefined;
}
/** tf.pad: `paddings[i]` elements before and after dimension i. */
export declare function pad(tensor: TensorLike | Grad, paddings: TensorLike, options?: PadOptions): Tensor;
/** Pad, PadV2, MirrorPad, MirrorPadGrad. */
export declare const padOps: readonly OpEntry[];
