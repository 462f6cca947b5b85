// What a feature of an Example is to become: tf.io.FixedLenFeature and its kin. Source: python/ops/parsing_ops.py.
import { TfError } from "@org/errors";
import { type DType, Shape } from "@org/tensor";
import type { TensorLike } from "../tensor-like.ts";

type Dims = Shape | readonly (number | null)[];

/** tf.io.FixedLenFeature: a tensor of `shape`; `defaultValue` where an Example lacks it, without one it must be there. */
export class FixedLenFeature {
  readonly kind = "fixed";
  readonly shape: Dims;
  readonly dtype: DType;
  readonly defaultValue: TensorLike | undefined;

  constructor(shape: Dims, dtype: DType, defaultValue?: TensorLike) {
    this.shape = shape;
    this.dtype = dtype;
    this.defaultValue = defaultValue;
  }
}

/** tf.io.VarLenFeature: any number of values, as a sparse tensor. */
export class VarLenFeature {
  readonly kind = "var";
  readonly dtype: DType;

  constructor(dtype: DType) {
    this.dtype = dtype;
  }
}

export interface SequenceFeatureOptions {
  /** An Example may lack the feature: it is empty then. */
  readonly allowMissing?: boolean | undefined;
  /** What shorter ones are filled up with: zeros (or empty strings) unless given. */
  readonly defaultValue?: TensorLike | undefined;
}

/** tf.io.FixedLenSequenceFeature: any number of values of `shape`, as a tensor that is filled up to the longest of a batch. */
export class FixedLenSequenceFeature {
  readonly kind = "sequence";
  readonly shape: Dims;
  readonly dtype: DType;
  readonly allowMissing: boolean;
  readonly defaultValue: TensorLike | undefined;

  constructor(shape: Dims, dtype: DType, options: SequenceFeatureOptions = {}) {
    this.shape = shape;
    this.dtype = dtype;
    this.allowMissing = options.allowMissing ?? false;
    this.defaultValue = options.defaultValue;
  }
}

export interface SparseFeatureOptions {
  /** The indices of an Example are in order already. */
  readonly alreadySorted?: boolean | undefined;
}

/** tf.io.SparseFeature: a sparse tensor of `size`, its indices under one or several keys (int64), its values under another. */
export class SparseFeature {
  readonly kind = "sparse";
  readonly indexKey: string | readonly string[];
  readonly valueKey: string;
  readonly dtype: DType;
  readonly size: number | readonly number[];
  readonly alreadySorted: boolean;

  constructor(
    indexKey: string | readonly string[],
    valueKey: string,
    dtype: DType,
    size: number | readonly number[],
    options: SparseFeatureOptions = {},
  ) {
    this.indexKey = indexKey;
    this.valueKey = valueKey;
    this.dtype = dtype;
    this.size = size;
    this.alreadySorted = options.alreadySorted ?? false;
  }
}

export type ExampleFeature = FixedLenFeature | VarLenFeature | FixedLenSequenceFeature | SparseFeature;

/** A key whose values become one dense tensor. */
export interface DenseKey {
  readonly key: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly defaultValue: TensorLike | undefined;
  /** Of a sequence: whether it may be missing. */
  readonly allowMissing: boolean;
}

/** What an op that parses takes. */
export interface RawFeatures {
  readonly sparse: ReadonlyMap<string, DType>;
  readonly dense: readonly DenseKey[];
}

function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

/** Code-point order, as Python sorts names. */
export function sortedKeys(record: Readonly<Record<string, unknown>>): string[] {
  const points = (text: string): number[] => Array.from(text, (char) => char.codePointAt(0)!);
  return Object.keys(record).sort((a, b) => {
    const [x, y] = [points(a), points(b)];
    const at = x.findIndex((point, i) => point !== y[i]);
    return at === -1 ? x.length - y.length : x[at]! - (y[at] ?? -1);
  });
}

function fixedShape(key: string, given: Dims): Shape {
  const shape = Shape.of(given);
  if (shape.dims?.[0] === null)
    invalid(`First dimension of shape for feature ${key} unknown. Consider using FixedLenSequenceFeature.`);
  if (!shape.isFullyDefined())
    invalid(`All dimensions of shape for feature ${key} need to be known but received ${shape.toTuple()}.`);
  return shape;
}

/**
 * Sparse and dense keys of `features`, in the order in which TensorFlow's Python gives them to the op; sequences as they are (shapes of
 * a row). Throws TfError INVALID_ARGUMENT where types contradict each other, or a shape is not known.
 */
export function rawFeatures(
  features: Readonly<Record<string, ExampleFeature>>,
  kinds: readonly ExampleFeature["kind"][],
): RawFeatures {
  const sparse = new Map<string, DType>();
  const dense: DenseKey[] = [];
  const addSparse = (key: string, dtype: DType, shown: string): void => {
    const known = sparse.get(key);
    if (known !== undefined && known !== dtype)
      invalid(`Conflicting type ${known} vs ${shown} for feature ${key}.`);
    sparse.set(key, dtype);
  };
  for (const key of sortedKeys(features)) {
    const feature = features[key]!;
    if (!kinds.includes(feature.kind)) invalid(`Unsupported ${feature.constructor.name} for feature ${key}.`);
    if (feature.kind === "var") sparse.set(key, feature.dtype);
    else if (feature.kind === "sparse") {
      const keys = typeof feature.indexKey === "string" ? [feature.indexKey] : [...feature.indexKey].sort();
      for (const indexKey of keys) addSparse(indexKey, "int64", "int64");
      addSparse(feature.valueKey, feature.dtype, feature.dtype);
    } else if (feature.kind === "fixed") {
      const { dtype, defaultValue } = feature;
      dense.push({ key, dtype, shape: fixedShape(key, feature.shape), defaultValue, allowMissing: false });
    } else {
      const { dtype, defaultValue, allowMissing } = feature;
      dense.push({ key, dtype, shape: Shape.of(feature.shape), defaultValue, allowMissing });
    }
  }
  const both = dense.filter(({ key }) => sparse.has(key)).map(({ key }) => `'${key}'`);
  if (both.length > 0)
    invalid(`Dense and sparse keys must not intersect; intersection: {${both.join(", ")}}`);
  return { sparse, dense };
}
