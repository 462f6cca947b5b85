// GenerateVocabRemapping and LoadAndRemapMatrix: odd files, and what they refuse, in TensorFlow 1.15.5's words. What they compute:
// packages/tf/test/upstream/checkpoint-ops.test.ts, and against TensorFlow itself, conformance/test/vocab-remapping.test.ts.
import { writeCheckpoint } from "@org/checkpoint";
import { isTfError } from "@org/errors";
import { Graph, type Tensor } from "@org/graph";
import { memoryFileSystem } from "@org/io";
import { convertToNdArray, toArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  generateVocabRemapping,
  loadAndRemapMatrix,
  type RemapMatrixOptions,
  standardOps,
  type VocabRemappingOptions,
} from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";

type Files = ReturnType<typeof memoryFileSystem>;

async function evaluate(fs: Files, build: () => readonly Tensor[]): Promise<unknown[]> {
  const graph = new Graph({ ops: standardOps });
  const tensors = graph.asDefault(build);
  return (await new MiniSession(graph, fs).run(tensors)).map((value) => toArray(value));
}
const failure = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "it did not fail",
    (error) => (isTfError(error) ? `${error.code}: ${error.sentence}` : `${error}`),
  );

describe("GenerateVocabRemapping", () => {
  const remap = (
    fs: Files,
    options: Partial<VocabRemappingOptions> & { files?: readonly [string, string] },
  ) =>
    evaluate(fs, () => {
      const [newFile, oldFile] = options.files ?? ["new", "old"];
      const made = generateVocabRemapping(newFile, oldFile, {
        newVocabOffset: 0,
        numNewVocab: 2,
        ...options,
      });
      return [made.remapping, made.numPresent];
    });

  it("reads lines as TensorFlow does: without carriage returns, the last one without its end, bytes as they are", async () => {
    const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const fs = memoryFileSystem({ new: bytes("a\r\n\n\xe9\x85"), old: bytes("\xe9\x86\n\xe9\x85\n\na\n") });
    expect(await remap(fs, { numNewVocab: 3 })).toEqual([[3n, 2n, 1n], 3]);
  });

  it("reads files of more than one chunk", async () => {
    const words = Array.from({ length: 200_000 }, (_, i) => `word-${i}`);
    const fs = memoryFileSystem({ new: words.join("\n"), old: [...words].reverse().join("\n") });
    const [remapping, present] = await remap(fs, { newVocabOffset: 199_998 });
    expect([remapping, present]).toEqual([[1n, 0n], 2]);
  });

  it("refuses files that are too short, missing, unnamed, or say a word twice", async () => {
    const fs = memoryFileSystem({ new: "a\nb\n", old: "b\na\nb\n", short: "b\n" });
    const failures = [
      remap(fs, { newVocabOffset: 1 }),
      remap(fs, {}),
      remap(fs, { files: ["new", "short"], oldVocabSize: 2 }),
      remap(fs, { files: ["none", "old"] }),
      remap(fs, { files: ["", "old"] }),
      remap(fs, { files: ["new", ""] }),
    ].map(failure);
    expect(await Promise.all(failures)).toEqual([
      "INVALID_ARGUMENT: lookup table size must be larger than last new vocab entry's line",
      "FAILED_PRECONDITION: HashTable has different value for same key. Key b has 0 and trying to add value 2",
      "INVALID_ARGUMENT: Invalid vocab_size in short: expected 2 but got 1",
      "NOT_FOUND: none; No such file or directory",
      "INVALID_ARGUMENT: new vocab filename cannot be empty.",
      "INVALID_ARGUMENT: old vocab filename cannot be empty.",
    ]);
    // Of the old vocabulary only its first words are read.
    expect(await remap(fs, { oldVocabSize: 2 })).toEqual([[1n, 0n], 2]);
    expect(await remap(fs, { numNewVocab: 0, newVocabOffset: 2, oldVocabSize: 0 })).toEqual([[], 0]);
  });

  it("knows its shapes, and refuses file names that are no scalars", () => {
    const graph = new Graph({ ops: standardOps });
    graph.asDefault(() => {
      const made = generateVocabRemapping("a", "b", { newVocabOffset: 0, numNewVocab: 7 });
      expect([`${made.remapping.shape}`, `${made.numPresent.shape}`]).toEqual(["[7]", "[]"]);
      expect(() => generateVocabRemapping(["a"], "b", { newVocabOffset: 0, numNewVocab: 7 })).toThrow(
        /Shape must be rank 0 but is rank 1/,
      );
    });
  });
});

describe("LoadAndRemapMatrix", () => {
  async function load(options: Partial<RemapMatrixOptions>) {
    const fs = memoryFileSystem();
    const matrix = convertToNdArray([
      [1, 2],
      [3, 4],
    ]);
    const tensors = { m: convertToNdArray(matrix, "float32"), i: matrix, v: convertToNdArray([1.5]) };
    await writeCheckpoint("c", tensors, { fs });
    const all = {
      ckptPath: "c",
      oldTensorName: "m",
      rowRemapping: [1, 0],
      colRemapping: [],
      initializingValues: [],
      numRows: 2,
      numCols: 2,
      ...options,
    };
    return (await evaluate(fs, () => [loadAndRemapMatrix(all)]))[0];
  }

  it("refuses what does not fit", async () => {
    const failures = [
      load({ rowRemapping: [0] }),
      load({ colRemapping: [0] }),
      load({ oldTensorName: "none" }),
      load({ oldTensorName: "i" }),
      load({ oldTensorName: "v" }),
      load({ numCols: 3 }),
      load({ numCols: 2 ** 40 }),
      load({ rowRemapping: [0, 2] }),
      load({ colRemapping: [0, 2] }),
      load({ ckptPath: "nowhere" }),
      load({ ckptPath: ["c", "c"] }),
    ].map(failure);
    expect(await Promise.all(failures)).toEqual([
      "INVALID_ARGUMENT: Size of row_remapping is 1 instead of being equal to num_rows=2",
      "INVALID_ARGUMENT: Provided col_remapping, but its size is 1 instead of being equal to num_cols=2",
      "NOT_FOUND: Key none not found in checkpoint",
      "INVALID_ARGUMENT: Tensor i has invalid type int32 instead of expected type float",
      "INVALID_ARGUMENT: Tensor v has shape [1] of invalid rank 1 instead of expected shape of rank 2.",
      "INVALID_ARGUMENT: Tensor m has shape [2,2], where the size of its 2nd dimension is 2 instead of being equal to num_cols=3",
      `INVALID_ARGUMENT: Tensor m has shape [2,2], where the size of its 2nd dimension is 2 instead of being equal to num_cols=${2 ** 40}`,
      "INVALID_ARGUMENT: row_remapping[1] = 2 is not in [0, 2) of the old matrix",
      "INVALID_ARGUMENT: col_remapping[1] = 2 is not in [0, 2) of the old matrix",
      "NOT_FOUND: Unsuccessful TensorSliceReader constructor: Failed to find any matching files for nowhere",
      "INVALID_ARGUMENT: ckpt_path should be a single string, but got 2",
    ]);
  });

  it("makes a matrix of no rows", async () => {
    expect(await load({ rowRemapping: new BigInt64Array(0), numRows: 0 })).toEqual([]);
  });
});
