// tf.io: reading and parsing data, on the default graph where no graph is given. See @org/ops for what they do.
export { FixedLenFeature, FixedLenSequenceFeature, SparseFeature, VarLenFeature } from "@org/ops";
export {
  decodeCsv,
  decodeRaw,
  matchingFiles,
  parseExample,
  parseSequenceExample,
  parseSingleExample,
  parseSingleSequenceExample,
  parseTensor,
  readFile,
  serializeTensor,
  writeFile,
} from "./gen/builders.ts";
