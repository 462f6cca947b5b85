export { DataIterator, type IteratorStructureOptions, type TypeTree } from "./data-iterator.ts";
export {
  type BatchesOptions,
  Dataset,
  type InterleaveDataOptions,
  type MapDataOptions,
  type PaddedBatchesOptions,
  type ShuffleDataOptions,
} from "./data-set.ts";
export {
  type FileDatasetOptions,
  type Filenames,
  type FixedLengthDatasetOptions,
  FixedLengthRecordDataset,
  TextLineDataset,
  TFRecordDataset,
} from "./file-data-sets.ts";
export type { Arguments, ElementLike, ElementOf } from "./structure.ts";
