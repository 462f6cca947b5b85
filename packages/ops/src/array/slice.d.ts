import type { Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.slice: the block that begins at `begin` and has `size`; a size of -1 is all that remains. */
export declare function slice(input: TensorLike | Grad, begin: TensorLike, size: TensorLike, options?: NameOption): Tensor;
/** Slice. */
export declare const sliceOps: readonly OpEntry[];
