import { type Tensor } from "@org/graph";
import { type DType } from "@org/tensor";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
export interface OneHotOptions extends NameOption {
    /** 1 unless given. */
    readonly onValue?: TensorLike | undefined;
    /** 0 unless given. */
    readonly offValue?: TensorLike | undefined;
    /** Where the new dimension goes: the last (-1) unless given. */
    readonly axis?: number | undefined;
    /** float32 unless the values say otherwise. */
    readonly dtype?: DType | undefined;
}
/** tf.one_hot: a new dimension of `depth`, `onValue` at the index and `offValue` elsewhere. */
export declare function oneHot(indices: TensorLike, depth: TensorLike, options?: OneHotOptions): Tensor;
export interface SparseToDenseOptions extends NameOption {
    /** Check that indices are in order and without repeats: true unless given. */
    readonly validateIndices?: boolean | undefined;
}
/** tf.sparse_to_dense: `defaultValue` (0 unless given) with `sparseValues` put at `sparseIndices`. */
export declare function sparseToDense(sparseIndices: TensorLike, outputShape: TensorLike, sparseValues: TensorLike, defaultValue?: TensorLike, options?: SparseToDenseOptions): Tensor;
/** OneHot, SparseToDense. */
export declare const oneHotOps: readonly OpEntry[];
