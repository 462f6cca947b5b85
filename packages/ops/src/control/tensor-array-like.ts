// What conditionals and loops know of a TensorArray: it is carried by its flow.
import type { Tensor } from "@org/graph";

/** @internal */
export const tensorArrayBrand: unique symbol = Symbol.for("@org/ops.TensorArray");

export interface TensorArrayLike {
  readonly flow: Tensor;
  /** The same array as of a later state. */
  withFlow(flow: Tensor): TensorArrayLike;
}

/** Whether `value` is a TensorArray, also one of another copy of this package. */
export function isTensorArray(value: unknown): value is TensorArrayLike {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as { [tensorArrayBrand]?: unknown })[tensorArrayBrand] === true
  );
}
