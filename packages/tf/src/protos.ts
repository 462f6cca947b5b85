// The messages that programs put into collections and files.
export {
  create,
  decode,
  encode,
  equals,
  GraphDef,
  HistogramProto,
  HParamDef,
  MetaGraphDef,
  NodeDef,
  QueueRunnerDef,
  SaverDef,
  SaveSliceInfoDef,
  Summary,
  TensorProto,
  VariableDef,
} from "@org/proto";
