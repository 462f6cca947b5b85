import type { Dim } from "../shape-rules.ts";
/** The five bit masks of a strided slice: bit i is about the i-th index of the specification. */
export interface SliceMasks {
    readonly begin: number;
    readonly end: number;
    readonly ellipsis: number;
    readonly newAxis: number;
    readonly shrinkAxis: number;
}
/** A strided slice made explicit for every dimension of the input. */
export interface DenseSlice {
    readonly begin: readonly number[];
    readonly end: readonly number[];
    readonly strides: readonly number[];
    /** Dims after slicing, before axes are shrunk and added; null where not known. */
    readonly processing: readonly Dim[];
    /** Dims of the result. */
    readonly final: readonly Dim[];
}
interface Sparse {
    readonly begin: readonly number[] | undefined;
    readonly end: readonly number[] | undefined;
    readonly strides: readonly number[];
    readonly masks: SliceMasks;
}
/**
 * The slice for an input of `dims` (null: not known); begin and end may be unknown too. `fail` gets TensorFlow's
 * sentence where the slice is none.
 */
export declare function denseSlice(sparse: Sparse, dims: readonly Dim[], fail: (sentence: string) => never): DenseSlice;
export {};
