// What a reduction combines by, as WGSL: the identity that it begins with, and two values as one.
import type { HloDType, Reducer } from "@org/hlo";
import { elementType } from "./element-types.ts";
import { expressionOf } from "./scalar-expressions.ts";
import type { WgslFunctions } from "./wgsl-functions.ts";

/** The value that changes nothing, of the type's value type. */
export function identityOf(functions: WgslFunctions, reducer: Reducer, dtype: HloDType): string {
  const { value, perWord } = elementType(dtype);
  const bits = 32 / perWord;
  switch (reducer) {
    case "add":
      return `${value}(0)`;
    case "multiply":
      return `${value}(1)`;
    case "maximum":
      if (value === "f32") return functions.call("infinity_f32", "true");
      return value === "u32" ? "0u" : leastInteger(bits);
    case "minimum":
      if (value === "f32") return functions.call("infinity_f32", "false");
      return value === "u32" ? `${2 ** bits - 1}u` : `${2 ** (bits - 1) - 1}`;
    case "and":
      if (value === "bool") return "true";
      return value === "u32" ? `${2 ** bits - 1}u` : "-1";
    case "or":
      return value === "bool" ? "false" : `${value}(0)`;
  }
}

/** WGSL has no literal for the least i32. */
const leastInteger = (bits: number): string => `(-${2 ** (bits - 1) - 1} - 1)`;

/** Two values as one. */
export function combine(
  functions: WgslFunctions,
  reducer: Reducer,
  dtype: HloDType,
  a: string,
  b: string,
): string {
  return expressionOf(functions, { opcode: reducer, dtype, argTypes: [dtype, dtype] }, [a, b]);
}
