// ProximalAdagradOptimizer on ref and resource variables in one graph, dense and sparse.

import type { Graph } from "@org/graph";
import {
  abs,
  constant,
  gather,
  getVariable,
  operator,
  randomUniformInitializer,
  reduceSum,
  setRandomSeed,
} from "@org/ops";
import { Saver } from "@org/saver";
import { ProximalAdagradOptimizer } from "@org/train";

const { mul } = operator;

export function build(graph: Graph): Saver {
  setRandomSeed(23);
  const rows = constant([0, 3, 3, 7], "int32", { name: "rows" });
  const initializer = randomUniformInitializer(-0.5, 0.5);
  const a = getVariable("a", [9, 2], { initializer });
  const b = getVariable("b", [9, 2], { initializer, useResource: true });
  const c = getVariable("c", { initializer: constant([1, -1]) });
  const d = getVariable("d", { initializer: constant([0.5, 0.5]), useResource: true });
  const value = operator.add(mul(gather(a, rows), c), mul(gather(b, rows), d));
  const loss = reduceSum(abs(value), undefined, { name: "loss" });
  const options = { l1RegularizationStrength: 0.02, l2RegularizationStrength: 0.03 };
  const trainOp = new ProximalAdagradOptimizer(0.3, options).minimize(loss);
  graph.addToCollection("train_op", trainOp);
  graph.addToCollection("hparams/l1", 0.02);
  return new Saver(undefined, { graph });
}
