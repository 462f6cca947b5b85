// data_flow_ops.StagingArea: a place where tensors wait between two parts of a program, as a program builds it.
// Source: python/ops/data_flow_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { identity } from "../array/constant.ts";
import { noOp } from "../control/group.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";

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

/** A tuple: its tensors in order, one alone, or a record where the area has names. */
export type StagingValues = TensorLike | readonly TensorLike[] | { readonly [name: string]: TensorLike };
type Staged = readonly Tensor[] & { readonly [name: string]: Tensor };

const invalid = (sentence: string): never => {
  throw new TfError("INVALID_ARGUMENT", sentence);
};

export class StagingArea {
  /** What ops of the area find it by. */
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly shapes: readonly Shape[];
  readonly names: readonly string[] | undefined;
  readonly capacity: number;
  readonly memoryLimit: number;
  readonly #root: Operation;

  /** Throws TfError INVALID_ARGUMENT where shapes or names are not as many as types. */
  constructor(dtypes: readonly DType[], options: StagingOptions = {}) {
    const graph = resolveGraph([]);
    this.name = options.sharedName ?? graph.uniqueName("StagingArea");
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
    this.#root = graph.nameScope(`${this.name}_root`, () => noOp());
  }

  get graph(): Graph {
    return this.#root.graph;
  }

  get #attrs() {
    return { shared_name: this.name, capacity: this.capacity, memory_limit: this.memoryLimit };
  }

  /** Puts a tuple in; waits for room. Throws TfError INVALID_ARGUMENT where it is not what the area holds. */
  put(values: StagingValues, options: NameOption = {}): Operation {
    return this.graph.asDefault(() =>
      this.graph.nameScope(options.name ?? `${this.name}_put`, (scope) => {
        const tensors = this.#tensors(values);
        return this.graph.colocateWith(this.#root, () =>
          applyOp("Stage", [tensors], { name: scope, attrs: this.#attrs }),
        );
      }),
    );
  }

  /** Takes the first tuple; waits for one. */
  get(options: NameOption = {}): Staged {
    return this.#out("Unstage", [], options.name ?? `${this.name}_get`);
  }

  /** Tuple number `index`, which stays; waits until there are so many. */
  peek(index: TensorLike, options: NameOption = {}): Staged {
    return this.#out("StagePeek", [index], options.name ?? `${this.name}_peek`);
  }

  /** Number of tuples, an int32 scalar. */
  size(options: NameOption = {}): Tensor {
    const attrs = { ...this.#attrs, dtypes: this.dtypes };
    return this.graph.asDefault(() =>
      applyOne("StageSize", [], { name: options.name ?? `${this.name}_size`, attrs }),
    );
  }

  /** Gives up all tuples. */
  clear(options: NameOption = {}): Operation {
    const attrs = { ...this.#attrs, dtypes: this.dtypes };
    return this.graph.asDefault(() =>
      applyOp("StageClear", [], { name: options.name ?? `${this.name}_clear`, attrs }),
    );
  }

  #out(type: string, inputs: readonly TensorLike[], name: string): Staged {
    return this.graph.asDefault(() => {
      const { outputs } = this.graph.colocateWith(this.#root, () =>
        applyOp(type, inputs, { name, attrs: { ...this.#attrs, dtypes: this.dtypes } }),
      );
      const tensors = this.#here(outputs);
      for (const [i, tensor] of tensors.entries()) tensor.setShape(this.shapes[i]!);
      if (!this.names) return tensors as Staged;
      return Object.fromEntries(this.names.map((key, i) => [key, tensors[i]!])) as unknown as Staged;
    });
  }

  /** On the device where a node would be now: a copy where that is another one than the area's. */
  #here(tensors: readonly Tensor[]): readonly Tensor[] {
    return noOp().device === this.#root.device ? tensors : tensors.map((tensor) => identity(tensor));
  }

  #tensors(values: StagingValues): readonly Tensor[] {
    const list = this.#inOrder(values);
    if (list.length > this.dtypes.length)
      invalid(`Unexpected number of inputs '${list.length}' vs '${this.dtypes.length}'`);
    return list.map((value, i) => {
      const dtype = this.dtypes[i]!;
      const tensor = convertToTensor(value, { name: `component_${i}`, preferredDType: dtype });
      if (tensor.dtype !== dtype) invalid(`Datatypes do not match. '${tensor.dtype}' != '${dtype}'`);
      const shape = this.shapes[i]!;
      if (!tensor.shape.isCompatibleWith(shape))
        invalid(`Shapes ${tensor.shape.toTuple()} and ${shape.toTuple()} are incompatible`);
      return tensor;
    });
  }

  #inOrder(values: StagingValues): readonly TensorLike[] {
    const isRecord = typeof values === "object" && Object.getPrototypeOf(values) === Object.prototype;
    if (!isRecord) {
      if (this.names) invalid("You must enqueue a dictionary in a staging area with names");
      return Array.isArray(values) ? (values as readonly TensorLike[]) : [values as TensorLike];
    }
    const names = this.names ?? invalid("Staging areas must have names to enqueue a dictionary");
    const record = values as { readonly [name: string]: TensorLike };
    const keys = Object.keys(record);
    if (!keys.every((key) => names.includes(key)))
      invalid(
        `Keys in dictionary to put do not match names of staging area. Dictionary: (${keys.sort()}), Queue: (${[...names].sort()})`,
      );
    return names.filter((name) => name in record).map((name) => record[name]!);
  }
}
