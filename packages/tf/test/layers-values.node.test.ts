// Layers, recurrent cells, losses, metrics and learning rates that fall, against TensorFlow 1.15.5 (fixtures/record-layers.py): the same nodes, which compute the same on the
// evaluator and the CPU backend.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

const { layers, losses, metrics } = tf;
const { rnnCell: cells } = tf.nn;
type Values = Record<string, tf.Tensor>;

const recorded = JSON.parse(readFileSync(new URL("fixtures/layers.json", import.meta.url), "utf8")) as Record<
  string,
  { nodes: string[]; values: Record<string, number[]> }
>;

function wave(...shape: number[]): tf.NdArray {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.ndArray(
    "float32",
    shape,
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7) / 2),
  );
}

const inputs = (...shape: number[]): tf.Tensor => tf.constant(wave(...shape), { name: "inputs" });
const tanh = (x: tf.Tensor): tf.Tensor => tf.tanh(x);

function lossValues(): Values {
  const signs = Float32Array.from(tf.toNumbers(wave(3, 4)), (x) => Number(x > 0));
  const labels = tf.constant(tf.ndArray("float32", [3, 4], signs));
  const logits = inputs(3, 4);
  const { Reduction: R } = losses;
  const weights = tf.constant([[1], [0], [0.5]]);
  const each: Values = {
    absolute: losses.absoluteDifference(labels, logits, { weights }),
    squared: losses.meanSquaredError(labels, logits, { weights, reduction: R.MEAN }),
    hinge: losses.hingeLoss(labels, logits, { reduction: R.SUM }),
    huber: losses.huberLoss(labels, logits, { delta: 0.3, reduction: R.NONE, lossCollection: null }),
    log: losses.logLoss(labels, tf.sigmoid(logits), { reduction: R.SUM_OVER_BATCH_SIZE }),
    pairs: losses.meanPairwiseSquaredError(labels, logits, { weights }),
    sigmoid: losses.sigmoidCrossEntropy(labels, logits, { labelSmoothing: 0.2 }),
    softmax: losses.softmaxCrossEntropy(labels, logits, { labelSmoothing: 0.1 }),
    sparse: losses.sparseSoftmaxCrossEntropy([0, 3, 1], logits, {
      weights: tf.constant([1, 2, 0], "float32"),
    }),
    cosine: losses.cosineDistance(labels, logits, { axis: 1 }),
  };
  each.total = losses.getTotalLoss();
  return each;
}

function metricValues(): Values {
  const labels = tf.constant(
    [
      [0, 1, 1],
      [1, 0, 1],
    ],
    "int64",
  );
  const predictions = tf.constant([
    [0.1, 0.7, 0.4],
    [0.9, 0.2, 0.6],
  ]);
  const picked = tf.cast(tf.operator.gt(predictions, 0.5), "int64");
  const weights = tf.constant([[1], [2]], "float32");
  const float = () => tf.cast(labels, "float32");
  const pairs = {
    accuracy: metrics.accuracy(labels, picked, { weights }),
    mean: metrics.mean(predictions, { weights }),
    mean_tensor: metrics.meanTensor(predictions, { weights }),
    precision: metrics.precision(labels, picked),
    recall: metrics.recall(labels, picked, { weights }),
    auc: metrics.auc(labels, predictions, { numThresholds: 7 }),
    auc_pr: metrics.auc(labels, predictions, {
      numThresholds: 7,
      curve: "PR",
      summationMethod: "careful_interpolation",
    }),
    rmse: metrics.rootMeanSquaredError(float(), predictions),
    relative: metrics.meanRelativeError(float(), predictions, tf.operator.mul(tf.ones([2, 3]), 2)),
    cosine: metrics.meanCosineDistance(float(), predictions, 1),
    below: metrics.percentageBelow(predictions, 0.5),
    classes: metrics.meanPerClassAccuracy(labels, picked, 2),
    thresholds: metrics.precisionAtThresholds(labels, predictions, [0.3, 0.5]),
    recalls: metrics.recallAtThresholds(labels, predictions, [0.3, 0.5]),
    negatives: metrics.trueNegatives(labels, picked),
    misses: metrics.falseNegativesAtThresholds(labels, predictions, [0.3, 0.8]),
    iou: metrics.meanIou(labels, picked, 3),
    iou_weighted: metrics.meanIou(labels, picked, 2, { weights: tf.ones([2, 3]) }),
  };
  return Object.fromEntries(
    Object.entries(pairs).flatMap(([name, [value, update]]) => [
      [name, value],
      [`${name} update`, update],
    ]),
  );
}

const programs: Record<string, () => Values> = {
  static_gru() {
    const { outputs, state } = tf.nn.staticRnn(new cells.GRUCell(4), tf.unstack(inputs(3, 2, 3)), {
      dtype: "float32",
      sequenceLength: [3, 2],
    });
    const stacked = tf.stack(outputs);
    const [gradient] = tf.gradients(state as tf.Tensor, tf.trainableVariables() as never);
    return { outputs: stacked, state: state as tf.Tensor, gradient: gradient as tf.Tensor };
  },
  static_basic() {
    const x = tf.unstack(inputs(2, 2, 3));
    const second = new cells.ResidualWrapper(new cells.BasicRNNCell(3));
    const cell = new cells.MultiRNNCell([new cells.BasicRNNCell(3), second]);
    const { outputs, state } = tf.nn.staticRnn(cell, x, { dtype: "float32" });
    return { outputs: tf.stack(outputs), state: tf.stack(state as tf.Tensor[]) };
  },
  bidirectional() {
    const forward = new cells.LSTMCell(3, { forgetBias: 0.5 });
    const { outputs, states } = tf.nn.bidirectionalDynamicRnn(
      forward,
      new cells.GRUCell(2),
      inputs(2, 4, 3),
      {
        sequenceLength: [2, 4],
        dtype: "float32",
      },
    ) as unknown as {
      outputs: [tf.Tensor, tf.Tensor];
      states: [{ c: tf.Tensor; h: tf.Tensor }, tf.Tensor];
    };
    return { fw: outputs[0], bw: outputs[1], c: states[0].c, h: states[0].h, last: states[1] };
  },
  time_major() {
    const x = inputs(3, 2, 2);
    const cell = new cells.LSTMCell(3, { usePeepholes: true, cellClip: 0.2, numProj: 2, projClip: 0.3 });
    const [outputs, state] = tf.nn.dynamicRnn(cell, x, { dtype: "float32", timeMajor: true });
    const [gradient] = tf.gradients(outputs as tf.Tensor, [x]);
    return {
      outputs: outputs as tf.Tensor,
      c: (state as unknown as { c: tf.Tensor }).c,
      gradient: gradient as tf.Tensor,
    };
  },
  convolutions() {
    const one = layers.conv1d(inputs(2, 7, 3), 4, 3, { strides: 2, padding: "same", activation: tanh });
    const three = layers.conv3d(inputs(1, 4, 4, 4, 2), 3, 2, { padding: "valid", name: "volume" });
    const two = layers.conv2d(inputs(1, 5, 6, 2), 3, [2, 3], { dilationRate: 2, useBias: false });
    return { one, two, three };
  },
  pools() {
    const x = inputs(2, 6, 4, 3);
    return {
      max1: layers.maxPooling1d(inputs(2, 7, 3), 3, 2),
      average1: layers.averagePooling1d(inputs(2, 7, 3), 2, 2, { padding: "same" }),
      max2: layers.maxPooling2d(x, [3, 2], 1),
      average2: layers.averagePooling2d(x, 2, [2, 1], { padding: "same" }),
    };
  },
  dense() {
    const y = layers.dense(inputs(2, 3, 4), 3, { activation: (x) => tf.nn.relu(x) });
    const flat = layers.flatten(y);
    return { y, z: layers.dense(layers.dropout(flat, { rate: 0.5 }), 2, { useBias: false }) };
  },
  batch_norm() {
    const x = inputs(4, 3, 2);
    const y = tf.variableScope("moving", () =>
      layers.batchNormalization(x, { training: true, momentum: 0.8, axis: 1 }),
    );
    const z = tf.controlDependencies(tf.getCollection(tf.GraphKeys.UPDATE_OPS) as never, () =>
      tf.identity(y),
    );
    const mean = tf.globalVariables().find(({ name }) => name.includes("moving_mean"))!;
    return tf.controlDependencies([z], () => ({ z, mean: mean.readValue() }));
  },
  loss_values: lossValues,
  decays() {
    const { train } = tf;
    const step = tf.constant(25, "int32", { name: "step" });
    return {
      exponential: train.exponentialDecay(0.5, step, 10, 0.9, { staircase: true }),
      natural: train.naturalExpDecay(0.5, step, 10, 0.9),
      inverse: train.inverseTimeDecay(0.5, step, 10, 0.9),
      polynomial: train.polynomialDecay(0.5, step, 100, { endLearningRate: 0.1, power: 2 }),
      cycling: train.polynomialDecay(0.5, step, 10, { endLearningRate: 0.1, cycle: true }),
      piecewise: train.piecewiseConstant(step, [10, 25, 30], [1, 0.5, 0.25, 0.1]),
      cosine: train.cosineDecay(0.5, step, 100, { alpha: 0.1 }),
      restarts: train.cosineDecayRestarts(0.5, step, 10, { tMul: 1.5, mMul: 0.8, alpha: 0.1 }),
      linear: train.linearCosineDecay(0.5, step, 100),
    };
  },
  metric_values: metricValues,
};

async function compute(name: string, backend: "cpu" | "evaluator") {
  const graph = new tf.Graph();
  const { values, nodes, ready } = graph.asDefault(() => {
    tf.setRandomSeed(1);
    const values = programs[name]!();
    const nodes = graph
      .asGraphDef()
      .node!.map((node) => `${node.name} | ${node.op} | ${(node.input ?? []).join(",")}`);
    const initial = [tf.globalVariablesInitializer(), tf.localVariablesInitializer()];
    const loads = tf
      .globalVariables()
      .filter((variable) => name !== "batch_norm" || !variable.name.includes("moving"))
      .map((variable) => tf.assign(variable as never, wave(...variable.shape.toNumbers())));
    return { values, nodes, ready: [initial, loads.map(({ op }) => op)] };
  });
  const session = new tf.Session({ graph, backends: [backend] });
  for (const targets of ready) await session.run([], { targets });
  const isUpdate = ([key]: [string, unknown]): boolean => key.endsWith(" update");
  const entries = Object.entries(values);
  const first = await session.run(Object.fromEntries(entries.filter(isUpdate)));
  const then = await session.run(Object.fromEntries(entries.filter((entry) => !isUpdate(entry))));
  await session.close();
  return { nodes, values: { ...first, ...then } as Record<string, tf.NdArray> };
}

describe.each(Object.keys(programs))("%s", (name) => {
  it.each(["evaluator", "cpu"] as const)(
    "as TensorFlow: nodes and values, on the backend %s",
    async (backend) => {
      const { nodes, values } = await compute(name, backend);
      const want = recorded[name]!;
      expect(nodes).toEqual(want.nodes);
      expect(Object.keys(values).sort()).toEqual(Object.keys(want.values));
      for (const [key, value] of Object.entries(values)) {
        const numbers = tf.toNumbers(value);
        expect(numbers.length, key).toBe(want.values[key]!.length);
        for (const [i, number] of numbers.entries())
          expect(Math.abs(number - want.values[key]![i]!), `${key}[${i}]: ${number}`).toBeLessThan(2e-5);
      }
    },
  );
});
