import { type Tensor } from "@org/graph";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** tf.concat: tensors joined along dimension `axis`; one tensor alone is passed on. */
export declare function concat(values: readonly TensorLike[] | TensorLike, axis: TensorLike, options?: NameOption): Tensor;
/** Concat, ConcatV2, ConcatOffset. */
export declare const concatOps: readonly OpEntry[];
