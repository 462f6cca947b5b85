// How-to, what is in a MetaGraph: objects of a class of your own in a collection, by toProto and fromProto.
import * as tf from "@org/tf";

class Variable {
  private readonly variable: tf.Tensor;
  readonly initializer: tf.Operation;
  private readonly snapshot: tf.Tensor;
  private readonly saveSliceInfo: { toProto(): tf.protos.SaveSliceInfoDef } | undefined;

  constructor({ variableDef, graph }: { variableDef: tf.protos.VariableDef; graph: tf.Graph }) {
    this.variable = graph.getTensorByName(variableDef.variableName);
    this.initializer = graph.getOperationByName(variableDef.initializerName);
    this.snapshot = graph.getTensorByName(variableDef.snapshotName);
  }

  /** Converts a `Variable` to a `VariableDef` protocol buffer. */
  toProto(): tf.protos.VariableDef {
    const varDef = tf.protos.create(tf.protos.VariableDef);
    varDef.variableName = this.variable.name;
    varDef.initializerName = this.initializer.name;
    varDef.snapshotName = this.snapshot.name;
    if (this.saveSliceInfo) varDef.saveSliceInfoDef = this.saveSliceInfo.toProto();
    return varDef;
  }

  /** Returns a `Variable` object created from `variableDef`. The graph that it is in is said, in JavaScript. */
  static fromProto(variableDef: tf.protos.VariableDef, { graph }: { graph: tf.Graph }): Variable {
    return new Variable({ variableDef, graph });
  }
}

// GraphKeys.VARIABLES itself is tf.Variable's; to register it twice is an error, in Python as here. Hence a name of its own.
const VARIABLES = `my_${tf.GraphKeys.VARIABLES}`;
tf.registerProtoFunction(VARIABLES, {
  protoType: tf.protos.VariableDef,
  toProto: (variable: Variable) => variable.toProto(),
  fromProto: Variable.fromProto,
});

// Out, and into a fresh graph.
const weights = new tf.Variable(tf.zeros([2]), { name: "weights" });
tf.addToCollection(
  VARIABLES,
  Variable.fromProto(tf.protos.create(tf.protos.VariableDef, weights.toProto()!), weights),
);
const metaGraphDef = await tf.train.exportMetaGraph();
tf.resetDefaultGraph();
await tf.train.importMetaGraph(metaGraphDef);
const [variable] = tf.getCollection<Variable>(VARIABLES);
console.log(`${variable instanceof Variable}: ${variable!.toProto().variableName}`);
