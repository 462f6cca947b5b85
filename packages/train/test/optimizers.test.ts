// What optimizers do when their nodes run, and what they refuse. Graphs are compared in packages/tf/test/graphs.
import { isTfError } from "@org/errors";
import { Graph, type IndexedSlices, type Tensor } from "@org/graph";
import {
  constant,
  convertToTensor,
  embeddingLookup,
  getVariable,
  gradients,
  operator,
  placeholder,
  reduceSum,
  square,
  standardOps,
} from "@org/ops";
import { type NdArray, ndArray } from "@org/tensor";
import { globalVariablesInitializer, ResourceVariable, Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { MiniSession } from "../../ops/test/mini-session.ts";
import {
  AdadeltaOptimizer,
  AdagradDAOptimizer,
  AdagradOptimizer,
  AdamOptimizer,
  clipByAverageNorm,
  clipByGlobalNorm,
  clipByNorm,
  clipByValue,
  cosineDecay,
  ExponentialMovingAverage,
  exponentialDecay,
  FtrlOptimizer,
  GradientDescentOptimizer,
  getGlobalStep,
  getOrCreateGlobalStep,
  globalStep,
  inverseTimeDecay,
  linearCosineDecay,
  MomentumOptimizer,
  naturalExpDecay,
  type Optimizer,
  ProximalAdagradOptimizer,
  ProximalGradientDescentOptimizer,
  polynomialDecay,
  RMSPropOptimizer,
} from "../src/index.ts";

const numbers = (value: NdArray): number[] => Array.from(value.data as ArrayLike<number | bigint>, Number);

function build<T>(program: (graph: Graph) => T): [T, Graph] {
  const graph = new Graph({ ops: standardOps, seed: 1 });
  return [graph.asDefault(() => program(graph)), graph];
}

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence}` : `${error}`;
  }
  return "it did not fail";
}

const optimizers: Record<string, (graph: Graph) => Optimizer> = {
  GradientDescent: () => new GradientDescentOptimizer(0.1),
  Momentum: () => new MomentumOptimizer(0.05, 0.5),
  Nesterov: () => new MomentumOptimizer(0.05, 0.5, { useNesterov: true }),
  Adam: () => new AdamOptimizer(0.1),
  Adagrad: () => new AdagradOptimizer(0.5),
  RMSProp: () => new RMSPropOptimizer(0.05),
  "centered RMSProp": () => new RMSPropOptimizer(0.05, { centered: true }),
  Adadelta: () => new AdadeltaOptimizer({ learningRate: 1, epsilon: 0.1 }),
  Ftrl: () => new FtrlOptimizer(0.5),
  "Ftrl with shrinkage": () => new FtrlOptimizer(0.5, { l2ShrinkageRegularizationStrength: 0.001 }),
  ProximalAdagrad: () => new ProximalAdagradOptimizer(0.5, { l1RegularizationStrength: 0.001 }),
  ProximalGradientDescent: () => new ProximalGradientDescentOptimizer(0.1),
  AdagradDA: (graph) => new AdagradDAOptimizer(0.5, getOrCreateGlobalStep(graph)),
};

describe("optimizers", () => {
  for (const [name, make] of Object.entries(optimizers))
    for (const Kind of [Variable, ResourceVariable])
      for (const sparse of [false, true])
        it(`${name} trains a ${Kind.name} by ${sparse ? "rows that come twice" : "dense gradients"}`, async () => {
          const [[loss, train], graph] = build((g) => {
            const v = new Kind(
              constant([
                [1, -2],
                [0.5, 3],
              ]),
              { name: "v" },
            );
            const read = sparse ? embeddingLookup(v, constant([0, 1, 0], "int32")) : v;
            const value = reduceSum(square(operator.sub(read, 1.5)));
            return [value, make(g).minimize(value)] as const;
          });
          const session = new MiniSession(graph);
          await session.run([globalVariablesInitializer(graph)]);
          const [before] = numbers(await session.fetch(loss));
          for (let i = 0; i < 60; i++) await session.run([train]);
          const [after] = numbers(await session.fetch(loss));
          expect(after).toBeLessThan(before! / 4);
          expect(graph.getCollection("train_op")).toEqual([train]);
        });

  it("sparse Adam is what dense Adam is", async () => {
    const [[dense, sparse, trains], graph] = build(() => {
      const start = [
        [1, -2],
        [0.5, 3],
        [2, 2],
      ];
      const a = new Variable(constant(start), { name: "a" });
      const b = new Variable(constant(start), { name: "b" });
      const loss = (v: Variable, rows: boolean): Tensor => {
        const read = rows ? embeddingLookup(v, constant([0, 2], "int32")) : v;
        return reduceSum(square(read));
      };
      const optimizer = new AdamOptimizer(0.1);
      const mask = constant([[1], [0], [1]]);
      return [
        a,
        b,
        [
          optimizer.minimize(reduceSum(square(operator.mul(a, mask))), { varList: [a] }),
          new AdamOptimizer(0.1, { name: "Other" }).minimize(loss(b, true), { varList: [b] }),
        ],
      ] as const;
    });
    const session = new MiniSession(graph);
    await session.run([globalVariablesInitializer(graph)]);
    for (let i = 0; i < 5; i++) await session.run(trains);
    const [x, y] = [session.variables.get(dense.op)!, session.variables.get(sparse.op)!].map(numbers);
    y!.forEach((value, i) => {
      expect(value).toBeCloseTo(x![i]!, 5);
    });
  });

  it("knows its slots and its state", () => {
    const [[adam, momentum, v], graph] = build(() => {
      const variable = getVariable("v", [2]);
      const value = reduceSum(square(variable));
      const [a, m] = [new AdamOptimizer(), new MomentumOptimizer(0.1, 0.9)];
      a.minimize(value);
      m.minimize(value);
      return [a, m, variable] as const;
    });
    expect(adam.getSlotNames()).toEqual(["m", "v"]);
    expect(adam.getSlot(v, "m")!.name).toBe("v/Adam:0");
    expect(adam.getSlot(v, "v")!.name).toBe("v/Adam_1:0");
    expect(momentum.getSlot(v, "momentum")!.name).toBe("v/Momentum:0");
    expect(adam.variables(graph).map(({ name }) => name)).toEqual([
      "beta1_power:0",
      "beta2_power:0",
      "v/Adam:0",
      "v/Adam_1:0",
    ]);
  });

  it("counts steps, applies constraints, takes gradients that were changed", async () => {
    const [[v, step, train], graph] = build(() => {
      const variable = new Variable(constant([1, 4]), {
        constraint: (value) => convertToTensor(operator.mul(value, 0.5)),
      });
      const value = reduceSum(square(variable));
      const globalStepVariable = getOrCreateGlobalStep() as Variable;
      const optimizer = new GradientDescentOptimizer(1);
      const grads = optimizer.computeGradients(value, { varList: [variable] });
      const clipped = grads.map(([grad, of]) => [clipByValue(grad as Tensor, -1, 1), of] as const);
      return [
        variable,
        globalStepVariable,
        optimizer.applyGradients(clipped, { globalStep: globalStepVariable }),
      ] as const;
    });
    const session = new MiniSession(graph);
    await session.run([globalVariablesInitializer(graph)]);
    await session.run([train]);
    expect(numbers(session.variables.get(v.op)!)).toEqual([0, 1.5]);
    const stepTensor = getGlobalStep(graph)!;
    expect(await globalStep({ run: (fetch) => session.fetch(fetch) }, stepTensor)).toBe(1);
    expect(stepTensor).toBe(step);
  });

  it("refuses, in TensorFlow's words", () => {
    build(() => {
      const optimizer = new GradientDescentOptimizer(0.1);
      expect(failure(() => optimizer.minimize(constant(1)))).toBe(
        "INVALID_ARGUMENT: No variables to optimize.",
      );
      const v = new Variable(constant(0), { name: "v" });
      expect(failure(() => optimizer.minimize(constant(1, { name: "Const_9" })))).toBe(
        `INVALID_ARGUMENT: No gradients provided for any variable, check your graph for ops that do not support gradients, between variables ["<tf.Variable 'v:0' shape=() dtype=float32_ref>"] and loss Tensor("Const_9:0", shape=(), dtype=float32).`,
      );
      expect(failure(() => optimizer.applyGradients([]))).toBe("INVALID_ARGUMENT: No variables provided.");
      expect(failure(() => optimizer.applyGradients([[undefined, v]]))).toMatch(
        /^INVALID_ARGUMENT: No gradients provided/,
      );
      expect(failure(() => optimizer.minimize(constant(1, "int32")))).toMatch(
        /^TypeError: Invalid type int32 for /,
      );
      expect(failure(() => new AdagradOptimizer(0.1, { initialAccumulatorValue: 0 }))).toBe(
        "TypeError: initial_accumulator_value must be positive: 0",
      );
      expect(failure(() => new FtrlOptimizer(0.1, { learningRatePower: 0.5 }))).toBe(
        "TypeError: learning_rate_power 0.500000 needs to be negative or zero",
      );
    });
  });
});

describe("clipping", () => {
  it("bounds values, norms and the norm of all", async () => {
    const [fetches, graph] = build(() => {
      const [a, b] = [constant([3, 4]), constant([0, 12])];
      const { clipped, globalNorm } = clipByGlobalNorm([a, undefined, b], 6.5);
      return [
        clipByValue(a, 1, 3.5),
        clipByNorm(a, 1),
        clipByNorm(constant([0, 0]), 1),
        clipByNorm(
          constant([
            [3, 4],
            [0.3, 0.4],
          ]),
          1,
          { axes: [1] },
        ),
        clipByAverageNorm(a, 0.5),
        clipped[0]!,
        clipped[2]!,
        globalNorm,
      ];
    });
    const made = (await new MiniSession(graph).run(fetches)).map(numbers);
    const expected = [[3, 3.5], [0.6, 0.8], [0, 0], [0.6, 0.8, 0.3, 0.4], [0.6, 0.8], [1.5, 2], [0, 6], [13]];
    made.forEach((values, i) => {
      values.forEach((x, j) => {
        expect(x).toBeCloseTo(expected[i]![j]!, 5);
      });
    });
  });

  it("keeps rows as rows", () => {
    build(() => {
      const v = new Variable(
        constant([
          [1, 2],
          [3, 4],
        ]),
      );
      const [grad] = gradients(reduceSum(embeddingLookup(v, constant([1], "int32"))), [v]);
      const clipped = clipByNorm(grad as IndexedSlices, 1);
      expect(clipped.indices).toBe((grad as IndexedSlices).indices);
    });
  });
});

describe("learning rates", () => {
  it.each([
    ["exponentialDecay", (s: Tensor) => exponentialDecay(0.5, s, 10, 0.9), 0.5 * 0.9 ** 2.5],
    [
      "exponentialDecay in steps",
      (s: Tensor) => exponentialDecay(0.5, s, 10, 0.9, { staircase: true }),
      0.5 * 0.9 ** 2,
    ],
    ["naturalExpDecay", (s: Tensor) => naturalExpDecay(0.5, s, 10, 0.3), 0.5 * Math.exp(-0.3 * 2.5)],
    ["inverseTimeDecay", (s: Tensor) => inverseTimeDecay(0.5, s, 10, 0.3), 0.5 / (1 + 0.3 * 2.5)],
    [
      "polynomialDecay",
      (s: Tensor) => polynomialDecay(0.5, s, 100, { power: 2, endLearningRate: 0.1 }),
      0.4 * 0.75 ** 2 + 0.1,
    ],
    [
      "cosineDecay",
      (s: Tensor) => cosineDecay(0.5, s, 100, { alpha: 0.1 }),
      0.5 * (0.9 * 0.5 * (1 + Math.cos(Math.PI / 4)) + 0.1),
    ],
    [
      "linearCosineDecay",
      (s: Tensor) => linearCosineDecay(0.5, s, 100),
      0.5 * (0.75 * 0.5 * (1 + Math.cos(Math.PI / 4)) + 0.001),
    ],
  ])("%s", async (_, decay, expected) => {
    const [[step, rate], graph] = build(() => {
      const fed = placeholder("int32", []);
      return [fed, decay(fed)] as const;
    });
    const value = await new MiniSession(graph).fetch(
      rate,
      new Map([[step, ndArray("int32", [], Int32Array.of(25))]]),
    );
    expect(numbers(value)[0]).toBeCloseTo(expected, 5);
  });
});

describe("ExponentialMovingAverage", () => {
  it("follows a variable, and a tensor without its zero start", async () => {
    const [[v, ema, averages, x, update], graph] = build(() => {
      const variable = new Variable(constant([1, 2]), { name: "v" });
      const tensor = operator.mul(variable, 10);
      const [slow, debiased] = [
        new ExponentialMovingAverage(0.5),
        new ExponentialMovingAverage(0.5, { zeroDebias: true, name: "debiased" }),
      ];
      return [variable, slow, debiased, tensor, [slow.apply([variable]), debiased.apply([tensor])]] as const;
    });
    const session = new MiniSession(graph);
    await session.run([globalVariablesInitializer(graph).graph.findOperation("v/Assign")!]);
    // The shadow starts as the variable does; the conditional that its initializer asks is left out here.
    session.variables.set(ema.average(v)!.op, ndArray("float32", [2], Float32Array.of(3, 6)));
    for (const variable of graph.getCollection("variables") as Variable[])
      if (!session.variables.has(variable.op)) await session.run([variable.initializer]);
    await session.run(update);
    expect(numbers(session.variables.get(ema.average(v)!.op)!)).toEqual([2, 4]);
    expect(numbers(session.variables.get(averages.average(x)!.op)!)).toEqual([10, 20]);
    expect(ema.averageName(v)).toBe("v/ExponentialMovingAverage");
    expect(Object.keys(ema.variablesToRestore(undefined, graph))).toContain("v/ExponentialMovingAverage");
  });
});
