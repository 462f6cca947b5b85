// tf.data.Dataset: elements that a graph goes through, from values, files and other data sets. Building one makes the node that makes it; an
// iterator goes through it. Source: python/data/ops/dataset_ops.py of TensorFlow 1.15 (DatasetV1).
import { TfError } from "@org/errors";
import { currentGraph, type Graph, type Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { flatten } from "../control/nest.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import type { TensorLike } from "../tensor-like.ts";
import { withOptions } from "./applied-options.ts";
import { batched, dropTensor, keepsRemainder } from "./batch-structure.ts";
import { dataFunction } from "./data-function.ts";
import { DataIterator, flatAttrs } from "./data-iterator.ts";
import { datasetFactory } from "./one-shot.ts";
import { paddedShapes, paddingValues } from "./padding.ts";
import { shuffleSeeds } from "./shuffle-seeds.ts";
import {
  type Arguments,
  type ElementLike,
  type ElementOf,
  normalizeElement,
  packed,
  type Structure,
  specOf,
} from "./structure.ts";

type Counts = number | bigint | Tensor;

export interface MapDataOptions {
  /** As in TensorFlow's graphs; here calls come one after another, in the same order. */
  readonly numParallelCalls?: Counts | undefined;
}

export interface InterleaveDataOptions extends MapDataOptions {
  /** How many data sets take turns. */
  readonly cycleLength: Counts;
  /** How many elements of one before the next: 1 unless given. */
  readonly blockLength?: Counts | undefined;
}

export interface BatchesOptions {
  /** Leave out a last batch that is smaller: false unless given. */
  readonly dropRemainder?: boolean | Tensor | undefined;
}

export interface PaddedBatchesOptions extends BatchesOptions {
  /** What components are filled up with, in the form of an element: zeros and empty strings unless given. */
  readonly paddingValues?: unknown;
}

export interface ShuffleDataOptions {
  readonly seed?: number | undefined;
  /** Another order each time it is gone through: true unless given. */
  readonly reshuffleEachIteration?: boolean | undefined;
}

export const int64Tensor = (value: TensorLike | bigint, name: string): Tensor =>
  convertToTensor(value as TensorLike, { dtype: "int64", name });

export class Dataset<E = unknown> {
  /** The variant that carries it. */
  readonly variantTensor: Tensor;
  readonly structure: Structure;
  /** Whether a function of it captures a variable's reference. */
  readonly #capturesRefs: boolean;

  /** A data set that a node makes already. */
  constructor(variantTensor: Tensor, structure: Structure, capturesRefs = false) {
    this.variantTensor = variantTensor;
    this.structure = structure;
    this.#capturesRefs = capturesRefs;
  }

  get graph(): Graph {
    return this.variantTensor.graph;
  }

  /** Element types, in the form of an element. */
  get outputTypes(): unknown {
    const { form, components } = this.structure;
    return packed(
      form,
      components.map(({ dtype }) => dtype),
    );
  }

  /** Shapes, in the form of an element. */
  get outputShapes(): unknown {
    const { form, components } = this.structure;
    return packed(
      form,
      components.map(({ shape }) => shape),
    );
  }

  // ---- from values

  /** tf.data.Dataset.range: int64 numbers up to (not including) `stop`, from 0 or `start` on, in steps of 1 or `step`. */
  static range(stop: Counts): Dataset<Tensor>;
  static range(start: Counts, stop: Counts, step?: Counts): Dataset<Tensor>;
  static range(first: Counts, second?: Counts, step: Counts = 1): Dataset<Tensor> {
    const [from, to] = second === undefined ? [0, first] : [first, second];
    const inputs = [int64Tensor(from, "start"), int64Tensor(to, "stop"), int64Tensor(step, "step")];
    const structure = { form: null, components: [{ dtype: "int64" as DType, shape: Shape.scalar }] };
    return made("RangeDataset", inputs, structure);
  }

  /** tf.data.Dataset.from_tensors: one element: a tensor, a tuple or a record of such. */
  static fromTensors<const V>(element: V): Dataset<ElementOf<V>> {
    const graph = resolveGraph([element]);
    const { form, tensors } = normalizeElement(element, (name, body) => graph.nameScope(name, body));
    const components = tensors.map(specOf);
    const attrs = { output_shapes: components.map(({ shape }) => shape) };
    return new Dataset(applyOne("TensorDataset", [tensors], { attrs }), { form, components });
  }

  /**
   * tf.data.Dataset.from_tensor_slices: the rows of a tensor, or of a tuple or record of tensors.
   * Throws TfError INVALID_ARGUMENT where a tensor has no rows, or they have different numbers of them.
   */
  static fromTensorSlices<const V>(element: V): Dataset<ElementOf<V>> {
    const graph = resolveGraph([element]);
    const { form, tensors } = normalizeElement(element, (name, body) => graph.nameScope(name, body));
    let rows: Shape = new Shape([null]);
    const components = tensors.map(({ dtype, shape }) => {
      if (shape.rank === 0)
        throw new TfError("INVALID_ARGUMENT", "Unbatching a tensor is only supported for rank >= 1");
      const own = new Shape([shape.dims?.[0] ?? null]);
      const merged = rows.mergeWith(own);
      if (!merged)
        throw new TfError(
          "INVALID_ARGUMENT",
          `Dimensions ${rows.dims![0]} and ${own.dims![0]} are not compatible`,
        );
      rows = merged;
      return { dtype, shape: new Shape(shape.dims?.slice(1) ?? null) };
    });
    const attrs = { output_shapes: components.map(({ shape }) => shape) };
    return new Dataset(applyOne("TensorSliceDataset", [tensors], { attrs }), { form, components });
  }

  /** tf.data.Dataset.zip: elements of several data sets side by side, in the tuple or record that they are given in. */
  static zip<const D>(
    datasets: D,
  ): Dataset<D extends readonly unknown[] | object ? { readonly [K in keyof D]: ElementIn<D[K]> } : never> {
    const list = flatten(datasets);
    for (const one of list)
      if (!(one instanceof Dataset))
        throw new TypeError(
          "The argument to `Dataset.zip()` must be a nested structure of `Dataset` objects.",
        );
    const all = list as readonly Dataset[];
    const form = packed(
      datasets,
      all.map(({ structure }) => structure.form),
    );
    const components = all.flatMap(({ structure }) => structure.components);
    const structure = { form, components };
    const variants = all.map(({ variantTensor }) => variantTensor);
    const variant = applyOne("ZipDataset", [variants], { attrs: flatAttrs(structure) });
    return new Dataset(
      variant,
      structure,
      all.some((one) => one.#capturesRefs),
    ) as never;
  }

  // ---- from this one

  /** Each element as `fn` gives it back; a tuple's parts are its arguments. What `fn` builds becomes a function of the graph. */
  map<const R>(fn: (...args: Arguments<E>) => R, options: MapDataOptions = {}): Dataset<ElementOf<R>> {
    return this.#within(() => {
      const f = dataFunction("Dataset_map", fn as never, this.structure);
      const { numParallelCalls } = options;
      const calls =
        numParallelCalls === undefined
          ? []
          : [convertToTensor(numParallelCalls as TensorLike, { dtype: "int32", name: "num_parallel_calls" })];
      const type = numParallelCalls === undefined ? "MapDataset" : "ParallelMapDataset";
      return this.#by(type, f.output, { f: { raw: f.attr } }, [f.captures, ...calls], f.captures) as never;
    });
  }

  /** The elements for which `predicate` gives true, a bool scalar. */
  filter(predicate: (...args: Arguments<E>) => unknown): Dataset<E> {
    return this.#within(() => {
      const f = dataFunction("Dataset_filter", predicate as never, this.structure);
      const [answer] = f.output.components;
      if (
        f.output.components.length !== 1 ||
        answer!.dtype !== "bool" ||
        !answer!.shape.isCompatibleWith(Shape.scalar)
      )
        throw new TfError(
          "INVALID_ARGUMENT",
          `\`predicate\` return type must be convertible to a scalar boolean tensor. Was ${f.output.components.map(({ dtype, shape }) => `${dtype}${shape}`)}.`,
        );
      return this.#by(
        "FilterDataset",
        this.structure,
        { predicate: { raw: f.attr } },
        [f.captures],
        f.captures,
      ) as never;
    });
  }

  /** The elements of the data sets that `fn` gives, one data set after the other. Throws a TypeError where it gives none. */
  flatMap<R>(fn: (...args: Arguments<E>) => Dataset<R>): Dataset<R> {
    return this.#within(() => {
      const f = dataFunction("Dataset_flat_map", fn as never, this.structure);
      const structure = structureOfResult(f.result);
      return this.#by("FlatMapDataset", structure, { f: { raw: f.attr } }, [f.captures], f.captures) as never;
    });
  }

  /** The same with `cycleLength` data sets taking turns. */
  interleave<R>(fn: (...args: Arguments<E>) => Dataset<R>, options: InterleaveDataOptions): Dataset<R> {
    return this.#within(() => {
      const f = dataFunction("Dataset_interleave", fn as never, this.structure);
      const structure = structureOfResult(f.result);
      const { cycleLength, blockLength = 1, numParallelCalls } = options;
      const more = [int64Tensor(cycleLength, "cycle_length"), int64Tensor(blockLength, "block_length")];
      if (numParallelCalls !== undefined) more.push(int64Tensor(numParallelCalls, "num_parallel_calls"));
      const type = numParallelCalls === undefined ? "InterleaveDataset" : "ParallelInterleaveDatasetV2";
      return this.#by(type, structure, { f: { raw: f.attr } }, [f.captures, ...more], f.captures) as never;
    });
  }

  /** `batchSize` elements at a time, which must have equal shapes then. */
  batch(batchSize: Counts, options: BatchesOptions = {}): Dataset<E> {
    return this.#within(() => {
      const size = int64Tensor(batchSize, "batch_size");
      const drop = dropTensor(options.dropRemainder);
      return this.#by("BatchDatasetV2", batched(this.structure, size, drop), {}, [size, drop]) as never;
    });
  }

  /**
   * `batchSize` elements at a time, filled up to `shapes` (in the form of an element; null dims: to the longest of the batch).
   * Throws TfError INVALID_ARGUMENT where a shape or value does not fit the elements.
   */
  paddedBatch(batchSize: Counts, shapes: unknown, options: PaddedBatchesOptions = {}): Dataset<E> {
    return this.#within(() => {
      const size = int64Tensor(batchSize, "batch_size");
      const padded = paddedShapes(this.structure, shapes);
      const values = paddingValues(this.structure, options.paddingValues);
      const drop = dropTensor(options.dropRemainder);
      const isKept = keepsRemainder(drop);
      const shapesOf = padded.map(({ shape }) => shape);
      const structure = batched(this.structure, size, drop, shapesOf);
      const tensors = padded.map(({ tensor }) => tensor);
      const type = isKept ? "PaddedBatchDataset" : "PaddedBatchDatasetV2";
      const attrs = { output_shapes: structure.components.map(({ shape }) => shape) };
      const inputs = [this.variantTensor, size, tensors, values, ...(isKept ? [] : [drop])];
      return new Dataset<E>(applyOne(type, inputs, { attrs }), structure, this.#capturesRefs);
    });
  }

  /** In another order, from a buffer of `bufferSize` elements: with seeds, the order that TensorFlow gives. */
  shuffle(bufferSize: Counts, options: ShuffleDataOptions = {}): Dataset<E> {
    return this.#within(() => {
      const size = int64Tensor(bufferSize, "buffer_size");
      const seeds = shuffleSeeds(options.seed, currentGraph()!);
      const attrs = { reshuffle_each_iteration: options.reshuffleEachIteration ?? true };
      return this.#same("ShuffleDataset", [size, ...seeds], attrs);
    });
  }

  /** `count` times over; without, or where it is -1, without end. */
  repeat(count: Counts = -1): Dataset<E> {
    return this.#counted("RepeatDataset", { count });
  }

  /** The first `count` elements; all where it is -1. */
  take(count: Counts): Dataset<E> {
    return this.#counted("TakeDataset", { count });
  }

  /** All but the first `count` elements; none where it is -1. */
  skip(count: Counts): Dataset<E> {
    return this.#counted("SkipDataset", { count });
  }

  /** Every `numShards`th element, from number `index` on. */
  shard(numShards: Counts, index: Counts): Dataset<E> {
    return this.#counted("ShardDataset", { num_shards: numShards, index });
  }

  /** Elements are made ready while others are worked on: `bufferSize` of them, -1: as many as seems good. */
  prefetch(bufferSize: Counts): Dataset<E> {
    return this.#counted("PrefetchDataset", { buffer_size: bufferSize });
  }

  /** Those of `other` after those of this one. Throws a TypeError where types differ. */
  concatenate(other: Dataset<E>): Dataset<E> {
    return this.#within(() => {
      const [a, b] = [this.structure.components, other.structure.components];
      if (`${a.map(({ dtype }) => dtype)}` !== `${b.map(({ dtype }) => dtype)}`)
        throw new TypeError(
          `Two datasets to concatenate have different types ${a.map(({ dtype }) => dtype)} and ${b.map(({ dtype }) => dtype)}`,
        );
      const components = a.map(({ dtype, shape }, i) => ({ dtype, shape: common(shape, b[i]!.shape) }));
      const structure = { form: this.structure.form, components };
      const attrs = flatAttrs(structure);
      const variant = applyOne("ConcatenateDataset", [this.variantTensor, other.variantTensor], { attrs });
      return new Dataset<E>(variant, structure, this.#capturesRefs || other.#capturesRefs);
    });
  }

  // ---- iterators

  /** An iterator that its `initializer` begins, again and again. */
  makeInitializableIterator(options: { readonly sharedName?: string | undefined } = {}): DataIterator<E> {
    return this.graph.asDefault(() => {
      const whole = this.#optimized();
      const attrs = { ...flatAttrs(this.structure), container: "", shared_name: options.sharedName ?? "" };
      const resource = applyOne("IteratorV2", [], { attrs });
      const initializer = this.graph.colocateWith(resource.op, () =>
        applyOp("MakeIterator", [whole, resource]),
      );
      return new DataIterator<E>(resource, this.structure, initializer);
    });
  }

  /**
   * An iterator that begins by itself, and goes through the data set once: all that makes it goes into a function of the graph.
   * Throws TfError INVALID_ARGUMENT for data sets that capture variables, tables or placeholders.
   */
  makeOneShotIterator(): DataIterator<E> {
    const { graph } = this;
    return graph.asDefault(() => {
      const name = datasetFactory(this.variantTensor, () => this.#optimized());
      const attrs = {
        ...flatAttrs(this.structure),
        dataset_factory: { raw: { func: { name } } },
        container: "",
        shared_name: "",
      };
      return new DataIterator<E>(applyOne("OneShotIterator", [], { attrs }), this.structure);
    });
  }

  /** This data set behind what TensorFlow optimizes and models, in the current graph. */
  #optimized(): Tensor {
    return withOptions(this.variantTensor, this.structure, this.#capturesRefs);
  }

  /** The data set that op `type` makes of this one and `inputs`. */
  #by(
    type: string,
    structure: Structure,
    attrs: Parameters<typeof applyOp>[2] extends { attrs?: infer A } | undefined ? A : never,
    inputs: readonly (Tensor | readonly Tensor[])[],
    captures: readonly Tensor[] = [],
  ): Dataset {
    const variant = applyOne(type, [this.variantTensor, ...inputs], {
      attrs: { ...attrs, ...flatAttrs(structure) },
    });
    return new Dataset(variant, structure, this.#capturesRefs || captures.some(({ isRef }) => isRef));
  }

  #same(type: string, inputs: readonly Tensor[], attrs: Record<string, boolean> = {}): Dataset<E> {
    return this.#by(type, this.structure, attrs, inputs) as Dataset<E>;
  }

  /** One with the same elements, told by numbers. */
  #counted(type: string, counts: Readonly<Record<string, Counts>>): Dataset<E> {
    return this.#within(() =>
      this.#same(
        type,
        Object.entries(counts).map(([name, value]) => int64Tensor(value, name)),
      ),
    );
  }

  /** Builds in this data set's graph, or in the body of the function that is being built. */
  #within<R>(build: () => R): R {
    return resolveGraph([this.variantTensor]).asDefault(build);
  }
}

type ElementIn<D> =
  D extends Dataset<infer E>
    ? E
    : D extends readonly unknown[] | object
      ? { readonly [K in keyof D]: ElementIn<D[K]> }
      : ElementLike;

function made<E>(
  type: string,
  inputs: readonly (Tensor | readonly Tensor[])[],
  structure: Structure,
): Dataset<E> {
  return new Dataset<E>(applyOne(type, inputs, { attrs: flatAttrs(structure) }), structure);
}

function structureOfResult(result: unknown): Structure {
  if (result instanceof Dataset) return result.structure;
  throw new TypeError(`\`map_func\` must return a \`Dataset\` object. Got ${typeof result}`);
}

/** What both shapes say. */
function common(a: Shape, b: Shape): Shape {
  if (!a.dims || !b.dims || a.dims.length !== b.dims.length) return Shape.unknown;
  return new Shape(a.dims.map((dim, i) => (dim === b.dims![i] ? dim : null)));
}
