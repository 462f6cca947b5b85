import type { Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
type Format = "NHWC" | "NCHW";
/** tf.space_to_depth: blocks of pixels into channels. */
export declare function spaceToDepth(input: TensorLike | Grad, blockSize: number, options?: NameOption & {
    dataFormat?: Format;
}): Tensor;
/** tf.depth_to_space: channels into blocks of pixels. */
export declare function depthToSpace(input: TensorLike | Grad, blockSize: number, options?: NameOption & {
    dataFormat?: Format;
}): Tensor;
/** tf.space_to_batch_nd: blocks of spatial dimensions into the batch, after padding. */
export declare function spaceToBatchNd(input: TensorLike | Grad, blockShape: TensorLike, paddings: TensorLike, options?: NameOption): Tensor;
/** tf.batch_to_space_nd: the way back from `spaceToBatchNd`, then cropped. */
export declare function batchToSpaceNd(input: TensorLike | Grad, blockShape: TensorLike, crops: TensorLike, options?: NameOption): Tensor;
/** tf.roll: elements moved along axes; those that fall off come in at the other end. */
export declare function roll(input: TensorLike | Grad, shift: TensorLike, axis: TensorLike, options?: NameOption): Tensor;
/** tf.reverse_sequence: the first `seqLengths[i]` elements of each batch row in reverse order. */
export declare function reverseSequence(input: TensorLike | Grad, seqLengths: TensorLike, options: NameOption & {
    seqAxis: number;
    batchAxis?: number;
}): Tensor;
/** Block moves, Roll, ReverseSequence. */
export declare const blockOps: readonly OpEntry[];
export {};
