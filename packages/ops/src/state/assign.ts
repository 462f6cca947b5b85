// Functions that write variables: tf.assign and its relatives, on variables of both kinds and on ref tensors.
// Source: python/ops/state_ops.py, resource_variable_ops.py.
import { isTensor, type Operation, type Tensor } from "@org/graph";
import { isVariable, type ResourceVariable, type Variable } from "@org/variables";
import { applyOne, applyOp } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { onesLike } from "../array/fill.ts";
import { expandDims, reshape } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { cast } from "../math/cast.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { invalid } from "../shape-rules.ts";
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

/** A new read of a resource variable, once `write` has been done: what Python's methods that update one give. */
export function readAfter({ handle, dtype }: ResourceVariable, write: Operation): Tensor {
  const { graph } = write;
  return graph.controlDependencies(
    [write],
    () => graph.createOp("ReadVariableOp", [handle], { attrs: { dtype } }).outputs[0]!,
  );
}

/**
 * Updates parts of a variable: its ref after it; of a resource variable the value, read after it (its first control input is the update
 * alone). Throws a TypeError where `ref` is no variable.
 */
export type ScatterFunction = (
  ref: Assignable,
  indices: TensorLike,
  updates: TensorLike,
  options?: AssignOptions,
) => Tensor;

const scatter =
  (type: string): ScatterFunction =>
  (ref, indices, updates, options = {}) => {
    const { name, useLocking } = options;
    if (!isResource(ref))
      return applyOne(type, [refOf(ref, type), indices, updates], {
        name,
        attrs: { use_locking: useLocking },
      });
    const { handle, dtype, graph } = ref;
    const given = convertToTensor(updates, { dtype, graph });
    // Of the two families only the one by rows has the variable's type as "dtype".
    const attrs = type.startsWith("ScatterNd") ? {} : { dtype };
    return readAfter(ref, applyOp(`Resource${type}`, [handle, indices, given], { name, attrs }));
  };

/** tf.scatter_update: sets rows. @tfExport scatterUpdate */
export const scatterUpdate: ScatterFunction = scatter("ScatterUpdate");
/** tf.scatter_add: adds to rows. @tfExport scatterAdd */
export const scatterAdd: ScatterFunction = scatter("ScatterAdd");
/** tf.scatter_sub: subtracts from rows. @tfExport scatterSub */
export const scatterSub: ScatterFunction = scatter("ScatterSub");
/** tf.scatter_mul: multiplies rows. @tfExport scatterMul */
export const scatterMul: ScatterFunction = scatter("ScatterMul");
/** tf.scatter_div: divides rows. @tfExport scatterDiv */
export const scatterDiv: ScatterFunction = scatter("ScatterDiv");
/** tf.scatter_max: the larger of old and new, in rows. @tfExport scatterMax */
export const scatterMax: ScatterFunction = scatter("ScatterMax");
/** tf.scatter_min: the smaller of old and new, in rows. @tfExport scatterMin */
export const scatterMin: ScatterFunction = scatter("ScatterMin");
/** tf.scatter_nd_update: sets the slices that index vectors (the last dimension of the indices) name. @tfExport scatterNdUpdate */
export const scatterNdUpdate: ScatterFunction = scatter("ScatterNdUpdate");
/** tf.scatter_nd_add: adds to the slices that index vectors name. @tfExport scatterNdAdd */
export const scatterNdAdd: ScatterFunction = scatter("ScatterNdAdd");
/** tf.scatter_nd_sub: subtracts from the slices that index vectors name. @tfExport scatterNdSub */
export const scatterNdSub: ScatterFunction = scatter("ScatterNdSub");

/**
 * tf.batch_scatter_update: sets rows of the dimension after the batch ones, which `indices` and the variable begin with:
 * v[i, indices[i, j]] = updates[i, j]. Throws TfError INVALID_ARGUMENT where the rank of `indices` is not known.
 * @tfExport batchScatterUpdate
 */
export function batchScatterUpdate(
  ref: Assignable,
  indices: TensorLike,
  updates: TensorLike,
  options: AssignOptions = {},
): Tensor {
  const { useLocking = true } = options;
  const graph = resolveGraph([ref, indices, updates]);
  const build = (): Tensor => {
    const given = convertToTensor(indices, { name: "indices", preferredDType: "int32", graph });
    const dims = shapeOf(given);
    const { rank } = given.shape;
    if (rank === null) invalid("batch_gather does not allow indices with unknown shape.");
    const last = expandDims(given, -1);
    const columns = Array.from({ length: rank - 1 }, (_, dimension) => {
      const size = getItem(dims, dimension);
      const along = new Array<TensorLike>(rank + 1).fill(1);
      along[dimension] = size;
      const places = reshape(range(0, size, 1), along);
      const typed = places.dtype === last.dtype ? places : cast(places, last.dtype);
      return operator.mul(typed, onesLike(last));
    });
    return scatterNdUpdate(ref, concat([...columns, last], -1), updates, { useLocking });
  };
  return options.name === undefined ? graph.asDefault(build) : withScope(graph, options.name, "", build);
}
