// What a shape function sees. Source: tensorflow/core/framework/shape_inference.h, restricted to what
// graphs need; symbolic dimension identity is not tracked.
import type { DType, NdArray, Shape } from "@org/tensor";
import type { Attrs } from "./attrs.ts";

export interface InferenceContext {
  readonly node: string;
  readonly op: string;
  readonly attrs: Attrs;
  readonly inputCount: number;
  input(index: number): Shape;
  inputDType(index: number): DType;
  /** The input's value where it can be told without running (tensor_util.constant_value), else undefined. */
  inputValue(index: number): NdArray | undefined;
  /** The input read as a shape, with what is known of it (tensor_util.constant_value_as_shape). */
  inputAsShape(index: number): Shape;
  /** Shape and dtype of the variable behind a resource handle, where known. */
  handleShape(index: number): { readonly dtype: DType; readonly shape: Shape } | undefined;
  /** States the shape and dtype behind resource output `index`. */
  setHandleShape(index: number, dtype: DType, shape: Shape): void;
  /** GraphDef producer version, for ops whose rules changed. */
  readonly producer: number;
}

/**
 * Output shapes from input shapes; throws TfError INVALID_ARGUMENT with TensorFlow's sentence ("Dimensions must be
 * equal, but are 3 and 2"); the graph adds "for 'MatMul' (op: 'MatMul') with input shapes: [2,3], [2,3].".
 */
export type ShapeFunction = (c: InferenceContext) => readonly Shape[];
