// The reader ops: host kernels over readers of the session. In the older ops (TensorFlow 1.0's files) a reader is a reference to two strings,
// in the V2 ones a resource; here both carry the reader itself.
// Source: core/ops/io_ops.cc, core/kernels/reader_ops.cc, core/framework/reader_op_kernel.h.
import type { ShapeFunction } from "@org/graph";
import type { RecordCompression } from "@org/io";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { defineOps, type OpSpec } from "../define.ts";
import { resourceOfOp } from "../host/resource-of-op.ts";
import { stringArray } from "../host/text.ts";
import type { HostContext, HostKernel, OpEntry } from "../op-entry.ts";
import { QueueState } from "../queues/queue-state.ts";
import { withRank, withValue } from "../shape-rules.ts";
import { ReaderState } from "./reader-state.ts";
import {
  fixedLengthRecords,
  identity,
  type ReaderRecord,
  type RecordFormat,
  textLines,
  tfRecords,
  wholeFiles,
} from "./record-formats.ts";

function readerOf(c: HostContext): ReaderState {
  const [reader] = c.input(0).data as unknown as readonly unknown[];
  if (reader instanceof ReaderState) return reader;
  return c.fail("INVALID_ARGUMENT", `Input 0 of ${c.op} is not a reader`);
}

function queueOf(c: HostContext): QueueState {
  const [queue] = c.input(1).data as unknown as readonly unknown[];
  if (queue instanceof QueueState) return queue;
  return c.fail("INVALID_ARGUMENT", `Input 1 of ${c.op} is not a queue`);
}

function maker(format: (c: HostContext) => RecordFormat): HostKernel {
  return (c) => {
    const reader = resourceOfOp(c, "reader", () => new ReaderState(c.node, format(c)));
    return [ndArray("resource", [], [reader] as never)];
  };
}

/** An attribute that counts bytes or lines. */
function count(c: HostContext, name: string): number {
  const value = c.attrs.int(name);
  if (value < 0) c.fail("INVALID_ARGUMENT", `${name} must be >= 0 not ${value}`);
  return value;
}

/** An attribute that names a compression; of names that are none, TensorFlow says no word and reads plain files. */
function compression(c: HostContext, name: string): RecordCompression {
  const value = c.attrs.has(name) ? c.attrs.string(name) : "";
  return value === "GZIP" || value === "ZLIB" ? value : "";
}

const makers: Readonly<Record<string, HostKernel>> = {
  WholeFileReader: maker(() => wholeFiles),
  IdentityReader: maker(() => identity),
  TextLineReader: maker((c) => textLines(count(c, "skip_header_lines"))),
  TFRecordReader: maker((c) => tfRecords(compression(c, "compression_type"))),
  FixedLengthRecordReader: maker((c) => {
    const [headerBytes, recordBytes] = [count(c, "header_bytes"), count(c, "record_bytes")];
    const footerBytes = count(c, "footer_bytes");
    const hopBytes = (c.attrs.has("hop_bytes") ? count(c, "hop_bytes") : 0) || recordBytes;
    return fixedLengthRecords({
      headerBytes,
      recordBytes,
      footerBytes,
      hopBytes,
      encoding: compression(c, "encoding"),
    });
  }),
};

const read: HostKernel = async (c) => {
  const [record] = await readerOf(c).read(1, queueOf(c), c);
  return [stringArray([], [record!.key]), stringArray([], [record!.value])];
};

const readUpTo: HostKernel = async (c) => {
  const wanted = c.input(2);
  if (wanted.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `num_records must be a scalar, got shape ${new Shape(wanted.shape)}`);
  const records = await readerOf(c).read(Number(wanted.data[0]), queueOf(c), c);
  const column = (pick: (record: ReaderRecord) => string | Uint8Array): NdArray =>
    stringArray([records.length], records.map(pick));
  return [column(({ key }) => key), column(({ value }) => value)];
};

const int64 = (value: bigint): NdArray => ndArray("int64", [], BigInt64Array.of(value));

const restore: HostKernel = async (c) => {
  const state = c.input(1);
  if (state.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `Reader state must be scalar, but had shape: ${new Shape(state.shape)}`);
  await readerOf(c).restore((state.data as Uint8Array[])[0]!);
  return [];
};

interface Verb {
  readonly host: HostKernel;
  /** Shapes of the outputs. */
  readonly outputs: readonly Shape[];
}

const [scalar, vector] = [Shape.scalar, Shape.ofRank(1)];

const verbs: Readonly<Record<string, Verb>> = {
  ReaderRead: { host: read, outputs: [scalar, scalar] },
  ReaderReadUpTo: { host: readUpTo, outputs: [vector, vector] },
  ReaderNumRecordsProduced: { host: (c) => [int64(readerOf(c).recordsProduced)], outputs: [scalar] },
  ReaderNumWorkUnitsCompleted: { host: (c) => [int64(readerOf(c).workUnitsCompleted)], outputs: [scalar] },
  ReaderSerializeState: {
    host: async (c) => [stringArray([], [await readerOf(c).serialize()])],
    outputs: [scalar],
  },
  ReaderRestoreState: { host: restore, outputs: [] },
  ReaderReset: {
    host: async (c) => {
      await readerOf(c).reset();
      return [];
    },
    outputs: [],
  },
};

/** Handles are resources (scalars) or references to two strings; what else goes in is a scalar. */
const verbShape =
  (handles: number, outputs: readonly Shape[]): ShapeFunction =>
  (c) => {
    for (let i = 0; i < c.inputCount; i++) {
      if (i < handles && c.inputDType(i) === "string") withValue(withRank(c.input(i), 1).dims![0]!, 2);
      else withRank(c.input(i), 0);
    }
    return outputs;
  };

const pair: ShapeFunction = () => [new Shape([2])];
const one: ShapeFunction = () => [Shape.scalar];

/** Readers by resource (V2) and by reference, and FakeQueue, which gives a queue to a reader of the older kind. */
export const readerOps: readonly OpEntry[] = defineOps(
  Object.fromEntries([
    ...Object.entries(makers).flatMap(([op, host]): [string, OpSpec][] => [
      [`${op}V2`, { shape: one, host, gradient: null }],
      [op, { shape: pair, host, gradient: null }],
    ]),
    ...Object.entries(verbs).flatMap(([op, { host, outputs }]): [string, OpSpec][] => {
      const handles = op.startsWith("ReaderRead") ? [0, 1] : [0];
      const shape = verbShape(handles.length, outputs);
      return [
        [`${op}V2`, { shape, host, gradient: null }],
        [op, { shape, host, gradient: null, handles }],
      ];
    }),
    ["FakeQueue", { shape: pair, host: (c: HostContext) => [c.input(0)], gradient: null }],
  ]),
);
