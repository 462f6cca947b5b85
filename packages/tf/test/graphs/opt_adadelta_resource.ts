// AdadeltaOptimizer on resource variables, dense and gathered.

import type { Graph } from "@org/graph";
import {
  constantInitializer,
  embeddingLookup,
  getVariable,
  l2Loss,
  operator,
  placeholder,
  randomNormalInitializer,
  setRandomSeed,
  tanh,
  uniformUnitScalingInitializer,
  variableScope,
  xwPlusB,
} from "@org/ops";
import { Saver } from "@org/saver";
import { AdadeltaOptimizer, createGlobalStep } from "@org/train";
import { globalVariablesInitializer, type Variable } from "@org/variables";

const { sub } = operator;

export function build(graph: Graph): Saver {
  setRandomSeed(3);
  const ids = placeholder("int64", [null], { name: "ids" });
  const target = placeholder("float32", [null, 4], { name: "target" });
  const [table, kernel, bias] = variableScope(
    "model",
    () => [
      getVariable("table", [20, 6], { initializer: randomNormalInitializer(0, 0.1) }),
      getVariable("kernel", [6, 4], { initializer: uniformUnitScalingInitializer() }),
      getVariable("bias", [4], { initializer: constantInitializer(0.25) }),
    ],
    { useResource: true },
  ) as [Variable, Variable, Variable];
  const out = tanh(xwPlusB(embeddingLookup(table, ids), kernel, bias));
  const loss = l2Loss(sub(out, target), { name: "loss" });
  const optimizer = new AdadeltaOptimizer({ learningRate: 0.01, rho: 0.9, epsilon: 1e-6 });
  const trainOp = optimizer.minimize(loss, { globalStep: createGlobalStep(), name: "train" });
  graph.addToCollection("train_op", trainOp);
  graph.addToCollection("slots", optimizer.getSlot(kernel, "accum"));
  globalVariablesInitializer(graph);
  return new Saver(undefined, { graph });
}
