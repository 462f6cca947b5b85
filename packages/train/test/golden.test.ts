// Our programs build the graphs that TensorFlow 1.15.5's Python builds from the same ones, node for node.

import { importScopedMetaGraph } from "@org/collections";
import { Graph, type Tensor } from "@org/graph";
import {
  abs,
  add,
  argmax,
  concat,
  constant,
  constantInitializer,
  elu,
  embeddingLookup,
  exp,
  expandDims,
  gather,
  getVariable,
  glorotUniformInitializer,
  group,
  identity,
  l2Loss,
  matmul,
  oneHot,
  operator,
  placeholder,
  placeholderWithDefault,
  randomNormalInitializer,
  randomUniform,
  randomUniformInitializer,
  range,
  reduceMean,
  reduceSum,
  setRandomSeed,
  sigmoidCrossEntropyWithLogits,
  size,
  softmaxCrossEntropyWithLogits,
  sparseSoftmaxCrossEntropyWithLogits,
  sparseToDense,
  sqrt,
  square,
  stack,
  standardOps,
  summary,
  tanh,
  truncatedNormalInitializer,
  uniformUnitScalingInitializer,
  variableScope,
  xwPlusB,
  zeros,
  zerosInitializer,
} from "@org/ops";
import { decode, MetaGraphDef } from "@org/proto";
import { Saver, standardCollections } from "@org/saver";
import { globalVariables, globalVariablesInitializer, trainableVariables, Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import {
  AdadeltaOptimizer,
  AdagradOptimizer,
  AdamOptimizer,
  clipByAverageNorm,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  createGlobalStep,
  ExponentialMovingAverage,
  exponentialDecay,
  GradientDescentOptimizer,
  getOrCreateGlobalStep,
  MomentumOptimizer,
  ProximalAdagradOptimizer,
  RMSPropOptimizer,
} from "../src/index.ts";
import { differences, goldenMeta, noGoldens } from "./golden-graph.ts";

const { sub, mul, truediv } = operator;

const programs: Record<string, (graph: Graph) => Saver> = {
  opt_momentum(graph) {
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
  },

  opt_rmsprop(graph) {
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
  },

  opt_adadelta_resource(graph) {
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
  },

  opt_proximal_adagrad(graph) {
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
  },

  opt_adagrad_sparse(graph) {
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
  },

  opt_adam_sparse_resource(graph) {
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
  },

  ema_clip_norm(graph) {
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
  },
};

describe.skipIf(noGoldens)(`the graphs of TensorFlow 1.15.5 ${noGoldens ?? ""}`, () => {
  for (const [name, program] of Object.entries(programs))
    it(name, () => {
      const graph = new Graph({ ops: standardOps });
      const saver = graph.asDefault(() => program(graph));
      const found = differences(saver.exportMetaGraph({ graph }), name);
      expect(found.join("\n")).toBe("");
    });

  it("howto_training", () => {
    const graph = new Graph({ ops: standardOps });
    const inference = decode(MetaGraphDef, goldenMeta("howto_inference"));
    importScopedMetaGraph(inference, { graph, collections: standardCollections });
    const saver = new Saver(undefined, { saverDef: inference.saverDef! });
    graph.asDefault(() => {
      const labels = constant(0, "int32", { shape: [100], name: "labels" });
      const batchSize = size(labels);
      const column = expandDims(labels, 1);
      const indices = expandDims(range(0, batchSize), 1);
      const joined = concat([indices, column], 1);
      const onehot = sparseToDense(joined, stack([batchSize, 10]), 1.0, 0.0);
      const [logits] = graph.getCollection("logits") as [Tensor];
      const crossEntropy = softmaxCrossEntropyWithLogits({ labels: onehot, logits, name: "xentropy" });
      const loss = reduceMean(crossEntropy, undefined, { name: "xentropy_mean" });
      summary.scalar("loss", loss);
      const trainOp = new GradientDescentOptimizer(0.01).minimize(loss);
      graph.addToCollection("train_op", trainOp);
      graph.addToCollection("learning_rate", 0.01);
    });
    expect(differences(saver.exportMetaGraph({ graph }), "howto_training").join("\n")).toBe("");
  });
});
