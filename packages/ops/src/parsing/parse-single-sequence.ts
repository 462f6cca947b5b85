// One SequenceExample to tensors, by its message. Unlike the batch (parse-sequences.ts), it knows what lists are missing, and its sentences
// show the feature that is of another type. Source: ParseSingleSequenceExampleOp in core/kernels/example_parsing_ops.cc.
import { decode, Feature, type FeatureList, SequenceExample } from "@org/proto";
import { toText } from "@org/proto/text";
import { dtypeString, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { emptyData, type FeatureData, type FeatureDType, putData } from "./example-wire.ts";
import type { Fail } from "./parse-features.ts";
import type {
  ListDense,
  ParsedSequences,
  SequenceKey,
  SequencePlan,
  SparseParts,
} from "./parse-sequences.ts";

const utf8 = new TextDecoder();

const kinds: Readonly<Record<FeatureDType, NonNullable<Feature["kind"]>>> = {
  string: "bytesList",
  float32: "floatList",
  int64: "int64List",
};

function valuesOf(feature: Feature, dtype: FeatureDType): FeatureData {
  if (dtype === "string") return [...(feature.bytesList?.value ?? [])];
  if (dtype === "float32") return Float32Array.from(feature.floatList?.value ?? []);
  return BigInt64Array.from(feature.int64List?.value ?? []);
}

const array = (dtype: FeatureDType, shape: readonly number[], data: FeatureData): NdArray =>
  ndArray(dtype, shape, data as never);
const int64s = (...values: readonly number[]): NdArray =>
  ndArray("int64", [values.length], BigInt64Array.from(values, BigInt));

function checkType(feature: Feature, dtype: FeatureDType, about: string, fail: Fail): void {
  if (feature.kind === kinds[dtype]) return;
  fail(
    `${about}.  Data types don't match. Expected type: ${dtypeString(dtype)}  Feature is: ${toText(Feature, feature)}`,
  );
}

/** The values of a step of a dense feature, which must be as many as its shape has. */
function denseValues(
  feature: Feature,
  { key, dtype }: SequenceKey,
  shape: readonly number[],
  index: number,
  name: string,
  fail: Fail,
): FeatureData {
  const values = valuesOf(feature, dtype);
  if (values.length !== sizeOf(shape)) {
    const [kind, colon, size] = {
      string: ["bytes", "", "Values size"],
      float32: ["float", ":", "values size"],
      int64: ["int64", ":", "values size"],
    }[dtype] as [string, string, string];
    fail(
      `Name: ${name}, Key${colon} ${utf8.decode(key)}, Index: ${index}.  Number of ${kind} values != expected.  ${size}: ${values.length} but output shape: ${new Shape(shape)}`,
    );
  }
  return values;
}

/** Parses one; `name` is told in errors. Lengths are those of the dense lists. Fails with TensorFlow's sentences. */
export function parseSingleSequence(
  serialized: Uint8Array,
  name: string,
  plan: SequencePlan,
  fail: Fail,
): ParsedSequences {
  const example = decodeExample(serialized, fail);
  const features = new Map(Object.entries(example.context?.feature ?? {}));
  const lists = new Map(Object.entries(example.featureLists?.featureList ?? {}));
  const contextDense = plan.contextDense.map((dense) => {
    const { key, dtype, shape, defaultValue } = dense;
    const shown = utf8.decode(key);
    const feature = features.get(shown);
    if (feature === undefined && sizeOf(defaultValue.shape) === 0)
      fail(`Name: ${name}, Context feature '${shown}' is required but could not be found.`);
    if (feature === undefined) return { ...defaultValue, shape };
    checkType(feature, dtype, `Name: ${name}, Context feature: ${shown}`, fail);
    return array(dtype, shape, denseValues(feature, dense, shape, 0, name, fail));
  });
  const contextSparse = plan.contextSparse.map(({ key, dtype }): SparseParts => {
    const shown = utf8.decode(key);
    const feature = features.get(shown);
    if (feature?.kind) checkType(feature, dtype, `Name: ${name}, Context feature: ${shown}`, fail);
    const values = feature?.kind ? valuesOf(feature, dtype) : emptyData(dtype, 0);
    const { length } = values;
    const indices = BigInt64Array.from({ length }, (_, i) => BigInt(i));
    return [ndArray("int64", [length, 1], indices), array(dtype, [length], values), int64s(length)];
  });
  const listDense = plan.listDense.map((key) => denseList(key, lists.get(utf8.decode(key.key)), name, fail));
  return {
    contextDense,
    contextSparse,
    listDense,
    listLengths: listDense.map(({ shape }) => int64s(shape[0]!)),
    listSparse: plan.listSparse.map((key) => sparseList(key, lists.get(utf8.decode(key.key)), name, fail)),
  };
}

function decodeExample(serialized: Uint8Array, fail: Fail): SequenceExample {
  try {
    return decode(SequenceExample, serialized);
  } catch {
    return fail(`Could not parse example input, value: '${utf8.decode(serialized)}'`);
  }
}

function denseList(feature: ListDense, list: FeatureList | undefined, name: string, fail: Fail): NdArray {
  const { key, dtype, shape, mayBeMissing } = feature;
  const shown = utf8.decode(key);
  if (list === undefined && !mayBeMissing)
    fail(
      `Name: ${name}, Feature list '${shown}' is required but could not be found.  Did you mean to include it in feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?`,
    );
  const steps = (list?.feature ?? []).map((step, t) => {
    checkType(step, dtype, `Name: ${name}, Feature list: ${shown}, Index: ${t}`, fail);
    return denseValues(step, feature, shape, t, name, fail);
  });
  const size = sizeOf(shape);
  const data = emptyData(dtype, steps.length * size);
  for (const [t, step] of steps.entries()) putData(data, step, t * size);
  return array(dtype, [steps.length, ...shape], data);
}

function sparseList(
  { key, dtype }: SequenceKey,
  list: FeatureList | undefined,
  name: string,
  fail: Fail,
): SparseParts {
  const shown = utf8.decode(key);
  const steps = (list?.feature ?? []).map((step, t) => {
    if (step.kind) checkType(step, dtype, `Name: ${name}, Feature List: ${shown}, Index: ${t}`, fail);
    return step.kind ? valuesOf(step, dtype) : emptyData(dtype, 0);
  });
  const total = steps.reduce((sum, step) => sum + step.length, 0);
  const [values, indices] = [emptyData(dtype, total), new BigInt64Array(2 * total)];
  let [at, width] = [0, 0];
  for (const [t, step] of steps.entries()) {
    putData(values, step, at);
    for (let j = 0; j < step.length; j++) indices.set([BigInt(t), BigInt(j)], 2 * (at + j));
    at += step.length;
    width = Math.max(width, step.length);
  }
  return [ndArray("int64", [total, 2], indices), array(dtype, [total], values), int64s(steps.length, width)];
}
