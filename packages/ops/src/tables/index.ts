export {
  DenseHashTable,
  type DenseHashTableOptions,
  MutableHashTable,
  type MutableHashTableOptions,
} from "./mutable-tables.ts";
export { StaticHashTable } from "./static-hash-table.ts";
export {
  type KeyValueOptions,
  KeyValueTensorInitializer,
  type TableInitializer,
  type TextFileColumns,
  TextFileIndex,
  TextFileInitializer,
  type TextFileOptions,
} from "./table-initializers.ts";
export {
  type FileTableOptions,
  type HashBucketOptions,
  IdTableWithHashBuckets,
  type IndexTable,
  type IndexTableOptions,
  indexTableFromFile,
  indexTableFromTensor,
  indexToStringTableFromFile,
  indexToStringTableFromTensor,
  StaticVocabularyTable,
  type StringTableOptions,
} from "./vocabulary-tables.ts";
