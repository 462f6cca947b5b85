import { type Graph, type Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { type Grad } from "../gradient.ts";
import type { OpEntry } from "../op-entry.ts";
import { type NameOption, type TensorLike, type ValueLike } from "../tensor-like.ts";
export interface ConstantOptions extends NameOption {
    readonly dtype?: DType | undefined;
    /** Dims of the result: a value with fewer elements is filled up with its last one. */
    readonly shape?: Shape | readonly number[] | undefined;
    readonly graph?: Graph | undefined;
}
/**
 * tf.constant: a Const node. Numbers are float32 unless `dtype` or a typed array says otherwise. Throws a TypeError
 * where the value does not fit the type, a RangeError where it has more elements than `shape`.
 */
export declare function constant(value: ValueLike, dtype?: DType | ConstantOptions, options?: ConstantOptions): Tensor;
/** tf.placeholder: a tensor that is fed. Dims that are null (or -1) are not known; without `shape` the rank is not. */
export declare function placeholder(dtype: DType, shape?: Shape | readonly (number | null)[] | null, options?: NameOption): Tensor;
/** tf.placeholder_with_default: `input` unless something is fed. */
export declare function placeholderWithDefault(input: TensorLike, shape: Shape | readonly (number | null)[] | null, options?: NameOption): Tensor;
/** tf.identity: the same values as another node. */
export declare function identity(input: TensorLike | Grad, options?: NameOption): Tensor;
/** tf.stop_gradient: the same values; no gradient passes. */
export declare function stopGradient(input: TensorLike, options?: NameOption): Tensor;
/** tf.prevent_gradient: the same values; asking for a gradient through it is an error with `message`. */
export declare function preventGradient(input: TensorLike, options?: NameOption & {
    message?: string;
}): Tensor;
/** tf.check_numerics: the same values; a run fails with `message` where one is infinite or NaN. */
export declare function checkNumerics(tensor: TensorLike, message: string, options?: NameOption): Tensor;
/** tf.ensure_shape: the same values; a run fails where the shape does not fit. */
export declare function ensureShape(x: TensorLike, shape: Shape | readonly (number | null)[] | null, options?: NameOption): Tensor;
/** tf.identity_n: several tensors passed on at once. */
export declare function identityN(inputs: readonly TensorLike[], options?: NameOption): readonly Tensor[];
/** Constants and identities. */
export declare const constantOps: readonly OpEntry[];
