// AdamOptimizer on a resource embedding (sparse path) and a dense layer; compute_gradients and apply_gradients apart.

import type { Graph, Tensor } from "@org/graph";
import {
  embeddingLookup,
  getVariable,
  glorotUniformInitializer,
  matmul,
  placeholder,
  reduceMean,
  setRandomSeed,
  sparseSoftmaxCrossEntropyWithLogits,
  summary,
} from "@org/ops";
import { Saver } from "@org/saver";
import { AdamOptimizer, getOrCreateGlobalStep } from "@org/train";
import { trainableVariables } from "@org/variables";

export function build(graph: Graph): Saver {
  setRandomSeed(42);
  const words = placeholder("int32", [null, 12], { name: "words" });
  const labels = placeholder("int64", [null], { name: "labels" });
  const embeddings = getVariable("embeddings", [100, 16], { useResource: true });
  const hidden = reduceMean(embeddingLookup(embeddings, words), 1);
  const w = getVariable("w", [16, 3], {
    useResource: true,
    initializer: glorotUniformInitializer({ seed: 5 }),
  });
  const logits = matmul(hidden, w, { name: "logits" });
  const loss = reduceMean(sparseSoftmaxCrossEntropyWithLogits({ labels, logits }));
  const globalStep = getOrCreateGlobalStep();
  const optimizer = new AdamOptimizer(1e-3, { beta1: 0.85 });
  const grads = optimizer.computeGradients(loss);
  for (const [grad, variable] of grads) summary.histogram(`${variable.op.name}/gradient`, grad as Tensor);
  const trainOp = optimizer.applyGradients(grads, { globalStep, name: "adam_step" });
  graph.addToCollection("train_op", trainOp);
  graph.addToCollection("logits", logits);
  for (const name of ["beta1_power", "beta2_power"]) graph.addToCollection("adam_powers", name);
  return new Saver(trainableVariables(graph), { graph });
}
