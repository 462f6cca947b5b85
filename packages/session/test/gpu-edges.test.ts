// Sessions on WebGPU at the edges: NaN, infinities, signed zeros, nothing at all, and more than a grid is wide; all ops of a kind in one
// run, beside the evaluator.

import type { Graph, Tensor } from "@org/graph";
import type { Backend } from "@org/hlo";
import { constant, placeholder } from "@org/ops";
import { type NdArray, ndArray, toNumbers } from "@org/tensor";
import { expect, it } from "vitest";
import { backendOfBlock, describeGpu } from "../../kernels-gpu/test/webgpu.ts";
import type { Session } from "../src/index.ts";
import { sessionOf } from "./shared.ts";

const unary =
  "Abs Neg Sign Floor Ceil Round Sqrt Rsqrt Exp Expm1 Log Log1p Tanh Sigmoid Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Erf Erfc Square Reciprocal IsNan IsInf IsFinite Relu Relu6 Elu Selu Softplus Softsign".split(
    " ",
  );
const binary =
  "Add Sub Mul RealDiv Maximum Minimum Pow FloorDiv FloorMod Atan2 SquaredDifference Equal NotEqual Less LessEqual Greater GreaterEqual".split(
    " ",
  );
const reductions = ["Sum", "Prod", "Max", "Min", "Mean"];
const rows = ["Softmax", "LogSoftmax"];

const special = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1, 0.5, -0.5, 2, 3.5, -2.5],
  // No two of them have a product or quotient that is subnormal: that may be 0 here.
  ...[1e-20, -1e-20, 1e30, -1e30, 1e10, -1e10, 88.5, -88.5, 127, 1e5],
];

/** What `build` names by what it makes it of. */
type Built = Readonly<Record<string, Tensor>>;

const applied = (graph: Graph, types: readonly string[], ...inputs: readonly Tensor[]): Built =>
  Object.fromEntries(types.map((type) => [type, graph.createOp(type, [...inputs]).outputs[0]!]));

const floats = (shape: readonly number[], at: (i: number) => number): NdArray =>
  ndArray(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => at(i)),
  );

function expectAlike(name: string, got: NdArray, wanted: NdArray, tolerance: number): void {
  expect([got.dtype, got.shape], name).toEqual([wanted.dtype, wanted.shape]);
  const [a, b] = [toNumbers(got), toNumbers(wanted)];
  a.forEach((x, i) => {
    const y = b[i]!;
    if (Object.is(x, y) || x === y || Math.abs(x - y) <= tolerance * Math.max(1e-30, Math.abs(y))) return;
    expect.fail(`${name}: element ${i} is ${x}, not ${y}`);
  });
}

await describeGpu("sessions on the GPU, at the edges", (root) => {
  let backend: Backend;
  backendOfBlock(root, (opened) => {
    backend = opened;
  });

  /** Runs the same graph here and there; everything must have run on the GPU. */
  const alike = async (
    build: (graph: Graph) => Built,
    feeds: Readonly<Record<string, NdArray>>,
    tolerance = 4e-6,
  ): Promise<void> => {
    const run = async (options: Parameters<typeof sessionOf>[1], launched: boolean) => {
      let built: Built = {};
      const { session } = await sessionOf((graph) => {
        built = build(graph);
      }, options);
      const results = await session.run(built, { feeds });
      if (launched) expectOnGpu(session, built);
      await session.close();
      return results as Record<string, NdArray>;
    };
    const wanted = await run({}, false);
    const got = await run({ backends: [backend], fallback: false }, true);
    for (const [name, array] of Object.entries(wanted)) expectAlike(name, got[name]!, array, tolerance);
  };
  const expectOnGpu = (session: Session, built: Built): void => {
    for (const tensor of Object.values(built)) expect(session.backendOf(tensor), tensor.name).toBe("GPU");
  };
  const input = (name: string, shape: readonly number[]): Tensor =>
    placeholder("float32", [...shape], { name });

  it("functions of special values", () => {
    const values = [...special, 3e38, -3e38, 1.5e-38, -1.5e-38];
    return alike((graph) => applied(graph, unary, input("x", [values.length])), {
      "x:0": floats([values.length], (i) => values[i]!),
    });
  });

  it("operations on pairs of special values", () => {
    const { length } = special;
    return alike((graph) => applied(graph, binary, input("x", [length, 1]), input("y", [length])), {
      "x:0": floats([length, 1], (i) => special[i]!),
      "y:0": floats([length], (i) => special[i]!),
    });
  });

  it("reductions and softmax of rows that hold NaN or infinities", () =>
    alike(
      (graph) => ({
        ...applied(graph, reductions, input("x", [5, 3]), constant([1], { dtype: "int32" })),
        ...applied(graph, rows, input("y", [5, 3])),
      }),
      Object.fromEntries(
        ["x:0", "y:0"].map((name) => [
          name,
          floats([5, 3], (i) => [1, 2, 3, Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 1, 0][i] ?? -i),
        ]),
      ),
    ));

  it("arrays of no elements", () =>
    alike(
      (graph) => {
        const [x, y] = [input("x", [0, 3]), input("y", [4, 0])];
        return {
          ...applied(graph, ["Neg", "Tanh", "Softmax"], x),
          ...Object.fromEntries(
            Object.entries(applied(graph, reductions, x, constant([0], { dtype: "int32" }))).map(
              ([type, tensor]) => [`${type} of nothing`, tensor],
            ),
          ),
          "MatMul over nothing": graph.createOp("MatMul", [y, x]).outputs[0]!,
          "MatMul of nothing": graph.createOp("MatMul", [x, input("z", [3, 2])]).outputs[0]!,
          Concat: graph.createOp("ConcatV2", [[x, input("w", [2, 3])], constant(0, { dtype: "int32" })])
            .outputs[0]!,
        };
      },
      {
        "x:0": floats([0, 3], () => 0),
        "y:0": floats([4, 0], () => 0),
        "z:0": floats([3, 2], (i) => i),
        "w:0": floats([2, 3], (i) => i),
      },
    ));

  it("more rows, columns and elements than a grid is wide", () => {
    const long = 65_536 + 5;
    return alike(
      (graph) => {
        const [x, y] = [input("x", [long, 1]), input("y", [2, long])];
        const over = (axis: number): Tensor => constant([axis], { dtype: "int32" });
        return {
          Sum: graph.createOp("Sum", [x, over(1)]).outputs[0]!,
          Max: graph.createOp("Max", [y, over(1)]).outputs[0]!,
          Mean: graph.createOp("Mean", [y, over(0)]).outputs[0]!,
          Softmax: graph.createOp("Softmax", [y]).outputs[0]!,
          MatMul: graph.createOp("MatMul", [x, input("z", [1, 2])]).outputs[0]!,
          Long: graph.createOp("MatMul", [y, x]).outputs[0]!,
          Transpose: graph.createOp("Transpose", [y, constant([1, 0], { dtype: "int32" })]).outputs[0]!,
          Gather: graph.createOp("GatherV2", [
            x,
            constant([long - 1, 0], { dtype: "int32" }),
            constant(0, { dtype: "int32" }),
          ]).outputs[0]!,
        };
      },
      {
        "x:0": floats([long, 1], (i) => (i % 7) - 3),
        "y:0": floats([2, long], (i) => ((i * 31) % 11) / 8),
        "z:0": floats([1, 2], (i) => i + 1),
      },
      2e-5,
    );
  });
});
