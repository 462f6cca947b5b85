import { type Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
export interface GatherOptions extends NameOption {
    readonly axis?: TensorLike | undefined;
    readonly batchDims?: number | undefined;
}
/** tf.gather: the slices of `params` along `axis` (0 unless given) that `indices` name. */
export declare function gather(params: TensorLike, indices: TensorLike, options?: GatherOptions): Tensor;
/** tf.gather_nd: the slices that index vectors (the last dimension of `indices`) name. */
export declare function gatherNd(params: TensorLike | Grad, indices: TensorLike, options?: NameOption): Tensor;
/** tf.scatter_nd: zeros of `shape` with updates added where index vectors say. */
export declare function scatterNd(indices: TensorLike, updates: TensorLike | Grad, dims: TensorLike, options?: NameOption): Tensor;
/** Gather, GatherV2, GatherNd, ScatterNd. */
export declare const gatherOps: readonly OpEntry[];
