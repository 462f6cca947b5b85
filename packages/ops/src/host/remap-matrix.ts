// LoadAndRemapMatrix: a matrix of a checkpoint with its rows and columns in another order, and initial values where there is no old one.
// The remappings come from GenerateVocabRemapping (vocab-remapping.ts).
// Source: core/ops/checkpoint_ops.cc, core/kernels/load_and_remap_matrix_op.cc.
import { type CheckpointReader, openCheckpoint } from "@org/checkpoint";
import type { Tensor } from "@org/graph";
import { allocateData, dtypeString, type NdArray, ndArray, Shape, sizeOf } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { defineOps } from "../define.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { withRank } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { stringsOf } from "./text.ts";

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

/** LoadAndRemapMatrix. */
export const remapMatrixOps: readonly OpEntry[] = defineOps({
  LoadAndRemapMatrix: {
    shape: (c) => {
      withRank(c.input(1), 0);
      return [new Shape([c.attrs.int("num_rows"), c.attrs.int("num_cols")])];
    },
    gradient: null,
    host: remapMatrix,
  },
});
