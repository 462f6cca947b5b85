// What staging areas have in common: what they hold, under which name, and where their ops lie.
// Source: BaseStagingArea in python/ops/data_flow_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import { type DType, isNdArray, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { identity } from "../array/constant.ts";
import { noOp } from "../control/group.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import type { TensorLike } from "../tensor-like.ts";

export interface StagingOptions {
  /** Of the tensors, one each; without, they may have any shapes. */
  readonly shapes?: readonly (Shape | readonly (number | null)[])[] | undefined;
  /** Names of the tensors: tuples are records then. */
  readonly names?: readonly string[] | undefined;
  readonly sharedName?: string | undefined;
  /** How many tuples it holds at most; 0, or not given: any number. */
  readonly capacity?: number | undefined;
  /** How many bytes; 0, or not given: any number. */
  readonly memoryLimit?: number | undefined;
}

/** Tensors in order, or a record where the area has names. */
export type Staged = readonly Tensor[] & { readonly [name: string]: Tensor };

/** Throws TfError INVALID_ARGUMENT. */
export const invalid = (sentence: string): never => {
  throw new TfError("INVALID_ARGUMENT", sentence);
};

/** Whether values are given by name. */
export const isNamed = (values: unknown): values is { readonly [name: string]: TensorLike } =>
  typeof values === "object" &&
  values !== null &&
  !isNdArray(values) &&
  Object.getPrototypeOf(values) === Object.prototype;

export abstract class BaseStagingArea {
  /** What ops of the area find it by. */
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  readonly names: readonly string[] | undefined;
  readonly capacity: number;
  readonly memoryLimit: number;
  /** All that put in and take out lie beside it. */
  protected readonly root: Operation;

  /** `type`: "StagingArea". Throws TfError INVALID_ARGUMENT where shapes or names are not as many as types. */
  protected constructor(type: string, dtypes: readonly DType[], options: StagingOptions) {
    const graph = resolveGraph([]);
    this.name = options.sharedName ?? graph.uniqueName(type);
    this.dtypes = dtypes;
    const { shapes, names } = options;
    if (shapes && shapes.length !== dtypes.length)
      invalid("StagingArea shapes must be the same length as dtypes");
    if (names && names.length !== dtypes.length)
      invalid("StagingArea names must be the same length as dtypes");
    this.shapes = shapes?.map((shape) => Shape.of(shape)) ?? dtypes.map(() => Shape.unknown);
    this.names = names;
    this.capacity = options.capacity ?? 0;
    this.memoryLimit = options.memoryLimit ?? 0;
    this.root = graph.nameScope(`${this.name}_root`, () => noOp());
  }

  get graph(): Graph {
    return this.root.graph;
  }

  protected get attrs(): { shared_name: string; capacity: number; memory_limit: number } {
    return { shared_name: this.name, capacity: this.capacity, memory_limit: this.memoryLimit };
  }

  /** Builds ops beside the area. */
  protected beside<R>(build: () => R): R {
    return this.graph.asDefault(() => this.graph.colocateWith(this.root, build));
  }

  /** An op of the area without tensors: `type` gives a number, or nothing. */
  protected plainOp(type: string, name: string): Operation {
    const attrs = { ...this.attrs, dtypes: this.dtypes };
    return this.graph.asDefault(() => applyOp(type, [], { name, attrs }));
  }

  /** A number of the area, an int32 scalar. */
  protected number(type: string, name: string): Tensor {
    const attrs = { ...this.attrs, dtypes: this.dtypes };
    return this.graph.asDefault(() => applyOne(type, [], { name, attrs }));
  }

  /** What came out, tensors number `indices`, on the device where a node would be now: copies where that is another one than the area's. */
  protected given(outputs: readonly Tensor[], indices: readonly number[]): Staged {
    const tensors = this.here(outputs);
    for (const [i, tensor] of tensors.entries()) tensor.setShape(this.shapes[indices[i]!]!);
    const { names } = this;
    if (!names) return tensors as Staged;
    return Object.fromEntries(tensors.map((tensor, i) => [names[indices[i]!]!, tensor])) as unknown as Staged;
  }

  protected here(outputs: readonly Tensor[]): readonly Tensor[] {
    return this.graph.asDefault(() =>
      noOp().device === this.root.device ? outputs : outputs.map((tensor) => identity(tensor)),
    );
  }

  /** Values as tensors, with their numbers. Throws TfError INVALID_ARGUMENT where they are not what the area holds. */
  protected tensors(
    values: unknown,
    given: readonly number[],
  ): readonly [readonly Tensor[], readonly number[]] {
    const [list, indices] = this.#numbered(values, given);
    if (list.length > this.dtypes.length)
      invalid(`Unexpected number of inputs '${list.length}' vs '${this.dtypes.length}'`);
    const tensors = list.map((value, n) => {
      const i = indices[n]!;
      const dtype = this.dtypes[i];
      if (dtype === undefined) return invalid(`The area has no tensor number ${i}`);
      const tensor = convertToTensor(value, { name: `component_${i}`, preferredDType: dtype });
      if (tensor.dtype !== dtype) invalid(`Datatypes do not match. '${tensor.dtype}' != '${dtype}'`);
      const shape = this.shapes[i]!;
      if (!tensor.shape.isCompatibleWith(shape))
        invalid(`Shapes ${tensor.shape.toTuple()} and ${shape.toTuple()} are incompatible`);
      return tensor;
    });
    return [tensors, indices];
  }

  #numbered(values: unknown, given: readonly number[]): readonly [readonly TensorLike[], readonly number[]] {
    if (!isNamed(values)) {
      if (this.names) invalid("You must enqueue a dictionary in a staging area with names");
      const list = (Array.isArray(values) ? values : [values]) as readonly TensorLike[];
      if (given.length !== list.length)
        invalid(`Number of indices '${given.length}' doesn't match number of values '${list.length}'`);
      return [list, given];
    }
    const names = this.names ?? invalid("Staging areas must have names to enqueue a dictionary");
    const keys = Object.keys(values);
    if (!keys.every((key) => names.includes(key)))
      invalid(
        `Keys in dictionary to put do not match names of staging area. Dictionary: (${keys.sort()}), Queue: (${[...names].sort()})`,
      );
    const indices = names.flatMap((name, i) => (name in values ? [i] : []));
    return [indices.map((i) => values[names[i]!]!), indices];
  }
}
