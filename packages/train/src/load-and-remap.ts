// Initializers that load a matrix of a checkpoint under another vocabulary: rows (words, features) or columns (classes) that the old
// vocabulary has keep their values, new ones and out-of-vocabulary buckets get initial ones. The nodes are those that 1.15 makes.
// Source: python/training/checkpoint_ops.py, contrib/framework/python/ops/checkpoint_ops.py.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import {
  concat,
  generateVocabRemapping,
  type Initializer,
  loadAndRemapMatrix,
  operator,
  type PartitionInfo,
  range,
  type TensorLike,
  truncatedNormalInitializer,
  zerosInitializer,
} from "@org/ops";

/** What of a vocabulary is common to the initializers. Files hold a word a line. */
interface Remapping {
  /** Prefix of the checkpoint: a string, or a string tensor of one element. */
  readonly ckptPath: TensorLike;
  /**
   * Makes values for what the old matrix lacks; its shape may hold a tensor, since how many there are is told when it runs. Default: zeros.
   */
  readonly initializer?: Initializer | undefined;
  /** Rows of the checkpoint to hold in memory at once. Default: all that are needed. */
  readonly maxRowsInMemory?: number | undefined;
}

/** Arguments of `loadAndRemapMatrixInitializer`. */
export interface RemapMatrixInitializerOptions extends Remapping {
  /** The matrix in the checkpoint. */
  readonly oldTensorName: string;
  /** Words of the new row vocabulary; without row files, rows to load. */
  readonly newRowVocabSize: number;
  /** Words of the new column vocabulary; without column files, columns of the old matrix. */
  readonly newColVocabSize: number;
  /** Words of the old row vocabulary that count. Default -1: all. */
  readonly oldRowVocabSize?: number | undefined;
  /** Both row files, or none: rows stay as they are. */
  readonly oldRowVocabFile?: TensorLike | undefined;
  readonly newRowVocabFile?: TensorLike | undefined;
  /** Both column files, or none: columns stay as they are. */
  readonly oldColVocabFile?: TensorLike | undefined;
  readonly newColVocabFile?: TensorLike | undefined;
  /** Out-of-vocabulary rows, after the others. Default 0. */
  readonly numRowOovBuckets?: number | undefined;
  /** Out-of-vocabulary columns, after the others. Default 0. */
  readonly numColOovBuckets?: number | undefined;
}

function invalid(sentence: string, hint?: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence, hint === undefined ? {} : { hint });
}

/**
 * An initializer for a float32 variable of shape [newRowVocabSize + numRowOovBuckets, newColVocabSize + numColOovBuckets], whole or cut along its
 * rows: row i is the old row of the word at line i of the new row file, and likewise columns. As
 * tf.contrib.framework.load_and_remap_matrix_initializer.
 * Throws a TypeError where `initializer` is no function; what it returns throws a TypeError for other types than float32, TfError
 * INVALID_ARGUMENT for shapes and files that do not fit.
 */
export function loadAndRemapMatrixInitializer(options: RemapMatrixInitializerOptions): Initializer {
  const { initializer = zerosInitializer(), numRowOovBuckets = 0, numColOovBuckets = 0 } = options;
  const { newRowVocabSize, newColVocabSize } = options;
  if (typeof initializer !== "function")
    throw new TypeError(
      `initializer must be callable, instead of being ${String(initializer)} of type ${typeof initializer}.`,
    );
  return (shape, dtype = "float32", partition) => {
    if (dtype !== "float32")
      throw new TypeError(`Currently, only float32 is supported. Received dtype: ${dtype}`);
    if (shape.length !== 2) invalid(`Expected 2-dim shape, but received: [${shape}]`);
    const [rows, columns] = shape as [number, number];
    if (rows <= 0) invalid(`Expected 1st dim of shape to be > 0, but received shape: [${shape}]`);
    if (columns !== newColVocabSize + numColOovBuckets)
      invalid(
        `Expected 2nd dim of shape to be new_col_vocab_size (${newColVocabSize}) + num_col_oov_buckets (${numColOovBuckets}) = ${newColVocabSize + numColOovBuckets}, but received shape: [${shape}]`,
      );
    const offset = partition?.singleOffset(shape) ?? 0;
    const total = newRowVocabSize + numRowOovBuckets;
    if (offset + rows > total)
      invalid(
        `Trying to initialize ${rows} additional rows after ${offset} rows have already been initialized, which would exceed expected total row count of new_row_vocab_size (${newRowVocabSize}) + num_row_oov_buckets (${numRowOovBuckets}) = ${total}.`,
      );
    const oovRows = Math.min(rows, Math.max(0, offset + rows - newRowVocabSize));
    // A part of nothing but out-of-vocabulary rows loads nothing.
    if (offset > newRowVocabSize) return initializer(shape);
    return remapped({ ...options, initializer }, { offset, rows: rows - oovRows, oovRows });
  };
}

/** The rows of a part of the matrix: `rows` from the vocabulary's line `offset` on, then `oovRows`. */
function remapped(
  options: RemapMatrixInitializerOptions & { readonly initializer: Initializer },
  part: { readonly offset: number; readonly rows: number; readonly oovRows: number },
): Tensor {
  const { newColVocabSize, numColOovBuckets = 0 } = options;
  const { offset, rows, oovRows } = part;
  const initialize = (shape: readonly TensorLike[]): Tensor =>
    options.initializer(shape as readonly number[]);
  checkBuckets("num_row_oov_buckets", options.numRowOovBuckets);
  checkBuckets("num_col_oov_buckets", numColOovBuckets);
  const rowFiles = bothOrNone("row", options.oldRowVocabFile, options.newRowVocabFile);
  const colFiles = bothOrNone("col", options.oldColVocabFile, options.newColVocabFile);
  if (!rowFiles && !colFiles)
    invalid(
      "Must provide either row or column vocab files. If no remapping is necessary, consider using `tf.contrib.framework.init_from_checkpoint` instead.",
      "initFromCheckpoint loads a matrix as it is.",
    );

  let rowRemapping: TensorLike;
  let rowsPresent: TensorLike = rows;
  if (rowFiles) {
    const made = generateVocabRemapping(rowFiles.newFile, rowFiles.oldFile, {
      newVocabOffset: offset,
      numNewVocab: rows,
      oldVocabSize: options.oldRowVocabSize,
    });
    rowRemapping = made.remapping;
    rowsPresent = made.numPresent;
  } else rowRemapping = range(offset, offset + rows, { dtype: "int64" });
  let colRemapping: TensorLike = [];
  let colsPresent: TensorLike = newColVocabSize;
  if (colFiles) {
    const made = generateVocabRemapping(colFiles.newFile, colFiles.oldFile, {
      newVocabOffset: 0,
      numNewVocab: newColVocabSize,
    });
    colRemapping = made.remapping;
    colsPresent = made.numPresent;
  }
  const missing = operator.sub(rows * newColVocabSize, operator.mul(rowsPresent, colsPresent));
  let matrix = loadAndRemapMatrix({
    ckptPath: options.ckptPath,
    oldTensorName: options.oldTensorName,
    rowRemapping,
    colRemapping,
    initializingValues: initialize([missing, 1]),
    numRows: rows,
    numCols: newColVocabSize,
    maxRowsInMemory: options.maxRowsInMemory,
  });
  if (oovRows > 0) matrix = concat([matrix, initialize([oovRows, newColVocabSize])], 0);
  if (numColOovBuckets > 0) matrix = concat([matrix, initialize([rows + oovRows, numColOovBuckets])], 1);
  return matrix;
}

function checkBuckets(name: string, count = 0): void {
  if (!(count >= 0)) invalid(`${name} must be >= 0, but received ${count}`);
}

function bothOrNone(
  axis: "row" | "col",
  oldFile: TensorLike | undefined,
  newFile: TensorLike | undefined,
): { readonly oldFile: TensorLike; readonly newFile: TensorLike } | undefined {
  const [hasOld, hasNew] = [oldFile, newFile].map((file) => file !== undefined && file !== "");
  if (hasOld !== hasNew)
    invalid(
      `old_${axis}_vocab_file and new_${axis}_vocab_file must both be specified or left unspecified. old_${axis}_vocab_file='${hasOld ? oldFile : "None"}', new_${axis}_vocab_file='${hasNew ? newFile : "None"}'`,
    );
  return hasOld ? { oldFile: oldFile!, newFile: newFile! } : undefined;
}

/** Arguments of `loadEmbeddingInitializer`. */
export interface EmbeddingInitializerOptions extends Remapping {
  readonly embeddingTensorName: string;
  readonly newVocabSize: number;
  /** Columns of the old matrix. */
  readonly embeddingDim: number;
  readonly oldVocabFile: TensorLike;
  readonly newVocabFile: TensorLike;
  /** Default -1: all. */
  readonly oldVocabSize?: number | undefined;
  /** Default 0. */
  readonly numOovBuckets?: number | undefined;
}

/**
 * An initializer for embeddings, float32 [newVocabSize + numOovBuckets, embeddingDim]; new words start from a truncated normal of deviation
 * 1 / sqrt(embeddingDim) unless `initializer` says otherwise. As tf.contrib.framework.load_embedding_initializer.
 */
export function loadEmbeddingInitializer(options: EmbeddingInitializerOptions): Initializer {
  const { embeddingDim } = options;
  return loadAndRemapMatrixInitializer({
    ckptPath: options.ckptPath,
    oldTensorName: options.embeddingTensorName,
    newRowVocabSize: options.newVocabSize,
    newColVocabSize: embeddingDim,
    oldRowVocabSize: options.oldVocabSize,
    oldRowVocabFile: options.oldVocabFile,
    newRowVocabFile: options.newVocabFile,
    numRowOovBuckets: options.numOovBuckets,
    initializer: options.initializer ?? truncatedNormalInitializer(0, 1 / Math.sqrt(embeddingDim)),
    maxRowsInMemory: options.maxRowsInMemory,
  });
}

/** Arguments of `loadLinearMulticlassBiasInitializer`. */
export interface MulticlassBiasInitializerOptions extends Remapping {
  readonly biasTensorName: string;
  readonly newClassVocabSize: number;
  readonly oldClassVocabFile: TensorLike;
  readonly newClassVocabFile: TensorLike;
  /** Default 0. */
  readonly numClassOovBuckets?: number | undefined;
}

/** An initializer for biases of classes, float32 [newClassVocabSize + numClassOovBuckets, 1]. As tf.contrib.framework.load_linear_multiclass_bias_initializer. */
export function loadLinearMulticlassBiasInitializer(options: MulticlassBiasInitializerOptions): Initializer {
  return loadAndRemapMatrixInitializer({
    ckptPath: options.ckptPath,
    oldTensorName: options.biasTensorName,
    newRowVocabSize: options.newClassVocabSize,
    newColVocabSize: 1,
    oldRowVocabFile: options.oldClassVocabFile,
    newRowVocabFile: options.newClassVocabFile,
    numRowOovBuckets: options.numClassOovBuckets,
    initializer: options.initializer,
    maxRowsInMemory: options.maxRowsInMemory,
  });
}

/**
 * An initializer for a slot (an optimizer's accumulator), which is cut as its primary variable is: `primaryPartitionInfo` says where. As
 * tf.contrib.framework.load_variable_slot_initializer.
 */
export function loadVariableSlotInitializer(
  options: RemapMatrixInitializerOptions & { readonly primaryPartitionInfo: PartitionInfo },
): Initializer {
  const { primaryPartitionInfo, ...rest } = options;
  const initializer = loadAndRemapMatrixInitializer(rest);
  return (shape, dtype) => initializer(shape, dtype, primaryPartitionInfo);
}
