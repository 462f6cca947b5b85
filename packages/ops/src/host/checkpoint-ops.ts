// Ops that read and write checkpoints: what a Saver is made of. Files are reached only through the session's file
// system. Not the formats: see @org/checkpoint.
// Source: tensorflow/core/kernels/{save_restore_v2_ops,save_op,restore_op,save_restore_tensor}.cc, core/ops/io_ops.cc.
import {
  type CheckpointReader,
  CheckpointReaderCache,
  createCheckpointWriter,
  fullSlice,
  mergeCheckpoints,
  type PartOf,
  parseShapeAndSlice,
  type V1Part,
  writeV1Parts,
} from "@org/checkpoint";
import { coreShapes } from "@org/graph/core-ops";
import { type DType, dtypeString, dtypes, type NdArray, sizeOf } from "@org/tensor";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { stringArray, stringsOf } from "./text.ts";

const shown = (dims: readonly number[]): string => `[${dims.join(",")}]`;

/** Names and slices of a SaveV2 or RestoreV2. */
function arguments2(c: HostContext, saves: boolean): { prefix: string; names: string[]; slices: string[] } {
  const [prefix, names, slices] = [c.input(0), c.input(1), c.input(2)];
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  if (sizeOf(prefix.shape) !== 1)
    fail(`Input prefix should have a single element, got ${sizeOf(prefix.shape)} instead.`);
  if (names.shape.length !== 1 || slices.shape.length !== 1)
    fail(
      `Input tensor_names and shape_and_slices should be an 1-D tensors, got ${shown(names.shape)} and ${shown(slices.shape)} instead.`,
    );
  const count = names.shape[0]!;
  if (slices.shape[0] !== count)
    fail(
      `tensor_names and shape_and_slices have different number of elements: ${count} vs. ${slices.shape[0]}`,
    );
  if (saves && c.inputCount !== count + 3) fail(`Got ${count} tensor names but ${c.inputCount - 3} tensors.`);
  return { prefix: stringsOf(prefix)[0]!, names: stringsOf(names), slices: stringsOf(slices) };
}

/** Where the value of input `index` lies in a whole that `spec` describes; undefined where it is the whole. */
function partOf(c: HostContext, spec: string, index: number): PartOf | undefined {
  if (spec === "") return undefined;
  const { shape, slice, sliceShape } = parseShapeAndSlice(spec);
  const dims = c.inputShape(index);
  if (shown(sliceShape) !== shown(dims))
    c.fail(
      "INVALID_ARGUMENT",
      `Slice in shape_and_slice specification does not match the shape of the tensor to  save: ${spec}, tensor: ${shown(dims)}`,
    );
  return { fullShape: shape, slice };
}

/** Bytes of tensors in a V2 checkpoint; undefined where there are strings, which take what they take. */
function numericBytes(
  tensors: readonly { readonly dtype: DType; readonly shape: readonly number[] }[],
): number | undefined {
  let total = 0;
  for (const { dtype, shape } of tensors) {
    if (dtypes[dtype].bytes === 0) return undefined;
    total += dtypes[dtype].bytes * sizeOf(shape);
  }
  return total;
}

async function save(c: HostContext): Promise<readonly NdArray[]> {
  const { prefix, names, slices } = arguments2(c, true);
  const parts = slices.map((spec, i) => partOf(c, spec, i + 3));
  const total = numericBytes(
    names.map((_, i) => ({ dtype: c.inputDType(i + 3), shape: c.inputShape(i + 3) })),
  );
  const { fs, signal, onProgress } = c;
  const writer = await createCheckpointWriter(prefix, { fs, signal, onProgress, total });
  try {
    for (let i = 0; i < names.length; i++) await writer.add(names[i]!, await c.fetch(i + 3), parts[i]);
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
  return [];
}

async function readTensor(
  c: HostContext,
  reader: CheckpointReader,
  name: string,
  spec: string,
  onBytes: ((count: number) => void) | undefined,
  into?: Uint8Array,
): Promise<NdArray> {
  if (spec === "") return reader.get(name, { signal: c.signal, onBytes, into });
  const { shape, slice } = parseShapeAndSlice(spec);
  const stored = reader.shape(name);
  if (shown(shape) !== shown(stored))
    c.fail(
      "INVALID_ARGUMENT",
      reader.version === "V2"
        ? `tensor_name = ${name}; shape in shape_and_slice spec ${shown(shape)} does not match the shape stored in checkpoint: ${shown(stored)}`
        : `Shape in shape_and_slice spec does not match the shape in the save file: ${shown(shape)}, save file shape: ${shown(stored)}`,
    );
  return reader.get(name, { slice, signal: c.signal, onBytes });
}

/** What is wrong with the dtypes, in TensorFlow's words; missing names throw in `dtype`. */
function checkDTypes(
  c: HostContext,
  reader: CheckpointReader,
  names: readonly string[],
  prefix: string,
): void {
  const wrong: string[] = [];
  const order = names
    .map((_, i) => i)
    .sort((a, b) => (names[a]! < names[b]! ? -1 : names[a]! > names[b]! ? 1 : 0));
  for (const i of order) {
    const name = names[i]!;
    const wanted = c.outputDType(i);
    if (reader.version === "V1" && !reader.has(name))
      c.fail("NOT_FOUND", `Tensor name "${name}" not found in checkpoint files ${prefix}`);
    const stored = reader.dtype(name);
    if (stored === wanted) continue;
    if (reader.version === "V1")
      c.fail(
        "INVALID_ARGUMENT",
        `Expected to restore a tensor of type ${dtypeString(wanted)}, got a tensor of type ${dtypeString(stored)} instead: tensor_name = ${name}`,
      );
    wrong.push(
      `tensor_name = ${name}; expected dtype ${dtypeString(wanted)} does not equal original dtype ${dtypeString(stored)}`,
    );
  }
  if (wrong.length > 0) c.fail("INVALID_ARGUMENT", wrong.join("\n"));
}

/** Tensors that are read at a time: one comes while the checksum of another is made. */
const readers = 2;

/** Results of `count` pieces of work, begun in order, a few at a time. Throws what the first of them throws, when none is left running. */
async function inOrder<T>(count: number, work: (index: number, worker: number) => Promise<T>): Promise<T[]> {
  const results = new Array<T>(count);
  let next = 0;
  const failures = new Map<number, unknown>();
  const run = async (worker: number): Promise<void> => {
    while (next < count && failures.size === 0) {
      const index = next++;
      try {
        results[index] = await work(index, worker);
      } catch (error) {
        failures.set(index, error);
      }
    }
  };
  await Promise.all(Array.from({ length: readers }, (_, worker) => run(worker)));
  if (failures.size > 0) throw failures.get(Math.min(...failures.keys()));
  return results;
}

async function restoreNamed(
  c: HostContext,
  prefix: string,
  names: readonly string[],
  slices: readonly string[],
): Promise<NdArray[]> {
  const readers = c.ofRun("checkpoints", () => new CheckpointReaderCache({ fs: c.fs, signal: c.signal }));
  const reader = await readers.get(prefix);
  checkDTypes(c, reader, names, prefix);
  const { onProgress } = c;
  const total = slices.some((spec) => spec !== "")
    ? undefined
    : numericBytes(names.map((name) => ({ dtype: reader.dtype(name), shape: reader.shape(name) })));
  let loaded = 0;
  // What a device takes over leaves its memory to the next tensor.
  const room: (Uint8Array | undefined)[] = [];
  return await inOrder(names.length, async (i, worker) => {
    const name = names[i]!;
    const report = (count: number): void => {
      loaded += count;
      onProgress?.({ loaded, ...(total === undefined ? {} : { total }), name });
    };
    const value = await readTensor(c, reader, name, slices[i]!, onProgress && report, room[worker]);
    const { buffer, byteOffset } = value.data as Uint8Array;
    const isOwn = byteOffset === 0 && buffer instanceof ArrayBuffer;
    room[worker] = c.handOver(i, value) && isOwn ? new Uint8Array(buffer) : undefined;
    return value;
  });
}

const oneName = (c: HostContext, index: number, what: string): string => {
  const value = c.input(index);
  const size = sizeOf(value.shape);
  if (size !== 1)
    c.fail(
      "INVALID_ARGUMENT",
      `Input ${index} (${what}) must be a string scalar; got a tensor of ${size}elements`,
    );
  return stringsOf(value)[0]!;
};

/** Save (with `slices` false) and SaveSlices: one V1 file, tensors sorted by name. */
async function saveV1(c: HostContext, slices: boolean): Promise<readonly NdArray[]> {
  const file = oneName(c, 0, "filename");
  const names = stringsOf(c.input(1));
  const specs = slices ? stringsOf(c.input(2)) : names.map(() => "");
  const fixed = slices ? 3 : 2;
  if (specs.length !== names.length)
    c.fail(
      "INVALID_ARGUMENT",
      `Expected ${names.length} elements for the tensor shapes and slices but got ${specs.length}`,
    );
  if (c.inputCount !== names.length + fixed)
    c.fail(
      "INVALID_ARGUMENT",
      `Expected totally ${names.length + fixed} inputs as input #1 (which is a string tensor of saved names) contains ${names.length} names, but received ${c.inputCount} inputs`,
    );
  const parts = names.map((name, i): V1Part => {
    const index = i + fixed;
    const shape = c.inputShape(index);
    const { fullShape, slice } = partOf(c, specs[i]!, index) ?? {
      fullShape: shape,
      slice: fullSlice(shape.length),
    };
    return { name, dtype: c.inputDType(index), fullShape, slice, read: () => c.fetch(index) };
  });
  parts.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  await writeV1Parts(file, parts, { fs: c.fs, signal: c.signal, onProgress: c.onProgress });
  return [];
}

/** Entries of checkpoint ops. */
export const checkpointOps: readonly OpEntry[] = defineOps({
  SaveV2: {
    shape: coreShapes.SaveV2!,
    gradient: null,
    host: save,
    fetchesFrom: 3,
  },
  RestoreV2: {
    shape: coreShapes.RestoreV2!,
    gradient: null,
    host: async (c) => {
      const { prefix, names, slices } = arguments2(c, false);
      const expected = c.attrs.types("dtypes").length;
      if (names.length !== expected)
        c.fail("INVALID_ARGUMENT", `Got ${names.length} tensor names, but ${expected} expected dtypes.`);
      return restoreNamed(c, prefix, names, slices);
    },
  },
  Restore: {
    shape: coreShapes.Restore!,
    gradient: null,
    host: (c) => restoreNamed(c, oneName(c, 0, "file_pattern"), [oneName(c, 1, "tensor_name")], [""]),
  },
  RestoreSlice: {
    shape: coreShapes.RestoreSlice!,
    gradient: null,
    host: (c) =>
      restoreNamed(
        c,
        oneName(c, 0, "file_pattern"),
        [oneName(c, 1, "tensor_name")],
        [oneName(c, 2, "shape_and_slice")],
      ),
  },
  Save: { shape: coreShapes.Save!, gradient: null, host: (c) => saveV1(c, false), fetchesFrom: 2 },
  SaveSlices: {
    shape: coreShapes.SaveSlices!,
    gradient: null,
    host: (c) => saveV1(c, true),
    fetchesFrom: 3,
  },
  MergeV2Checkpoints: {
    shape: coreShapes.MergeV2Checkpoints!,
    gradient: null,
    host: async (c) => {
      const [prefixes, target] = [c.input(0), c.input(1)];
      if (prefixes.shape.length !== 1)
        c.fail(
          "INVALID_ARGUMENT",
          `Input checkpoint_prefixes should be an 1-D tensor, got ${shown(prefixes.shape)} instead.`,
        );
      if (target.shape.length !== 0)
        c.fail(
          "INVALID_ARGUMENT",
          `Input destination_prefix should be a scalar tensor, got ${shown(target.shape)} instead.`,
        );
      await mergeCheckpoints(stringsOf(prefixes), stringsOf(target)[0]!, {
        fs: c.fs,
        deleteOldDirs: c.attrs.bool("delete_old_dirs"),
        signal: c.signal,
      });
      return [];
    },
  },
  ShardedFilename: {
    shape: coreShapes.ShardedFilename!,
    gradient: null,
    host: (c) => {
      const [shard, shards] = [c.input(1), c.input(2)].map((value) => `${value.data[0]}`.padStart(5, "0"));
      return [stringArray([], [`${stringsOf(c.input(0))[0]}-${shard}-of-${shards}`])];
    },
  },
  ShardedFilespec: {
    shape: coreShapes.ShardedFilespec!,
    gradient: null,
    host: (c) => {
      const shards = `${c.input(1).data[0]}`.padStart(5, "0");
      return [stringArray([], [`${stringsOf(c.input(0))[0]}-?????-of-${shards}`])];
    },
  },
});
