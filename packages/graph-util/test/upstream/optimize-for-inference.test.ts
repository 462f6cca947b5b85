// TensorFlow's cases of python/tools/optimize_for_inference_test.py. Values come from convolution-values.ts; that TensorFlow itself gives the
// same before and after is conformance/test/frozen.test.ts.
import { equals, GraphDef, type IAttrValue, type IGraphDef } from "@org/proto";
import type { NdArray } from "@org/tensor";
import { describe, expect, test } from "vitest";
import { foldBatchNorms, fuseResizeAndConv, optimizeForInference } from "../../src/index.ts";
import { computed } from "../convolution-values.ts";
import { constant, ints, node, text, type } from "../nodes.ts";

const T = type("float32");
const bool = (b: boolean): IAttrValue => ({ b });
const float = (f: number): IAttrValue => ({ f: Math.fround(f) });

/** `values` in nested arrays of that shape. */
function shaped(values: readonly number[], shape: readonly number[]): never {
  if (shape.length <= 1) return values as never;
  const each = values.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, i) =>
    shaped(values.slice(i * each, (i + 1) * each), shape.slice(1)),
  ) as never;
}

function expectClose(actual: NdArray, expected: NdArray): void {
  expect(actual.shape).toEqual(expected.shape);
  const values = Array.from(expected.data as Float32Array);
  Array.from(actual.data as Float32Array).forEach((value, i) => {
    expect(Math.abs(value - values[i]!)).toBeLessThan(1e-6 + 1e-4 * Math.abs(values[i]!));
  });
}

const opsOf = (graph: IGraphDef) => graph.node!.map(({ op }) => op);
const inputs = [1, 4, 2, 5, 3, 6, -1, -4, -2, -5, -3, -6];
const weights = [1, 2, 3, 4, 0.1, 0.2, 0.3, 0.4];
const statistics = [
  constant("mean", [10, 20]),
  constant("variance", [0.25, 0.5]),
  constant("beta", [0.1, 0.6]),
  constant("gamma", [1, 2]),
];

describe("OptimizeForInferenceTest", () => {
  test("[optimize_for_inference_test/OptimizeForInferenceTest.testOptimizeForInference] what is not needed and what is for training goes", () => {
    const add = (name: string, input: readonly string[]) => node("Add", name, input, { T });
    const graph = {
      node: [
        constant("unused_constant", 0),
        add("unconnected_add", ["unused_constant", "unused_constant"]),
        constant("a_constant", 1),
        node("CheckNumerics", "a_check", ["a_constant"]),
        node("Identity", "a_identity", ["a_constant", "^a_check"]),
        constant("b_constant", 1),
        node("CheckNumerics", "b_check", ["b_constant"]),
        node("Identity", "b_identity", ["b_constant", "^b_check"]),
        add("add", ["a_identity", "b_identity"]),
        add("unused_output_add", ["add", "b_constant"]),
      ],
    };
    const expected = {
      node: [constant("a_constant", 1), constant("b_constant", 1), add("add", ["a_constant", "b_constant"])],
    };
    expect(equals(GraphDef, optimizeForInference(graph, [], ["add"], "float32"), expected)).toBe(true);
  });

  test("[optimize_for_inference_test/OptimizeForInferenceTest.testFoldBatchNorms] BatchNormWithGlobalNormalization goes into the convolution", () => {
    const graph = {
      node: [
        constant("input", shaped(inputs, [1, 1, 6, 2])),
        constant("weights", shaped(weights, [1, 2, 2, 2])),
        node("Conv2D", "conv_op", ["input", "weights"], {
          T,
          strides: ints([1, 1, 1, 1]),
          padding: text("SAME"),
        }),
        ...statistics,
        node("BatchNormWithGlobalNormalization", "output", ["conv_op", "mean", "variance", "beta", "gamma"], {
          T,
          variance_epsilon: float(0.00001),
          scale_after_normalization: bool(false),
        }),
      ],
      versions: { producer: 8 },
    };
    const optimized = foldBatchNorms(graph);
    expect(opsOf(optimized)).not.toContain("BatchNormWithGlobalNormalization");
    expect(optimized.node).toHaveLength(5);
    expectClose(computed(optimized, "output"), computed(graph, "output"));
  });

  test.each([
    ["NHWC", "Conv2D"],
    ["NCHW", "Conv2D"],
    ["NHWC", "DepthwiseConv2dNative"],
    ["NCHW", "DepthwiseConv2dNative"],
  ])(
    "[optimize_for_inference_test/OptimizeForInferenceTest.testFoldFusedBatchNorms] FusedBatchNorm goes into a %s %s",
    (format, op) => {
      const layout = { T, strides: ints([1, 1, 1, 1]), padding: text("SAME"), data_format: text(format) };
      const filter = op === "Conv2D" ? shaped(weights, [1, 2, 2, 2]) : shaped([1, 2, 0.3, 0.4], [1, 2, 2, 1]);
      const graph = {
        node: [
          constant("input", shaped(inputs, format === "NHWC" ? [1, 1, 6, 2] : [1, 2, 1, 6])),
          constant("weights", filter),
          node(op, "conv_op", ["input", "weights"], layout),
          ...statistics,
          node("FusedBatchNorm", "output", ["conv_op", "gamma", "beta", "mean", "variance"], {
            T,
            epsilon: float(0.00001),
            is_training: bool(false),
            data_format: text(format),
          }),
        ],
        versions: { producer: 9 },
      };
      const optimized = foldBatchNorms(graph);
      expect(opsOf(optimized)).not.toContain("FusedBatchNorm");
      expectClose(computed(optimized, "output"), computed(graph, "output"));
    },
  );

  /** An image, resized and padded where it is asked for, and a convolution of it. */
  function convolution(parts: { readonly resize?: boolean; readonly pad?: boolean }): IGraphDef {
    const nodes = [
      constant("input", shaped(inputs, [1, 2, 3, 2])),
      constant("weights", shaped(weights, [1, 2, 2, 2])),
    ];
    let last = "input";
    if (parts.resize) {
      nodes.push(constant("size", [12, 4], "int32"));
      nodes.push(node("ResizeBilinear", "resize", [last, "size"], { T, align_corners: bool(false) }));
      last = "resize";
    }
    if (parts.pad) {
      const paddings = [0, 0, 1, 1, 2, 2, 0, 0];
      nodes.push(constant("paddings", shaped(paddings, [4, 2]), "int32"));
      nodes.push(
        node("MirrorPad", "pad", [last, "paddings"], { T, mode: text("REFLECT"), Tpaddings: type("int32") }),
      );
      last = "pad";
    }
    const attr = { T, strides: ints([1, 1, 1, 1]), padding: text("VALID") };
    return { node: [...nodes, node("Conv2D", "output", [last, "weights"], attr)] };
  }

  test.each([
    ["FuseResizePadAndConv", { resize: true, pad: true }, "FusedResizeAndPadConv2D"],
    ["FuseResizeAndConv", { resize: true }, "FusedResizeAndPadConv2D"],
    ["FusePadAndConv", { pad: true }, "FusedPadConv2D"],
  ])("[optimize_for_inference_test/OptimizeForInferenceTest.test%s] becomes one op", (_, parts, op) => {
    const graph = convolution(parts);
    const optimized = fuseResizeAndConv(graph, ["output"]);
    expect(opsOf(optimized)).toContain(op);
    for (const gone of ["Conv2D", "MirrorPad", "ResizeBilinear"])
      expect(opsOf(optimized)).not.toContain(gone);
    expectClose(computed(optimized, "output"), computed(graph, "output"));
  });
});
