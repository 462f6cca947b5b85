import { type Operation, type Tensor } from "@org/graph";
import { type ResourceVariable, type Variable } from "@org/variables";
import type { NameOption, TensorLike } from "../tensor-like.ts";
/** A variable, or the ref tensor of one. */
export type Assignable = Variable | ResourceVariable | Tensor;
export interface AssignOptions extends NameOption {
  /** Ref variables only. */
  readonly useLocking?: boolean | undefined;
  /** `assign` on ref variables only: false lets the shape change. */
  readonly validateShape?: boolean | undefined;
}
/** tf.assign: the variable's ref after the assignment (of a resource variable: its value, read after it). */
export declare function assign(ref: Assignable, value: TensorLike, options?: AssignOptions): Tensor;
/** tf.assign_add: the variable's ref (a resource variable's value) after `value` was added. */
export declare function assignAdd(ref: Assignable, value: TensorLike, options?: AssignOptions): Tensor;
/** tf.assign_sub: the variable's ref (a resource variable's value) after `value` was subtracted. */
export declare function assignSub(ref: Assignable, value: TensorLike, options?: AssignOptions): Tensor;
/** tf.count_up_to: the value before it grew by one; running it at `limit` fails with OUT_OF_RANGE "Reached limit of ...". */
export declare function countUpTo(ref: Assignable, limit: number, options?: NameOption): Tensor;
type ScatterFunction = (
  ref: Assignable,
  indices: TensorLike,
  updates: TensorLike,
  options?: AssignOptions,
) => Tensor | Operation;
/** tf.scatter_update: sets rows; the ref after it (of a resource variable: the operation). */
export declare const scatterUpdate: ScatterFunction;
/** tf.scatter_add: adds to rows. */
export declare const scatterAdd: ScatterFunction;
/** tf.scatter_sub: subtracts from rows. */
export declare const scatterSub: ScatterFunction;
/** tf.scatter_mul: multiplies rows. */
export declare const scatterMul: ScatterFunction;
/** tf.scatter_div: divides rows. */
export declare const scatterDiv: ScatterFunction;
/** tf.scatter_max: the larger of old and new, in rows. */
export declare const scatterMax: ScatterFunction;
/** tf.scatter_min: the smaller of old and new, in rows. */
export declare const scatterMin: ScatterFunction;
