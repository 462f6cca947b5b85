// Typed reading of a node's attributes. int is a number where safe (TfError otherwise: use bigint()).
import type { IAttrValue } from "@org/proto";
import type { DType, NdArray, Shape } from "@org/tensor";

/** Attributes of a node, read by type; each method throws TfError INVALID_ARGUMENT where the attribute is missing or of another type. */
export interface Attrs {
  has(name: string): boolean;
  names(): readonly string[];
  /** The AttrValue as it stands. */
  raw(name: string): IAttrValue | undefined;
  type(name: string): DType;
  int(name: string): number;
  bigint(name: string): bigint;
  float(name: string): number;
  bool(name: string): boolean;
  /** UTF-8. */
  string(name: string): string;
  bytes(name: string): Uint8Array;
  shape(name: string): Shape;
  tensor(name: string): NdArray;
  func(name: string): { readonly name: string; readonly attrs: Attrs };
  types(name: string): readonly DType[];
  ints(name: string): readonly number[];
  floats(name: string): readonly number[];
  bools(name: string): readonly boolean[];
  strings(name: string): readonly string[];
  shapes(name: string): readonly Shape[];
}

/** An attribute as a caller writes it; the OpDef says how it is read: "float32" for a type, dims for a shape, a number for int or float. */
export type AttrInput =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | Shape
  | NdArray
  | null
  | readonly (number | null)[]
  | readonly string[]
  | readonly bigint[]
  | readonly boolean[]
  | readonly Shape[]
  | { readonly func: string; readonly attrs?: Readonly<Record<string, AttrInput>> }
  | readonly { readonly func: string; readonly attrs?: Readonly<Record<string, AttrInput>> }[]
  | { readonly raw: IAttrValue };
