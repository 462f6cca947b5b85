// Gradients of calls, and of conditionals and loops over functions; those that programs give.
import type { Graph, Tensor } from "@org/graph";
import {
  constant,
  customGradient,
  defun,
  floor,
  gradients,
  identity,
  operator,
  placeholder,
  randomUniform,
  reduceSum,
  tanh,
} from "@org/ops";
import { describe, expect, it } from "vitest";
import type { Session } from "../src/index.ts";
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

describe.each(backends)("on the %s, random numbers in functions", (_, options) => {
  /** x dropped here and there; its gradient is the value divided by x where nothing else is done to it. */
  const dropping = (name: string, seed?: number) =>
    defun({ x: "float32" }, (x) => mul(x, floor(add(randomUniform([6], { seed }), 0.5))), { funcName: name });
  const feeds = { "x:0": [1, 2, 3, 4, 5, 6] };
  const draws = 6;

  /** Runs `y` and `dx` beside each other again and again: dx is y / x, what was dropped changes, and so it does in runs of either alone. */
  const expectSameDraws = async (session: Session, power = 1): Promise<void> => {
    const seen = new Set<string>();
    for (let i = 0; i < draws; i++) {
      const [y, dx] = (await session.run(["y:0", "dx:0"], { feeds })).map((value) => numbers(value));
      expect(dx).toEqual(y!.map((value, at) => (power * value) / (at + 1)));
      seen.add(String(y));
      if (i % 2) await session.run(i % 3 ? "y:0" : "dx:0", { feeds });
    }
    expect(seen.size).toBeGreaterThan(1);
  };

  it.each(["If", "StatelessIf"])("are the same going back through a branch of %s", async (type) => {
    const { session } = await sessionOf((graph) => {
      const x = placeholder("float32", [6], { name: "x" });
      const yes = dropping("Yes");
      const no = defun({ x: "float32" }, (x) => mul(x, 3), { funcName: "No" });
      const [y] = node(
        graph,
        type,
        [constant(true), [x]],
        { then_branch: yes, else_branch: no },
        { Tout: ["float32"] },
      );
      identity(y!, { name: "y" });
      identity(gradients(y!, [x])[0] as Tensor, { name: "dx" });
    }, options);
    await expectSameDraws(session);
    await session.close();
  });

  it("are the same going back through calls in branches in calls, from seeds too", async () => {
    const { session } = await sessionOf(() => {
      const x = placeholder("float32", [6], { name: "x" });
      const inner = dropping("Inner", 7);
      const yes = defun({ x: "float32" }, (x) => inner(mul(x, 1)), { funcName: "Yes" });
      const no = defun({ x: "float32" }, (x) => mul(x, 3), { funcName: "No" });
      const outer = defun(
        { x: "float32" },
        (x) =>
          node(
            x.graph,
            "If",
            [constant(true), [x]],
            { then_branch: yes, else_branch: no },
            { Tout: ["float32"] },
          )[0]!,
        { funcName: "Outer" },
      );
      const y = outer(x);
      identity(y, { name: "y" });
      identity(gradients(y, [x])[0] as Tensor, { name: "dx" });
    }, options);
    await expectSameDraws(session);
    await session.close();
  });

  it("are those of each call where a function is called twice on the same", async () => {
    const { session } = await sessionOf(() => {
      const x = placeholder("float32", [6], { name: "x" });
      const f = dropping("F");
      const y = add(f(x), mul(f(x), 10));
      identity(y, { name: "y" });
      identity(gradients(y, [x])[0] as Tensor, { name: "dx" });
    }, options);
    await expectSameDraws(session);
    await session.close();
  });

  /** `turns` turns of `body`. */
  const loop = (
    graph: Graph,
    x: Tensor,
    turns: number,
    body: (x: Tensor) => Tensor,
    name: string,
  ): Tensor => {
    const types = { i: "int32", x: "float32" } as const;
    const cond = defun(types, (i) => operator.lt(i, constant(turns, "int32")), { funcName: `${name}Cond` });
    const step = defun(types, (i, own) => [add(i, constant(1, "int32")), body(own)] as const, {
      funcName: `${name}Body`,
    });
    return node(graph, "While", [[constant(0, "int32"), x]], { cond, body: step })[1]!;
  };
  /** x^2 r: y is a power of x times numbers that depend on which turn drew which, and so dy/dx is that power times y / x. */
  const squared = (x: Tensor): Tensor => mul(mul(x, x), add(randomUniform([6]), 0.5));
  const bodies: Record<string, readonly [power: number, body: (x: Tensor) => Tensor]> = {
    "a loop": [8, squared],
    "a loop in a loop": [64, (own) => loop(own.graph, own, 2, squared, "Inner")],
    "calls in a loop": [
      8,
      defun({ x: "float32" }, squared, { funcName: "Squared" }) as (x: Tensor) => Tensor,
    ],
    "a branch in a loop": [
      8,
      (own) =>
        node(
          own.graph,
          "If",
          [operator.lt(reduceSum(own), constant(5)), [own]],
          {
            then_branch: defun({ x: "float32" }, squared, { funcName: "Drawing" }),
            else_branch: defun({ x: "float32" }, (x) => mul(mul(x, x), 0.5), { funcName: "Other" }),
          },
          { Tout: ["float32"] },
        )[0]!,
    ],
  };

  it.each(Object.entries(bodies))(
    "are the same, turn by turn, going back through %s",
    async (_, [power, body]) => {
      const { session } = await sessionOf((graph) => {
        const x = placeholder("float32", [6], { name: "x" });
        const y = loop(graph, x, 3, body, "Outer");
        identity(y, { name: "y" });
        identity(gradients(y, [x])[0] as Tensor, { name: "dx" });
      }, options);
      const x = [0.8, 0.9, 1, 1.1, 1.2, 0.7];
      const seen = new Set<number>();
      for (let i = 0; i < 3; i++) {
        const [y, dx] = (await session.run(["y:0", "dx:0"], { feeds: { "x:0": x } })).map((value) =>
          numbers(value),
        );
        for (const [at, value] of y!.entries())
          expect(dx![at]! / ((power * value) / x[at]!)).toBeCloseTo(1, 4);
        seen.add(y![0]!);
        await session.run("y:0", { feeds: { "x:0": x } });
      }
      expect(seen.size).toBe(3);
      await session.close();
    },
  );
});
