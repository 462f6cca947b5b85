// What fills a StaticHashTable: tensors of keys and values, or the lines of a text file. Source: python/ops/lookup_ops.py.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { isTensor, type Operation, type Tensor } from "@org/graph";
import { type DType, dtypeString, dtypes } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { lineNumber, wholeLine } from "./text-file-lines.ts";

/** Fills a table: what a StaticHashTable asks of its initializer. */
export interface TableInitializer {
  readonly keyDType: DType;
  readonly valueDType: DType;
  /** Name under which tables of the same content are one table; "" where each is its own. */
  readonly sharedName: string;
  /** The op that fills the table behind `handle`; it goes to the collection table_initializer. */
  initialize(handle: Tensor): Operation;
}

export interface KeyValueOptions extends NameOption {
  readonly keyDType?: DType | undefined;
  readonly valueDType?: DType | undefined;
}

/** tf.lookup.KeyValueTensorInitializer: keys and values from two vectors of one length. */
export class KeyValueTensorInitializer implements TableInitializer {
  readonly keyDType: DType;
  readonly valueDType: DType;
  readonly sharedName = "";
  readonly #keys: Tensor;
  readonly #values: Tensor;
  readonly #name: string;

  /** Throws a TypeError where the values do not fit the types. */
  constructor(keys: TensorLike, values: TensorLike, options: KeyValueOptions = {}) {
    const graph = resolveGraph([keys, values]);
    const make = (value: TensorLike, dtype: DType | undefined, name: string): Tensor =>
      convertToTensor(value, { graph, name, ...(dtype === undefined ? {} : { dtype }) });
    this.#keys = make(keys, options.keyDType, "keys");
    this.#values = make(values, options.valueDType, "values");
    this.keyDType = this.#keys.dtype;
    this.valueDType = this.#values.dtype;
    this.#name = options.name ?? "key_value_init";
  }

  initialize(handle: Tensor): Operation {
    const { graph } = handle;
    const op = withScope(graph, this.#name, this.#name, () =>
      applyOp("LookupTableImportV2", [handle, this.#keys, this.#values]),
    );
    graph.addToCollection(GraphKeys.TABLE_INITIALIZERS, op);
    return op;
  }
}

/** tf.lookup.TextFileIndex: columns with a meaning of their own. */
export const TextFileIndex: { readonly WHOLE_LINE: -2; readonly LINE_NUMBER: -1 } = {
  WHOLE_LINE: wholeLine,
  LINE_NUMBER: lineNumber,
};

export interface TextFileColumns {
  readonly keyDType: DType;
  /** A column from 0 on, or of TextFileIndex. */
  readonly keyIndex: number;
  readonly valueDType: DType;
  readonly valueIndex: number;
}

export interface TextFileOptions extends NameOption {
  /** Number of lines, if known: fewer are an error, more are not read. */
  readonly vocabSize?: number | undefined;
  /** One character; a tab unless given. */
  readonly delimiter?: string | undefined;
}

function refuse(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

function checkColumns(columns: TextFileColumns, { vocabSize }: TextFileOptions): void {
  const { keyDType, keyIndex, valueDType, valueIndex } = columns;
  const wants = (what: string, wanted: string, got: DType): never =>
    refuse(`Signature mismatch. ${what} must be ${wanted}, got ${dtypeString(got)}.`);
  const { kind } = dtypes[keyDType];
  if (!(keyIndex >= -2)) refuse(`Invalid key index ${keyIndex}.`);
  if (keyIndex === lineNumber && keyDType !== "int64") wants("Keys", "dtype int64", keyDType);
  if (keyIndex === wholeLine && keyDType !== "string" && kind !== "int" && kind !== "uint")
    wants("Keys", "integer or string", keyDType);
  if (!(valueIndex >= -2)) refuse(`Invalid value index ${valueIndex}.`);
  if (valueIndex === lineNumber && valueDType !== "int64") wants("Values", "dtype int64", valueDType);
  if (valueIndex === wholeLine && valueDType !== "string") wants("Values", "dtype string", valueDType);
  if (vocabSize !== undefined && !(vocabSize > 0)) refuse(`Invalid vocab_size ${vocabSize}.`);
}

/**
 * tf.lookup.TextFileInitializer: a key and a value a line. The file's name goes to the collection asset_filepaths; it is read when the
 * table is initialized, through the session's files.
 */
export class TextFileInitializer implements TableInitializer {
  readonly keyDType: DType;
  readonly valueDType: DType;
  readonly sharedName: string;
  readonly #filename: Tensor;
  readonly #columns: TextFileColumns;
  readonly #options: TextFileOptions;

  /** Throws TfError INVALID_ARGUMENT for no file name, and for types that the columns do not have. */
  constructor(filename: string | Tensor, columns: TextFileColumns, options: TextFileOptions = {}) {
    if (filename === "") refuse(`Filename required for ${options.name ?? "a table"}.`);
    checkColumns(columns, options);
    this.keyDType = columns.keyDType;
    this.valueDType = columns.valueDType;
    this.#columns = columns;
    this.#options = options;
    const graph = resolveGraph([filename]);
    this.#filename = graph.device("CPU", () =>
      convertToTensor(filename, { graph, dtype: "string", name: "asset_path" }),
    );
    const named = isTensor(filename) ? filename.name : filename;
    const size = options.vocabSize ? `_${options.vocabSize}` : "";
    this.sharedName = `hash_table_${named}${size}_${columns.keyIndex}_${columns.valueIndex}`;
  }

  initialize(handle: Tensor): Operation {
    const { graph } = handle;
    const filename = this.#filename;
    const op = withScope(graph, this.#options.name, "text_file_init", () =>
      applyOp("InitializeTableFromTextFileV2", [handle, filename], {
        attrs: {
          key_index: this.#columns.keyIndex,
          value_index: this.#columns.valueIndex,
          vocab_size: this.#options.vocabSize ?? -1,
          delimiter: this.#options.delimiter ?? "\t",
        },
      }),
    );
    graph.addToCollection(GraphKeys.TABLE_INITIALIZERS, op);
    if (filename.op.type === "Const") graph.addToCollection(GraphKeys.ASSET_FILEPATHS, filename);
    return op;
  }
}
