// What layers, cells, losses and metrics refuse, in TensorFlow's words.
import { Graph } from "@org/graph";
import { placeholder, standardOps, unstack, zeros } from "@org/ops";
import { describe, expect, it } from "vitest";
import { dynamicRnn, layers, losses, metrics, rnnCell, staticRnn } from "../src/index.ts";

const within = <R>(body: () => R): R => new Graph({ ops: standardOps, seed: 1 }).asDefault(body);

describe("layers", () => {
  it("dimensions that are not known, or too few", () =>
    within(() => {
      expect(() => layers.dense(placeholder("float32", [2, null]), 3)).toThrow(
        "The last dimension of the inputs to `Dense` should be defined. Found `None`.",
      );
      expect(() => layers.conv2d(zeros([2, 3, 4]), 2, 3)).toThrow("expected ndim=4, found ndim=3");
      expect(() => layers.conv2d(placeholder("float32", [1, 4, 4, null]), 2, 3)).toThrow(
        "The channel dimension of the inputs should be defined. Found `None`.",
      );
    }));

  it("strides together with dilation", () =>
    within(() => {
      expect(() => layers.conv2d(zeros([1, 8, 8, 1]), 2, 3, { strides: 2, dilationRate: 2 })).toThrow(
        "strides > 1 not supported in conjunction with dilation_rate > 1",
      );
    }));
});

describe("recurrent nets", () => {
  it("no dtype without an initial state; what is no cell", () =>
    within(() => {
      const x = zeros([2, 3, 4]);
      const cell = new rnnCell.GRUCell(2);
      expect(() => dynamicRnn(cell, x)).toThrow("If there is no initial_state, you must give a dtype.");
      expect(() => staticRnn(cell, unstack(x, { axis: 1 }))).toThrow(
        "If no initial_state is provided, dtype must be specified",
      );
      expect(() => staticRnn(cell, [], { dtype: "float32" })).toThrow("inputs must not be empty");
      expect(() => dynamicRnn({} as never, x)).toThrow(
        "is not an RNNCell: 'output_size' property is missing",
      );
    }));

  it("probabilities outside of 0 to 1", () =>
    within(() => {
      const cell = new rnnCell.GRUCell(2);
      expect(() => new rnnCell.DropoutWrapper(cell, { inputKeepProb: 1.5 })).toThrow(
        "Parameter input_keep_prob must be between 0 and 1: 1.5",
      );
      expect(() => new rnnCell.DropoutWrapper(cell, { variationalRecurrent: true })).toThrow(
        "When variational_recurrent=True, dtype must be provided",
      );
    }));
});

describe("losses and metrics", () => {
  it("a reduction that is none, shapes that do not fit, weights that cannot stretch", () =>
    within(() => {
      const [a, b] = [zeros([2, 3]), zeros([2, 3])];
      expect(() => losses.computeWeightedLoss(a, { reduction: "most" as never })).toThrow(
        "Invalid Reduction Key most.",
      );
      expect(() => losses.meanSquaredError(a, zeros([2, 4]))).toThrow(
        "Shapes (2, 4) and (2, 3) are incompatible",
      );
      expect(() => losses.meanSquaredError(a, b, { weights: zeros([3, 3]) })).toThrow(
        "weights can not be broadcast to values.",
      );
      expect(() => metrics.auc(a, b, { curve: "X" as never })).toThrow(
        "curve must be either ROC or PR, X unknown",
      );
    }));
});
