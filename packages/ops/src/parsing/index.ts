export {
  type DecodeCsvOptions,
  decodeCsv,
  type StringToNumberOptions,
  stringToNumber,
  textNumberOps,
} from "./decode-csv.ts";
export {
  type ExampleFeature,
  FixedLenFeature,
  FixedLenSequenceFeature,
  type SequenceFeatureOptions,
  SparseFeature,
  type SparseFeatureOptions,
  VarLenFeature,
} from "./features.ts";
export {
  type Features,
  type Parsed,
  type ParseExampleOptions,
  parseExample,
  parseSingleExample,
} from "./parse-example.ts";
export { parseExampleOps } from "./parse-example-ops.ts";
export {
  type ContextFeatures,
  type ParseSequenceOptions,
  parseSequenceExample,
  parseSingleSequenceExample,
  type SequenceFeatures,
} from "./parse-sequence-example.ts";
export { parseSequenceExampleOps } from "./parse-sequence-example-ops.ts";
export { type DecodeRawOptions, decodeRaw, parseTensor, rawBytesOps, serializeTensor } from "./raw-bytes.ts";
