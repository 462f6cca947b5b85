// Ops that load a matrix of a checkpoint under another vocabulary: which old row stands behind each new one, and the matrix put together
// from the rows and columns that are there, the rest from initial values. What warm starting is made of.
// Source: core/ops/checkpoint_ops.cc, core/kernels/{generate_vocab_remapping_op,load_and_remap_matrix_op,lookup_util}.cc.
import { type CheckpointReader, openCheckpoint } from "@org/checkpoint";
import type { Tensor } from "@org/graph";
import type { FileSystem } from "@org/io";
import { allocateData, dtypeString, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { stringsOf } from "./text.ts";

/** Attributes of GenerateVocabRemapping. */
export interface VocabRemappingOptions extends NameOption {
  /** Line of the new vocabulary to begin at. */
  readonly newVocabOffset: number;
  /** How many of its lines to map. */
  readonly numNewVocab: number;
  /** Lines of the old vocabulary that count; -1 (the default): all. */
  readonly oldVocabSize?: number | undefined;
}

/**
 * For lines of a new vocabulary file, the lines at which the same words stand in an old one: `remapping` (int64 [numNewVocab], -1 where
 * the old one has none) and `numPresent` (int32 scalar). Files are text, a word a line. As gen_checkpoint_ops.generate_vocab_remapping.
 */
export function generateVocabRemapping(
  newVocabFile: TensorLike,
  oldVocabFile: TensorLike,
  options: VocabRemappingOptions,
): { readonly remapping: Tensor; readonly numPresent: Tensor } {
  const op = applyOp("GenerateVocabRemapping", [newVocabFile, oldVocabFile], {
    name: options.name,
    attrs: {
      new_vocab_offset: options.newVocabOffset,
      num_new_vocab: options.numNewVocab,
      old_vocab_size: options.oldVocabSize,
    },
  });
  return { remapping: op.outputs[0]!, numPresent: op.outputs[1]! };
}

/** Inputs and attributes of LoadAndRemapMatrix. */
export interface RemapMatrixOptions extends NameOption {
  /** A checkpoint's prefix: a string scalar, or a list of one. */
  readonly ckptPath: TensorLike;
  readonly oldTensorName: TensorLike;
  /** int64 [numRows]: the old row of each new one, or -1. */
  readonly rowRemapping: TensorLike;
  /** int64 [numCols], or empty: columns stay as they are. */
  readonly colRemapping: TensorLike;
  /** float32: what cells without an old value get, in row-major order; exactly as many as there are. */
  readonly initializingValues: TensorLike;
  readonly numRows: number;
  readonly numCols: number;
  /** Rows to read at once; -1 (the default): all that are needed. */
  readonly maxRowsInMemory?: number | undefined;
}

/** float32 [numRows, numCols] of a checkpoint's matrix with its rows and columns in another order. As gen_checkpoint_ops.load_and_remap_matrix. */
export function loadAndRemapMatrix(options: RemapMatrixOptions): Tensor {
  const { ckptPath, oldTensorName, rowRemapping, colRemapping, initializingValues } = options;
  return applyOp(
    "LoadAndRemapMatrix",
    [ckptPath, oldTensorName, rowRemapping, colRemapping, initializingValues],
    {
      name: options.name,
      attrs: {
        num_rows: options.numRows,
        num_cols: options.numCols,
        max_rows_in_memory: options.maxRowsInMemory,
      },
    },
  ).outputs[0]!;
}

const chunkBytes = 1 << 20;

/** The lines of a text file as bytes in a string, a character a byte; carriage returns are left out, as TensorFlow's line reader does. */
async function* linesOf(fs: FileSystem, path: string, signal: AbortSignal): AsyncGenerator<string> {
  // Latin-1 as browsers read it (windows-1252) tells all 256 bytes apart, which is all that comparing words needs.
  const decoder = new TextDecoder("latin1");
  const source = await fs.open(path);
  try {
    let rest = "";
    for (let start = 0; start < source.size; start += chunkBytes) {
      const bytes = await source.read(start, Math.min(source.size, start + chunkBytes), { signal });
      const lines = (rest + decoder.decode(bytes)).replaceAll("\r", "").split("\n");
      rest = lines.pop()!;
      yield* lines;
    }
    if (rest !== "") yield rest;
  } finally {
    await source.close();
  }
}

function vocabularyFile(c: HostContext, index: number, argument: string): string {
  const value = c.input(index);
  if (value.shape.length !== 0)
    c.fail("INVALID_ARGUMENT", `${argument} should be a single string, but got [${value.shape.join(",")}]`);
  const path = stringsOf(value)[0]!;
  if (path === "") c.fail("INVALID_ARGUMENT", `${argument.split("_")[0]} vocab filename cannot be empty.`);
  return path;
}

/** Words of a vocabulary with their lines; with `size` not -1 only the first so many, which must be there. */
async function wordsToLines(c: HostContext, path: string, size: number): Promise<Map<string, number>> {
  const words = new Map<string, number>();
  let line = 0;
  for await (const word of linesOf(c.fs, path, c.signal)) {
    if (size !== -1 && line >= size) break;
    const known = words.get(word);
    if (known !== undefined)
      c.fail(
        "FAILED_PRECONDITION",
        `HashTable has different value for same key. Key ${word} has ${known} and trying to add value ${line}`,
        `The vocabulary ${path} has that word in two lines.`,
      );
    words.set(word, line);
    line++;
  }
  if (size !== -1 && line < size)
    c.fail("INVALID_ARGUMENT", `Invalid vocab_size in ${path}: expected ${size} but got ${line}`);
  return words;
}

async function remapVocabulary(c: HostContext): Promise<readonly NdArray[]> {
  const offset = c.attrs.int("new_vocab_offset");
  const count = c.attrs.int("num_new_vocab");
  const newFile = vocabularyFile(c, 0, "new_vocab_file");
  const wanted: string[] = [];
  let line = 0;
  for await (const word of linesOf(c.fs, newFile, c.signal)) {
    if (line >= offset && wanted.length < count) wanted.push(word);
    line++;
  }
  if (offset + count > line)
    c.fail(
      "INVALID_ARGUMENT",
      "lookup table size must be larger than last new vocab entry's line",
      `${newFile} has ${line} lines; ${count} from line ${offset} on are asked for.`,
    );
  const oldFile = vocabularyFile(c, 1, "old_vocab_file");
  const old = await wordsToLines(c, oldFile, c.attrs.int("old_vocab_size"));
  const remapping = BigInt64Array.from(wanted, (word) => BigInt(old.get(word) ?? -1));
  const present = remapping.reduce((sum, id) => sum + (id < 0n ? 0 : 1), 0);
  return [ndArray("int64", [count], remapping), ndArray("int32", [], Int32Array.of(present))];
}

/** A remapping, checked: each new position's old one (-1: none). Throws UNIMPLEMENTED where an old one has two new ones. */
function oldPositions(c: HostContext, remapping: NdArray): number[] {
  const taken = new Map<number, number>();
  return Array.from(remapping.data as BigInt64Array, (id, i) => {
    const old = id < 0n ? -1 : Number(id);
    if (old < 0) return -1;
    const other = taken.get(old);
    if (other !== undefined)
      c.fail(
        "UNIMPLEMENTED",
        `Old ID ${old} is mapped to both new ID ${other} and ${i}, which is not supported.`,
      );
    taken.set(old, i);
    return old;
  });
}

/** The stored matrix's shape. Throws where it is no float32 matrix, or of the wrong width. */
function checkMatrix(
  c: HostContext,
  reader: CheckpointReader,
  name: string,
  columns: { readonly remapped: boolean; readonly count: number },
): readonly number[] {
  const [dtype, shape] = [reader.dtype(name), reader.shape(name)];
  const shown = `Tensor ${name} has shape [${shape.join(",")}]`;
  if (dtype !== "float32")
    c.fail(
      "INVALID_ARGUMENT",
      `Tensor ${name} has invalid type ${dtypeString(dtype)} instead of expected type float`,
    );
  if (shape.length !== 2)
    c.fail(
      "INVALID_ARGUMENT",
      `${shown} of invalid rank ${shape.length} instead of expected shape of rank 2.`,
    );
  if (!columns.remapped && shape[1] !== columns.count)
    c.fail(
      "INVALID_ARGUMENT",
      `${shown}, where the size of its 2nd dimension is ${shape[1]} instead of being equal to num_cols=${columns.count}`,
    );
  return shape;
}

async function remapMatrix(c: HostContext): Promise<readonly NdArray[]> {
  const [numRows, numCols] = [c.attrs.int("num_rows"), c.attrs.int("num_cols")];
  const maxRows = c.attrs.int("max_rows_in_memory");
  const [rowRemapping, colRemapping] = [c.input(2), c.input(3)];
  if (sizeOf(rowRemapping.shape) !== numRows)
    c.fail(
      "INVALID_ARGUMENT",
      `Size of row_remapping is ${sizeOf(rowRemapping.shape)} instead of being equal to num_rows=${numRows}`,
    );
  const oldRows = oldPositions(c, rowRemapping);
  const remapped = sizeOf(colRemapping.shape) > 0;
  if (remapped && sizeOf(colRemapping.shape) !== numCols)
    c.fail(
      "INVALID_ARGUMENT",
      `Provided col_remapping, but its size is ${sizeOf(colRemapping.shape)} instead of being equal to num_cols=${numCols}`,
    );
  // Undefined: columns stay as they are. Their number is checked against the checkpoint before anything is that long.
  const oldColumns = remapped ? oldPositions(c, colRemapping) : undefined;
  const paths = stringsOf(c.input(0));
  if (paths.length !== 1)
    c.fail("INVALID_ARGUMENT", `ckpt_path should be a single string, but got ${paths.length}`);
  const name = stringsOf(c.input(1))[0]!;

  const reader = await openCheckpoint(paths[0]!, { fs: c.fs, signal: c.signal });
  try {
    const shape = checkMatrix(c, reader, name, { remapped, count: numCols });
    checkPositions(c, "row_remapping", oldRows, shape[0]!);
    if (oldColumns) checkPositions(c, "col_remapping", oldColumns, shape[1]!);
    checkInitialCount(c, oldRows, oldColumns, numCols);
    const output = allocateData("float32", numRows * numCols) as Float32Array;
    fillMissing(output, c.input(4).data as Float32Array, oldRows, oldColumns, numCols);
    // In the order of the old rows, so that each is read once.
    const wanted = oldRows.flatMap((old, row) => (old < 0 ? [] : [{ old, row }]));
    wanted.sort((a, b) => a.old - b.old);
    for (let at = 0; at < wanted.length; ) {
      const first = wanted[at]!.old;
      const last = wanted.at(-1)!.old;
      const count = maxRows <= 0 ? last - first + 1 : Math.min(maxRows, last - first + 1);
      const slice = { starts: [first, 0], lengths: [count, -1] };
      const rows = (await reader.get(name, { slice, signal: c.signal })).data as Float32Array;
      for (; at < wanted.length && wanted[at]!.old < first + count; at++) {
        const { old, row } = wanted[at]!;
        const from = (old - first) * shape[1]!;
        const to = row * numCols;
        if (!oldColumns) output.set(rows.subarray(from, from + numCols), to);
        else
          for (const [column, oldColumn] of oldColumns.entries())
            if (oldColumn >= 0) output[to + column] = rows[from + oldColumn]!;
      }
    }
    return [ndArray("float32", [numRows, numCols], output)];
  } finally {
    await reader.close();
  }
}

/** TensorFlow leaves cells undefined whose old column is not there. */
function checkPositions(c: HostContext, argument: string, old: readonly number[], size: number): void {
  const i = old.findIndex((position) => position >= size);
  if (i >= 0)
    c.fail("INVALID_ARGUMENT", `${argument}[${i}] = ${old[i]} is not in [0, ${size}) of the old matrix`);
}

/** There must be as many initial values as cells without an old one. */
function checkInitialCount(
  c: HostContext,
  oldRows: readonly number[],
  oldColumns: readonly number[] | undefined,
  numCols: number,
): void {
  const present = (old: readonly number[]) => old.reduce((sum, position) => sum + (position < 0 ? 0 : 1), 0);
  const missing = oldRows.length * numCols - present(oldRows) * (oldColumns ? present(oldColumns) : numCols);
  const given = sizeOf(c.input(4).shape);
  if (given < missing)
    c.fail(
      "INVALID_ARGUMENT",
      `initializing_values contained ${given} elements, but more missing values remain.`,
      `${missing} cells have no old value.`,
    );
  if (given > missing)
    c.fail(
      "INVALID_ARGUMENT",
      `initializing_values contained ${given} elements, but only ${missing} elements were used to fill in missing values.`,
    );
}

/** Gives the cells without an old row and column their initial values, in row-major order. */
function fillMissing(
  output: Float32Array,
  values: Float32Array,
  oldRows: readonly number[],
  oldColumns: readonly number[] | undefined,
  numCols: number,
): void {
  let used = 0;
  for (const [row, oldRow] of oldRows.entries())
    for (let column = 0; column < numCols; column++)
      if (oldRow < 0 || (oldColumns && oldColumns[column]! < 0))
        output[row * numCols + column] = values[used++]!;
      else if (!oldColumns) break;
}

/** GenerateVocabRemapping, LoadAndRemapMatrix. */
export const remappingOps: readonly OpEntry[] = defineOps({
  GenerateVocabRemapping: {
    shape: (c) => {
      withRank(c.input(0), 0);
      withRank(c.input(1), 0);
      return [new Shape([c.attrs.int("num_new_vocab")]), new Shape([])];
    },
    gradient: null,
    host: remapVocabulary,
  },
  LoadAndRemapMatrix: {
    shape: (c) => {
      withRank(c.input(1), 0);
      return [new Shape([c.attrs.int("num_rows"), c.attrs.int("num_cols")])];
    },
    gradient: null,
    host: remapMatrix,
  },
});
