import { Graph } from "@org/graph";
import { dynamicRnn, layers, losses, metrics, rnnCell } from "@org/layers";
import { argmax, placeholder, relu, standardOps } from "@org/ops";

const graph = new Graph({ ops: standardOps, seed: 1 });
export const { loss, accuracy } = graph.asDefault(() => {
  const words = placeholder("float32", [null, 20, 8], { name: "words" });
  const labels = placeholder("int64", [null], { name: "labels" });
  const [, state] = dynamicRnn(new rnnCell.GRUCell(16), words, { dtype: "float32" });
  const hidden = layers.dense(state, 12, { activation: (x) => relu(x), name: "hidden" });
  const logits = layers.dense(layers.dropout(hidden, { rate: 0.5, training: true }), 3, { name: "logits" });
  losses.sparseSoftmaxCrossEntropy(labels, logits);
  const [accuracy] = metrics.accuracy(labels, argmax(logits, { axis: 1 })); // its second part updates it
  return { loss: losses.getTotalLoss(), accuracy };
});
export const variables = graph.getCollection("trainable_variables").map(String);
