// tf.data.Iterator: how a graph goes through a data set. Source: python/data/ops/iterator_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import { type DType, Shape } from "@org/tensor";
import { applyOne, applyOp } from "../apply-op.ts";
import { assertSameStructure, flatten } from "../control/nest.ts";
import { convertToTensor, resolveGraph } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { packed, type Structure } from "./structure.ts";

/** What an iterator needs of a data set. */
export interface Iterated {
  readonly variantTensor: Tensor;
  readonly structure: Structure;
}

/** A tree of types, and one of shapes: how elements of an iterator look that is not made for a data set. */
export type TypeTree = DType | readonly TypeTree[] | { readonly [key: string]: TypeTree };

export interface IteratorStructureOptions {
  /** Shapes in the form of the types; unknown ones unless given. */
  readonly outputShapes?: unknown;
  readonly sharedName?: string | undefined;
}

const globalIterators = "iterators";

export const flatAttrs = ({ components }: Structure): { output_types: DType[]; output_shapes: Shape[] } => ({
  output_types: components.map(({ dtype }) => dtype),
  output_shapes: components.map(({ shape }) => shape),
});

/** The structure that trees of types and shapes tell. Throws a TypeError where their forms differ. */
function structureOf(types: TypeTree, shapes: unknown): Structure {
  const dtypes = flatten(types) as readonly DType[];
  const list = shapes === undefined ? dtypes.map(() => Shape.unknown) : shapesUpTo(types, shapes);
  return { form: types, components: dtypes.map((dtype, i) => ({ dtype, shape: list[i]! })) };
}

/** The shapes in `shapes` at the leaves of `types`: beyond them arrays are dims. */
function shapesUpTo(types: TypeTree, shapes: unknown): readonly Shape[] {
  if (typeof types === "string") return [Shape.of(shapes as readonly (number | null)[])];
  const isList = Array.isArray(types);
  const keys = Object.keys(types).sort(isList ? () => 0 : undefined);
  const parts = (shapes ?? {}) as Readonly<Record<string, unknown>>;
  if (Array.isArray(shapes) !== isList || `${Object.keys(parts).sort()}` !== `${[...keys].sort()}`)
    throw new TypeError(
      `The two structures don't have the same nested structure: ${JSON.stringify(types)} and ${JSON.stringify(shapes)}`,
    );
  return keys.flatMap((key) => shapesUpTo((types as Record<string, TypeTree>)[key]!, parts[key]));
}

export class DataIterator<E = unknown> {
  /** The resource that stands for it. */
  readonly resource: Tensor;
  readonly structure: Structure;
  readonly #initializer: Operation | undefined;
  readonly #stringHandle: Tensor;

  /** An iterator that is there already. */
  constructor(resource: Tensor, structure: Structure, initializer?: Operation) {
    this.resource = resource;
    this.structure = structure;
    this.#initializer = initializer;
    this.#stringHandle = applyOne("IteratorToStringHandle", [resource]);
    resource.graph.addToCollection(globalIterators, resource);
  }

  /** tf.data.Iterator.from_structure: one that `makeInitializer` begins on any data set whose elements look so. */
  static fromStructure<E = unknown>(
    types: TypeTree,
    options: IteratorStructureOptions = {},
  ): DataIterator<E> {
    const graph = resolveGraph([]);
    const structure = structureOf(types, options.outputShapes);
    const attrs = { ...flatAttrs(structure), container: "", shared_name: options.sharedName ?? "" };
    return new DataIterator<E>(
      onHost(graph, () => applyOne("IteratorV2", [], { attrs })),
      structure,
    );
  }

  /** tf.data.Iterator.from_string_handle: the one that text names (a string scalar, of `stringHandle`): so a placeholder chooses. */
  static fromStringHandle<E = unknown>(
    handle: TensorLike,
    types: TypeTree,
    options: Pick<IteratorStructureOptions, "outputShapes"> = {},
  ): DataIterator<E> {
    const graph = resolveGraph([handle]);
    const structure = structureOf(types, options.outputShapes);
    const text = convertToTensor(handle, { dtype: "string", graph });
    return new DataIterator<E>(
      onHost(graph, () => applyOne("IteratorFromStringHandleV2", [text], { attrs: flatAttrs(structure) })),
      structure,
    );
  }

  get graph(): Graph {
    return this.resource.graph;
  }

  /** Begins at the first element when it is run. Throws TfError INVALID_ARGUMENT for an iterator that begins by itself. */
  get initializer(): Operation {
    if (this.#initializer) return this.#initializer;
    throw new TfError("INVALID_ARGUMENT", "Iterator does not have an initializer.");
  }

  /**
   * An operation that begins this iterator on `dataset`.
   * Throws a TypeError where its elements do not look like this iterator's.
   */
  makeInitializer(dataset: Iterated, options: NameOption = {}): Operation {
    return this.graph.asDefault(() =>
      this.graph.nameScope(options.name ?? "make_initializer", (scope) => {
        checkElements(this.structure, dataset.structure);
        return this.graph.colocateWith(this.resource.op, () =>
          applyOp("MakeIterator", [dataset.variantTensor, this.resource], { name: scope }),
        );
      }),
    );
  }

  /** The next element: each run that needs it takes one; OUT_OF_RANGE where there are no more. Call it once, and build on what it gives. */
  getNext(options: NameOption = {}): E {
    const { outputs } = applyOp("IteratorGetNext", [this.resource], {
      ...options,
      attrs: flatAttrs(this.structure),
    });
    return packed(this.structure.form, outputs) as E;
  }

  /** Text that names this iterator in its session, a string scalar: for a placeholder of `fromStringHandle`. */
  stringHandle(options: NameOption = {}): Tensor {
    if (options.name === undefined) return this.#stringHandle;
    return applyOne("IteratorToStringHandle", [this.resource], options);
  }
}

function onHost<R>(graph: Graph, body: () => R): R {
  return graph.asDefault(() => graph.device("/cpu:0", body));
}

function checkElements(own: Structure, other: Structure): void {
  assertSameStructure(blank(own), blank(other));
  const types = ({ components }: Structure): string => components.map(({ dtype }) => dtype).join(", ");
  if (types(own) !== types(other))
    throw new TypeError(
      `Expected output types ${types(own)} but got dataset with output types ${types(other)}.`,
    );
  const shapes = ({ components }: Structure): string => components.map(({ shape }) => `${shape}`).join(", ");
  if (!own.components.every(({ shape }, i) => shape.isCompatibleWith(other.components[i]!.shape)))
    throw new TypeError(
      `Expected output shapes compatible with ${shapes(own)} but got dataset with output shapes ${shapes(other)}.`,
    );
}

/** The form with the same leaf everywhere. */
const blank = ({ form, components }: Structure): unknown =>
  packed(
    form,
    components.map(() => 0),
  );
