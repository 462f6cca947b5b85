// What a builder takes where TensorFlow's Python takes "a Tensor or something convertible": the types and how to tell
// them apart. No conversion: see convert.ts.
import { type Graph, type IndexedSlices, type Operation, type Tensor, tensorConversion } from "@org/graph";
import { dtypes, type NdArray, type NumericData, Shape } from "@org/tensor";

/** What stands for a tensor: a Variable, a PartitionedVariable, an IndexedSlices. */
export interface TensorConvertible {
  [tensorConversion](options: { dtype?: string; name?: string; asRef?: boolean }): Tensor;
}

/** A value: numbers, booleans, strings (Uint8Array for bytes that are no text, inside arrays), nested arrays of them. */
export type ValueLike =
  | number
  | bigint
  | boolean
  | string
  | NumericData
  | NdArray
  | Shape
  | readonly ValueLike[];

/** A tensor, or what becomes one. Arrays that hold tensors are packed (`Pack`). */
export type TensorLike = Tensor | TensorConvertible | ValueLike | readonly TensorLike[];

/** What every builder takes last. */
export interface NameOption {
  /** Name of the op or of the name scope of a composite; made unique. Default: the one of TensorFlow's Python. */
  readonly name?: string | undefined;
}

/** Whether `value` is a symbolic tensor of a graph (also one of another copy of @org/graph). */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "valueIndex" in value && "op" in value;
}

/** Whether `value` is an IndexedSlices: values and indices of some rows. */
export function isIndexedSlices(value: unknown): value is IndexedSlices {
  return typeof value === "object" && value !== null && "indices" in value && "values" in value && "denseShape" in value;
}

/** Whether `value` is an NdArray. */
export function isNdArray(value: unknown): value is NdArray {
  return (
    typeof value === "object" &&
    value !== null &&
    "dtype" in value &&
    "shape" in value &&
    "data" in value &&
    typeof (value as NdArray).dtype === "string" &&
    (value as NdArray).dtype in dtypes
  );
}

/** Whether `value` turns itself into a tensor. */
export function isConvertible(value: unknown): value is TensorConvertible {
  return typeof value === "object" && value !== null && tensorConversion in value;
}

/** Whether `value` is or stands for a tensor: what makes an array of such things be packed. */
export function isDenseTensorLike(value: unknown): value is Tensor | TensorConvertible {
  return isTensor(value) || (isConvertible(value) && !isIndexedSlices(value));
}

/** Whether `value` is a plain options object: not a tensor, array, shape or number. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Shape) &&
    !isTensor(value) &&
    !isConvertible(value) &&
    !isNdArray(value)
  );
}

/** The graph of the first tensor, variable or operation among (nested) values. */
export function graphOf(values: readonly unknown[]): Graph | undefined {
  for (const value of values) {
    if (Array.isArray(value)) {
      const found = graphOf(value);
      if (found) return found;
    } else if (typeof value === "object" && value !== null && "graph" in value) {
      const { graph } = value as { graph?: Graph };
      if (graph !== undefined) return graph;
    }
  }
  return undefined;
}

/** Whether the operation or tensor is a Const. */
export function isConstant(value: Tensor | Operation): boolean {
  return (isTensor(value) ? value.op : value).type === "Const";
}
