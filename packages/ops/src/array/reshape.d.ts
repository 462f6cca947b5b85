import { type Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.reshape: the elements under other dims; one of -1 is told by the others. */
export declare function reshape(tensor: TensorLike | Grad, dims: TensorLike, options?: NameOption): Tensor;
/** tf.expand_dims: a dimension of 1 put in at `axis`. */
export declare function expandDims(input: TensorLike | Grad, axis: TensorLike, options?: NameOption): Tensor;
/** tf.squeeze: dimensions of 1 left out: all, or those of `axis`. */
export declare function squeeze(input: TensorLike, axis?: number | readonly number[] | null, options?: NameOption): Tensor;
/** Reshape, ExpandDims, Squeeze. */
export declare const reshapeOps: readonly OpEntry[];
