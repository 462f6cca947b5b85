// Gradients of calls, and of conditionals and loops over functions; those that programs give.
import type { Graph, Tensor } from "@org/graph";
import {
  constant,
  customGradient,
  defun,
  gradients,
  identity,
  operator,
  placeholder,
  reduceSum,
  tanh,
} from "@org/ops";
import { describe, expect, it } from "vitest";
import { backends, node } from "./function-nodes.ts";
import { numbers, sessionOf } from "./shared.ts";

const { add, mul } = operator;

describe.each(backends)("on the %s, functions", (_, options) => {
  it("have gradients: of calls, of calls in calls, of conditionals", async () => {
    const { session } = await sessionOf((graph) => {
      const x = placeholder("float32", [2], { name: "x" });
      const p = placeholder("bool", [], { name: "p" });
      const f = defun({ a: "float32", b: "float32" }, (a, b) => [mul(a, mul(a, b)), tanh(b)] as const, {
        funcName: "F",
      });
      const g = defun({ a: "float32" }, (a) => f(a, mul(a, 2))[0], { funcName: "G" });
      const h = defun({ a: "float32" }, (a) => mul(a, 7), { funcName: "H" });
      const [y] = node(graph, "If", [p, [g(x)]], { then_branch: g, else_branch: h }, { Tout: ["float32"] });
      identity(gradients(reduceSum(g(x)), [x])[0] as Tensor, { name: "direct" });
      identity(gradients(reduceSum(y!), [x])[0] as Tensor, { name: "branch" });
    }, options);
    // g(x) = 2 x^3; g(g(x)) = 16 x^9.
    const feeds = (p: boolean) => ({ "x:0": [1, -2], "p:0": p });
    expect(numbers(await session.run("direct:0", { feeds: feeds(true) }))).toEqual([6, 24]);
    expect(numbers(await session.run("branch:0", { feeds: feeds(true) }))).toEqual([144, 144 * 256]);
    expect(numbers(await session.run("branch:0", { feeds: feeds(false) }))).toEqual([42, 168]);
    await session.close();
  });

  it("have gradients of loops, within branches and calls too", async () => {
    const { session, graph } = await sessionOf((graph) => {
      const x = placeholder("float32", [2], { name: "x" });
      const n = placeholder("int32", [], { name: "n" });
      const types = { i: "int32", n: "int32", a: "float32", b: "float32" } as const;
      const cond = defun(types, (i, n) => operator.lt(i, n), { funcName: "Cond" });
      const body = defun(types, (i, n, a, b) => [add(i, constant(1, "int32")), n, mul(a, b), b] as const, {
        funcName: "Body",
      });
      const loop = (own: Graph, a: Tensor, b: Tensor, times: Tensor): Tensor =>
        node(own, "While", [[constant(0, "int32"), times, a, b]], { cond, body })[2]!;
      // x * (2 x)^n
      const power = loop(graph, x, mul(x, 2), n);
      identity(gradients(reduceSum(power), [x])[0] as Tensor, { name: "direct" });
      const inside = defun({ a: "float32", n: "int32" }, (a, n) => loop(a.graph, a, a, n), {
        funcName: "Inside",
      });
      const other = defun({ a: "float32", n: "int32" }, (a) => mul(a, 5), { funcName: "Other" });
      const chosen = node(
        graph,
        "If",
        [operator.gt(n, constant(0, "int32")), [x, n]],
        { then_branch: inside, else_branch: other },
        { Tout: ["float32"] },
      );
      identity(gradients(reduceSum(chosen[0]!), [x])[0] as Tensor, { name: "nested" });
    }, options);
    const functions = graph.library.names();
    const feeds = (n: number) => ({ "x:0": [1, -2], "n:0": n });
    // (n + 1) (2 x)^n, and (n + 1) x^n
    expect(numbers(await session.run("direct:0", { feeds: feeds(2) }))).toEqual([12, 48]);
    expect(numbers(await session.run("direct:0", { feeds: feeds(0) }))).toEqual([1, 1]);
    expect(numbers(await session.run("nested:0", { feeds: feeds(3) }))).toEqual([4, -32]);
    expect(numbers(await session.run("nested:0", { feeds: feeds(0) }))).toEqual([5, 5]);
    // Running adds nothing to the graph.
    expect(graph.library.names()).toEqual(functions);
    await session.close();
  });
});

describe("gradients that programs give", () => {
  it("are built for calls of a function, and for a piece of a graph", async () => {
    const { session } = await sessionOf(() => {
      const x = placeholder("float32", [], { name: "x" });
      const f = defun({ x: "float32" }, (x) => mul(x, x), {
        funcName: "F",
        pythonGradFunc: (_, [dy]) => [mul(dy as Tensor, 100)],
      });
      const clipped = customGradient((x: Tensor) => [mul(x, 2), (dy) => mul(dy, -1)] as const);
      identity(gradients(f(x), x)[0] as Tensor, { name: "call" });
      identity(gradients(clipped(x), x)[0] as Tensor, { name: "piece" });
      identity(clipped(x), { name: "value" });
    });
    const values = await session.run(["call:0", "piece:0", "value:0"], { feeds: { "x:0": 4 } });
    expect(values.map(numbers)).toEqual([[100], [-1], [8]]);
    await session.close();
  });
});
