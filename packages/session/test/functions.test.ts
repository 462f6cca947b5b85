// Functions in a run: calls, conditionals and loops over functions, recursion, state.
import type { Graph, Tensor } from "@org/graph";
import {
  constant,
  defun,
  equal,
  gradients,
  identity,
  matmul,
  operator,
  placeholder,
  reduceSum,
} from "@org/ops";
import type { IFunctionDef } from "@org/proto";
import { ResourceVariable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { backends, failureOf, graphOf, node } from "./function-nodes.ts";
import { numbers, sessionOf } from "./shared.ts";

const { add, mul, sub } = operator;

describe.each(backends)("functions on the %s", (_, options) => {
  it("are called by their name, within each other, with what they capture", async () => {
    const { session } = await sessionOf(() => {
      const x = placeholder("float32", [2], { name: "x" });
      const outside = constant(5);
      const affine = defun({ x: "float32" }, (x) => add(mul(2, x), outside), { funcName: "Affine" });
      const twice = defun({ x: "float32" }, (x) => [affine(affine(x)), x] as const, { funcName: "Twice" });
      const [y, same] = twice(add(x, 0), { name: "call" });
      identity(y, { name: "y" });
      identity(same, { name: "same" });
    }, options);
    const feeds = { "x:0": [1, 2] };
    const [y, same, direct] = await session.run(["y:0", "same:0", "call:0"], { feeds });
    expect([y, same, direct].map(numbers)).toEqual([
      [19, 23],
      [1, 2],
      [19, 23],
    ]);
    expect(session.stats().clusters).toBe(1);
    await session.close();
  });

  it("are fed in the middle", async () => {
    const { session } = await sessionOf(() => {
      const f = defun({ x: "float32" }, (x) => mul(x, 3), { funcName: "F" });
      f(f(placeholder("float32", [], { name: "x" }), { name: "inner" }), { name: "outer" });
    }, options);
    expect(numbers(await session.run("outer:0", { feeds: { "inner:0": 7 } }))).toEqual([21]);
    await session.close();
  });

  it("take other shapes at each call", async () => {
    const { session } = await sessionOf(() => {
      const f = defun({ x: "float32" }, (x) => matmul(x, x, { transposeB: true }), { funcName: "Gram" });
      identity(f(placeholder("float32", null, { name: "x" })), { name: "y" });
    }, options);
    expect(numbers(await session.run("y:0", { feeds: { "x:0": [[1, 2]] } }))).toEqual([5]);
    expect(numbers(await session.run("y:0", { feeds: { "x:0": [[1], [2]] } }))).toEqual([1, 2, 2, 4]);
    await session.close();
  });

  it("PartitionedCall and its kin run what their attribute names", async () => {
    const { session } = await sessionOf((graph) => {
      const x = placeholder("float32", [], { name: "x" });
      const f = defun({ a: "float32", b: "int32" }, (a, b) => [b, mul(a, a)] as const, { funcName: "F" });
      const Tout = ["int32", "float32"];
      for (const type of ["PartitionedCall", "StatefulPartitionedCall"])
        node(graph, type, [[x, constant(4, "int32")]], { f }, { Tout });
    }, options);
    for (const type of ["PartitionedCall", "StatefulPartitionedCall"]) {
      const values = await session.run([`${type}:0`, `${type}:1`], { feeds: { "x:0": 3 } });
      expect(values.map(numbers)).toEqual([[4], [9]]);
    }
    await session.close();
  });

  it("act when they are called, and are waited for", async () => {
    const { session, graph } = await sessionOf((graph) => {
      const counter = new ResourceVariable(constant(0), { graph, name: "counter" });
      const count = defun(
        { h: "resource" },
        (h) => {
          graphOf(h).createOp("AssignAddVariableOp", [h, constant(1)]);
        },
        { funcName: "Count" },
      );
      const twice = defun(
        { h: "resource" },
        (h) => {
          count(h);
          return graphOf(h).controlDependencies([count(h)], () => constant(7));
        },
        { funcName: "Twice" },
      );
      identity(counter.readValue(), { name: "now" });
      const called = count(counter.handle, { name: "once" });
      graph.controlDependencies([called], () => identity(counter.readValue(), { name: "after_once" }));
      const seven = twice(counter.handle, { name: "twice" });
      graph.controlDependencies([seven], () => identity(counter.readValue(), { name: "after_twice" }));
    }, options);
    await session.run(graph.getOperationByName("counter/Assign"));
    expect(numbers(await session.run("after_once:0"))).toEqual([1]);
    expect(numbers(await session.run("after_twice:0"))).toEqual([3]);
    expect(numbers(await session.run("twice:0"))).toEqual([7]);
    await session.run("once");
    expect(numbers(await session.run("now:0"))).toEqual([6]);
    await session.close();
  });

  it("If takes one branch, and what acts in the other does not", async () => {
    const { session, graph } = await sessionOf((graph) => {
      const p = placeholder("bool", [], { name: "p" });
      const x = placeholder("float32", [], { name: "x" });
      const counter = new ResourceVariable(constant(0), { graph, name: "counter" });
      const yes = defun(
        { x: "float32", h: "resource" },
        (x, h) => {
          graphOf(h).createOp("AssignAddVariableOp", [h, constant(1)]);
          return mul(x, 10);
        },
        { funcName: "Yes" },
      );
      const no = defun({ x: "float32", h: "resource" }, (x) => sub(0, x), { funcName: "No" });
      const [y] = node(
        graph,
        "If",
        [p, [x, counter.handle]],
        { then_branch: yes, else_branch: no },
        { Tout: ["float32"] },
      );
      identity(y!, { name: "y" });
      identity(counter.readValue(), { name: "count" });
    }, options);
    await session.run(graph.getOperationByName("counter/Assign"));
    for (const [p, want] of [
      [true, 20],
      [false, -2],
      [true, 20],
    ] as const)
      expect(numbers(await session.run("y:0", { feeds: { "p:0": p, "x:0": 2 } }))).toEqual([want]);
    expect(numbers(await session.run("count:0"))).toEqual([2]);
    await session.run("If", { feeds: { "p:0": true, "x:0": 2 } });
    expect(numbers(await session.run("count:0"))).toEqual([3]);
    await session.close();
  });

  it.each([
    [3, 1],
    [0, 2],
    [new Float32Array([]), 2],
    [[0], 1],
    ["", 2],
    ["no", 1],
  ])("a condition of %j is %i", async (value, want) => {
    const dtype = typeof value === "string" ? "string" : "float32";
    const { session } = await sessionOf((graph) => {
      const of = (n: number, funcName: string) => defun([], () => constant(n), { funcName });
      const branches = { then_branch: of(1, "One"), else_branch: of(2, "Two") };
      node(graph, "StatelessIf", [placeholder(dtype, null, { name: "c" }), []], branches, {
        Tout: ["float32"],
      });
    }, options);
    expect(numbers(await session.run("StatelessIf:0", { feeds: { "c:0": value } }))).toEqual([want]);
    await session.close();
  });

  it("Case takes the branch of an index, and the last one for others; so does its gradient", async () => {
    const { session } = await sessionOf((graph) => {
      const at = placeholder("int32", [], { name: "at" });
      const x = placeholder("float32", [], { name: "x" });
      const branches = [1, 10, 100].map((factor) => {
        const fn = defun({ x: "float32" }, (x) => mul(mul(x, x), factor), { funcName: `Times${factor}` });
        fn.addToGraph(graph);
        return { func: fn.funcName };
      });
      const attrs = { branches, Tout: ["float32"] };
      const made = graph.createOp("Case", [at, [x]], { name: "case", attrs });
      identity(gradients(made.outputs[0]!, x)[0] as Tensor, { name: "gradient" });
    }, options);
    const runs = [0, 1, 2, 3, -1].map((at) =>
      session.run(["case:0", "gradient:0"], { feeds: { "at:0": at, "x:0": 3 } }),
    );
    expect((await Promise.all(runs)).map((pair) => pair.flatMap(numbers))).toEqual([
      [9, 6],
      [90, 60],
      [900, 600],
      [900, 600],
      [900, 600],
    ]);
    await session.close();
  });

  it("While repeats its body, with variables behind handles", async () => {
    const { session, graph } = await sessionOf((graph) => {
      const n = placeholder("int32", [], { name: "n" });
      const total = new ResourceVariable(constant(0), { graph, name: "total" });
      const types = { i: "int32", n: "int32", x: "float32", h: "resource" } as const;
      const cond = defun(types, (i, n) => operator.lt(i, n), { funcName: "Cond" });
      const body = defun(
        types,
        (i, n, x, h) => {
          const grown = mul(x, 2);
          graphOf(h).createOp("AssignAddVariableOp", [h, reduceSum(grown)]);
          return [add(i, constant(1, "int32")), n, grown, h] as const;
        },
        { funcName: "Body" },
      );
      const inputs = [constant(0, "int32"), n, constant([1, 1]), total.handle];
      node(graph, "While", [inputs], { cond, body });
      identity(total.readValue(), { name: "sum" });
    }, options);
    await session.run(graph.getOperationByName("total/Assign"));
    const values = await session.run(["While:0", "While:1", "While:2"], { feeds: { "n:0": 3 } });
    expect(values.map(numbers)).toEqual([[3], [3], [8, 8]]);
    expect(numbers(await session.run("sum:0"))).toEqual([4 + 8 + 16]);
    expect(numbers(await session.run("While:2", { feeds: { "n:0": 0 } }))).toEqual([1, 1]);
    await session.close();
  });

  it("a While within an If within a While", async () => {
    const { session } = await sessionOf((graph) => {
      const below = (limit: number, funcName: string) =>
        defun({ i: "int32", x: "float32" }, (i) => operator.lt(i, constant(limit, "int32")), { funcName });
      const inner = defun(
        { i: "int32", x: "float32" },
        (i, x) => [add(i, constant(1, "int32")), add(x, 1)] as const,
        { funcName: "Inner" },
      );
      const yes = defun(
        { x: "float32" },
        (x) => {
          const own = x.graph;
          return node(own, "StatelessWhile", [[constant(0, "int32"), x]], {
            cond: below(4, "Below4"),
            body: inner,
          })[1]!;
        },
        { funcName: "Loop" },
      );
      const no = defun({ x: "float32" }, (x) => mul(x, 10), { funcName: "Tenfold" });
      const outer = defun(
        { i: "int32", x: "float32" },
        (i, x) => {
          const odd = equal(operator.mod(i, constant(2, "int32")), constant(1, "int32"));
          const [y] = node(
            x.graph,
            "StatelessIf",
            [odd, [x]],
            { then_branch: yes, else_branch: no },
            { Tout: ["float32"] },
          );
          return [add(i, constant(1, "int32")), y!] as const;
        },
        { funcName: "Outer" },
      );
      node(graph, "While", [[constant(0, "int32"), constant(1)]], { cond: below(3, "Below3"), body: outer });
    }, options);
    // 1 * 10, + 4, * 10
    expect(numbers(await session.run("While:1"))).toEqual([140]);
    await session.close();
  });

  it("call themselves", async () => {
    const { session } = await sessionOf((graph) => {
      addFactorial(graph);
      graph.createOp("Factorial", [placeholder("float32", [], { name: "n" })], { name: "fact" });
    }, options);
    expect(numbers(await session.run("fact:0", { feeds: { "n:0": 5 } }))).toEqual([120]);
    expect(numbers(await session.run("fact:0", { feeds: { "n:0": 1 } }))).toEqual([1]);
    expect(await failureOf(() => session.run("fact:0", { feeds: { "n:0": 1e6 } }))).toMatch(
      /^RESOURCE_EXHAUSTED: Function calls lie more than 1000 deep in each other/,
    );
    expect(numbers(await session.run("fact:0", { feeds: { "n:0": 3 } }))).toEqual([6]);
    await session.close();
  });
});

/** Factorial(n): if (n > 1) n * Factorial(n - 1), else n. */
function addFactorial(graph: Graph): void {
  const float = { type: 1 };
  const one = { tensor: { dtype: 1, tensorShape: {}, floatVal: [1] } };
  const def = (name: string, nodeDef: IFunctionDef["nodeDef"], r: string): void =>
    graph.addFunction({
      signature: { name, inputArg: [{ name: "n", ...float }], outputArg: [{ name: "r", ...float }] },
      nodeDef: [{ name: "one", op: "Const", attr: { dtype: float, value: one } }, ...nodeDef!],
      ret: { r },
    });
  const binary = (name: string, op: string, a: string, b: string) => ({
    name,
    op,
    input: [a, b],
    attr: { T: float },
  });
  def("End", [], "n");
  def(
    "Step",
    [
      binary("less", "Sub", "n", "one:output:0"),
      { name: "again", op: "Factorial", input: ["less:z:0"], attr: {} },
      binary("product", "Mul", "n", "again:r:0"),
    ],
    "product:z:0",
  );
  const branch = (name: string) => ({ func: { name } });
  const types = { list: { type: [1] } };
  const attr = {
    Tcond: { type: 10 },
    Tin: types,
    Tout: types,
    then_branch: branch("Step"),
    else_branch: branch("End"),
  };
  def(
    "Factorial",
    [
      binary("greater", "Greater", "n", "one:output:0"),
      { name: "if", op: "If", input: ["greater:z:0", "n"], attr },
    ],
    "if:output:0",
  );
}
