import type { Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.dynamic_stitch: `merged[indices[m][i], ...] = data[m][i, ...]`; later pieces win. */
export declare function dynamicStitch(indices: readonly TensorLike[], data: readonly TensorLike[], options?: NameOption): Tensor;
/** DynamicStitch, ParallelDynamicStitch. */
export declare const dynamicStitchOps: readonly OpEntry[];
