import { Graph, type Tensor } from "@org/graph";
import {
  add,
  getVariable,
  matmul,
  operator,
  placeholder,
  reduceMean,
  setRandomSeed,
  square,
  standardOps,
  zerosInitializer,
} from "@org/ops";
import { Saver } from "@org/saver";
import { globalVariablesInitializer } from "@org/variables";
import { describe, expect, it } from "vitest";
import { exponentialDecay, getOrCreateGlobalStep, MomentumOptimizer } from "../src/index.ts";
import { differences, noGoldens } from "./golden-graph.ts";

function build(program: (graph: Graph) => void): Graph {
  const graph = new Graph({ ops: standardOps });
  graph.asDefault(() => program(graph));
  return graph;
}

describe.skipIf(noGoldens)(`the graphs of TensorFlow 1.15.5 ${noGoldens ?? ""}`, () => {
  it("opt_momentum", () => {
    const graph = build((g) => {
      setRandomSeed(7);
      const x = placeholder("float32", [null, 13], { name: "x" });
      const y = placeholder("float32", [null, 1], { name: "y" });
      const w = getVariable("w", [13, 1]);
      const b = getVariable("b", [1], { initializer: zerosInitializer() });
      const pred = add(matmul(x, w), b, { name: "pred" });
      const loss = reduceMean(square(operator.sub(pred, y)), undefined, { name: "mse" });
      const globalStep = getOrCreateGlobalStep() as never;
      const rate = exponentialDecay(0.1, globalStep, 1000, 0.96, { staircase: true });
      const trainOp = new MomentumOptimizer(rate, 0.9).minimize(loss, { globalStep });
      const init = globalVariablesInitializer(g);
      new Saver(undefined, { graph: g, maxToKeep: 3 } as never);
      void [trainOp, init];
    });
    expect(differences(graph, "opt_momentum")).toEqual([]);
  });
});
