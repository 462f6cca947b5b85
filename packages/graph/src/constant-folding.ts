import type { NdArray } from "@org/tensor";
import { Shape } from "@org/tensor";
import type { Tensor } from "./tensor.ts";
export function evaluateConstant(tensor: Tensor): NdArray | undefined {
  if (tensor.op.type === "Const") return tensor.op.attrs.tensor("value");
  return undefined;
}
export function evaluateShape(tensor: Tensor): Shape {
  const v = evaluateConstant(tensor);
  return v ? Shape.of(Array.from(v.data as ArrayLike<number>, Number)) : Shape.unknown;
}
