// A collection type of your own: what the outputs of a model mean goes into its .meta, and comes back as an object.
import * as tf from "@org/tf";

class ClassNames {
  readonly tensor: tf.Tensor;
  readonly names: readonly string[];

  constructor(tensor: tf.Tensor, names: readonly string[]) {
    this.tensor = tensor;
    this.names = names;
  }

  /** The names of the largest scores, a row each. */
  async of(sess: tf.Session, feedDict: tf.RunOptions["feedDict"]): Promise<string[]> {
    const rows = tf.toArray(await sess.run(this.tensor, { feedDict })) as number[][];
    return rows.map((row) => this.names[row.indexOf(Math.max(...row))]!);
  }
}

// Any message of TensorFlow's can carry it; HParamDef holds named values. A graph may be exported from one scope and imported
// under another: names of nodes follow.
const text = new TextEncoder();
tf.registerProtoFunction<ClassNames, tf.protos.HParamDef>("class_names", {
  protoType: tf.protos.HParamDef,
  toProto: ({ tensor, names }, { exportScope }) =>
    tf.protos.create(tf.protos.HParamDef, {
      hparam: {
        tensor: { bytesValue: text.encode(tf.stripNameScope(tensor.name, exportScope)) },
        names: { bytesList: { value: names.map((name) => text.encode(name)) } },
      },
    }),
  fromProto: ({ hparam }, { graph, importScope }) => {
    const string = (bytes: Uint8Array | null | undefined): string =>
      new TextDecoder().decode(bytes ?? undefined);
    const tensor = tf.prependNameScope(string(hparam.tensor?.bytesValue), importScope);
    return new ClassNames(graph.getTensorByName(tensor), (hparam.names?.bytesList?.value ?? []).map(string));
  },
});

// A model that tells what is warm.
const x = tf.placeholder(tf.float32, [null, 1], { name: "celsius" });
const scores = tf.matmul(tf.subtract(x, 20), tf.constant([[-1, 1]]), { name: "scores" });
tf.addToCollection("class_names", new ClassNames(scores, ["cold", "warm"]));
const metaGraphDef = await tf.train.exportMetaGraph();

// Another program, that knows nothing but the collection; under a scope, as beside another model.
tf.resetDefaultGraph();
await tf.train.importMetaGraph(metaGraphDef, { importScope: "weather" });
const [classNames] = tf.getCollection<ClassNames>("class_names");
await using sess = new tf.Session();
console.log(await classNames!.of(sess, { "weather/celsius:0": [[31], [-4]] }));
