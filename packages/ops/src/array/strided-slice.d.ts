import { type Tensor } from "@org/graph";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** `start:stop:step` of Python's indexing; what is left out is the end of the dimension. */
export interface SliceRange {
    readonly start?: number | Tensor | null;
    readonly stop?: number | Tensor | null;
    readonly step?: number | Tensor | null;
}
/** One index: a number or scalar tensor (drops the dimension), a range, "..." for all between, null for a new axis. */
export type Index = number | Tensor | SliceRange | "..." | null;
export interface StridedSliceOptions extends NameOption {
    readonly beginMask?: number;
    readonly endMask?: number;
    readonly ellipsisMask?: number;
    readonly newAxisMask?: number;
    readonly shrinkAxisMask?: number;
}
/** tf.strided_slice: from begin by strides until end, with Python's meaning of the masks. */
export declare function stridedSlice(input: TensorLike | Grad, begin: TensorLike, end: TensorLike, strides?: TensorLike | null, options?: StridedSliceOptions): Tensor;
/** tf.strided_slice_grad: zeros of `shape` with `dy` where the slice was. */
export declare function stridedSliceGrad(shapeOfInput: TensorLike, begin: TensorLike, end: TensorLike, strides: TensorLike, dy: TensorLike | Grad, options?: StridedSliceOptions): Tensor;
/**
 * What Python's `x[index]` builds: `getItem(x, 0)`, `getItem(x, [{ start: 1 }, "...", null])`. Throws TfError
 * INVALID_ARGUMENT where an index is out of range.
 */
export declare function getItem(x: TensorLike, index: Index | readonly Index[], options?: NameOption): Tensor;
/** StridedSlice, StridedSliceGrad. */
export declare const stridedSliceOps: readonly OpEntry[];
