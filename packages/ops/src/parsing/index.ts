export {
  type ExampleFeature,
  FixedLenFeature,
  FixedLenSequenceFeature,
  type SequenceFeatureOptions,
  SparseFeature,
  type SparseFeatureOptions,
  VarLenFeature,
} from "./features.ts";
