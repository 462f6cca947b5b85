// ParseSequenceExample and ParseSingleSequenceExample. Source: core/ops/parsing_ops.cc, core/kernels/example_parsing_ops.cc,
// core/util/example_proto_helper.cc.
import type { InferenceContext, ShapeFunction } from "@org/graph";
import { type DType, dtypeString, type NdArray, Shape, sizeOf } from "@org/tensor";
import { defineOps } from "../define.ts";
import { bytesKey, stringsOf } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { type Dim, withRank } from "../shape-rules.ts";
import {
  type ContextDense,
  type ListDense,
  type ParsedSequences,
  parseSequences,
  type SequenceKey,
  type SequencePlan,
  type SparseParts,
} from "./parse-sequences.ts";
import { parseSingleSequence } from "./parse-single-sequence.ts";

// ---- shapes

/** Shapes of all outputs: `rows` is the dimension of the batch, if there is one. */
function outputShapes(c: InferenceContext, rows: readonly Dim[], lengths: boolean): Shape[] {
  const { attrs } = c;
  const times = (n: number, dims: readonly Dim[]): Shape[] =>
    Array.from({ length: n }, () => new Shape(dims));
  const sparse = (count: number, rank: number): Shape[] => [
    ...times(count, [null, rank]),
    ...times(count, [null]),
    ...times(count, [rank]),
  ];
  const inBatch = (shape: Shape, steps: readonly Dim[]): Shape =>
    new Shape([...rows, ...steps]).concat(shape);
  const batch = rows.length;
  const lists = attrs.shapes("feature_list_dense_shapes");
  return [
    ...sparse(attrs.int("Ncontext_sparse"), batch + 1),
    ...attrs.shapes("context_dense_shapes").map((shape) => inBatch(shape, [])),
    ...sparse(attrs.int("Nfeature_list_sparse"), batch + 2),
    ...lists.map((shape) => inBatch(shape, [null])),
    ...(lengths ? lists.map(() => new Shape(rows)) : []),
  ];
}

const batchShape: ShapeFunction = (c) => {
  const { dims } = withRank(c.input(0), 1);
  withRank(c.input(1), 1);
  return outputShapes(c, dims!, true);
};

const singleShape: ShapeFunction = (c) => {
  withRank(c.input(0), 0);
  withRank(c.input(1), 1);
  return outputShapes(c, [], false);
};

// ---- kernels

const bytesOf = (value: NdArray): readonly Uint8Array[] => value.data as Uint8Array[];

interface Keys {
  readonly contextSparse: readonly Uint8Array[];
  readonly contextDense: readonly Uint8Array[];
  readonly listSparse: readonly Uint8Array[];
  readonly listDense: readonly Uint8Array[];
  readonly mayBeMissing: readonly Uint8Array[];
}

/** How the two ops name what is wrong with a default. */
interface Voice {
  readonly default: string;
  readonly shapes: string;
  readonly types: string;
}

function keyOf(c: HostContext, key: Uint8Array, dtype: DType | undefined): SequenceKey {
  if (dtype === "float32" || dtype === "int64" || dtype === "string") return { key, dtype };
  const shown = dtype === undefined ? "none" : dtypeString(dtype);
  return c.fail("INVALID_ARGUMENT", `Received input dtype: ${shown}`);
}

function checkDefault(c: HostContext, d: number, shape: Shape, value: NdArray, voice: Voice): void {
  if (sizeOf(value.shape) === 0) return;
  const own = new Shape(value.shape);
  if (`${own}` !== `${shape}`)
    c.fail(
      "INVALID_ARGUMENT",
      `${voice.default}[${d}].shape() == ${own} != ${voice.shapes}[${d}] == ${shape}`,
    );
  const dtype = c.attrs.types("Tcontext_dense")[d]!;
  if (value.dtype !== dtype)
    c.fail(
      "INVALID_ARGUMENT",
      `context_dense_defaults[${d}].dtype() == ${dtypeString(value.dtype)} != ${voice.types}[${d}] == ${dtypeString(dtype)}`,
    );
}

function checkCounts(c: HostContext, keys: Keys): void {
  const { attrs } = c;
  const counts: readonly (readonly [string, number, readonly string[]])[] = [
    ["context_sparse", keys.contextSparse.length, ["context_sparse_types"]],
    ["context_dense", keys.contextDense.length, ["Tcontext_dense", "context_dense_shapes"]],
    ["feature_list_sparse", keys.listSparse.length, ["feature_list_sparse_types"]],
    ["feature_list_dense", keys.listDense.length, ["feature_list_dense_types", "feature_list_dense_shapes"]],
  ];
  for (const [what, count, lists] of counts)
    for (const list of lists) {
      const own = list.endsWith("shapes") ? attrs.shapes(list).length : attrs.types(list).length;
      if (own !== count)
        c.fail(
          "INVALID_ARGUMENT",
          `len(${what}_keys) != len(${list === "Tcontext_dense" ? "context_dense_types" : list})`,
        );
    }
}

/** What the attributes, keys and defaults (from input `defaults` on) ask for. */
function planOf(c: HostContext, keys: Keys, defaults: number, voice: Voice): SequencePlan {
  checkCounts(c, keys);
  const { attrs } = c;
  const shapes = attrs.shapes("context_dense_shapes");
  const [types, listTypes] = [attrs.types("Tcontext_dense"), attrs.types("feature_list_dense_types")];
  const missing = new Set(keys.mayBeMissing.map(bytesKey));
  const dims = (shape: Shape): readonly number[] =>
    shape.isFullyDefined()
      ? shape.toNumbers()
      : c.fail("INVALID_ARGUMENT", `Shape ${shape} of a dense feature is not fully defined`);
  const [sparseTypes, listSparseTypes] = [
    attrs.types("context_sparse_types"),
    attrs.types("feature_list_sparse_types"),
  ];
  return {
    contextSparse: keys.contextSparse.map((key, i) => keyOf(c, key, sparseTypes[i])),
    contextDense: keys.contextDense.map((key, d): ContextDense => {
      const defaultValue = c.input(defaults + d);
      checkDefault(c, d, shapes[d]!, defaultValue, voice);
      return { ...keyOf(c, key, types[d]), shape: dims(shapes[d]!), defaultValue };
    }),
    listSparse: keys.listSparse.map((key, i) => keyOf(c, key, listSparseTypes[i])),
    listDense: keys.listDense.map((key, d): ListDense => {
      const shape = dims(attrs.shapes("feature_list_dense_shapes")[d]!);
      return { ...keyOf(c, key, listTypes[d]), shape, mayBeMissing: missing.has(bytesKey(key)) };
    }),
  };
}

/** Outputs in the ops' order. */
function outputs(parsed: ParsedSequences, lengths: boolean): readonly NdArray[] {
  const parts = (sparse: readonly SparseParts[]): NdArray[] =>
    [0, 1, 2].flatMap((part) => sparse.map((one) => one[part]!));
  return [
    ...parts(parsed.contextSparse),
    ...parsed.contextDense,
    ...parts(parsed.listSparse),
    ...parsed.listDense,
    ...(lengths ? parsed.listLengths : []),
  ];
}

const encoder = new TextEncoder();

const parseSequenceExample: HostKernel = (c) => {
  const [serialized, names] = [c.input(0), c.input(1)];
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (sizeOf(names.shape) > 0 && names.shape.length !== 1)
    fail(`Expected debug_name to be a vector, got shape: ${new Shape(names.shape)}`);
  if (serialized.shape.length !== 1)
    fail(`Expected serialized to be a vector, got shape: ${new Shape(serialized.shape)}`);
  const keys = (attr: string): Uint8Array[] => c.attrs.strings(attr).map((key) => encoder.encode(key));
  const plan = planOf(
    c,
    {
      contextSparse: keys("context_sparse_keys"),
      contextDense: keys("context_dense_keys"),
      listSparse: keys("feature_list_sparse_keys"),
      listDense: keys("feature_list_dense_keys"),
      mayBeMissing: keys("feature_list_dense_missing_assumed_empty"),
    },
    2,
    { default: "default_value", shapes: "context_dense_shapes", types: "context_dense_types" },
  );
  return outputs(parseSequences(bytesOf(serialized), stringsOf(names), plan, fail), true);
};

const parseSingleSequenceExample: HostKernel = (c) => {
  const { attrs } = c;
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  let at = 2;
  const scalars = (attr: string, what: string): Uint8Array[] =>
    Array.from({ length: attrs.int(attr) }, (_, i) => {
      const key = c.input(at++);
      if (key.shape.length !== 0)
        fail(`Expected ${what}[${i}] to be a scalar, got shape: ${new Shape(key.shape)}`);
      return bytesOf(key)[0]!;
    });
  const missing = c.input(1);
  const contextSparse = scalars("Ncontext_sparse", "context_sparse_keys");
  const contextDense = scalars("Ncontext_dense", "context_dense_keys");
  const listSparse = scalars("Nfeature_list_sparse", "feature_list_sparse_keys");
  const listDense = scalars("Nfeature_list_dense", "feature_list_dense_keys");
  if (missing.shape.length !== 1)
    fail(
      `Expected feature_list_dense_missing_assumed_empty to be a vector, got shape: ${new Shape(missing.shape)}`,
    );
  const [serialized, name] = [c.input(0), c.input(c.inputCount - 1)];
  const hasName = sizeOf(name.shape) > 0;
  if (hasName && name.shape.length !== 0)
    fail(`Expected debug_name to be a scalar, got shape: ${new Shape(name.shape)}`);
  if (serialized.shape.length !== 0)
    fail(`Expected serialized to be a scalar, got shape: ${new Shape(serialized.shape)}`);
  const keys = { contextSparse, contextDense, listSparse, listDense, mayBeMissing: bytesOf(missing) };
  const voice = { default: "def_value", shapes: "context_dense_shapes_", types: "context_dense_types_" };
  const plan = planOf(c, keys, at, voice);
  const shown = hasName ? stringsOf(name)[0]! : "<unknown>";
  return outputs(parseSingleSequence(bytesOf(serialized)[0]!, shown, plan, fail), false);
};

/** Entries of the ops that parse SequenceExamples. */
export const parseSequenceExampleOps: readonly OpEntry[] = defineOps({
  ParseSequenceExample: { shape: batchShape, host: parseSequenceExample, gradient: null },
  ParseSingleSequenceExample: { shape: singleShape, host: parseSingleSequenceExample, gradient: null },
});
