// The messages that programs put into collections and files.
export {
  decode,
  encode,
  equals,
  GraphDef,
  HistogramProto,
  MetaGraphDef,
  NodeDef,
  QueueRunnerDef,
  SaverDef,
  Summary,
  TensorProto,
  VariableDef,
} from "@org/proto";
