// Ported by understanding from TensorFlow's kernel tests save_op_test.cc, save_v2_op_test.cc, restore_op_test.cc, restore_v2_op_test.cc and
// merge_v2_checkpoints_op_test.cc: one op at a time, its inputs fed.
import { openCheckpoint, parseSlice, writeCheckpoint } from "@org/checkpoint";
import { Graph, type Operation, type Tensor } from "@org/graph";
import { memoryFileSystem } from "@org/io";
import {
  type Complex,
  convertToNdArray,
  type DType,
  type NdArray,
  ndArray,
  toArray,
  toElements,
} from "@org/tensor";
import { describe, expect, test } from "vitest";
import { applyOp, type OpArgument, placeholder, standardOps } from "../../src/index.ts";
import { MiniSession } from "../mini-session.ts";

type Files = ReturnType<typeof memoryFileSystem>;
type Attrs = Record<string, string | boolean | readonly string[]>;

/** Runs one op on fed values; its outputs. */
async function run(fs: Files, type: string, inputs: readonly (NdArray | NdArray[])[], attrs: Attrs = {}) {
  const graph = new Graph({ ops: standardOps });
  const feeds = new Map<Tensor, NdArray>();
  const feed = (value: NdArray): Tensor => {
    const tensor = placeholder(value.dtype);
    feeds.set(tensor, value);
    return tensor;
  };
  const op: Operation = graph.asDefault(() =>
    applyOp(
      type,
      inputs.map((input) => (Array.isArray(input) ? input.map(feed) : feed(input))) as OpArgument[],
      {
        attrs: attrs as never,
      },
    ),
  );
  const session = new MiniSession(graph, fs);
  return op.outputs.length > 0 ? session.run(op.outputs, feeds) : session.run([op], feeds);
}

const strings = (...texts: string[]) => convertToNdArray(texts, "string");
const text = (value: string) => convertToNdArray(value, "string");

/** A tensor of that shape with `value` of each position. */
function filled(dtype: DType, shape: number[], value: (i: number) => unknown): NdArray {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const flat = convertToNdArray(Array.from({ length: size }, (_, i) => value(i)) as number[], dtype);
  return ndArray(dtype, shape, flat.data as never);
}
const complex = (i: number): Complex => ({ re: 100 + i, im: 200 + i });

/** The tensors that upstream saves, by name. */
const tensors = (halves: number): Record<string, NdArray> => ({
  tensor_bool: filled("bool", [2], (i) => i !== 0),
  tensor_int: filled("int32", [10], (i) => i + 1),
  tensor_float: filled("float32", [2, 4], (i) => i / 10),
  tensor_double: filled("float64", [2, 4], (i) => i / 20),
  tensor_qint8: filled("qint8", [3, 2], (i) => i),
  tensor_qint32: filled("qint32", [2, 3], (i) => i * 2),
  tensor_uint8: filled("uint8", [11], (i) => i + 1),
  tensor_int8: filled("int8", [7], (i) => i - 7),
  tensor_int16: filled("int16", [7], (i) => i - 8),
  tensor_int64: filled("int64", [9], (i) => BigInt(i - 9)),
  tensor_string: strings("no", "yes"),
  tensor_complex64: filled("complex64", [2, 3], complex),
  tensor_complex128: filled("complex128", [2, 3], complex),
  tensor_half: filled("float16", [2, 4], (i) => i / halves),
});
const without = (all: Record<string, NdArray>, ...names: string[]) =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));

/** What a reader of the file finds is what was saved: names, types, shapes, values. */
async function expectSaved(fs: Files, prefix: string, version: "V1" | "V2", saved: Record<string, NdArray>) {
  const reader = await openCheckpoint(prefix, { fs });
  expect(reader.version).toBe(version);
  expect(reader.names()).toEqual(Object.keys(saved).sort());
  for (const [name, value] of Object.entries(saved)) {
    expect([reader.dtype(name), reader.shape(name)], name).toEqual([value.dtype, value.shape]);
    expect(await reader.get(name), name).toEqual(value);
  }
  await reader.close();
}

const none = (count: number) => strings(...new Array<string>(count).fill(""));

describe("save ops", () => {
  test("[save_op_test/SaveOpTest.Simple] Save writes tensors of fourteen types to a V1 file", async () => {
    const fs = memoryFileSystem();
    const saved = tensors(2);
    expect(Object.keys(saved)).toHaveLength(14);
    await run(fs, "Save", [text("simple"), strings(...Object.keys(saved)), Object.values(saved)]);
    await expectSaved(fs, "simple", "V1", saved);
    expect(toElements(saved.tensor_half!)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]);
  });

  test("[save_op_test/SaveSlicesOpTest.Slices] SaveSlices writes parts: a part that is there can be read, the whole cannot", async () => {
    const fs = memoryFileSystem();
    const parts = {
      tensor_int: ["10 -", filled("int32", [10], (i) => i + 1)],
      tensor_float: ["2 4 -:0,2", filled("float32", [2, 2], (i) => i / 10)],
      tensor_double: ["2 4 0,1:2,2", filled("float64", [1, 2], (i) => i / 20)],
      tensor_qint8: ["3 2 -:-", filled("qint8", [3, 2], (i) => i)],
      tensor_qint32: ["2 3 1,1:2,1", filled("qint32", [1, 1], (i) => i * 2)],
    } as const;
    const specs = Object.values(parts).map(([spec]) => spec);
    const values = Object.values(parts).map(([, value]) => value);
    await run(fs, "SaveSlices", [text("slices"), strings(...Object.keys(parts)), strings(...specs), values]);
    const reader = await openCheckpoint("slices", { fs });
    for (const [name, [spec, value]] of Object.entries(parts)) {
      const words = spec.split(" ");
      const slice = parseSlice(words.pop()!);
      expect([reader.dtype(name), reader.shape(name)], name).toEqual([value.dtype, words.map(Number)]);
      expect(await reader.get(name, { slice }), name).toEqual(value);
      if (slice.lengths.every((length) => length === -1)) expect(await reader.get(name)).toEqual(value);
      else await expect(reader.get(name), name).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  test("[save_op_test/SaveOpSlices2Test.TwoSlices] two parts of one tensor read as the whole", async () => {
    const fs = memoryFileSystem();
    const [first, second] = [
      filled("int32", [2, 16], (i) => i + 1),
      filled("int32", [2, 16], (i) => 10 * (i + 1)),
    ];
    const small = filled("float32", [2, 4], (i) => i / 10);
    await run(fs, "SaveSlices", [
      text("three"),
      strings("four_by_sixteen", "four_by_sixteen", "small"),
      strings("4 16 0,2:-", "4 16 2,2:-", ""),
      [first, second, small],
    ]);
    const reader = await openCheckpoint("three", { fs });
    expect([reader.dtype("four_by_sixteen"), reader.shape("four_by_sixteen")]).toEqual(["int32", [4, 16]]);
    const whole = toArray(await reader.get("four_by_sixteen"));
    expect(whole).toEqual([toArray(first), toArray(second)].flat());
    expect(await reader.get("small")).toEqual(small);
  });

  test("[save_v2_op_test/SaveV2OpTest.Simple] SaveV2 writes a bundle of thirteen types", async () => {
    const fs = memoryFileSystem();
    const saved = without(tensors(2), "tensor_string");
    expect(Object.keys(saved)).toHaveLength(13);
    await run(fs, "SaveV2", [text("simple"), strings(...Object.keys(saved)), none(13), Object.values(saved)]);
    await expectSaved(fs, "simple", "V2", saved);
  });
});

/** Saves with an op of either kind. */
function save(fs: Files, type: string, file: string, saved: Record<string, NdArray>) {
  const names = strings(...Object.keys(saved));
  const values = Object.values(saved);
  return run(
    fs,
    type,
    type === "Save" ? [text(file), names, values] : [text(file), names, none(values.length), values],
  );
}

describe("restore ops", () => {
  test("[restore_op_test/RestoreOpTest.RestoreSimple] Restore reads what Save wrote, an empty tensor too", async () => {
    const fs = memoryFileSystem();
    const saved = {
      ...without(tensors(5), "tensor_complex128"),
      tensor_float_empty: filled("float32", [2, 0], () => 0),
    };
    await save(fs, "Save", "simple", saved);
    for (const [name, value] of Object.entries(saved)) {
      const [restored] = await run(fs, "Restore", [text("simple"), text(name)], { dt: value.dtype });
      expect(restored, name).toEqual(value);
    }
  });

  test("[restore_op_test/RestoreSliceOpTest.RestoreInt] RestoreSlice reads a part", async () => {
    const fs = memoryFileSystem();
    await save(fs, "Save", "int", { tensor_int: filled("int32", [4, 16], (i) => i + 1) });
    const [part] = await run(fs, "RestoreSlice", [text("int"), text("tensor_int"), text("4 16 0,2:-")], {
      dt: "int32",
    });
    expect(part).toEqual(filled("int32", [2, 16], (i) => i + 1));
  });

  for (const [name, op, what] of [
    ["RestoreAfterSaveV2", "SaveV2", "a bundle"],
    ["RestoreAfterSaveSlicesV1", "SaveSlices", "a V1 file of slices"],
    ["RestoreAfterSaveV1", "Save", "a V1 file"],
  ] as const)
    test(`[restore_v2_op_test/RestoreV2OpTest.${name}] RestoreV2 reads ${what}`, async () => {
      const fs = memoryFileSystem();
      const saved = without(tensors(5), "tensor_string", "tensor_complex128");
      await save(fs, op, "simple", saved);
      for (const [key, value] of Object.entries(saved)) {
        const inputs = [text("simple"), strings(key), strings("")];
        const [restored] = await run(fs, "RestoreV2", inputs, { dtypes: [value.dtype] });
        expect(restored, key).toEqual(value);
      }
    });
});

describe("MergeV2Checkpoints", () => {
  for (const [name, deleteOldDirs] of [
    ["MergeNoDelete", false],
    ["MergeAndDelete", true],
  ] as const)
    test(`[merge_v2_checkpoints_op_test/MergeV2CheckpointsOpTest.${name}] two bundles become one, their directories ${deleteOldDirs ? "go" : "stay"}`, async () => {
      const fs = memoryFileSystem();
      const saved = {
        tensor0: filled("float32", [10], () => 0),
        tensor1: filled("int64", [1, 16, 18], () => 1n),
        tensor2: filled("bool", [], () => true),
      };
      const { tensor0, ...others } = saved;
      await fs.makeDirectory("tmp");
      await writeCheckpoint("tmp/worker0/ckpt0", { tensor0 }, { fs });
      await writeCheckpoint("tmp/worker1/ckpt1", others, { fs });
      const prefixes = strings("tmp/worker0/ckpt0", "tmp/worker1/ckpt1");
      await run(fs, "MergeV2Checkpoints", [prefixes, text("tmp/merged/ckpt")], {
        delete_old_dirs: deleteOldDirs,
      });
      await expectSaved(fs, "tmp/merged/ckpt", "V2", saved);
      for (const directory of ["tmp/worker0", "tmp/worker1"])
        expect((await fs.stat(directory)) === undefined, directory).toBe(deleteOldDirs);
    });
});
