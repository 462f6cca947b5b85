// The ops that make data sets. Each gives a variant that carries one; nothing is read before an iterator goes through it.
// Source: core/ops/dataset_ops.cc, core/kernels/data/*_dataset_op.cc.
import type { ShapeFunction } from "@org/graph";
import type { RecordCompression } from "@org/io";
import { type NdArray, Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import { stringsOf } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { numbersOf, withRank, withRankAtMost } from "../shape-rules.ts";
import { batchDataset, paddedBatchDataset } from "./batch-datasets.ts";
import { type Dataset, datasetOf, datasetValue } from "./dataset.ts";
import { type FileReader, filesDataset, fixedLength, lines, records } from "./file-datasets.ts";
import {
  type Captured,
  filterDataset,
  flatMapDataset,
  interleaveDataset,
  mapDataset,
} from "./function-datasets.ts";
import { optimizedDataset } from "./optimize-dataset.ts";
import {
  concatenateDataset,
  prefetchDataset,
  repeatDataset,
  shardDataset,
  skipDataset,
  takeDataset,
  zipDataset,
} from "./sequence-datasets.ts";
import { type ShuffleSettings, shuffleDataset } from "./shuffle-dataset.ts";
import { rangeDataset, tensorDataset, tensorSliceDataset } from "./sources.ts";

// ---- arguments

const invalid = (c: HostContext, sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);

function scalar(c: HostContext, index: number, name: string): NdArray {
  const value = c.input(index);
  if (value.shape.length !== 0) invalid(c, `${name} must be a scalar`);
  return value;
}

const int64 = (c: HostContext, index: number, name: string): bigint =>
  BigInt((scalar(c, index, name).data as ArrayLike<bigint | number>)[0]!);
const bool = (c: HostContext, index: number, name: string): boolean =>
  Boolean((scalar(c, index, name).data as Uint8Array)[0]);

/** A number above 0 that counts elements. */
function count(c: HostContext, index: number, name: string, sentence: string): number {
  const value = int64(c, index, name);
  return value > 0n ? Number(value) : invalid(c, sentence);
}

const input = (c: HostContext, index = 0): Dataset => datasetOf(c, c.input(index));
const inputs = (c: HostContext, from: number, to: number): NdArray[] =>
  Array.from({ length: to - from }, (_, i) => c.input(from + i));

/** The structure of the elements that the op's attributes tell. */
const structure = (c: HostContext): Pick<Dataset, "dtypes" | "shapes"> => ({
  dtypes: c.attrs.types("output_types"),
  shapes: c.attrs.shapes("output_shapes"),
});

/** The function that `attr` names with what it has captured: the inputs from position 1 on, as many as there are types in Targuments. */
function captured(c: HostContext, attr: string): Captured {
  const many = c.attrs.types("Targuments").length;
  return { call: c.function(attr), captured: inputs(c, 1, 1 + many) };
}

/** Position of the first input behind what a function has captured. */
const behindCaptured = (c: HostContext): number => 1 + c.attrs.types("Targuments").length;

function compression(c: HostContext, index: number): RecordCompression {
  const [name] = stringsOf(scalar(c, index, "compression_type"));
  return name === "" || name === "GZIP" || name === "ZLIB"
    ? name
    : invalid(c, "Unsupported compression_type.");
}

function files(c: HostContext, type: string, reader: FileReader): Dataset {
  const names = c.input(0);
  if (names.shape.length > 1) invalid(c, "`filenames` must be a scalar or a vector.");
  return filesDataset(type, stringsOf(names), () => c.fs, reader);
}

/** A number of bytes, at least `least`. */
function bytes(c: HostContext, index: number, name: string, least: 0 | 1): number {
  const value = Number(int64(c, index, name));
  if (value < least) invalid(c, `\`${name}\` must be ${least === 0 ? ">=" : ">"} 0`);
  return value;
}

// ---- the data sets

function tensors(c: HostContext): readonly NdArray[] {
  return inputs(c, 0, c.inputCount);
}

function slices(c: HostContext): Dataset {
  const components = tensors(c);
  for (const { shape } of components) {
    if (shape.length === 0) invalid(c, "All components must be at least 1-dimensional");
    if (shape[0] !== components[0]!.shape[0])
      invalid(c, "All components must have the same size in the 0th dimension");
  }
  return tensorSliceDataset(components);
}

function range(c: HostContext): Dataset {
  const [start, stop, step] = ["start", "stop", "step"].map((name, i) => int64(c, i, name));
  if (step === 0n) invalid(c, "step must be a non-zero integer.");
  return rangeDataset(start!, stop!, step!);
}

function concatenate(c: HostContext): Dataset {
  const [first, second] = [input(c, 0), input(c, 1)];
  if (`${first.dtypes}` !== `${second.dtypes}`)
    invalid(
      c,
      `input dataset and dataset to concatenate have different output_types ${first.dtypes} and ${second.dtypes}`,
    );
  return concatenateDataset(first, second);
}

function shard(c: HostContext): Dataset {
  const [many, index] = [int64(c, 1, "num_shards"), int64(c, 2, "index")];
  if (many <= 0n) invalid(c, `Number of shards must be greater than zero (currently num_shards = ${many}).`);
  if (index < 0n || index >= many)
    invalid(c, `Index must be between 0 and ${many - 1n} (currently index = ${index}).`);
  return shardDataset(input(c), many, index);
}

const batchSize = (c: HostContext): number =>
  count(c, 1, "batch_size", "Batch size must be greater than zero.");

function paddedBatch(c: HostContext, version: 1 | 2): Dataset {
  const own = input(c);
  const size = batchSize(c);
  const many = c.attrs.int("N");
  const dropRemainder = version === 2 && bool(c, c.inputCount - 1, "drop_remainder");
  const components = own.dtypes.length;
  if (many !== components)
    invalid(
      c,
      `Number of padded shapes (${many}) must match the number of components in the input dataset's elements (${components})`,
    );
  const shapes = inputs(c, 2, 2 + many).map((value) => {
    if (value.shape.length !== 1) invalid(c, "All padded shapes must be vectors");
    return new Shape(numbersOf(value).map((dim) => (dim < 0 ? null : dim)));
  });
  const values = inputs(c, 2 + many, 2 + many + c.attrs.types("Toutput_types").length);
  if (values.length !== components)
    invalid(
      c,
      `Number of padding values (${values.length}) must match the number of components in the input dataset's elements (${components})`,
    );
  for (const [i, value] of values.entries()) {
    if (value.shape.length !== 0) invalid(c, "All padding values must be scalars");
    if (value.dtype !== own.dtypes[i])
      invalid(
        c,
        `Mismatched type between padding value ${i} and input dataset's component ${i}: ${value.dtype} vs. ${own.dtypes[i]}`,
      );
  }
  return paddedBatchDataset(own, { size, dropRemainder, shapes, values });
}

function shuffle(c: HostContext, kind: ShuffleSettings["kind"], counted: boolean): Dataset {
  const own = input(c);
  const bufferSize = int64(c, 1, "buffer_size");
  if (bufferSize <= 0n) invalid(c, "buffer_size must be greater than zero.");
  let [seed, seed2] = [int64(c, 2, "seed"), int64(c, 3, "seed2")];
  const times = counted ? int64(c, 4, "count") : 1n;
  if (counted && times <= 0n && times !== -1n) invalid(c, "count must be greater than zero or equal to -1.");
  if (seed === 0n && seed2 === 0n) [seed, seed2] = c.randomSeed().map(BigInt) as [bigint, bigint];
  return shuffleDataset(own, { kind, bufferSize, seed, seed2, count: times });
}

function prefetch(c: HostContext): Dataset {
  const size = int64(c, 1, "buffer_size");
  if (size < -1n) invalid(c, "buffer_size must be >= 0 or set buffer_size to be -1 for auto-tuning");
  return prefetchDataset(input(c), size);
}

function interleave(c: HostContext): Dataset {
  const at = behindCaptured(c);
  return interleaveDataset(
    input(c),
    captured(c, "f"),
    count(c, at, "cycle_length", "cycle_length must be greater than zero."),
    count(c, at + 1, "block_length", "block_length must be greater than zero."),
    structure(c),
  );
}

function parallelMap(c: HostContext): Dataset {
  const calls = int64(c, behindCaptured(c), "num_parallel_calls");
  if (calls <= 0n && calls !== -1n) invalid(c, "num_parallel_calls must be greater than zero.");
  return mapDataset(input(c), captured(c, "f"), structure(c), c.attrs.bool("preserve_cardinality"));
}

function fixedLengthFiles(c: HostContext, version: 1 | 2): Dataset {
  return files(
    c,
    "FixedLengthRecordDataset",
    fixedLength({
      headerBytes: bytes(c, 1, "header_bytes", 0),
      recordBytes: bytes(c, 2, "record_bytes", 1),
      footerBytes: bytes(c, 3, "footer_bytes", 0),
      compression: version === 2 ? compression(c, 5) : "",
    }),
  );
}

const makers: Readonly<Record<string, (c: HostContext) => Dataset>> = {
  RangeDataset: range,
  TensorDataset: (c) => tensorDataset(tensors(c)),
  TensorSliceDataset: slices,
  RepeatDataset: (c) => repeatDataset(input(c), int64(c, 1, "count")),
  TakeDataset: (c) => takeDataset(input(c), int64(c, 1, "count")),
  SkipDataset: (c) => skipDataset(input(c), int64(c, 1, "count")),
  ShardDataset: shard,
  ConcatenateDataset: concatenate,
  ZipDataset: (c) => zipDataset(Array.from({ length: c.inputCount }, (_, i) => input(c, i))),
  BatchDataset: (c) => batchDataset(input(c), { size: batchSize(c), dropRemainder: false }),
  BatchDatasetV2: (c) =>
    batchDataset(input(c), { size: batchSize(c), dropRemainder: bool(c, 2, "drop_remainder") }),
  PaddedBatchDataset: (c) => paddedBatch(c, 1),
  PaddedBatchDatasetV2: (c) => paddedBatch(c, 2),
  ShuffleDataset: (c) =>
    shuffle(c, c.attrs.bool("reshuffle_each_iteration") ? "reshuffling" : "fixed", false),
  ShuffleAndRepeatDataset: (c) => shuffle(c, "repeating", true),
  PrefetchDataset: prefetch,
  MapDataset: (c) =>
    mapDataset(input(c), captured(c, "f"), structure(c), c.attrs.bool("preserve_cardinality")),
  ParallelMapDataset: parallelMap,
  FilterDataset: (c) => filterDataset(input(c), captured(c, "predicate")),
  FlatMapDataset: (c) => flatMapDataset(input(c), captured(c, "f"), structure(c)),
  InterleaveDataset: interleave,
  ParallelInterleaveDatasetV2: interleave,
  TextLineDataset: (c) => files(c, "TextLineDataset", lines(compression(c, 1))),
  TFRecordDataset: (c) => files(c, "TFRecordDataset", records(compression(c, 1))),
  FixedLengthRecordDataset: (c) => fixedLengthFiles(c, 1),
  FixedLengthRecordDatasetV2: (c) => fixedLengthFiles(c, 2),
  OptimizeDataset: (c) => optimizedDataset(input(c), stringsOf(c.input(1))),
  ModelDataset: (c) => input(c),
};

// ---- shapes

/** What goes in beside data sets: each of a rank at most. Data sets and counts are scalars. */
const scalars: ShapeFunction = (c) => {
  for (let i = 0; i < c.inputCount; i++) withRank(c.input(i), 0);
  return [Shape.scalar];
};

const anything: ShapeFunction = () => [Shape.scalar];

const filenames: ShapeFunction = (c) => {
  withRankAtMost(c.input(0), 1);
  for (let i = 1; i < c.inputCount; i++) withRank(c.input(i), 0);
  return [Shape.scalar];
};

const shapeOf = (op: string): ShapeFunction => {
  if (/^(TextLine|TFRecord|FixedLengthRecord)/.test(op)) return filenames;
  return /^(Tensor|Padded|Map|ParallelMap|Filter|FlatMap|Interleave|ParallelInterleave|Optimize)/.test(op)
    ? anything
    : scalars;
};

const kernelOf =
  (make: (c: HostContext) => Dataset): HostKernel =>
  (c) => [datasetValue(make(c))];

/** Entries of the ops that make data sets. */
export const datasetOps: readonly OpEntry[] = defineOps(
  Object.fromEntries(
    Object.entries(makers).map(([op, make]): [string, OpSpec] => [
      op,
      { shape: shapeOf(op), host: kernelOf(make), gradient: null },
    ]),
  ),
);
