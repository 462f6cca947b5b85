// Lookup table ops: host kernels over tables of the session. Of each op there are two: in the older one (TensorFlow 1.0's), a table is a
// reference to two strings; in the V2 one, a resource. Here both carry the table itself.
// Sources: tensorflow/core/ops/lookup_ops.cc, core/kernels/{lookup_table_op,lookup_table_init_op,lookup_util}.cc.
import type { InferenceContext, ShapeFunction } from "@org/graph";
import { type DType, dtypeString, type NdArray, ndArray, Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import { resourceOfOp } from "../host/resource-of-op.ts";
import { stringsOf } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import {
  invalid,
  mergeShapes,
  withRank,
  withRankAtLeast,
  withRankAtMost,
  withValue,
} from "../shape-rules.ts";
import { DenseHashTable } from "./dense-hash-table.ts";
import {
  arrayOf,
  HashTable,
  LookupTable,
  MutableHashTable,
  shown,
  type TableOptions,
} from "./lookup-table.ts";
import { lineNumber, readTextFile, wholeLine } from "./text-file-lines.ts";

// ---- shapes

/** A handle: two strings, or a scalar resource. */
function checkHandle(c: InferenceContext): void {
  if (c.inputDType(0) === "resource") withRank(c.input(0), 0);
  else withValue(withRank(c.input(0), 1).dims![0]!, 2);
}

/** The shape of one value, where the graph knows the table. Throws where the table's type is another. */
function valueShape(c: InferenceContext, typeAttr: string): Shape {
  const table = c.inputDType(0) === "resource" ? c.handleShape(0) : undefined;
  if (table === undefined) return Shape.unknown;
  const wanted = c.attrs.type(typeAttr);
  if (table.dtype !== wanted)
    invalid(
      `Trying to read value with wrong dtype. Expected ${dtypeString(table.dtype)} got ${dtypeString(wanted)}`,
    );
  return table.shape;
}

/** Output shapes of an op on a table; of its keys and values, only those of imports are looked at. */
const onTable =
  (outputs: (c: InferenceContext) => readonly Shape[] = () => []): ShapeFunction =>
  (c) => {
    checkHandle(c);
    return outputs(c);
  };

const sameVectors: ShapeFunction = onTable((c) => {
  mergeShapes(withRank(c.input(1), 1), c.input(2));
  return [];
});

const found: ShapeFunction = onTable((c) => {
  withRankAtMost(c.input(2), 1);
  const shape = valueShape(c, "Tout");
  return [shape.dims === null || c.input(1).dims === null ? Shape.unknown : c.input(1).concat(shape)];
});

const exported: ShapeFunction = onTable((c) => {
  const keys = Shape.ofRank(1);
  const shape = valueShape(c, "Tvalues");
  return [keys, shape.dims === null ? Shape.unknown : keys.concat(shape)];
});

// ---- tables

function tableOf(c: HostContext): LookupTable {
  const [table] = c.input(0).data as unknown as readonly unknown[];
  if (table instanceof LookupTable) return table;
  return c.fail("INVALID_ARGUMENT", `Input 0 of ${c.op} is not a lookup table`);
}

/** Throws TensorFlow's error where the inputs after the handle are not of the table's types. */
function matchSignature(c: HostContext, table: LookupTable, outputs: readonly DType[] = []): void {
  const handle = c.inputDType(0) === "resource" ? "resource" : "string_ref";
  const list = (types: readonly DType[]): string =>
    [handle, ...types.map((dtype) => dtypeString(dtype))].join(", ");
  const have = Array.from({ length: c.inputCount - 1 }, (_, i) => c.inputDType(i + 1));
  const expected = [table.keyDType, table.valueDType].slice(0, have.length);
  const yields = outputs.map((_, i) => c.outputDType(i));
  if (list(have) === list(expected) && `${yields}` === `${outputs}`) return;
  const names = (types: readonly DType[]): string => types.map((dtype) => dtypeString(dtype)).join(", ");
  c.fail(
    "INVALID_ARGUMENT",
    `Signature mismatch, have: ${list(have)}->${names(yields)} expected: ${list(expected)}->${names(outputs)}`,
  );
}

/** An op that makes a table when the session first runs it, or finds the one of that name. */
function maker(create: (c: HostContext, options: TableOptions) => LookupTable): HostKernel {
  return (c) => {
    const [keyDType, valueDType] = [c.attrs.type("key_dtype"), c.attrs.type("value_dtype")];
    const name = c.attrs.string("shared_name") || c.node;
    const table = resourceOfOp(c, "table", () => create(c, { name, keyDType, valueDType }));
    if (table.keyDType !== keyDType || table.valueDType !== valueDType)
      c.fail(
        "INVALID_ARGUMENT",
        `Conflicting key/value dtypes ${dtypeString(keyDType)}->${dtypeString(valueDType)} with ${dtypeString(table.keyDType)}-${dtypeString(table.valueDType)} for table ${name}`,
      );
    return [ndArray("resource", [], [table] as never)];
  };
}

const hashTable = maker((c, options) => new HashTable(c, options));
const mutableHashTable = maker((c, options) => new MutableHashTable(c, options));
const mutableHashTableOfTensors = maker((c, options) => {
  const shape = c.attrs.shape("value_shape");
  if (shape.rank !== 1 || !shape.isFullyDefined())
    c.fail("INVALID_ARGUMENT", `Default value must be a vector, got shape ${shape}`);
  return new MutableHashTable(c, { ...options, valueShape: shape.toNumbers() });
});
const mutableDenseHashTable = maker((c, options) => {
  const shape = c.attrs.shape("value_shape");
  if (shape.rank === null || shape.rank > 1 || !shape.isFullyDefined())
    c.fail("INVALID_ARGUMENT", `Empty value must be a scalar or a vector, got shape ${shape}`);
  return new DenseHashTable(c, {
    ...options,
    valueShape: shape.toNumbers(),
    emptyKey: c.input(0),
    deletedKey: c.inputCount > 1 ? c.input(1) : undefined,
    buckets: c.attrs.int("initial_num_buckets"),
    maxLoadFactor: c.attrs.float("max_load_factor"),
  });
});

/** The table, where it is one that is filled once. */
function initializable(c: HostContext): HashTable {
  const table = tableOf(c);
  if (table instanceof HashTable) return table;
  return c.fail("INVALID_ARGUMENT", `Table localhost ${table.name} is not initializable`);
}

const initializeTable: HostKernel = (c) => {
  const table = initializable(c);
  matchSignature(c, table);
  const [keys, values] = [c.input(1), c.input(2)];
  for (const [what, { shape }] of [["Keys", keys] as const, ["Values", values] as const])
    if (shape.length !== 1)
      c.fail("INVALID_ARGUMENT", `${what} must be a vector, but received shape${shown(shape)}`);
  if (keys.shape[0] !== values.shape[0])
    c.fail(
      "INVALID_ARGUMENT",
      `Keys and values must have the same size ${keys.shape[0]} vs ${values.shape[0]}`,
    );
  table.importValues(c, keys, values);
  return [];
};

function checkColumns(c: HostContext, table: HashTable, key: number, value: number): void {
  const refuse = (what: string, wants: string, dtype: DType): never =>
    c.fail("INVALID_ARGUMENT", `${what} of ${wants}, got ${dtypeString(dtype)}`);
  const { keyDType, valueDType } = table;
  if (key === lineNumber && keyDType !== "int64")
    refuse("Key index for line number requires table key dtype", "int64", keyDType);
  if (value === lineNumber && valueDType !== "int64")
    refuse("Value index for line number requires table value dtype", "int64", valueDType);
  if (value === wholeLine && valueDType !== "string")
    refuse("Value index for whole line requires table value dtype", "string", valueDType);
}

const initializeFromTextFile: HostKernel = async (c) => {
  const table = initializable(c);
  const delimiter = c.attrs.string("delimiter");
  if (delimiter.length !== 1) c.fail("INVALID_ARGUMENT", "delimiter should be only 1 char");
  const filename = c.input(1);
  if (filename.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `filename should be a single string, but got ${shown(filename.shape)}`);
  const file = stringsOf(filename)[0]!;
  if (file === "") c.fail("INVALID_ARGUMENT", "filename cannot be empty.");
  const [key, value] = [c.attrs.int("key_index"), c.attrs.int("value_index")];
  checkColumns(c, table, key, value);
  // The name of a table that a file fills has the file's in it: it holds the same lines.
  if (table.isInitialized) return [];
  const [keys, values] = await readTextFile(c, {
    file,
    key: { dtype: table.keyDType, index: key },
    value: { dtype: table.valueDType, index: value },
    vocabSize: c.attrs.int("vocab_size"),
    delimiter,
  });
  const vector = (dtype: DType, elements: typeof keys): NdArray =>
    arrayOf(dtype, [elements.length], elements);
  // Another run may have been at it meanwhile.
  if (!table.isInitialized)
    table.importValues(c, vector(table.keyDType, keys), vector(table.valueDType, values));
  return [];
};

const find: HostKernel = (c) => {
  const table = tableOf(c);
  matchSignature(c, table, [table.valueDType]);
  return [table.find(c, c.input(1), c.input(2))];
};

/** A kernel that changes a table. */
const change =
  (act: (table: LookupTable, c: HostContext) => void): HostKernel =>
  (c) => {
    const table = tableOf(c);
    matchSignature(c, table);
    act(table, c);
    return [];
  };

const size: HostKernel = (c) => [ndArray("int64", [], BigInt64Array.of(BigInt(tableOf(c).size)))];

const exportTable: HostKernel = (c) => {
  const table = tableOf(c);
  const types = [c.outputDType(0), c.outputDType(1)] as const;
  if (types[0] !== table.keyDType || types[1] !== table.valueDType)
    matchSignature(c, table, [table.keyDType, table.valueDType]);
  return table.exportValues(c);
};

// ---- entries

const twoStrings: ShapeFunction = () => [new Shape([2])];
const scalar: ShapeFunction = () => [Shape.scalar];
/** The handle of a table with such values. What graphs know of a handle has room for tables whose keys are scalars. */
const withValues =
  (shape: (c: InferenceContext) => Shape | undefined): ShapeFunction =>
  (c) => {
    const values = shape(c);
    if (values !== undefined) c.setHandleShape(0, c.attrs.type("value_dtype"), values);
    return [Shape.scalar];
  };

/** An op and its V2, which differ in how they hold the table. */
function both(type: string, spec: OpSpec): Record<string, OpSpec> {
  return { [type]: { ...spec, handles: [0] }, [`${type}V2`]: spec };
}

/** A table's maker and its V2. */
function bothMakers(type: string, host: HostKernel, shape: ShapeFunction): Record<string, OpSpec> {
  return {
    [type]: { shape: twoStrings, host, gradient: null },
    [`${type}V2`]: { shape, host, gradient: null },
  };
}

/** Entries of lookup table ops. */
export const tableOps: readonly OpEntry[] = defineOps({
  ...bothMakers("HashTable", hashTable, scalar),
  ...bothMakers(
    "MutableHashTable",
    mutableHashTable,
    withValues(() => Shape.scalar),
  ),
  ...bothMakers(
    "MutableHashTableOfTensors",
    mutableHashTableOfTensors,
    withValues((c) => c.attrs.shape("value_shape")),
  ),
  ...bothMakers(
    "MutableDenseHashTable",
    mutableDenseHashTable,
    withValues((c) => (withRankAtMost(c.input(0), 1).rank === 0 ? c.attrs.shape("value_shape") : undefined)),
  ),
  ...both("InitializeTable", { shape: sameVectors, host: initializeTable, gradient: null }),
  ...both("InitializeTableFromTextFile", {
    shape: onTable((c) => {
      withRank(c.input(1), 0);
      return [];
    }),
    host: initializeFromTextFile,
    gradient: null,
  }),
  ...both("LookupTableFind", { shape: found, host: find, gradient: null }),
  ...both("LookupTableInsert", {
    shape: onTable(),
    host: change((table, c) => table.insert(c, c.input(1), c.input(2))),
    gradient: null,
  }),
  ...both("LookupTableImport", {
    // 1.15 merges the shapes of keys and values as well, which refuses tables of vectors where the graph knows their shapes.
    shape: onTable((c) => {
      withRankAtLeast(c.input(1), 1);
      withRankAtLeast(c.input(2), 1);
      return [];
    }),
    host: change((table, c) => table.importValues(c, c.input(1), c.input(2))),
    gradient: null,
  }),
  LookupTableRemoveV2: {
    shape: onTable((c) => {
      withRankAtLeast(c.input(1), 1);
      return [];
    }),
    host: change((table, c) => table.remove(c, c.input(1))),
    gradient: null,
  },
  ...both("LookupTableSize", { shape: onTable(() => [Shape.scalar]), host: size, gradient: null }),
  ...both("LookupTableExport", { shape: exported, host: exportTable, gradient: null }),
});
