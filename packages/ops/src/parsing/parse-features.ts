// Examples to tensors: dense ones of a fixed shape, dense ones whose first dimension varies (filled up to the longest of the batch),
// sparse and ragged ones. Of repeats of a name, the last counts. Source: FastParseExample and FastParseSingleExample in
// core/util/example_proto_fast_parsing.cc.
import { dtypeString, type NdArray, ndArray, type Shape, sizeOf } from "@org/tensor";
import { bytesKey } from "../host/text.ts";
import {
  emptyData,
  type FeatureData,
  type FeatureDType,
  featureType,
  featureValues,
  putData,
  readExample,
} from "./example-wire.ts";

export interface DenseFeature {
  readonly kind: "dense";
  readonly key: Uint8Array;
  readonly dtype: FeatureDType;
  readonly shape: Shape;
  readonly defaultValue: NdArray;
  /** The first dimension is as long as an Example says. */
  readonly variableLength: boolean;
  /** Elements of the other dimensions, or of all of a fixed shape. */
  readonly stride: number;
}

export interface SparseFeature {
  readonly kind: "sparse" | "ragged";
  readonly key: Uint8Array;
  readonly dtype: FeatureDType;
}

export interface RaggedFeature extends SparseFeature {
  readonly kind: "ragged";
  readonly splitDType: "int32" | "int64";
}

export interface FeaturePlan {
  readonly dense: readonly DenseFeature[];
  readonly sparse: readonly SparseFeature[];
  readonly ragged: readonly RaggedFeature[];
}

/** In the order of the ops' outputs. */
export interface ParsedFeatures {
  readonly sparseIndices: readonly NdArray[];
  readonly sparseValues: readonly NdArray[];
  readonly sparseShapes: readonly NdArray[];
  readonly denseValues: readonly NdArray[];
  readonly raggedValues: readonly NdArray[];
  readonly raggedRowSplits: readonly NdArray[];
}

/** Throws TfError INVALID_ARGUMENT. */
export type Fail = (sentence: string) => never;

type Feature = DenseFeature | SparseFeature;
type Rows = Map<Feature, (FeatureData | undefined)[]>;

const utf8 = new TextDecoder();

/** How the errors of one Example begin, and what they say: an Example of a batch is told more about than a single one. */
interface Voice {
  readonly about: (key: string) => string;
  readonly missing: string;
  readonly wrongCount: (feature: DenseFeature, count: number) => string;
}

const listNames: Readonly<Record<FeatureDType, string>> = {
  string: "bytes",
  float32: "float",
  int64: "int64",
};

function batchVoice(name: string, index: number): Voice {
  return {
    about: (key) => `Name: ${name}, Key: ${key}, Index: ${index}.  `,
    missing: `Name: ${name}, `,
    wrongCount: ({ variableLength, dtype, shape }, count) =>
      variableLength
        ? `Number of ${listNames[dtype]} values is not a multiple of stride length. Saw ${count} values but output shape is: ${shape}`
        : `Number of ${listNames[dtype]} values != expected.  Values size: ${count} but output shape: ${shape}`,
  };
}

const singleVoice: Voice = {
  about: (key) => `Key: ${key}.  `,
  missing: "",
  wrongCount: () => "Can't parse serialized Example.",
};

/** The values of every feature of the plan that an Example has. */
function valuesOf(
  bytes: Uint8Array,
  byKey: ReadonlyMap<string, Feature>,
  voice: Voice,
  fail: Fail,
): ReadonlyMap<Feature, FeatureData> {
  const found = new Map<Feature, FeatureData>();
  const features =
    readExample(bytes) ?? fail(`Could not parse example input, value: '${utf8.decode(bytes)}'`);
  for (let i = features.length - 1; i >= 0; i--) {
    const { name, feature } = features[i]!;
    const wanted = byKey.get(bytesKey(name));
    if (!wanted || found.has(wanted)) continue;
    const about = (sentence: string): never => fail(voice.about(utf8.decode(name)) + sentence);
    const type = featureType(feature) ?? fail("Unsupported datatype.");
    if (type === "none") {
      if (wanted.kind !== "dense" && voice !== singleVoice) found.set(wanted, emptyData(wanted.dtype, 0));
      continue;
    }
    if (type !== wanted.dtype) {
      const [actual, expected] = [dtypeString(type), dtypeString(wanted.dtype)];
      about(
        wanted.kind === "dense"
          ? `Data types don't match. Data type: ${actual} but expected type: ${expected}`
          : `Data types don't match. Expected type: ${expected}, Actual type: ${actual}`,
      );
    }
    const values = featureValues(feature, type) ?? about("Can't parse serialized Example.");
    if (wanted.kind === "dense") {
      const { length } = values;
      const { variableLength, stride } = wanted;
      const fits = variableLength ? length === 0 || length % stride === 0 : length === stride;
      if (!fits) about(voice.wrongCount(wanted, length));
    }
    found.set(wanted, values);
  }
  return found;
}

function required(feature: DenseFeature, voice: Voice, fail: Fail): NdArray["data"] {
  const { defaultValue, key, dtype } = feature;
  if (sizeOf(defaultValue.shape) === 0)
    fail(
      `${voice.missing}Feature: ${utf8.decode(key)} (data type: ${dtypeString(dtype)}) is required but could not be found.`,
    );
  return defaultValue.data;
}

function keyed({ dense, sparse, ragged }: FeaturePlan): Map<string, Feature> {
  return new Map([...dense, ...sparse, ...ragged].map((feature) => [bytesKey(feature.key), feature]));
}

const innerDims = ({ shape }: DenseFeature): number[] => (shape.dims as readonly number[]).slice(1);

/** The values of all rows, one after another. */
function joined(rows: readonly (FeatureData | undefined)[], dtype: FeatureDType): FeatureData {
  const total = rows.reduce((sum, row) => sum + (row?.length ?? 0), 0);
  const data = emptyData(dtype, total);
  let at = 0;
  for (const row of rows) {
    if (!row) continue;
    putData(data, row, at);
    at += row.length;
  }
  return data;
}

const longest = (rows: readonly (FeatureData | undefined)[]): number =>
  rows.reduce((most, row) => Math.max(most, row?.length ?? 0), 0);

const array = (dtype: FeatureDType, shape: readonly number[], data: FeatureData): NdArray =>
  ndArray(dtype, shape, data as never);

/** A batch of Examples; `names` are told in errors. Fails with TensorFlow's sentences. */
export function parseExamples(
  serialized: readonly Uint8Array[],
  names: readonly string[],
  plan: FeaturePlan,
  fail: Fail,
): ParsedFeatures {
  const byKey = keyed(plan);
  const rows: Rows = new Map([...byKey.values()].map((feature) => [feature, []]));
  for (const [i, bytes] of serialized.entries()) {
    const voice = batchVoice(names[i] ?? "<unknown>", i);
    const found = valuesOf(bytes, byKey, voice, fail);
    for (const feature of plan.dense)
      if (!feature.variableLength && !found.has(feature)) required(feature, voice, fail);
    for (const [feature, values] of rows) values.push(found.get(feature));
  }
  const count = serialized.length;
  const sparse = plan.sparse.map((feature) => ({ feature, rows: rows.get(feature)! }));
  const ragged = plan.ragged.map((feature) => ({ feature, rows: rows.get(feature)! }));
  return {
    sparseIndices: sparse.map(({ rows }) => batchIndices(rows)),
    sparseValues: sparse.map(({ feature, rows }) => vector(feature.dtype, joined(rows, feature.dtype))),
    sparseShapes: sparse.map(({ rows }) => int64s([count, longest(rows)])),
    denseValues: plan.dense.map((feature) => denseBatch(feature, rows.get(feature)!)),
    raggedValues: ragged.map(({ feature, rows }) => vector(feature.dtype, joined(rows, feature.dtype))),
    raggedRowSplits: ragged.map(({ feature, rows }) => rowSplits(rows, feature.splitDType)),
  };
}

const vector = (dtype: FeatureDType, data: FeatureData): NdArray => array(dtype, [data.length], data);
const int64s = (values: readonly number[]): NdArray =>
  ndArray("int64", [values.length], BigInt64Array.from(values, BigInt));

/** [row, position in the row] of every value. */
function batchIndices(rows: readonly (FeatureData | undefined)[]): NdArray {
  const pairs = new BigInt64Array(2 * rows.reduce((sum, row) => sum + (row?.length ?? 0), 0));
  let at = 0;
  for (const [i, row] of rows.entries())
    for (let j = 0; j < (row?.length ?? 0); j++) {
      pairs[at++] = BigInt(i);
      pairs[at++] = BigInt(j);
    }
  return ndArray("int64", [pairs.length / 2, 2], pairs);
}

function rowSplits(rows: readonly (FeatureData | undefined)[], dtype: "int32" | "int64"): NdArray {
  const splits = [0];
  for (const row of rows) splits.push(splits.at(-1)! + (row?.length ?? 0));
  if (dtype === "int64") return int64s(splits);
  return ndArray("int32", [splits.length], Int32Array.from(splits));
}

function denseBatch(feature: DenseFeature, rows: readonly (FeatureData | undefined)[]): NdArray {
  const { dtype, defaultValue, variableLength, stride } = feature;
  if (!variableLength) {
    const data = emptyData(dtype, rows.length * stride);
    for (const [i, row] of rows.entries()) putData(data, row ?? defaultValue.data, i * stride);
    return array(dtype, [rows.length, ...feature.shape.toNumbers()], data);
  }
  const width = longest(rows);
  const data = emptyData(dtype, rows.length * width);
  const padding = defaultValue.data[0] as never;
  data.fill(padding);
  for (const [i, row] of rows.entries()) if (row) putData(data, row, i * width);
  const length = stride === 0 ? 0 : width / stride;
  return array(dtype, [rows.length, length, ...innerDims(feature)], data);
}

/** One Example: without the dimension of the batch; row splits are empty. Fails with TensorFlow's sentences. */
export function parseSingle(serialized: Uint8Array, plan: FeaturePlan, fail: Fail): ParsedFeatures {
  const found = valuesOf(serialized, keyed(plan), singleVoice, fail);
  const valuesIn = (feature: Feature): FeatureData => found.get(feature) ?? emptyData(feature.dtype, 0);
  const dense = (feature: DenseFeature): NdArray => {
    const { dtype, stride, variableLength, shape } = feature;
    if (variableLength) {
      const values = valuesIn(feature);
      const length = stride === 0 ? 0 : values.length / stride;
      return array(dtype, [length, ...innerDims(feature)], values);
    }
    const values = found.get(feature) ?? required(feature, singleVoice, fail);
    return array(dtype, shape.toNumbers(), values as FeatureData);
  };
  const counts = plan.sparse.map((feature) => valuesIn(feature).length);
  return {
    sparseIndices: counts.map((count) =>
      ndArray(
        "int64",
        [count, 1],
        BigInt64Array.from({ length: count }, (_, i) => BigInt(i)),
      ),
    ),
    sparseValues: plan.sparse.map((feature) => vector(feature.dtype, valuesIn(feature))),
    sparseShapes: counts.map((count) => int64s([count])),
    denseValues: plan.dense.map(dense),
    raggedValues: plan.ragged.map((feature) => vector(feature.dtype, valuesIn(feature))),
    raggedRowSplits: plan.ragged.map(({ splitDType }) => ndArray(splitDType, [0])),
  };
}
