// AdagradOptimizer on an embedding (IndexedSlices, two lookups of one table) and a dense ref variable.

import type { Graph } from "@org/graph";
import {
  embeddingLookup,
  gather,
  identity,
  operator,
  placeholder,
  randomUniform,
  reduceMean,
  reduceSum,
  setRandomSeed,
  sigmoidCrossEntropyWithLogits,
  sqrt,
  square,
  zeros,
} from "@org/ops";
import { Saver } from "@org/saver";
import { AdagradOptimizer } from "@org/train";
import { Variable } from "@org/variables";

const { mul, truediv } = operator;

export function build(graph: Graph): Saver {
  setRandomSeed(11);
  const center = placeholder("int32", [16], { name: "center" });
  const context = placeholder("int32", [16], { name: "context" });
  const label = placeholder("float32", [16], { name: "label" });
  const embeddings = new Variable(randomUniform([50, 8], { minval: -1, maxval: 1 }), {
    name: "embeddings",
  });
  const bias = new Variable(zeros([50]), { name: "bias" });
  const a = embeddingLookup(embeddings, center);
  const b = embeddingLookup(embeddings, context);
  const logits = operator.add(reduceSum(mul(a, b), 1), gather(bias, context));
  const loss = reduceMean(sigmoidCrossEntropyWithLogits({ labels: label, logits }));
  const trainOp = new AdagradOptimizer(0.5, { initialAccumulatorValue: 0.2 }).minimize(loss);
  const norm = sqrt(reduceSum(square(embeddings), 1, { keepdims: true }));
  identity(truediv(embeddings, norm), { name: "normalized" });
  graph.addToCollection("train_op", trainOp);
  graph.addToCollection("losses", loss);
  return new Saver({ emb: embeddings, bias }, { graph });
}
