// A variable of a graph that is about to become a constant, and what its value must be like.
import { TfError } from "@org/errors";
import type { INodeDef } from "@org/proto";
import { type DType, dtypeFromProto, dtypeString, type NdArray, Shape, shapeFromProto } from "@org/tensor";

export interface FrozenVariable {
  readonly name: string;
  readonly node: INodeDef;
  readonly kind: "ref" | "resource";
  readonly dtype: DType;
  /** As the graph states it; may be unknown. */
  readonly shape: Shape;
}

const kinds: { readonly [op: string]: FrozenVariable["kind"] } = {
  Variable: "ref",
  VariableV2: "ref",
  VarHandleOp: "resource",
};

/** Whether `node` is a variable, of either kind. */
export const isVariableNode = (node: INodeDef): boolean => Object.hasOwn(kinds, node.op ?? "");

/** What `node` is as a variable. Throws TfError INVALID_ARGUMENT where it does not say its type. */
export function frozenVariable(node: INodeDef): FrozenVariable {
  const name = node.name ?? "";
  const type = dtypeFromProto(node.attr?.dtype?.type ?? 0);
  if (type === undefined)
    throw new TfError("INVALID_ARGUMENT", `NodeDef missing attr 'dtype' from Op<name=${node.op}>`, {
      node: name,
      op: node.op ?? "",
    });
  const stated = node.attr?.shape?.shape;
  const shape = stated ? shapeFromProto(stated) : Shape.unknown;
  return { name, node, kind: kinds[node.op ?? ""]!, dtype: type.dtype, shape };
}

/** `value`, if it may be that variable's. Throws TfError INVALID_ARGUMENT where type or shape are others. */
export function checkedValue(variable: FrozenVariable, value: NdArray, key: string): NdArray {
  const place = { node: variable.name, op: variable.node.op ?? "", key };
  if (value.dtype !== variable.dtype)
    throw new TfError(
      "INVALID_ARGUMENT",
      `tensor_name = ${key}; expected dtype ${dtypeString(variable.dtype)} does not equal original dtype ${dtypeString(value.dtype)}`,
      place,
    );
  if (!variable.shape.isCompatibleWith(new Shape(value.shape)))
    throw new TfError(
      "INVALID_ARGUMENT",
      `Assign requires shapes of both tensors to match. lhs shape= ${variable.shape} rhs shape= [${value.shape}]`,
      { ...place, hint: "The checkpoint is of another model, or of another version of this one." },
    );
  return value;
}
