// How elements lie in bound arrays, and as what kernels compute with them. float32, int32 and uint32 are arrays of their own
// type; smaller ones lie in memory as everywhere, two or four to a word of an array of u32.
//
//   type              array   elements a word   computed as
//   float32           f32     1                 f32
//   int32, uint32     i32 u32 1                 i32 u32
//   bool              u32     4                 bool
//   int8, uint8       u32     4                 i32 u32
//   int16, uint16     u32     2                 i32 u32
//   float16 bfloat16  u32     2                 f32, rounded after each operation
import type { HloDType } from "@org/hlo";
import type { ArrayType } from "./shader-source.ts";
import type { WgslFunctions } from "./wgsl-functions.ts";

/** The type of values in shaders. */
export type ValueType = "f32" | "i32" | "u32" | "bool";

export interface ElementType {
  readonly array: ArrayType;
  readonly value: ValueType;
  /** 1, 2 or 4. */
  readonly perWord: number;
}

const elementTypes: Readonly<Partial<Record<HloDType, ElementType>>> = {
  float32: { array: "f32", value: "f32", perWord: 1 },
  int32: { array: "i32", value: "i32", perWord: 1 },
  uint32: { array: "u32", value: "u32", perWord: 1 },
  bool: { array: "u32", value: "bool", perWord: 4 },
  int8: { array: "u32", value: "i32", perWord: 4 },
  uint8: { array: "u32", value: "u32", perWord: 4 },
  int16: { array: "u32", value: "i32", perWord: 2 },
  uint16: { array: "u32", value: "u32", perWord: 2 },
  float16: { array: "u32", value: "f32", perWord: 2 },
  bfloat16: { array: "u32", value: "f32", perWord: 2 },
};

/** Whether there are kernels for a type at all: not for those of 64 bits. */
export function isGpuType(dtype: HloDType): boolean {
  return elementTypes[dtype] !== undefined;
}

/** How a type lies in memory. Throws a TypeError where `isGpuType` says no. */
export function elementType(dtype: HloDType): ElementType {
  const found = elementTypes[dtype];
  if (!found) throw new TypeError(`The GPU has no ${dtype}`);
  return found;
}

/** The element at `index` (a u32 expression) of the array `name`, which is declared as `declared` (default: the type's own). */
export function loadElement(
  functions: WgslFunctions,
  dtype: HloDType,
  name: string,
  index: string,
  declared?: ArrayType,
): string {
  const { array, perWord } = elementType(dtype);
  if (perWord === 1) {
    const element = `${name}[${index}]`;
    return declared === undefined || declared === array ? element : `bitcast<${array}>(${element})`;
  }
  const word = `${name}[(${index}) / ${perWord}u]`;
  const bits = declared === undefined || declared === "u32" ? word : `bitcast<u32>(${word})`;
  const lane = `(${index}) % ${perWord}u`;
  return functions.call(`load_${dtype}`, bits, lane);
}

/** A value of `dtype` as the bits that stand in memory, in the lowest bits of a u32. */
export function elementBits(functions: WgslFunctions, dtype: HloDType, value: string): string {
  const { perWord } = elementType(dtype);
  return perWord === 1 ? value : functions.call(`bits_${dtype}`, value);
}
