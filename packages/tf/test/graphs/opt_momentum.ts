// MomentumOptimizer on ref variables, with a global step and a decayed learning rate.

import type { Graph } from "@org/graph";
import {
  add,
  getVariable,
  matmul,
  operator,
  placeholder,
  reduceMean,
  setRandomSeed,
  square,
  zerosInitializer,
} from "@org/ops";
import { Saver } from "@org/saver";
import { exponentialDecay, getOrCreateGlobalStep, MomentumOptimizer } from "@org/train";
import { globalVariablesInitializer } from "@org/variables";

const { sub } = operator;

export function build(graph: Graph): Saver {
  setRandomSeed(7);
  const x = placeholder("float32", [null, 13], { name: "x" });
  const y = placeholder("float32", [null, 1], { name: "y" });
  const w = getVariable("w", [13, 1]);
  const b = getVariable("b", [1], { initializer: zerosInitializer() });
  const pred = add(matmul(x, w), b, { name: "pred" });
  const loss = reduceMean(square(sub(pred, y)), undefined, { name: "mse" });
  const globalStep = getOrCreateGlobalStep();
  const rate = exponentialDecay(0.1, globalStep, 1000, 0.96, { staircase: true });
  const trainOp = new MomentumOptimizer(rate, 0.9).minimize(loss, { globalStep });
  const init = globalVariablesInitializer(graph);
  graph.addToCollection("train_op", trainOp);
  graph.addToCollection("init_op", init);
  graph.addToCollection("hparams/momentum", 0.9);
  graph.addToCollection("hparams/decay_steps", 1000);
  graph.addToCollection("hparams/optimizer", "momentum");
  return new Saver(undefined, { graph, maxToKeep: 3 });
}
