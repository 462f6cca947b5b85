// The training op of one update, its inputs put in the order that the OpDef has them.
import type { IndexedSlices, Operation, Tensor } from "@org/graph";
import { opDef } from "@org/graph/op-defs";
import { type AnyVariable, applyOp, cast, type TensorLike } from "@org/ops";
import type { DType } from "@org/tensor";
import { isVariable, type ResourceVariable } from "@org/variables";

export interface UpdateInputs {
  /** What is trained. */
  readonly variable: AnyVariable;
  /** Slots by the names of the op's arguments. */
  readonly slots?: Readonly<Record<string, AnyVariable>>;
  /** Hyperparameters by the names of the op's arguments. */
  readonly scalars: Readonly<Record<string, TensorLike>>;
  readonly attrs: Readonly<Record<string, boolean>>;
}

/** `x` as `dtype`; a resource variable of that type is left to be read where it is used, as in TensorFlow. */
export function castScalar(x: TensorLike, dtype: DType): TensorLike {
  const value: unknown = x;
  return isVariable(value) && value.isResource && value.dtype === dtype ? x : cast(x, dtype);
}

/**
 * Adds Apply<rule>, or SparseApply<rule> for rows, or the resource op of the same meaning. Hyperparameters become the
 * variable's type; global steps stay integers.
 */
export function updateOp(rule: string, gradient: Tensor | IndexedSlices, inputs: UpdateInputs): Operation {
  const { variable, slots = {}, scalars, attrs } = inputs;
  const rows = "indices" in gradient ? (gradient as IndexedSlices) : undefined;
  const resource = variable.isResource;
  const type = `${resource ? "Resource" : ""}${rows ? "Sparse" : ""}Apply${rule}`;
  const state = (of: AnyVariable): AnyVariable | Tensor => (resource ? (of as ResourceVariable).handle : of);
  const args = (opDef(type).inputArg ?? []).map(({ name }) => {
    if (name === "var") return state(variable);
    if (name! in slots) return state(slots[name!]!);
    if (name === "grad" || name === "delta") return rows?.values ?? (gradient as Tensor);
    if (name === "indices") return rows!.indices;
    const scalar = scalars[name!]!;
    return name === "global_step" ? scalar : castScalar(scalar, variable.dtype);
  });
  return applyOp(type, args as never, { attrs });
}
