import type { Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.transpose: dimension `perm[i]` becomes dimension i; without `perm`, all in reverse order. */
export declare function transpose(a: TensorLike | Grad, perm?: TensorLike | null, options?: NameOption): Tensor;
/** tf.invert_permutation: y with y[x[i]] = i. */
export declare function invertPermutation(x: TensorLike, options?: NameOption): Tensor;
/** tf.reverse: the elements along the given axes in reverse order. */
export declare function reverse(tensor: TensorLike | Grad, axis: TensorLike, options?: NameOption): Tensor;
/** Transpose, InvertPermutation, ReverseV2. */
export declare const transposeOps: readonly OpEntry[];
