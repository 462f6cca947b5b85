// Name scopes and the how-to's inference graph, as TensorFlow 1.15.5's Python builds them, collections and SaverDef included.
import { Graph, type Tensor } from "@org/graph";
import {
  add,
  constant,
  expandDims,
  getVariable,
  matmul,
  moments,
  multiply,
  type NameOption,
  operator,
  reduceMean,
  relu,
  setRandomSeed,
  softmax,
  standardOps,
  truncatedNormal,
  variableScope,
  zeros,
  zerosInitializer,
} from "@org/ops";
import { exportMetaGraph, Saver, standardCollections } from "@org/saver";
import { globalVariablesInitializer, Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { differences, noGoldens } from "./golden-graph.ts";

describe.skipIf(noGoldens)(`the graphs of TensorFlow 1.15.5 ${noGoldens ?? ""}`, () => {
  it("name_scopes", () => {
    const graph = new Graph({ ops: standardOps });
    const scaled = (x: unknown, { name }: NameOption = {}): Tensor =>
      graph.nameScope(name ?? "scaled", () => multiply(x as Tensor, 2));
    graph.asDefault(() => {
      const a = constant(1);
      const b = constant([1, 2]);
      const s = graph.nameScope("s", (scope) => {
        add(a, b);
        add(a, b, { name: "add" });
        graph.nameScope("s", () => {
          scaled(b);
          scaled(b, { name: "mine" });
        });
        return scope;
      });
      graph.nameScope("s", () => {
        constant(3, "int32", { name: "c" });
        graph.nameScope(null, () => constant(4, "int32", { name: "c" }));
      });
      graph.nameScope(s, () => {
        constant(5, "int32", { name: "c" });
        constant(6, "int32", { name: "c" });
      });
      constant(7, "int32", { name: "S/c" });
      constant(8, "int32", { name: "s_2/" });
      constant(9, "int32", { name: graph.uniqueName("u") });
      constant(10, "int32", { name: graph.uniqueName("u", false) });
      variableScope("v", () => {
        getVariable("x", [], { initializer: zerosInitializer() });
        scaled(a);
      });
      variableScope("v", () => scaled(getVariable("x", [])), { reuse: true });
      reduceMean(softmax(expandDims(b, 0)), undefined, { name: "end" });
      moments(b, [0]);
      graph.addToCollection("hparams", 3);
      graph.addToCollection("hparams", 4);
    });
    const made = exportMetaGraph(graph, { collections: standardCollections });
    expect(differences(made, "name_scopes").join("\n")).toBe("");
  });

  it("howto_inference", () => {
    const graph = new Graph({ ops: standardOps });
    const saver = graph.asDefault(() => {
      setRandomSeed(1234);
      const layer = (name: string, input: Tensor, inputs: number, units: number, last = false): Tensor =>
        graph.nameScope(name, () => {
          const initial = truncatedNormal([inputs, units], { stddev: 1 / Math.sqrt(inputs) });
          const weights = new Variable(initial, { name: "weights" });
          const biases = new Variable(zeros([units]), { name: "biases" });
          const sum = operator.add(matmul(input, weights), biases);
          return last ? sum : relu(sum);
        });
      const images = constant(1.2, "float32", { shape: [100, 28] });
      const hidden1 = layer("hidden1", images, 28, 128);
      const hidden2 = layer("hidden2", hidden1, 128, 32);
      graph.addToCollection("logits", layer("softmax_linear", hidden2, 32, 10, true));
      globalVariablesInitializer(graph);
      return new Saver(undefined, { graph });
    });
    expect(differences(saver.exportMetaGraph({ graph }), "howto_inference").join("\n")).toBe("");
  });
});
