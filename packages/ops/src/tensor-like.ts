// What a builder takes where TensorFlow's Python takes "a Tensor or something convertible": the types and how to tell
// them apart. No conversion: see convert.ts.
import {
  type Graph,
  isIndexedSlices,
  isTensor,
  isTensorLike,
  type Tensor,
  type TensorConvertible,
} from "@org/graph";
import { type Complex, isNdArray, type NdArray, type NumericData, Shape } from "@org/tensor";

export type { TensorConvertible };

/** A value: numbers, booleans, strings (Uint8Array for bytes that are no text, inside arrays), nested arrays of them. */
export type ValueLike =
  | number
  | bigint
  | boolean
  | string
  | NumericData
  | NdArray
  | Complex
  | Shape
  | readonly ValueLike[];

/** A tensor, or what becomes one. Arrays that hold tensors are packed (`Pack`). */
export type TensorLike = Tensor | TensorConvertible | ValueLike | readonly TensorLike[];

/** What every builder takes last. */
export interface NameOption {
  /** Name of the op or of the name scope of a composite; made unique. Default: the one of TensorFlow's Python. */
  readonly name?: string | undefined;
}

/** Whether `value` is or stands for a tensor: what makes an array of such things be packed. */
export function isDenseTensorLike(value: unknown): value is Tensor | TensorConvertible {
  return isTensorLike(value) && !isIndexedSlices(value);
}

/** Whether `value` is a plain options object: not a tensor, array, shape or number. */
export function isOptions(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Shape) &&
    !isTensorLike(value) &&
    !isIndexedSlices(value) &&
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

/** Whether the tensor is the output of a Const. */
export function isConstant(value: unknown): value is Tensor {
  return isTensor(value) && value.op.type === "Const";
}
