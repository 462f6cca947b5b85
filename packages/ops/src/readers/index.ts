export { fileOps, matchingFiles, readFileOp as readFile, writeFileOp as writeFile } from "./file-ops.ts";
export {
  type FixedLengthReaderOptions,
  FixedLengthRecordReader,
  IdentityReader,
  ReaderBase,
  TextLineReader,
  type TextLineReaderOptions,
  TFRecordReader,
  type TFRecordReaderOptions,
  WholeFileReader,
} from "./reader.ts";
export { readerOps } from "./reader-ops.ts";
