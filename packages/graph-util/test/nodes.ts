// How tests write nodes down.
import type { IAttrValue, INodeDef } from "@org/proto";
import {
  convertToNdArray,
  type DType,
  dtypes,
  type NdArray,
  type TensorLike,
  tensorToProto,
} from "@org/tensor";

/** A node; values of `attr` are AttrValues. */
export const node = (
  op: string,
  name: string,
  input: readonly string[] = [],
  attr: { [key: string]: IAttrValue } = {},
): INodeDef => ({ name, op, input, attr });

export const type = (dtype: DType): IAttrValue => ({ type: dtypes[dtype].number });
export const int = (value: number): IAttrValue => ({ i: BigInt(value) });
export const text = (value: string): IAttrValue => ({ s: new TextEncoder().encode(value) });
export const ints = (values: readonly number[]): IAttrValue => ({ list: { i: values.map(BigInt) } });
export const colocated = (...names: string[]): IAttrValue => ({
  list: { s: names.map((name) => new TextEncoder().encode(`loc:@${name}`)) },
});

/** A Const node. */
export function constant(
  name: string,
  value: TensorLike,
  dtype: DType = "float32",
  input: readonly string[] = [],
): INodeDef {
  const array: NdArray = convertToNdArray(value, dtype);
  return node("Const", name, input, { dtype: type(dtype), value: { tensor: tensorToProto(array) } });
}

/** Nodes as "Op name(inputs)", one a line. */
export const lines = (graph: { readonly node: readonly INodeDef[] }): string[] =>
  graph.node.map(({ op, name, input }) => `${op} ${name}(${(input ?? []).join(", ")})`);
