import { type NdArray } from "@org/tensor";
/** A scalar bool. */
export declare function hostBool(value: boolean): NdArray;
