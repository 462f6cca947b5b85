// data_flow_ops.Barrier: elements put together from components that come under a key, as a program builds them.
// Source: python/ops/data_flow_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { constantValue, type Graph, type Operation, type Tensor } from "@org/graph";
import { type DType, Shape, sizeOf } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

export interface BarrierOptions extends NameOption {
  /** Of the components, one each; without, elements may have any shapes. */
  readonly shapes?: readonly (Shape | readonly (number | null)[])[] | undefined;
  /** Sessions' barriers of one name are one. */
  readonly sharedName?: string | undefined;
}

export interface TakeManyOptions extends NameOption {
  /** Fewer elements are enough once the barrier is closed: false unless given. */
  readonly allowSmallBatch?: boolean | undefined;
}

/** Indices (int64), keys (strings) and components of several elements. */
export type Taken = readonly [indices: Tensor, keys: Tensor, values: readonly Tensor[]];

/** data_flow_ops.Barrier: elements whose components come one by one, under a key; taken when they are whole. @tfExport Barrier */
export class Barrier {
  readonly barrierRef: Tensor;
  readonly types: readonly DType[];
  readonly shapes: readonly Shape[];

  /** Throws TfError INVALID_ARGUMENT for shapes without elements, or not one a component. */
  constructor(types: DType | readonly DType[], options: BarrierOptions = {}) {
    this.types = typeof types === "string" ? [types] : types;
    const shapes = options.shapes?.map((shape) => Shape.of(shape));
    if (shapes && shapes.length !== this.types.length)
      throw new TfError("INVALID_ARGUMENT", "Queue shapes must have the same length as dtypes");
    for (const [i, shape] of (shapes ?? []).entries())
      if (shape.isFullyDefined() && sizeOf(shape.toNumbers()) === 0)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Empty tensors are not supported, but received shape '${shape.toTuple()}' at index ${i}`,
        );
    this.shapes = shapes ?? this.types.map(() => Shape.unknown);
    this.barrierRef = applyOne("Barrier", [], {
      name: options.name ?? "barrier",
      attrs: { component_types: this.types, shapes: this.shapes, shared_name: options.sharedName },
    });
  }

  get graph(): Graph {
    return this.barrierRef.graph;
  }
  /** Name of the op that yields the barrier. */
  get name(): string {
    return this.barrierRef.op.name;
  }
  get #stem(): string {
    return this.name.slice(this.name.lastIndexOf("/") + 1);
  }

  /** Gives each of `keys` (a string vector) the row of `values` as its component number `componentIndex`. */
  insertMany(
    componentIndex: number,
    keys: TensorLike,
    values: TensorLike,
    options: NameOption = {},
  ): Operation {
    return applyOp("BarrierInsertMany", [this.barrierRef, keys, values], {
      name: options.name ?? `${this.#stem}_BarrierInsertMany`,
      attrs: { component_index: componentIndex },
    });
  }

  /** Takes `numElements` whole elements, in the order in which their keys were first seen; waits for them. */
  takeMany(numElements: TensorLike, options: TakeManyOptions = {}): Taken {
    const { allowSmallBatch = false } = options;
    const { outputs, inputs } = applyOp("BarrierTakeMany", [this.barrierRef, numElements], {
      name: options.name ?? `${this.#stem}_BarrierTakeMany`,
      attrs: { component_types: this.types, allow_small_batch: allowSmallBatch },
    });
    const known = allowSmallBatch ? undefined : constantValue(inputs[1]!);
    const rows = new Shape([known ? Number(known.data[0]) : null]);
    for (const output of outputs.slice(0, 2)) output.setShape(rows);
    for (const [i, shape] of this.shapes.entries()) outputs[i + 2]!.setShape(rows.concat(shape));
    return [outputs[0]!, outputs[1]!, outputs.slice(2)];
  }

  /** No new keys; `cancelPendingEnqueues`: elements that are not whole are given up, too. */
  close(options: NameOption & { readonly cancelPendingEnqueues?: boolean } = {}): Operation {
    return applyOp("BarrierClose", [this.barrierRef], {
      name: options.name ?? `${this.#stem}_BarrierClose`,
      attrs: { cancel_pending_enqueues: options.cancelPendingEnqueues ?? false },
    });
  }

  /** Number of whole elements, an int32 scalar. */
  readySize(options: NameOption = {}): Tensor {
    return applyOne("BarrierReadySize", [this.barrierRef], {
      name: options.name ?? `${this.#stem}_BarrierReadySize`,
    });
  }

  /** Number of elements that lack components, an int32 scalar. */
  incompleteSize(options: NameOption = {}): Tensor {
    return applyOne("BarrierIncompleteSize", [this.barrierRef], {
      name: options.name ?? `${this.#stem}_BarrierIncompleteSize`,
    });
  }
}
