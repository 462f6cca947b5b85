// Functions that write variables: tf.assign and its relatives, on variables of both kinds and on ref tensors.
// Source: python/ops/state_ops.py, resource_variable_ops.py.
import { isTensor, type Operation, type Tensor } from "@org/graph";
import { isVariable, type ResourceVariable, type Variable } from "@org/variables";
import { applyOne, applyOp } from "../apply-op.ts";
import { convertToTensor } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

/** A variable, or the ref tensor of one. */
export type Assignable = Variable | ResourceVariable | Tensor;

export interface AssignOptions extends NameOption {
  /** Ref variables only. */
  readonly useLocking?: boolean | undefined;
  /** `assign` on ref variables only: false lets the shape change. */
  readonly validateShape?: boolean | undefined;
}

function refOf(target: Assignable, what: string): Variable | Tensor {
  if (isTensor(target)) {
    if (target.isRef) return target;
    throw new TypeError(`${what}: ${target} is not a reference to a variable`);
  }
  return target as Variable;
}

const isResource = (target: Assignable): target is ResourceVariable =>
  isVariable(target) && target.isResource;

/** tf.assign: the variable's ref after the assignment (of a resource variable: its value, read after it). @tfExport assign */
export function assign(ref: Assignable, value: TensorLike, options: AssignOptions = {}): Tensor {
  const { name, useLocking, validateShape } = options;
  if (isResource(ref)) return ref.assign(toDType(value, ref), name === undefined ? {} : { name });
  return applyOne("Assign", [refOf(ref, "assign"), value], {
    name,
    attrs: { use_locking: useLocking, validate_shape: validateShape },
  });
}

/** tf.assign_add: the variable's ref (a resource variable's value) after `value` was added. @tfExport assignAdd */
export function assignAdd(ref: Assignable, value: TensorLike, options: AssignOptions = {}): Tensor {
  // As in TensorFlow, the name is a ref variable's matter.
  if (isResource(ref)) return ref.assignAdd(toDType(value, ref));
  return dense("AssignAdd", ref, value, options);
}

/** tf.assign_sub: the variable's ref (a resource variable's value) after `value` was subtracted. @tfExport assignSub */
export function assignSub(ref: Assignable, value: TensorLike, options: AssignOptions = {}): Tensor {
  // As in TensorFlow, the name is a ref variable's matter.
  if (isResource(ref)) return ref.assignSub(toDType(value, ref));
  return dense("AssignSub", ref, value, options);
}

function dense(
  type: string,
  ref: Assignable,
  value: TensorLike,
  { name, useLocking }: AssignOptions,
): Tensor {
  return applyOne(type, [refOf(ref, type), value], { name, attrs: { use_locking: useLocking } });
}

/** A value as what the variable's own methods take. */
function toDType(value: TensorLike, { dtype, graph }: ResourceVariable): Tensor {
  return convertToTensor(value, { dtype, graph });
}

/** tf.count_up_to: the value before it grew by one; running it at `limit` fails with OUT_OF_RANGE "Reached limit of ...". @tfExport countUpTo */
export function countUpTo(ref: Assignable, limit: number, options: NameOption = {}): Tensor {
  if (isResource(ref))
    return applyOne("ResourceCountUpTo", [ref.handle], { ...options, attrs: { limit, T: ref.dtype } });
  return applyOne("CountUpTo", [refOf(ref, "countUpTo")], { ...options, attrs: { limit } });
}

type ScatterFunction = (
  ref: Assignable,
  indices: TensorLike,
  updates: TensorLike,
  options?: AssignOptions,
) => Tensor | Operation;

const scatter =
  (kind: string): ScatterFunction =>
  (ref, indices, updates, options = {}) => {
    const { name, useLocking } = options;
    if (isResource(ref))
      return applyOp(
        `ResourceScatter${kind}`,
        [ref.handle, indices, convertToTensor(updates, { dtype: ref.dtype, graph: ref.graph })],
        {
          name,
          attrs: { dtype: ref.dtype },
        },
      );
    return applyOne(`Scatter${kind}`, [refOf(ref, `scatter${kind}`), indices, updates], {
      name,
      attrs: { use_locking: useLocking },
    });
  };

/** tf.scatter_update: sets rows; the ref after it (of a resource variable: the operation). @tfExport scatterUpdate */
export const scatterUpdate: ScatterFunction = scatter("Update");
/** tf.scatter_add: adds to rows. @tfExport scatterAdd */
export const scatterAdd: ScatterFunction = scatter("Add");
/** tf.scatter_sub: subtracts from rows. @tfExport scatterSub */
export const scatterSub: ScatterFunction = scatter("Sub");
/** tf.scatter_mul: multiplies rows. @tfExport scatterMul */
export const scatterMul: ScatterFunction = scatter("Mul");
/** tf.scatter_div: divides rows. @tfExport scatterDiv */
export const scatterDiv: ScatterFunction = scatter("Div");
/** tf.scatter_max: the larger of old and new, in rows. @tfExport scatterMax */
export const scatterMax: ScatterFunction = scatter("Max");
/** tf.scatter_min: the smaller of old and new, in rows. @tfExport scatterMin */
export const scatterMin: ScatterFunction = scatter("Min");
