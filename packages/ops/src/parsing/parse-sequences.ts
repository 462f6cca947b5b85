// A batch of SequenceExamples to tensors: features of the whole (context) as those of Examples are, lists of features with a dimension for
// their steps more. Of repeats of a name, the last counts. Source: FastParseSequenceExample in core/util/example_proto_fast_parsing.cc.
import { dtypeString, type NdArray, ndArray, sizeOf } from "@org/tensor";
import { bytesKey } from "../host/text.ts";
import {
  emptyData,
  type FeatureData,
  type FeatureDType,
  featureType,
  featureValues,
  putData,
  readFeatureList,
  readSequenceExample,
} from "./example-wire.ts";
import type { Fail } from "./parse-features.ts";

export interface SequenceKey {
  readonly key: Uint8Array;
  readonly dtype: FeatureDType;
}

export interface ContextDense extends SequenceKey {
  readonly shape: readonly number[];
  readonly defaultValue: NdArray;
}

export interface ListDense extends SequenceKey {
  /** Of a step. */
  readonly shape: readonly number[];
  readonly mayBeMissing: boolean;
}

export interface SequencePlan {
  readonly contextDense: readonly ContextDense[];
  readonly contextSparse: readonly SequenceKey[];
  readonly listDense: readonly ListDense[];
  readonly listSparse: readonly SequenceKey[];
}

/** Indices, values and shape of a sparse tensor. */
export type SparseParts = readonly [indices: NdArray, values: NdArray, shape: NdArray];

export interface ParsedSequences {
  readonly contextSparse: readonly SparseParts[];
  readonly contextDense: readonly NdArray[];
  readonly listSparse: readonly SparseParts[];
  readonly listDense: readonly NdArray[];
  readonly listLengths: readonly NdArray[];
}

const utf8 = new TextDecoder();

/** What one SequenceExample has of the keys that are asked for: a feature's values; a list's, a step each. */
interface Found {
  readonly context: ReadonlyMap<string, FeatureData>;
  readonly lists: ReadonlyMap<string, readonly FeatureData[]>;
}

/** Values of a feature that must be of type `dtype`; one without any bytes has none. */
function valuesOf(feature: Uint8Array, dtype: FeatureDType): FeatureData | undefined {
  if (feature.length === 0) return emptyData(dtype, 0);
  return featureType(feature) === dtype ? featureValues(feature, dtype) : undefined;
}

function find(
  bytes: Uint8Array,
  name: string,
  keys: {
    readonly context: ReadonlyMap<string, SequenceKey>;
    readonly lists: ReadonlyMap<string, SequenceKey>;
  },
  fail: Fail,
): Found {
  const parts = readSequenceExample(bytes) ?? fail(`Invalid protocol message input, example id: ${name}`);
  const context = new Map<string, FeatureData>();
  for (const part of parts.context) {
    const id = bytesKey(part.name);
    const wanted = keys.context.get(id);
    if (wanted)
      context.set(
        id,
        valuesOf(part.feature, wanted.dtype) ??
          fail(`Error in context feature ${utf8.decode(part.name)} in example ${name}`),
      );
  }
  const lists = new Map<string, readonly FeatureData[]>();
  for (const part of parts.lists) {
    const id = bytesKey(part.name);
    const wanted = keys.lists.get(id);
    if (!wanted) continue;
    const broken = (): never =>
      fail(`Error in sequence feature ${utf8.decode(part.name)} in example ${name}`);
    const features = readFeatureList(part.feature) ?? broken();
    lists.set(
      id,
      features.map((feature) => valuesOf(feature, wanted.dtype) ?? broken()),
    );
  }
  return { context, lists };
}

const byKey = (...lists: readonly (readonly SequenceKey[])[]): ReadonlyMap<string, SequenceKey> =>
  new Map(lists.flat().map((key) => [bytesKey(key.key), key]));

const array = (dtype: FeatureDType, shape: readonly number[], data: FeatureData): NdArray =>
  ndArray(dtype, shape, data as never);
const int64s = (values: readonly number[]): NdArray =>
  ndArray("int64", [values.length], BigInt64Array.from(values, BigInt));
const indexMatrix = (rows: number, width: number, indices: readonly number[]): NdArray =>
  ndArray("int64", [rows, width], BigInt64Array.from(indices, BigInt));

/** All pieces, one after another. */
function joined(dtype: FeatureDType, pieces: readonly FeatureData[]): FeatureData {
  const data = emptyData(
    dtype,
    pieces.reduce((sum, piece) => sum + piece.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    putData(data, piece, at);
    at += piece.length;
  }
  return data;
}

/** Parses them all; `names` are told in errors. Fails with TensorFlow's sentences. */
export function parseSequences(
  serialized: readonly Uint8Array[],
  names: readonly string[],
  plan: SequencePlan,
  fail: Fail,
): ParsedSequences {
  if (names.length > 0 && names.length !== serialized.length)
    fail("example_names must be empty or have the correct number of elements");
  const keys = {
    context: byKey(plan.contextSparse, plan.contextDense),
    lists: byKey(plan.listSparse, plan.listDense),
  };
  const nameOf = (i: number): string => names[i] ?? "<unknown>";
  const found = serialized.map((bytes, i) => find(bytes, nameOf(i), keys, fail));
  const contextDense = plan.contextDense.map((key) => denseContext(key, found, nameOf, fail));
  const contextSparse = plan.contextSparse.map((key) => sparseContext(key, found));
  const lists = plan.listDense.map((key) => denseLists(key, found, nameOf, fail));
  return {
    contextDense,
    contextSparse,
    listDense: lists.map(([values]) => values),
    listLengths: lists.map(([, lengths]) => lengths),
    listSparse: plan.listSparse.map((key) => sparseLists(key, found)),
  };
}

type NameOf = (example: number) => string;

function denseContext(feature: ContextDense, found: readonly Found[], nameOf: NameOf, fail: Fail): NdArray {
  const { key, dtype, shape, defaultValue } = feature;
  const [id, size, fallback] = [bytesKey(key), sizeOf(shape), sizeOf(defaultValue.shape)];
  const most = found.reduce((max, { context }) => Math.max(max, context.get(id)?.length ?? 0), fallback);
  // TensorFlow's sentence has the elements of a shape without dims here, 1.
  if (most !== size) fail(`Inconsistent number of elements for feature ${utf8.decode(key)}: ${most} vs 1`);
  const data = emptyData(dtype, found.length * size);
  for (const [i, { context }] of found.entries()) {
    const values = context.get(id);
    if (values === undefined && fallback === 0)
      fail(
        `Feature: ${utf8.decode(key)} (data type: ${dtypeString(dtype)}) is required but could not be found.`,
      );
    if (values !== undefined && values.length !== size)
      fail(`Unexpected number of elements in example ${nameOf(i)}`);
    putData(data, values ?? defaultValue.data, i * size);
  }
  return array(dtype, [found.length, ...shape], data);
}

function sparseContext({ key, dtype }: SequenceKey, found: readonly Found[]): SparseParts {
  const id = bytesKey(key);
  const rows = found.map(({ context }) => context.get(id) ?? emptyData(dtype, 0));
  const values = joined(dtype, rows);
  const indices = rows.flatMap((row, i) => Array.from(row as ArrayLike<unknown>, (_, j) => [i, j]).flat());
  const width = rows.reduce((max, row) => Math.max(max, row.length), 0);
  return [
    indexMatrix(values.length, 2, indices),
    array(dtype, [values.length], values),
    int64s([found.length, width]),
  ];
}

function denseLists(
  feature: ListDense,
  found: readonly Found[],
  nameOf: NameOf,
  fail: Fail,
): readonly [values: NdArray, lengths: NdArray] {
  const { key, dtype, shape, mayBeMissing } = feature;
  const [id, shown, size] = [bytesKey(key), utf8.decode(key), sizeOf(shape)];
  const lists = found.map(({ lists }) => lists.get(id));
  const totals = lists.map((list) => (list ?? []).reduce((sum, step) => sum + step.length, 0));
  const most = Math.max(0, ...totals);
  if (size === 0 || most % size !== 0) fail(`Unexpected shape error in feature ${shown}`);
  const data = emptyData(dtype, found.length * most);
  for (const [i, list] of lists.entries()) {
    if (list === undefined && !mayBeMissing) fail(`Missing feature ${shown} in example ${nameOf(i)}`);
    let at = i * most;
    for (const step of list ?? []) {
      if (step.length !== size)
        fail(`Unexpected number of elements in feature ${shown}, example ${nameOf(i)}`);
      putData(data, step, at);
      at += size;
    }
  }
  return [
    array(dtype, [found.length, most / size, ...shape], data),
    int64s(lists.map((list) => list?.length ?? 0)),
  ];
}

function sparseLists({ key, dtype }: SequenceKey, found: readonly Found[]): SparseParts {
  const id = bytesKey(key);
  const lists = found.map(({ lists }) => lists.get(id) ?? []);
  const values = joined(dtype, lists.flat());
  const indices: number[] = [];
  let [rows, width] = [0, 0];
  for (const [i, list] of lists.entries()) {
    rows = Math.max(rows, list.length);
    for (const [row, step] of list.entries()) {
      width = Math.max(width, step.length);
      for (let j = 0; j < step.length; j++) indices.push(i, row, j);
    }
  }
  return [
    indexMatrix(values.length, 3, indices),
    array(dtype, [values.length], values),
    int64s([found.length, rows, width]),
  ];
}
