import { TfError } from "@org/errors";
import { createOpRegistry, Graph, type RegisteredOp } from "@org/graph";
import { constant, identity, noOp, operator, placeholder, reduceSum, standardOps } from "@org/ops";
import { dtypes } from "@org/tensor";
import { ResourceVariable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { createSession } from "../src/index.ts";
import { numbers, sessionOf, variable } from "./shared.ts";

const failure = async (promise: Promise<unknown>): Promise<TfError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof TfError) return error;
    throw error;
  }
  throw new Error("It did not fail");
};

describe("run", () => {
  it("mirrors the shape of the fetches", async () => {
    const { graph, session } = await sessionOf(() => {
      const a = constant([1, 2], { name: "a" });
      operator.add(a, 1, { name: "b" });
      noOp({ name: "nothing" });
    });
    const result = await session.run({
      a: "a:0",
      list: ["b:0", graph.getTensorByName("a:0")],
      op: "nothing",
    });
    expect(numbers(result.a)).toEqual([1, 2]);
    expect(numbers(result.list[0])).toEqual([2, 3]);
    expect(numbers(result.list[1])).toEqual([1, 2]);
    expect(result.op).toBe(null);
    expect(await session.run([])).toEqual([]);
  });

  it("takes feeds as a record, a Map and pairs, for any tensor", async () => {
    const { graph, session } = await sessionOf(() => {
      const x = placeholder("float32", [null], { name: "x" });
      operator.mul(operator.add(x, 1, { name: "sum" }), 2, { name: "y" });
    });
    const y = "y:0";
    expect(numbers(await session.run(y, { feeds: { "x:0": [1, 2, 3] } }))).toEqual([4, 6, 8]);
    const x = graph.getTensorByName("x:0");
    expect(numbers(await session.run(y, { feeds: new Map([[x, [5]]]) }))).toEqual([12]);
    expect(numbers(await session.run(y, { feeds: [["sum:0", [7]]] }))).toEqual([14]);
    expect(numbers(session.runSync(y, { feeds: { "x:0": [0] } }))).toEqual([2]);
  });

  it("does not hand out the graph's own arrays", async () => {
    const { session } = await sessionOf(() => void constant([1, 2], { name: "a" }));
    const first = await session.run("a:0");
    (first.data as Float32Array)[0] = 9;
    expect(numbers(await session.run("a:0"))).toEqual([1, 2]);
  });

  it("sees what the graph grows", async () => {
    const { graph, session } = await sessionOf(() => void constant(1, { name: "a" }));
    await session.run("a:0");
    graph.asDefault(() => operator.add(graph.getTensorByName("a:0"), 1, { name: "b" }));
    expect(numbers(await session.run("b:0"))).toEqual([2]);
  });

  it("plans once for a set of fetches and compiles nothing for a new batch size", async () => {
    const { session } = await sessionOf(() => {
      const x = placeholder("float32", [null, 2], { name: "x" });
      reduceSum(operator.mul(x, x), { axis: 0, name: "y" });
    });
    for (const batch of [1, 3, 3, 7])
      await session.run("y:0", { feeds: { "x:0": Array.from({ length: batch }, () => [1, 2]) } });
    expect(session.stats()).toMatchObject({ runs: 4, runPlans: 1, clusters: 1, clusterPlans: 3 });
    const { compiled } = session.stats();
    await session.run("y:0", {
      feeds: {
        "x:0": [
          [1, 2],
          [3, 4],
        ],
      },
    });
    expect(session.stats().compiled).toBe(compiled);
  });

  it("lets timers go on in a loop of runs", async () => {
    const { session } = await sessionOf(() => void operator.add(constant(1), 1, { name: "b" }));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const until = performance.now() + 10_000;
    while (ticks < 3 && performance.now() < until) await session.run("b:0");
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });
});

describe("errors", () => {
  it("says which placeholder is not fed", async () => {
    const { session } = await sessionOf(() => {
      identity(placeholder("float32", [2], { name: "p" }), { name: "i" });
    });
    const error = await failure(session.run("i:0"));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.sentence).toBe(
      "You must feed a value for placeholder tensor 'p' with dtype float and shape [2]",
    );
    const shape = await failure(session.run("i:0", { feeds: { "p:0": [1, 2, 3] } }));
    expect(shape.sentence).toBe("Cannot feed value of shape (3,) for Tensor 'p:0', which has shape '(2,)'");
  });

  it("names what cannot be fetched", async () => {
    const { session } = await sessionOf(() => void constant(1, { name: "a" }));
    const error = await failure(session.run("b:0"));
    expect(error.sentence).toBe(
      "Fetch argument 'b:0' cannot be interpreted as a Tensor. (\"The name 'b:0' refers to a Tensor which does not exist. The operation, 'b', does not exist in the graph.\")",
    );
    await expect(session.run(3 as never)).rejects.toThrow(TypeError);
  });

  it("lists everything that cannot run at once", async () => {
    const text = { type: dtypes.string.number };
    const stranger = (name: string) => ({
      opDef: { name, inputArg: [{ name: "x", ...text }], outputArg: [{ name: "y", ...text }] },
      origin: "test",
    });
    const strangers = [stranger("FirstStranger"), stranger("SecondStranger")];
    const graph = new Graph({ ops: createOpRegistry<RegisteredOp>(standardOps, strangers) });
    const session = await createSession(graph);
    graph.asDefault(() => {
      const [key] = graph.createOp("FirstStranger", [constant("a")], { name: "s1" }).outputs;
      graph.createOp("SecondStranger", [key!], { name: "r" });
    });
    const error = await failure(session.run("r:0"));
    expect(error.code).toBe("UNIMPLEMENTED");
    expect(error.sentence).toContain("FirstStranger (s1)");
    expect(error.sentence).toContain("SecondStranger (r)");
  });

  it("refuses an empty graph and a closed session", async () => {
    const empty = await createSession(new Graph({ ops: standardOps }));
    expect((await failure(empty.run([]))).sentence).toMatch(/^The Session graph is empty\. {2}Add/);
    await empty.close();
    expect((await failure(empty.run([]))).sentence).toBe("Attempted to use a closed Session.");
  });

  it("puts the node in what a lowering says", async () => {
    const { session } = await sessionOf(() => {
      const a = placeholder("float32", null, { name: "a" });
      operator.add(a, placeholder("float32", null, { name: "b" }), { name: "sum" });
    });
    const error = await failure(session.run("sum:0", { feeds: { "a:0": [1, 2], "b:0": [1, 2, 3] } }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", place: { node: "sum" } });
    expect(error.sentence).toBe("Incompatible shapes: [2] vs. [3]");
  });

  it("ends with CANCELLED where the signal says so", async () => {
    const { session } = await sessionOf(() => void constant(1, { name: "a" }));
    expect((await failure(session.run("a:0", { signal: AbortSignal.abort() }))).code).toBe("CANCELLED");
  });
});

describe("variables", () => {
  it("keep their values between runs, and their name in the error before", async () => {
    const { session } = await sessionOf((graph) => {
      const w = variable(graph, "w", [2], constant([1, 2]));
      graph.createOp("AssignAdd", [w, constant([10, 10])], { name: "add" });
      identity(w, { name: "read" });
    });
    const error = await failure(session.run("read:0"));
    expect(error).toMatchObject({
      code: "FAILED_PRECONDITION",
      sentence: "Attempting to use uninitialized value w",
    });
    await session.run([], { targets: ["w/Assign"] });
    expect(numbers(await session.run("w:0"))).toEqual([1, 2]);
    expect(numbers(await session.run("add:0"))).toEqual([11, 12]);
    expect(numbers(await session.run("w:0"))).toEqual([11, 12]);
  });

  it("are read before they are written, but for a fetch of the variable itself", async () => {
    const { session } = await sessionOf((graph) => {
      const w = variable(graph, "w", [], constant(1));
      graph.createOp("AssignAdd", [w, constant(1)], { name: "add" });
      identity(w, { name: "read" });
    });
    await session.run("w/Assign");
    const [read, w] = await session.run(["read:0", "w:0"], { targets: ["add"] });
    expect([numbers(read), numbers(w)]).toEqual([[1], [2]]);
  });

  it("behind resources are fetched through the read that they were built with", async () => {
    const graph = new Graph({ ops: standardOps });
    const w = new ResourceVariable([1, 2], { graph, dtype: "float32" });
    const session = await createSession(graph);
    await session.run([], { targets: [w.initializer] });
    const before = graph.getOperations().length;
    expect(numbers(await session.run(w))).toEqual([1, 2]);
    expect(graph.getOperations()).toHaveLength(before);
  });

  it("are written in place, and copied where somebody still has the old value", async () => {
    const { session } = await sessionOf((graph) => {
      const w = variable(graph, "w", [4], constant([1, 2, 3, 4]));
      graph.createOp("AssignAdd", [w, constant([1, 1, 1, 1])], { name: "add" });
      identity(w, { name: "old" });
      graph.createOp("Assign", [variable(graph, "v", [4], constant([0, 0, 0, 0])), w], { name: "share" });
    });
    await session.run("w/Assign");
    await session.run("add");
    expect(numbers(await session.run("old:0", { targets: ["add"] }))).toEqual([2, 3, 4, 5]);
    await session.run("share");
    await session.run("add");
    expect(numbers(await session.run("v:0"))).toEqual([3, 4, 5, 6]);
    expect(numbers(await session.run("w:0"))).toEqual([4, 5, 6, 7]);
  });

  it("of a run that fails keep their last values", async () => {
    const { session } = await sessionOf((graph) => {
      const w = variable(graph, "w", [5], constant([1, 2, 3, 4, 5]));
      const ids = placeholder("int32", [null], { name: "ids" });
      const row = graph.createOp("GatherV2", [constant([1, 2, 3, 4, 5]), ids, constant(0, "int32")], {
        name: "g",
      });
      graph.createOp("AssignAdd", [w, operator.mul(w, reduceSum(row.outputs[0]!))], { name: "add" });
    });
    await session.run("w/Assign");
    await session.run("add", { feeds: { "ids:0": [0] } });
    const error = await failure(session.run("add", { feeds: { "ids:0": [0, 1, 7] } }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", place: { node: "g" } });
    expect(error.sentence).toBe("indices[2] = 7 is not in [0, 5)");
    expect(numbers(await session.run("w:0"))).toEqual([2, 4, 6, 8, 10]);
  });

  it("and buffers do not grow over a thousand runs", async () => {
    const { session } = await sessionOf((graph) => {
      const w = variable(graph, "w", [3], constant([1, 2, 3]));
      const x = placeholder("float32", [null, 3], { name: "x" });
      graph.createOp("AssignSub", [w, reduceSum(operator.mul(x, w), { axis: 0 })], { name: "train" });
    });
    await session.run("w/Assign");
    const feeds = { "x:0": [[0.1, 0.2, 0.3]] };
    await session.run("train", { feeds });
    const { buffers, bytesInUse } = session.stats();
    for (let i = 0; i < 1000; i++) await session.run(["train", "w:0"], { feeds });
    expect(session.stats()).toMatchObject({ buffers, bytesInUse });
  });
});

it("plans a step with a symbolic batch size as one cluster", async () => {
  const { gradients, matmul, reduceMean, square } = await import("@org/ops");
  const { session } = await sessionOf((graph) => {
    const w = variable(
      graph,
      "w",
      [2, 3],
      constant([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    const x = placeholder("float32", [null, 2], { name: "x" });
    const loss = reduceMean(square(operator.add(matmul(x, w), constant([1, 2, 3]))), { name: "loss" });
    const [dw] = gradients(loss, [w]);
    graph.createOp("ApplyGradientDescent", [w, constant(0.1), dw as never], { name: "train" });
  });
  await session.run("w/Assign");
  await session.run("loss:0", {
    feeds: {
      "x:0": [
        [1, 2],
        [5, 6],
        [0, 0],
      ],
    },
    targets: ["train"],
  });
  const before = session.stats();
  await session.run("loss:0", {
    feeds: {
      "x:0": [
        [1, 2],
        [3, 4],
      ],
    },
    targets: ["train"],
  });
  const after = session.stats();
  expect(after.clusterPlans - before.clusterPlans).toBe(1);
  expect(after.hostKernels).toBe(0);
  expect(after.compiled).toBe(before.compiled);
});
