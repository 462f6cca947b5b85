// RMSPropOptimizer with momentum, ref variables, use_locking, a placeholder learning rate.

import type { Graph } from "@org/graph";
import {
  argmax,
  elu,
  getVariable,
  matmul,
  oneHot,
  operator,
  placeholder,
  placeholderWithDefault,
  reduceMean,
  reduceSum,
  setRandomSeed,
  square,
  truncatedNormalInitializer,
  variableScope,
} from "@org/ops";
import { Saver } from "@org/saver";
import { clipByValue, RMSPropOptimizer } from "@org/train";
import { globalVariables, type Variable } from "@org/variables";

const { sub, mul } = operator;

export function build(graph: Graph): Saver {
  setRandomSeed(1);
  const state = placeholder("float32", [null, 4], { name: "state" });
  const action = placeholder("int32", [null], { name: "action" });
  const target = placeholder("float32", [null], { name: "target" });
  const rate = placeholderWithDefault(0.00025, [], { name: "rate" });
  const q = variableScope("q", () => {
    const initializer = truncatedNormalInitializer(0, 0.02);
    const w1 = getVariable("w1", [4, 24], { initializer });
    const w2 = getVariable("w2", [24, 2], { initializer });
    return matmul(elu(matmul(state, w1)), w2, { name: "values" });
  });
  const chosen = reduceSum(mul(q, oneHot(action, 2)), 1, { name: "chosen" });
  const error = clipByValue(sub(target, chosen), -1, 1);
  const loss = reduceMean(square(error), undefined, { name: "loss" });
  const options = { decay: 0.95, momentum: 0.95, epsilon: 0.01, useLocking: true };
  const varList = globalVariables(graph, "q") as Variable[];
  const trainOp = new RMSPropOptimizer(rate, options).minimize(loss, { varList });
  graph.addToCollection("train_op", trainOp);
  graph.addToCollection("greedy", argmax(q, 1));
  graph.addToCollection("hparams/rmsprop", 0.95);
  graph.addToCollection("hparams/rmsprop", 0.01);
  return new Saver(undefined, { graph, keepCheckpointEveryNHours: 2 });
}
