// tf.io: reading and parsing data, on the default graph where no graph is given. See @org/ops for what they do.
export {
  decodeCsv,
  decodeRaw,
  FixedLenFeature,
  FixedLenSequenceFeature,
  matchingFiles,
  parseExample,
  parseSequenceExample,
  parseSingleExample,
  parseSingleSequenceExample,
  parseTensor,
  readFile,
  SparseFeature,
  serializeTensor,
  VarLenFeature,
  writeFile,
} from "./builders.ts";
