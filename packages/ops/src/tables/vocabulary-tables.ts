// Tables from words to ids and back: with buckets for words that are not in them, and made from lists or files of words.
// Source: python/ops/lookup_ops.py (IdTableWithHashBuckets, StaticVocabularyTable, index_table_from_tensor and its kin).
import { TfError } from "@org/errors";
import type { Graph, Operation, Tensor } from "@org/graph";
import { type DType, dtypes } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { size } from "../array/shape-of.ts";
import { noOp } from "../control/group.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { add } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { notEqual } from "../math/comparison.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { whereV2 } from "../math/select.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { StaticHashTable } from "./static-hash-table.ts";
import {
  KeyValueTensorInitializer,
  type TableInitializer,
  TextFileIndex,
  TextFileInitializer,
} from "./table-initializers.ts";

const isInteger = (dtype: DType): boolean => dtypes[dtype].kind === "int" || dtypes[dtype].kind === "uint";

function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

/** Throws a TypeError for keys that no vocabulary has. */
function checkVocabulary(table: { keyDType: DType; valueDType: DType }, keyDType: DType): void {
  if (table.keyDType !== "int64" && table.keyDType !== "string")
    throw new TypeError(`Invalid key dtype, expected one of int64, string, but got ${table.keyDType}.`);
  if (isInteger(table.keyDType) !== isInteger(keyDType))
    throw new TypeError(
      `Invalid key dtype, expected ${isInteger(keyDType) ? "integer" : "non-integer"} but got ${table.keyDType}.`,
    );
  if (table.valueDType !== "int64")
    throw new TypeError(`Invalid value dtype, expected int64 but got ${table.valueDType}.`);
}

const lastPart = (name: string): string => name.replace(/\/+$/, "").split("/").at(-1)!;

export interface HashBucketOptions extends NameOption {
  readonly keyDType?: DType | undefined;
  readonly graph?: Graph | undefined;
}

/**
 * A table whose missing words get ids behind the table's: `fingerprint64(word) % numOovBuckets + size`. Without a table, all words do.
 * As lookup.IdTableWithHashBuckets with its fast hash.
 */
export class IdTableWithHashBuckets {
  readonly keyDType: DType;
  readonly valueDType = "int64" as const;
  readonly name: string;
  readonly numOovBuckets: number;
  readonly #table: StaticHashTable | undefined;
  readonly #graph: Graph;

  /** Throws a TypeError for types that are no words and ids; TfError INVALID_ARGUMENT where there is neither a table nor a bucket. */
  constructor(table: StaticHashTable | null, numOovBuckets: number, options: HashBucketOptions = {}) {
    const keyDType = options.keyDType ?? table?.keyDType ?? "string";
    if (table) checkVocabulary(table, keyDType);
    else if (!(numOovBuckets > 0)) invalid("oov_buckets must be > 0 if no table is supplied.");
    if (!isInteger(keyDType) && keyDType !== "string")
      throw new TypeError(`Invalid key_dtype, expected integer or string, got ${keyDType}.`);
    this.#graph = table?.resourceHandle.graph ?? resolveGraph([], options.graph);
    this.keyDType = keyDType;
    this.numOovBuckets = numOovBuckets;
    this.#table = table ?? undefined;
    this.name = lastPart(options.name ?? table?.name ?? "hash_bucket");
  }

  /** The table, a scalar resource; undefined where there are buckets alone. */
  get resourceHandle(): Tensor | undefined {
    return this.#table?.resourceHandle;
  }

  /** The op that fills the table. */
  get initializer(): Operation {
    return (
      this.#table?.initializer ?? this.#graph.asDefault(() => this.#graph.nameScope("init", () => noOp()))
    );
  }

  /** Number of ids, buckets included: a scalar int64. */
  size(options: NameOption = {}): Tensor {
    const graph = this.#graph;
    return withScope(graph, options.name, `${this.name}_Size`, () =>
      operator.add(this.#table?.size() ?? convertToTensor(0, { graph, dtype: "int64" }), this.numOovBuckets),
    );
  }

  /** Ids of `keys`, in their shape. Throws a TypeError for keys of another type. */
  lookup(keys: TensorLike, options: NameOption = {}): Tensor {
    const graph = this.#graph;
    const given = convertToTensor(keys, { graph, preferredDType: this.keyDType });
    if (given.dtype !== this.keyDType)
      throw new TypeError(`Signature mismatch. Keys must be dtype ${this.keyDType}, got ${given.dtype}.`);
    const table = this.#table;
    const values = table?.keyDType === "int64" ? cast(given, "int64") : given;
    if (table && this.numOovBuckets === 0) return table.lookup(values, options);
    return withScope(graph, options.name, `${this.name}_Lookup`, () => {
      const text = isInteger(values.dtype) ? applyOne("AsString", [values]) : values;
      const buckets = applyOne("StringToHashBucketFast", [text], {
        name: "hash_bucket",
        attrs: { num_buckets: this.numOovBuckets },
      });
      if (!table) return buckets;
      const ids = table.lookup(values);
      const behind = add(buckets, table.size());
      return whereV2(notEqual(ids, table.defaultValue), ids, behind);
    });
  }
}

/** tf.lookup.StaticVocabularyTable: an id table with at least one bucket, over a table of its own. */
export class StaticVocabularyTable extends IdTableWithHashBuckets {
  /** Throws as IdTableWithHashBuckets, and TfError INVALID_ARGUMENT "oov_buckets must be > 0.". */
  constructor(initializer: TableInitializer | null, numOovBuckets: number, options: HashBucketOptions = {}) {
    if (!(numOovBuckets > 0)) invalid("oov_buckets must be > 0.");
    if (initializer) checkVocabulary(initializer, options.keyDType ?? initializer.keyDType);
    super(initializer && new StaticHashTable(initializer, -1), numOovBuckets, options);
  }
}

export interface IndexTableOptions extends NameOption {
  /** Buckets for words that are not in the vocabulary: 0 unless given. */
  readonly numOovBuckets?: number | undefined;
  /** What such words give where there are no buckets: -1 unless given. */
  readonly defaultValue?: number | undefined;
  /** Type of words: string unless given. */
  readonly dtype?: DType | undefined;
  readonly graph?: Graph | undefined;
}

export interface FileTableOptions extends IndexTableOptions {
  readonly vocabSize?: number | undefined;
  readonly keyColumnIndex?: number | undefined;
  readonly valueColumnIndex?: number | undefined;
  readonly delimiter?: string | undefined;
}

/** A table of ids, with buckets or without. */
export type IndexTable = StaticHashTable | IdTableWithHashBuckets;

function checkIndexTable({ numOovBuckets = 0, dtype = "string" }: IndexTableOptions): void {
  if (numOovBuckets < 0) invalid(`num_oov_buckets must be greater or equal than 0, got ${numOovBuckets}.`);
  if (!isInteger(dtype) && dtype !== "string")
    throw new TypeError("Only integer and string keys are supported.");
}

function checkFile(file: string | Tensor, vocabSize: number | undefined): void {
  if (file === "") invalid("vocabulary_file must be specified and must not be empty.");
  if (vocabSize !== undefined && vocabSize < 1)
    invalid(`vocab_size must be greater than 0, got ${vocabSize}.`);
}

function withBuckets(table: StaticHashTable, options: IndexTableOptions): IndexTable {
  const { numOovBuckets = 0, dtype = "string" } = options;
  return numOovBuckets > 0 ? new IdTableWithHashBuckets(table, numOovBuckets, { keyDType: dtype }) : table;
}

/** Words and their ids, 0 and on. As lookup.index_table_from_tensor. Throws a TypeError for words of another type. */
export function indexTableFromTensor(vocabulary: TensorLike, options: IndexTableOptions = {}): IndexTable {
  checkIndexTable(options);
  const { dtype = "string", defaultValue = -1 } = options;
  const graph = resolveGraph([vocabulary], options.graph);
  return withScope(graph, options.name, "string_to_index", () => {
    const keys = convertToTensor(vocabulary, { graph });
    if (isInteger(keys.dtype) !== isInteger(dtype))
      invalid(`Expected ${isInteger(dtype) ? "integer" : "non-integer"}, got ${keys.dtype}.`);
    if (!isInteger(dtype) && keys.dtype !== dtype) invalid(`Expected ${dtype}, got ${keys.dtype}.`);
    const values = cast(range(size(keys)), "int64");
    const table = graph.nameScope("hash_table", () => {
      const words = isInteger(keys.dtype) ? cast(keys, "int64") : keys;
      const initializer = new KeyValueTensorInitializer(words, values, { name: "table_init" });
      return new StaticHashTable(initializer, defaultValue);
    });
    return withBuckets(table, options);
  });
}

/** Words from a file, one a line, and their line numbers as ids. As lookup.index_table_from_file. */
export function indexTableFromFile(file: string | Tensor, options: FileTableOptions = {}): IndexTable {
  checkFile(file, options.vocabSize);
  checkIndexTable(options);
  const { dtype = "string", defaultValue = -1 } = options;
  const graph = resolveGraph([file], options.graph);
  return withScope(graph, options.name, "string_to_index", () => {
    const table = graph.nameScope("hash_table", () => {
      const columns = {
        keyDType: isInteger(dtype) ? "int64" : dtype,
        keyIndex: options.keyColumnIndex ?? TextFileIndex.WHOLE_LINE,
        valueDType: "int64",
        valueIndex: options.valueColumnIndex ?? TextFileIndex.LINE_NUMBER,
      } as const;
      const { vocabSize, delimiter } = options;
      const initializer = new TextFileInitializer(file, columns, {
        vocabSize,
        delimiter,
        name: "table_init",
      });
      return new StaticHashTable(initializer, defaultValue);
    });
    return withBuckets(table, options);
  });
}

export interface StringTableOptions extends NameOption {
  /** What ids give that are not in the vocabulary: "UNK" unless given. */
  readonly defaultValue?: string | undefined;
  readonly graph?: Graph | undefined;
}

/** Ids, 0 and on, and their words. As lookup.index_to_string_table_from_tensor. */
export function indexToStringTableFromTensor(
  vocabulary: TensorLike,
  options: StringTableOptions = {},
): StaticHashTable {
  const graph = resolveGraph([vocabulary], options.graph);
  return withScope(graph, options.name, "index_to_string", () => {
    const words = convertToTensor(vocabulary, { graph, dtype: "string" });
    const ids = cast(range(size(words)), "int64");
    const initializer = new KeyValueTensorInitializer(ids, words, { name: "table_init" });
    return new StaticHashTable(initializer, options.defaultValue ?? "UNK");
  });
}

/** Line numbers of a file and the words in those lines. As lookup.index_to_string_table_from_file. */
export function indexToStringTableFromFile(
  file: string | Tensor,
  options: StringTableOptions & Omit<FileTableOptions, keyof IndexTableOptions> = {},
): StaticHashTable {
  checkFile(file, options.vocabSize);
  const graph = resolveGraph([file], options.graph);
  return withScope(graph, options.name, "index_to_string", () => {
    const columns = {
      keyDType: "int64",
      keyIndex: options.keyColumnIndex ?? TextFileIndex.LINE_NUMBER,
      valueDType: "string",
      valueIndex: options.valueColumnIndex ?? TextFileIndex.WHOLE_LINE,
    } as const;
    const { vocabSize, delimiter } = options;
    const initializer = new TextFileInitializer(file, columns, { vocabSize, delimiter, name: "table_init" });
    return new StaticHashTable(initializer, options.defaultValue ?? "UNK");
  });
}
