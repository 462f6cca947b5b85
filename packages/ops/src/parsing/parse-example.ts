// tf.parse_example, tf.parse_single_example: dictionaries of features to tensors. Source: python/ops/parsing_ops.py.
import { TfError } from "@org/errors";
import { type Graph, isTensorLike, type Tensor } from "@org/graph";
import type { Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { reshape } from "../array/reshape.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { sparseMerge } from "../sparse/sparse-merge.ts";
import type { SparseTensor } from "../sparse/sparse-tensor.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import {
  type DenseKey,
  type ExampleFeature,
  FixedLenSequenceFeature,
  type RawFeatures,
  rawFeatures,
  type SparseFeature,
  sortedKeys,
  type VarLenFeature,
} from "./features.ts";

/** Features by name. */
export type Features = Readonly<Record<string, ExampleFeature>>;

/** A tensor a feature: sparse ones for VarLenFeature and SparseFeature. */
export type Parsed<F extends Features> = {
  readonly [K in keyof F]: F[K] extends VarLenFeature | SparseFeature ? SparseTensor : Tensor;
};

export interface ParseExampleOptions extends NameOption {
  /** A name an Example (string vector), told in errors. */
  readonly exampleNames?: TensorLike | undefined;
}

const isSequence = (shape: Shape): boolean => shape.dims?.[0] === null;

/** The name of the constant that holds a default. */
export const constantName = (prefix: string, key: string): string =>
  `${prefix}_${key.replace(/[^A-Za-z0-9_.\-/]/g, "_")}`;

/** The default of a key as the op takes it: empty where the key must be there. */
function defaultTensor({ key, dtype, shape, defaultValue }: DenseKey, graph: Graph): Tensor {
  if (isSequence(shape)) {
    if (defaultValue === undefined) return constant(dtype === "string" ? "" : 0, dtype, { graph });
    return reshape(
      convertToTensor(defaultValue, { dtype, name: constantName("padding", key), graph }),
      Int32Array.of(),
    );
  }
  if (defaultValue === undefined) return constant([], dtype, { graph });
  if (isTensorLike(defaultValue)) return convertToTensor(defaultValue, { dtype, graph });
  const value = convertToTensor(defaultValue, { dtype, name: constantName("key", key), graph });
  return reshape(value, Int32Array.from(shape.toNumbers()));
}

export const defaultTensors = (dense: readonly DenseKey[], graph: Graph): Tensor[] =>
  dense.map((key) => defaultTensor(key, graph));

/** Sparse tensors and dense ones by key, from an op's outputs: all indices, all values, all shapes, all dense values. */
export function outputsByKey(
  { sparse, dense }: RawFeatures,
  outputs: readonly Tensor[],
): Map<string, Tensor | SparseTensor> {
  const count = sparse.size;
  const found = new Map<string, Tensor | SparseTensor>();
  for (const [i, key] of [...sparse.keys()].entries())
    found.set(key, {
      indices: outputs[i]!,
      values: outputs[count + i]!,
      denseShape: outputs[2 * count + i]!,
    });
  for (const [i, { key }] of dense.entries()) found.set(key, outputs[3 * count + i]!);
  return found;
}

/** One tensor a feature: sparse features are put together from their keys. */
function byFeature<F extends Features>(features: F, found: Map<string, Tensor | SparseTensor>): Parsed<F> {
  const all = new Map(found);
  for (const key of sortedKeys(features)) {
    const feature = features[key]!;
    if (feature.kind !== "sparse") continue;
    const { indexKey, valueKey, size, alreadySorted } = feature;
    const at = (name: string): SparseTensor => all.get(name) as SparseTensor;
    const ids = typeof indexKey === "string" ? at(indexKey) : indexKey.map(at);
    all.set(key, sparseMerge(ids, at(valueKey), size as number, { alreadySorted }));
  }
  return Object.fromEntries(Object.keys(features).map((key) => [key, all.get(key)!])) as unknown as Parsed<F>;
}

/** Raw keys of Examples: sequences have a first dimension more, of any length. */
function exampleKeys(features: Features): RawFeatures {
  if (Object.keys(features).length === 0) throw new TfError("INVALID_ARGUMENT", "Missing: features was {}.");
  const rows = Object.entries(features).map(([key, feature]): [string, ExampleFeature] => {
    if (feature.kind !== "sequence") return [key, feature];
    const { shape, dtype, allowMissing, defaultValue } = feature;
    if (!allowMissing)
      throw new TfError(
        "INVALID_ARGUMENT",
        "Unsupported: FixedLenSequenceFeature requires allow_missing to be True.",
        { hint: `Give feature ${key} { allowMissing: true }.` },
      );
    const dims = "dims" in shape ? (shape.dims ?? []) : shape;
    return [key, new FixedLenSequenceFeature([null, ...dims], dtype, { allowMissing, defaultValue })];
  });
  return rawFeatures(Object.fromEntries(rows), ["var", "sparse", "fixed", "sequence"]);
}

/**
 * tf.parse_example: a vector of serialized Examples to a batch: of each feature, a tensor with a first dimension for the Examples
 * (sparse ones for VarLenFeature and SparseFeature). Running it fails with INVALID_ARGUMENT where an Example is broken, lacks what
 * has no default, or has another type.
 * Throws TfError INVALID_ARGUMENT where features contradict each other. Source: python/ops/parsing_ops.py.
 * @tfExport parseExample
 */
export function parseExample<F extends Features>(
  serialized: TensorLike,
  features: F,
  options: ParseExampleOptions = {},
): Parsed<F> {
  const keys = exampleKeys(features);
  const { exampleNames } = options;
  const graph = resolveGraph([serialized, exampleNames]);
  const name = options.name ?? "ParseExample";
  const outputs = withScope(graph, name, name, () => {
    const defaults = defaultTensors(keys.dense, graph);
    const [sparse, dense] = [[...keys.sparse.keys()], keys.dense.map(({ key }) => key)];
    return applyOp("ParseExample", [serialized, exampleNames ?? [], sparse, dense, defaults], {
      name,
      graph,
      attrs: {
        sparse_types: [...keys.sparse.values()],
        dense_shapes: keys.dense.map(({ shape }) => shape),
      },
    }).outputs;
  });
  return graph.asDefault(() => byFeature(features, outputsByKey(keys, outputs)));
}

/**
 * tf.parse_single_example: a scalar with one serialized Example to a tensor a feature (sparse ones for VarLenFeature and SparseFeature).
 * Fails and throws as `parseExample`. Source: python/ops/parsing_ops.py.
 * @tfExport parseSingleExample
 */
export function parseSingleExample<F extends Features>(
  serialized: TensorLike,
  features: F,
  options: NameOption = {},
): Parsed<F> {
  const keys = exampleKeys(features);
  const graph = resolveGraph([serialized]);
  const name = options.name ?? "ParseSingleExample";
  const outputs = withScope(graph, name, name, () => {
    const example = convertToTensor(serialized, { dtype: "string", name: "serialized", graph });
    const defaults = defaultTensors(keys.dense, graph);
    return applyOp("ParseSingleExample", [example, defaults], {
      name,
      graph,
      attrs: {
        num_sparse: keys.sparse.size,
        sparse_keys: [...keys.sparse.keys()],
        sparse_types: [...keys.sparse.values()],
        dense_keys: keys.dense.map(({ key }) => key),
        dense_shapes: keys.dense.map(({ shape }) => shape),
      },
    }).outputs;
  });
  return graph.asDefault(() => byFeature(features, outputsByKey(keys, outputs)));
}
