// tf.TensorArray: a list of tensors that loops read and write, one element an iteration. What it is in the graph: a handle,
// and a flow: a scalar that each write passes on, so that later reads come after it.
// Source: python/ops/tensor_array_ops.py (_GraphTensorArray), python/ops/tensor_array_grad.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { constantValue, type Graph, isTensor, isTensorLike, type Operation, type Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { identity } from "../array/constant.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { type TensorArrayLike, tensorArrayBrand } from "../control/tensor-array-like.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { dense, several, single } from "../gradient.ts";
import { cast } from "../math/cast.ts";
import { range } from "../math/range.ts";
import type { Gradient } from "../op-entry.ts";
import { numbersOf } from "../shape-rules.ts";
import type { NameOption, TensorLike, ValueLike } from "../tensor-like.ts";
import { toNdArray } from "../to-nd-array.ts";

export interface TensorArrayOptions extends NameOption {
  /** Number of elements at first. Either this or `handle` and `flow`. */
  readonly size?: TensorLike | undefined;
  /** Whether writes past the end make it longer; default false. */
  readonly dynamicSize?: boolean | undefined;
  /** Whether an element is given up once it was read; default true. */
  readonly clearAfterRead?: boolean | undefined;
  readonly tensorArrayName?: string | undefined;
  /** An array that is there already. */
  readonly handle?: Tensor | undefined;
  readonly flow?: Tensor | undefined;
  /** Whether all elements have one shape; default true. */
  readonly inferShape?: boolean | undefined;
  readonly elementShape?: Shape | readonly (number | null)[] | null | undefined;
  /** Whether the array lies where the first tensor that is written to it does; default true. */
  readonly colocateWithFirstWriteCall?: boolean | undefined;
}

/** What arrays over one handle share: what is known of the elements, and what they lie beside. */
interface Common {
  readonly dtype: DType;
  readonly handle: Tensor;
  readonly inferShape: boolean;
  readonly dynamicSize: boolean;
  elementShape: Shape;
  /** Undefined: beside nothing. */
  readonly colocate: { with: Tensor | undefined } | undefined;
}

const shared = Symbol("shared");

/** tf.TensorArray: an array of tensors that loops write and read by index. @tfExport TensorArray */
export class TensorArray implements TensorArrayLike {
  static {
    Object.defineProperty(TensorArray.prototype, tensorArrayBrand, { value: true });
  }
  readonly #common: Common;
  /** What reads of this state of the array wait for. */
  readonly flow: Tensor;

  /**
   * An array of `dtype`: a new one of `size`, or the one that `handle` names, as of `flow`.
   * Throws a TypeError where neither or both are given.
   */
  constructor(dtype: DType, options: TensorArrayOptions = {}) {
    const known = (options as { [shared]?: Common })[shared];
    const { handle, size, name } = options;
    if (handle !== undefined && options.tensorArrayName)
      throw new TypeError("Cannot construct with both handle and tensor_array_name");
    if (handle === undefined && size === undefined)
      throw new TypeError("Size must be provided if handle is not provided");
    if (handle !== undefined && size !== undefined)
      throw new TypeError("Cannot provide both a handle and size at the same time");
    if (handle !== undefined && options.flow === undefined)
      throw new TypeError("flow must not be None if handle is not None.");
    const graph = resolveGraph([handle ?? size]);
    const beside = options.colocateWithFirstWriteCall ?? true;
    // Where the array is there already, Python's scope makes no op and takes its name all the same.
    const [made, flow] = withScope(graph, name, "TensorArray", (scope): readonly [Tensor, Tensor] => {
      if (handle !== undefined) return [handle, options.flow!];
      if (!beside) return create(dtype, options, scope);
      return graph.device(null, () =>
        graph.colocateWith(null, () => create(dtype, options, scope), { ignoreExisting: true }),
      );
    });
    this.#common = known ?? {
      dtype,
      handle: made,
      inferShape: options.inferShape ?? true,
      dynamicSize: options.dynamicSize ?? false,
      elementShape: Shape.of(options.elementShape),
      colocate: beside ? { with: undefined } : undefined,
    };
    this.flow = flow;
  }

  get dtype(): DType {
    return this.#common.dtype;
  }
  get handle(): Tensor {
    return this.#common.handle;
  }
  get elementShape(): Shape {
    return this.#common.elementShape;
  }
  get dynamicSize(): boolean {
    return this.#common.dynamicSize;
  }
  get graph(): Graph {
    return this.handle.graph;
  }

  withFlow(flow: Tensor): TensorArray {
    const options = { handle: this.handle, flow, [shared]: this.#common };
    return new TensorArray(this.dtype, options);
  }

  /** The same array behind an Identity of its flow. */
  identity(): TensorArray {
    return this.withFlow(identity(this.flow));
  }

  /** The array of gradients that the gradient call `source` writes; as long as this one is now. Source: TensorArray.grad. */
  grad(source: string, options: NameOption & { readonly flow?: Tensor } = {}): TensorArray {
    const { graph, handle } = this;
    const flow = options.flow ?? this.flow;
    return withScope(graph, options.name, "TensorArrayGrad", () =>
      graph.colocateWith(handle.op, () => {
        const made = applyOp("TensorArrayGradV3", [handle, flow], { name: options.name, attrs: { source } })
          .outputs[0]!;
        const after = graph.controlDependencies([made], () => identity(flow, { name: "gradient_flow" }));
        return new TensorArray(this.dtype, {
          handle: made,
          flow: after,
          colocateWithFirstWriteCall: false,
          [shared]: { ...this.#common, handle: made, colocate: undefined },
        } as TensorArrayOptions);
      }),
    );
  }

  /** Element `index`. */
  read(index: TensorLike, options: NameOption = {}): Tensor {
    const value = applyOne("TensorArrayReadV3", [this.handle, index, this.flow], {
      ...options,
      attrs: { dtype: this.dtype },
    });
    value.setShape(this.elementShape);
    return value;
  }

  /** The array after `value` was written at `index`. Throws TfError INVALID_ARGUMENT where its shape cannot be an element's, a TypeError for another type. */
  write(index: TensorLike, value: TensorLike, options: NameOption = {}): TensorArray {
    return withScope(this.graph, options.name, "TensorArrayWrite", () => {
      const tensor = this.#element(value);
      this.#check(tensor.shape);
      const flow = this.#beside(tensor, () =>
        applyOne("TensorArrayWriteV3", [this.handle, index, tensor, this.flow], { name: options.name }),
      );
      return this.withFlow(flow);
    });
  }

  /** All elements as one tensor, along a new first dimension. */
  stack(options: NameOption = {}): Tensor {
    const { graph } = this;
    return graph.colocateWith(this.handle.op, () =>
      withScope(graph, options.name, "TensorArrayStack", () => this.gather(range(0, this.size()), options)),
    );
  }

  /** The elements at `indices` as one tensor, along a new first dimension. */
  gather(indices: TensorLike, options: NameOption = {}): Tensor {
    const value = applyOne("TensorArrayGatherV3", [this.handle, indices, this.flow], {
      ...options,
      attrs: { dtype: this.dtype, element_shape: this.elementShape },
    });
    const { dims } = this.elementShape;
    if (dims) value.setShape([null, ...dims]);
    return value;
  }

  /** All elements joined along their first dimension. */
  concat(options: NameOption = {}): Tensor {
    const { dims } = this.elementShape;
    const value = applyOp("TensorArrayConcatV3", [this.handle, this.flow], {
      ...options,
      attrs: { dtype: this.dtype, element_shape_except0: new Shape(dims ? dims.slice(1) : null) },
    }).outputs[0]!;
    if (dims) value.setShape([null, ...dims.slice(1)]);
    return value;
  }

  /** The array after every row of `value` was written, in order. */
  unstack(value: TensorLike, options: NameOption = {}): TensorArray {
    return withScope(this.graph, options.name, "TensorArrayUnstack", () => {
      const count = getItem(shapeOf(value), 0);
      return this.scatter(range(0, count), value, options);
    });
  }

  /** The array after the rows of `value` were written at `indices`. Throws as `write`. */
  scatter(indices: TensorLike, value: TensorLike, options: NameOption = {}): TensorArray {
    return withScope(this.graph, options.name, "TensorArrayScatter", () => {
      const tensor = this.#element(value);
      this.#check(new Shape(tensor.shape.dims?.slice(1) ?? null));
      const flow = this.#beside(tensor, () =>
        applyOne("TensorArrayScatterV3", [this.handle, indices, tensor, this.flow], { name: options.name }),
      );
      return this.withFlow(flow);
    });
  }

  /** The array after parts of `value` with `lengths` rows each were written, in order. */
  split(value: TensorLike, lengths: TensorLike, options: NameOption = {}): TensorArray {
    return withScope(this.graph, options.name, "TensorArraySplit", () => {
      const tensor = convertToTensor(value, { dtype: this.dtype, name: "value" });
      const flow = this.#beside(tensor, () => {
        const rows = cast(asIntegers(lengths), "int64");
        const known = constantValue(rows);
        const sizes = known ? numbersOf(known) : [];
        if (tensor.shape.dims && sizes.length > 0 && sizes.every((size) => size === sizes[0]))
          this.#check(new Shape([sizes[0]!, ...tensor.shape.dims.slice(1)]));
        return applyOne("TensorArraySplitV3", [this.handle, tensor, rows, this.flow], { name: options.name });
      });
      return this.withFlow(flow);
    });
  }

  /** Number of elements, an int32 scalar. */
  size(options: NameOption = {}): Tensor {
    return applyOne("TensorArraySizeV3", [this.handle, this.flow], options);
  }

  /** Gives up all elements. */
  close(options: NameOption = {}): Operation {
    return applyOp("TensorArrayCloseV3", [this.handle], options);
  }

  #element(value: TensorLike): Tensor {
    const tensor = convertToTensor(value, { preferredDType: this.dtype, name: "value" });
    if (tensor.dtype !== this.dtype)
      throw new TypeError(
        `TensorArray dtype is ${this.dtype} but Op is trying to write dtype ${tensor.dtype}.`,
      );
    return tensor;
  }

  #check(shape: Shape): void {
    const common = this.#common;
    if (!shape.isCompatibleWith(common.elementShape))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Inconsistent shapes: saw ${shape.toTuple()} but expected ${common.elementShape.toTuple()} `,
        { node: this.handle.op.name },
      );
    if (common.inferShape) common.elementShape = common.elementShape.mergeWith(shape) ?? shape;
  }

  #beside<R>(tensor: Tensor, make: () => R): R {
    const { colocate } = this.#common;
    if (!colocate) return make();
    colocate.with ??= tensor;
    return this.graph.colocateWith(colocate.with.op, make);
  }
}

function create(dtype: DType, options: TensorArrayOptions, scope: string): readonly [Tensor, Tensor] {
  const { outputs } = applyOp("TensorArrayV3", [options.size!], {
    name: scope,
    attrs: {
      dtype,
      element_shape: Shape.of(options.elementShape),
      identical_element_shapes: options.inferShape ?? true,
      dynamic_size: options.dynamicSize ?? false,
      clear_after_read: options.clearAfterRead ?? true,
      tensor_array_name: options.tensorArrayName,
    },
  });
  return [outputs[0]!, outputs[1]!];
}

/** Bare numbers as integers. */
function asIntegers(value: TensorLike): TensorLike {
  return isTensor(value) || isTensorLike(value) ? value : toNdArray(value as ValueLike, "int32");
}

/** The gradient array of a forward op, told apart by the call of gradients() that `grad` came from. */
function gradientArray(op: Operation, grad: Tensor, dtype: DType, flow: Tensor): TensorArray {
  const parts = grad.name.split("/");
  const at = parts.findLastIndex((part) => part.startsWith("gradients"));
  if (at < 0)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Expected op/tensor name to start with gradients (excluding scope), got: ${grad.name}. This means that a tf.gradients op with this op in its dependency path has a custom name that does not start with 'gradients'. Please make sure all calls to tf.gradients that have non-empty 'name' arguments use names that start with 'gradients'.`,
      { node: op.name, op: op.type },
    );
  const forward = new TensorArray(dtype, {
    handle: op.inputs[0]!,
    flow,
    colocateWithFirstWriteCall: false,
  });
  return forward.grad(parts.slice(0, at + 1).join("/"), { flow });
}

/** The gradient of an op that reads: what flows back is written. */
const reads = (
  flowAt: number,
  write: (array: TensorArray, op: Operation, grad: Tensor) => TensorArray,
): Gradient =>
  several((op, grads) => {
    const grad = dense(grads[0]!);
    const array = gradientArray(op, grad, op.attrs.type("dtype"), op.inputs[flowAt]!);
    return op.inputs.map((_, i) => (i === flowAt ? write(array, op, grad).flow : undefined));
  });

/** The gradient of an op that writes: its value's is read; the flow goes on. */
const writes = (
  valueAt: number,
  read: (array: TensorArray, op: Operation) => Tensor,
  passesFlow: boolean,
): Gradient =>
  single((op, grad) => {
    const flow = dense(grad);
    const value = read(gradientArray(op, flow, op.attrs.type("T"), flow), op);
    const last = op.inputs.length - 1;
    return op.inputs.map((_, i) => (i === valueAt ? value : i === last && passesFlow ? flow : undefined));
  });

/** Gradients by op, without the version at its end. @internal */
export const tensorArrayGradients: Readonly<Record<string, Gradient>> = {
  Read: reads(2, (array, op, grad) => array.write(op.inputs[1]!, grad)),
  Gather: reads(2, (array, op, grad) => array.scatter(op.inputs[1]!, grad)),
  Concat: reads(1, (array, op, grad) => array.split(grad, op.outputs[1]!)),
  Write: writes(2, (array, op) => array.read(op.inputs[1]!), true),
  Scatter: writes(2, (array, op) => array.gather(op.inputs[1]!), true),
  Split: writes(1, (array) => array.concat(), true),
};
