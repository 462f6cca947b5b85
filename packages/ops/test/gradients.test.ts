import { createOpRegistry, Graph, IndexedSlices, isIndexedSlices, type Tensor } from "@org/graph";
import { type NdArray, ndArray } from "@org/tensor";
import { Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import {
  AggregationMethod,
  applyOne,
  argmax,
  cast,
  constant,
  convertToTensor,
  defineOp,
  gather,
  gradients,
  group,
  identity,
  matmul,
  type OpEntry,
  operator,
  placeholder,
  preventGradient,
  reduceSum,
  single,
  square,
  standardOps,
  stopGradient,
  tuple,
} from "../src/index.ts";
import { kinds, programs, variableOf } from "./gradient-checks/variables.ts";
import { failure } from "./in-graph.ts";
import { MiniSession } from "./mini-session.ts";

const { add, mul } = operator;
const names = (graph: Graph): string[] => graph.getOperations().map(({ name }) => name);
const numbers = (value: NdArray): number[] => Array.from(value.data as ArrayLike<number>);

function build<T>(program: (graph: Graph) => T): [T, Graph] {
  const graph = new Graph({ ops: standardOps });
  return [graph.asDefault(() => program(graph)), graph];
}

describe("gradients", () => {
  it("names its nodes as TensorFlow does", () => {
    const [, graph] = build(() => {
      const x = placeholder("float32", [2], { name: "x" });
      gradients(mul(x, 3), x);
    });
    // What TensorFlow 1.15.5 printed for the same program.
    const scope = "gradients/mul_grad";
    expect(names(graph)).toEqual([
      "x",
      "mul/y",
      "mul",
      "gradients/Shape",
      "gradients/grad_ys_0",
      "gradients/Fill",
      `${scope}/BroadcastGradientArgs/s0`,
      `${scope}/BroadcastGradientArgs/s1`,
      `${scope}/BroadcastGradientArgs`,
      `${scope}/Mul`,
      `${scope}/Mul_1`,
      `${scope}/Sum/reduction_indices`,
      `${scope}/Sum`,
      `${scope}/Reshape/shape`,
      `${scope}/Reshape`,
    ]);
  });

  it("adds what several readers send back, on the op of the first", () => {
    const [[grad], graph] = build(() => {
      const x = placeholder("float32", [2], { name: "x" });
      return gradients(add(square(x), identity(x)), x);
    });
    const sum = (grad as Tensor).op;
    expect([sum.name, sum.type]).toEqual(["gradients/AddN", "AddN"]);
    expect(sum.attrs.strings("_class")).toEqual([`loc:@${sum.inputs[0]!.op.name}`]);
    expect(graph.findOperation("gradients/Square_grad/Mul_1")).toBeDefined();
  });

  it("adds in pairs, or as they come, where asked to", () => {
    const types = (aggregationMethod: 0 | 1 | 2): string[] => {
      const [, graph] = build(() => {
        const x = placeholder("float32", [2]);
        gradients([square(x), identity(x), mul(x, 2)], x, { aggregationMethod });
      });
      return graph.getOperations().map(({ type }) => type);
    };
    expect(types(AggregationMethod.ADD_N).filter((type) => type === "AddN")).toHaveLength(1);
    expect(types(AggregationMethod.EXPERIMENTAL_TREE).filter((type) => type === "AddN")).toHaveLength(2);
    expect(types(AggregationMethod.EXPERIMENTAL_ACCUMULATE_N)).toContain("AccumulateNV2");
  });

  it("gives undefined where nothing depends, zeros where asked to", () => {
    const [[[none], [zero]]] = build(() => {
      const [x, y] = [placeholder("float32", [2]), placeholder("float32", [3])];
      return [gradients(square(x), y), gradients(square(x), y, { unconnectedGradients: "zero" })] as const;
    });
    expect(none).toBeUndefined();
    expect((zero as Tensor).shape.dims).toEqual([3]);
  });

  it("takes stopGradients as constants", async () => {
    const [[a, b], graph] = build(() => {
      const x = constant(3);
      const y = square(x);
      const z = add(y, x);
      return [
        gradients(z, [x], { stopGradients: [y] })[0] as Tensor,
        gradients(add(stopGradient(y), x), x)[0] as Tensor,
      ];
    });
    const session = new MiniSession(graph);
    expect(numbers(await session.fetch(a))).toEqual([1]);
    expect(numbers(await session.fetch(b))).toEqual([1]);
  });

  it("starts from gradYs", async () => {
    const [grad, graph] = build(() => {
      const x = constant([1, 2]);
      return gradients([square(x), mul(x, 1)], x, { gradYs: [constant([10, 100]), undefined] })[0] as Tensor;
    });
    expect(numbers(await new MiniSession(graph).fetch(grad))).toEqual([21, 401]);
  });

  it("is the derivative with respect to something in between", async () => {
    const [grads, graph] = build(() => {
      const x = constant(3);
      const y = square(x);
      return gradients(mul(y, y), [y, x]) as Tensor[];
    });
    const made = await new MiniSession(graph).run(grads);
    expect(made.flatMap(numbers)).toEqual([18, 108]);
  });

  it("colocates with the op that it is of, where asked to", () => {
    const [[grad]] = build((graph) => {
      const x = placeholder("float32", [2]);
      const y = graph.device("/device:CPU:1", () => square(x));
      return gradients(y, x, { colocateGradientsWithOps: true });
    });
    expect((grad as Tensor).op.attrs.strings("_class")).toEqual(["loc:@Square"]);
    expect((grad as Tensor).device).toBe("/device:CPU:1");
  });

  it("gates the gradients of an op, where asked to", () => {
    const [grads] = build(() => {
      const [a, b] = [placeholder("float32", [2, 3]), placeholder("float32", [3, 2])];
      return gradients(matmul(a, b), [a, b], { gateGradients: true });
    });
    expect((grads as Tensor[]).map(({ op }) => op.name)).toEqual([
      "gradients/MatMul_grad/tuple/control_dependency",
      "gradients/MatMul_grad/tuple/control_dependency_1",
    ]);
  });

  it("refuses what cannot be, in TensorFlow's words", () => {
    const [x, graph] = build(() => placeholder("float32", [2], { name: "x" }));
    const fails = (run: () => unknown): string => failure(() => graph.asDefault(run));
    expect(fails(() => gradients([x, x], x, { gradYs: [x] }))).toBe(
      "INVALID_ARGUMENT: Passed 1 grad_ys for 2 ys",
    );
    expect(fails(() => gradients(x, x, { aggregationMethod: 7 as never }))).toBe(
      "TypeError: Invalid aggregation_method specified 7.",
    );
    const index = graph.asDefault(() => argmax(x, 0));
    expect(fails(() => gradients(applyOne("AsString", [x]), x, { gradYs: x }))).toMatch(
      /must be numeric to obtain a default gradient$/,
    );
    expect(fails(() => gradients(cast(index, "float32"), x))).toBe("it did not fail");
    expect(fails(() => gradients(x, 3 as never))).toBe("TypeError: Cannot differentiate with respect to 3");
  });

  it("stops with an error at preventGradient, saying why", () => {
    build(() => {
      const x = placeholder("float32", [2]);
      expect(failure(() => gradients(preventGradient(square(x), { message: "not yet" }), x))).toBe(
        "NOT_FOUND: Gradient explicitly disabled. Reason: not yet",
      );
    });
  });

  it("names the op that has no gradient", () => {
    const spec = { shape: (c: { input(i: number): never }) => [c.input(0)] };
    const unknown: OpEntry = {
      ...defineOp("Erfinv", spec as never),
      opDef: standardOps.get("Square")!.opDef,
    };
    const entry: OpEntry = { ...unknown, opDef: { ...unknown.opDef, name: "Mystery" } };
    const graph = new Graph({ ops: createOpRegistry<OpEntry>(standardOps, [entry]) });
    graph.asDefault(() => {
      const x = placeholder("float32", [2]);
      const y = graph.createOp("Mystery", [x]).outputs[0]!;
      expect(failure(() => gradients(y, x))).toBe(
        "NOT_FOUND: No gradient defined for operation 'Mystery' (op type: Mystery)",
      );
      // A registry that knows better may be given.
      const ops = createOpRegistry<OpEntry>([{ ...entry, gradient: single((_, grad) => grad) }]);
      expect(
        gradients(y, x, { ops: { ...ops, get: (type) => ops.get(type) ?? standardOps.get(type) } })[0],
      ).toBeDefined();
    });
  });

  it("follows an override of the gradient's type", async () => {
    const [grad, graph] = build((g) => {
      const x = constant(3);
      const y = g.gradientOverrideMap({ Identity: "Neg" }, () => identity(x));
      return gradients(y, x)[0] as Tensor;
    });
    expect(numbers(await new MiniSession(graph).fetch(grad))).toEqual([-1]);
  });
});

describe("rows as gradients", () => {
  it("are IndexedSlices, put after one another where a table is read twice", () => {
    const [[grad]] = build(() => {
      const table = new Variable(
        constant([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        { name: "table" },
      );
      return gradients(add(reduceSum(gather(table, [0, 2])), reduceSum(gather(table, [1]))), [table]);
    });
    expect(isIndexedSlices(grad)).toBe(true);
    const { values, indices } = grad as IndexedSlices;
    expect([values.op.name, indices.op.name, values.shape.dims]).toEqual([
      "gradients/concat",
      "gradients/concat_1",
      [3, 2],
    ]);
  });

  it("become dense where a dense gradient joins them", async () => {
    const [grad, graph] = build(() => {
      const table = constant([
        [1, 2],
        [3, 4],
        [5, 6],
      ]);
      return convertToTensor(gradients([square(table), gather(table, [0, 0])], table)[0]!);
    });
    expect(numbers(await new MiniSession(graph).fetch(grad))).toEqual([4, 6, 6, 8, 10, 12]);
  });

  it("pass tuple and group", () => {
    const [made, graph] = build(() => {
      const slices = new IndexedSlices(constant([[1, 2]]), constant([0], "int32"));
      const [first] = tuple([slices, undefined]);
      return [first, group([slices])] as const;
    });
    expect(isIndexedSlices(made[0])).toBe(true);
    expect(graph.findOperation("group_deps")).toBe(made[1]);
  });
});

/** (f(x + h) - f(x - h)) / 2h for each element, in float64. */
async function numericGradient(
  loss: Tensor,
  session: MiniSession,
  get: () => Float64Array,
  set: (values: Float64Array) => void,
): Promise<number[]> {
  const start = get();
  const h = 1e-5;
  const result: number[] = [];
  for (let i = 0; i < start.length; i++) {
    const at = async (x: number): Promise<number> => {
      const moved = start.slice();
      moved[i] = x;
      set(moved);
      return numbers(await session.fetch(loss))[0]!;
    };
    result.push(((await at(start[i]! + h)) - (await at(start[i]! - h))) / (2 * h));
  }
  set(start);
  return result;
}

describe("gradients of variables agree with differences", () => {
  for (const [name, program] of Object.entries(programs))
    for (const Kind of kinds)
      it(`${name} of a ${Kind.name}`, async () => {
        const [[variable, loss, grad], graph] = build(() => {
          const v = variableOf(Kind);
          const value = program(v);
          return [v, value, convertToTensor(gradients(value, [v])[0]!)] as const;
        });
        const session = new MiniSession(graph);
        await session.run([variable.initializer]);
        const get = (): Float64Array => session.variables.get(variable.op)!.data as Float64Array;
        const set = (values: Float64Array): void =>
          void session.variables.set(variable.op, ndArray("float64", [3, 2], values));
        const symbolic = numbers(await session.fetch(grad));
        const numeric = await numericGradient(loss, session, get, set);
        symbolic.forEach((x, i) => {
          expect(x).toBeCloseTo(numeric[i]!, 6);
        });
      });
});
