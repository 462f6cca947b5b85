// ParseExample, ParseExampleV2 (TensorFlow 2's: keys are vectors, ragged features, a scalar is a single Example) and
// ParseSingleExample. Source: core/ops/parsing_ops.cc, core/kernels/example_parsing_ops.cc, core/util/example_proto_helper.cc.
import type { InferenceContext, ShapeFunction } from "@org/graph";
import { type DType, dtypeString, type NdArray, Shape, sizeOf } from "@org/tensor";
import { defineOps } from "../define.ts";
import { stringsOf } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { type Dim, invalid, withRank, withRankAtMost } from "../shape-rules.ts";
import type { FeatureDType } from "./example-wire.ts";
import {
  type DenseFeature,
  type FeaturePlan,
  type ParsedFeatures,
  parseExamples,
  parseSingle,
} from "./parse-features.ts";

// ---- shapes

/** Throws where a dimension but the first is not known. */
function checkDenseShapes(shapes: readonly Shape[], fail: (sentence: string) => never): void {
  for (const [i, shape] of shapes.entries())
    if (shape.dims === null || shape.dims.slice(1).includes(null))
      fail(`dense_shapes[${i}] has unknown rank or unknown inner dimensions: ${shape}`);
}

/** Shapes of all outputs. `batch`: the dims of the serialized strings; undefined where their rank is not known. */
function outputShapes(
  c: InferenceContext,
  batch: Shape,
  count: { readonly sparse: number; readonly ragged: number },
): Shape[] {
  const dense = c.attrs.shapes("dense_shapes");
  checkDenseShapes(dense, invalid);
  const rank = batch.dims === null ? null : batch.dims.length + 1;
  const rows = batch.dims?.[0] ?? null;
  const times = (n: number, dims: readonly Dim[]): Shape[] =>
    Array.from({ length: n }, () => new Shape(dims));
  return [
    ...times(count.sparse, [null, rank]),
    ...times(count.sparse, [null]),
    ...times(count.sparse, [rank]),
    ...dense.map((shape) => batch.concat(shape)),
    ...times(count.ragged, [null]),
    ...times(count.ragged, [rows === null ? null : rows + 1]),
  ];
}

const exampleShape: ShapeFunction = (c) => {
  const batch = withRank(c.input(0), 1);
  withRank(c.input(1), 1);
  return outputShapes(c, batch, { sparse: c.attrs.int("Nsparse"), ragged: 0 });
};

const exampleV2Shape: ShapeFunction = (c) => {
  const batch = withRankAtMost(c.input(0), 1);
  withRankAtMost(c.input(1), 1);
  for (const keys of [2, 3, 4]) withRank(c.input(keys), 1);
  const ragged = c.attrs.types("ragged_value_types").length;
  return outputShapes(c, batch, { sparse: c.attrs.int("num_sparse"), ragged });
};

const singleShape: ShapeFunction = (c) =>
  outputShapes(c, withRank(c.input(0), 0), { sparse: c.attrs.int("num_sparse"), ragged: 0 });

// ---- kernels

interface Keys {
  readonly sparse: readonly Uint8Array[];
  readonly dense: readonly Uint8Array[];
  readonly ragged: readonly Uint8Array[];
}

function checkDefault(c: HostContext, d: number, shape: Shape, variable: boolean, value: NdArray): void {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const [size, own] = [sizeOf(value.shape), new Shape(value.shape)];
  if (variable) {
    if (size !== 1)
      fail(
        `dense_shape[${d}] is a variable length shape: ${shape}, therefore def_value[${d}] must contain a single element (the padding element).  But its shape is: ${own}`,
      );
  } else if (size > 0 && !shape.isCompatibleWith(own))
    fail(`def_value[${d}].shape() == ${own} is not compatible with dense_shapes_[${d}] == ${shape}`);
  const dtype = c.attrs.types("Tdense")[d]!;
  if (value.dtype !== dtype)
    fail(
      `dense_defaults[${d}].dtype() == ${dtypeString(value.dtype)} != dense_types_[${d}] == ${dtypeString(dtype)}`,
    );
}

const parsed = (c: HostContext, dtype: DType): FeatureDType => {
  if (dtype === "float32" || dtype === "int64" || dtype === "string") return dtype;
  return c.fail("INVALID_ARGUMENT", `Invalid config dtype: ${dtypeString(dtype)}`);
};

/** What the attributes, keys and defaults (the last inputs) ask for. */
function planOf(c: HostContext, keys: Keys): FeaturePlan {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const { attrs } = c;
  const [sparseTypes, denseTypes] = [attrs.types("sparse_types"), attrs.types("Tdense")];
  const shapes = attrs.shapes("dense_shapes");
  if (keys.sparse.length !== sparseTypes.length) fail("len(sparse_keys) != len(sparse_types)");
  if (keys.dense.length !== denseTypes.length) fail("len(dense_keys) != len(dense_types)");
  if (keys.dense.length !== shapes.length) fail("len(dense_keys) != len(dense_shapes)");
  checkDenseShapes(shapes, fail);
  const raggedTypes = attrs.has("ragged_value_types") ? attrs.types("ragged_value_types") : [];
  const splitTypes = attrs.has("ragged_split_types") ? attrs.types("ragged_split_types") : [];
  if (keys.ragged.length !== raggedTypes.length) fail("len(ragged_keys) != len(ragged_value_types)");
  if (keys.ragged.length !== splitTypes.length) fail("len(ragged_keys) != len(ragged_split_types)");
  const dense = keys.dense.map((key, d): DenseFeature => {
    const shape = shapes[d]!;
    const dims = shape.dims!;
    const variableLength = dims.length > 0 && dims[0] === null;
    const defaultValue = c.input(c.inputCount - keys.dense.length + d);
    checkDefault(c, d, shape, variableLength, defaultValue);
    const stride = sizeOf((variableLength ? dims.slice(1) : dims) as readonly number[]);
    return {
      kind: "dense",
      key,
      dtype: parsed(c, denseTypes[d]!),
      shape,
      defaultValue,
      variableLength,
      stride,
    };
  });
  return {
    dense,
    sparse: keys.sparse.map((key, i) => ({ kind: "sparse", key, dtype: parsed(c, sparseTypes[i]!) })),
    ragged: keys.ragged.map((key, i) => ({
      kind: "ragged",
      key,
      dtype: parsed(c, raggedTypes[i]!),
      splitDType: splitTypes[i] === "int32" ? "int32" : "int64",
    })),
  };
}

const outputs = (parts: ParsedFeatures): readonly NdArray[] => [
  ...parts.sparseIndices,
  ...parts.sparseValues,
  ...parts.sparseShapes,
  ...parts.denseValues,
  ...parts.raggedValues,
  ...parts.raggedRowSplits,
];

const bytesOf = (value: NdArray): readonly Uint8Array[] => value.data as Uint8Array[];

function checkNames(c: HostContext): readonly string[] {
  const [serialized, names] = [c.input(0), c.input(1)];
  const [count, nameCount] = [sizeOf(serialized.shape), sizeOf(names.shape)];
  if (nameCount > 0) {
    if (names.shape.length !== serialized.shape.length)
      c.fail("INVALID_ARGUMENT", `Expected names to be a vector, got shape: ${new Shape(names.shape)}`);
    if (nameCount !== count)
      c.fail(
        "INVALID_ARGUMENT",
        `Expected len(names) == len(serialized), but got: ${nameCount} vs. ${count}`,
      );
  }
  return stringsOf(names);
}

function batch(c: HostContext, keys: Keys): readonly NdArray[] {
  const serialized = c.input(0);
  const names = checkNames(c);
  if (serialized.shape.length !== 1)
    c.fail(
      "INVALID_ARGUMENT",
      `Expected serialized to be a vector, got shape: ${new Shape(serialized.shape)}`,
    );
  const plan = planOf(c, keys);
  return outputs(
    parseExamples(bytesOf(serialized), names, plan, (sentence) => c.fail("INVALID_ARGUMENT", sentence)),
  );
}

function single(c: HostContext, keys: Keys): readonly NdArray[] {
  const serialized = c.input(0);
  if (serialized.shape.length !== 0)
    c.fail(
      "INVALID_ARGUMENT",
      `Expected serialized to be a scalar, got shape: ${new Shape(serialized.shape)}`,
    );
  return outputs(
    parseSingle(bytesOf(serialized)[0]!, planOf(c, keys), (sentence) => c.fail("INVALID_ARGUMENT", sentence)),
  );
}

const parseExample: HostKernel = (c) => {
  const [sparseCount, denseCount] = [c.attrs.int("Nsparse"), c.attrs.int("Ndense")];
  const scalars = (from: number, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => bytesOf(c.input(from + i))[0]!);
  return batch(c, {
    sparse: scalars(2, sparseCount),
    dense: scalars(2 + sparseCount, denseCount),
    ragged: [],
  });
};

const parseExampleV2: HostKernel = (c) => {
  const [sparse, dense, ragged] = [2, 3, 4].map((i) => bytesOf(c.input(i)));
  const keys: Keys = { sparse: sparse!, dense: dense!, ragged: ragged! };
  return c.input(0).shape.length === 0 ? single(c, keys) : batch(c, keys);
};

const encoder = new TextEncoder();

const parseSingleExample: HostKernel = (c) => {
  const keys = (name: string): Uint8Array[] => c.attrs.strings(name).map((key) => encoder.encode(key));
  return single(c, { sparse: keys("sparse_keys"), dense: keys("dense_keys"), ragged: [] });
};

/** Entries of the ops that parse Examples. */
export const parseExampleOps: readonly OpEntry[] = defineOps({
  ParseExample: { shape: exampleShape, host: parseExample, gradient: null },
  ParseExampleV2: { shape: exampleV2Shape, host: parseExampleV2, gradient: null },
  ParseSingleExample: { shape: singleShape, host: parseSingleExample, gradient: null },
});
