// ExponentialMovingAverage over variables and a tensor, with num_updates; clipping; a Saver on the shadow names.

import type { Graph, Tensor } from "@org/graph";
import {
  exp,
  getVariable,
  group,
  matmul,
  operator,
  placeholder,
  randomNormalInitializer,
  reduceMean,
  setRandomSeed,
  summary,
  zerosInitializer,
} from "@org/ops";
import { Saver } from "@org/saver";
import {
  clipByAverageNorm,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  ExponentialMovingAverage,
  GradientDescentOptimizer,
  getOrCreateGlobalStep,
} from "@org/train";

export function build(graph: Graph): Saver {
  setRandomSeed(37);
  const x = placeholder("float32", [null, 3], { name: "x" });
  const w = getVariable("w", [3, 2], { initializer: randomNormalInitializer(0, 1, { seed: 1 }) });
  const r = getVariable("r", [2], { initializer: zerosInitializer(), useResource: true });
  const loss = reduceMean(exp(operator.add(matmul(x, w), r)), undefined, { name: "loss" });
  const globalStep = getOrCreateGlobalStep();
  const optimizer = new GradientDescentOptimizer(0.1);
  const grads = optimizer.computeGradients(loss, { varList: [w, r] });
  const { clipped: global, globalNorm } = clipByGlobalNorm(
    grads.map(([grad]) => grad as Tensor),
    1.5,
  );
  const clipped = [clipByNorm(global[0]!, 2, { axes: [1] }), clipByValue(global[1]!, -0.1, 0.1)] as const;
  const sparse = clipByAverageNorm(clipped[0], 0.7);
  const applied = optimizer.applyGradients(
    [
      [clipped[0], w],
      [clipped[1], r],
    ],
    { globalStep },
  );
  const ema = new ExponentialMovingAverage(0.999, { numUpdates: globalStep });
  const averages = new ExponentialMovingAverage(0.9, { zeroDebias: true, name: "averages" });
  const trainOp = graph.controlDependencies([applied], () =>
    group([ema.apply([w, r]), averages.apply([loss])], { name: "train" }),
  );
  summary.scalar("loss_avg", averages.average(loss)!);
  graph.addToCollection("train_op", trainOp);
  graph.addToCollection("norm", globalNorm);
  graph.addToCollection("norm", sparse);
  graph.addToCollection("shadow", ema.averageName(w));
  return new Saver(ema.variablesToRestore(undefined, graph), { graph });
}
