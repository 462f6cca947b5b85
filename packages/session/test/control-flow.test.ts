import type { Graph, Tensor } from "@org/graph";
import { constant, identity, operator, placeholder } from "@org/ops";
import { describe, expect, it } from "vitest";
import { numbers, sessionOf, variable } from "./shared.ts";

const one = (
  graph: Graph,
  type: string,
  inputs: (Tensor | Tensor[])[],
  options: object = {},
): readonly Tensor[] => graph.createOp(type, inputs, options).outputs;

/** while (i < limit) { i += 1; x *= 2 } with names of its own. */
function doubling(graph: Graph, limit: Tensor, start: Tensor, frame = "loop"): { i: Tensor; x: Tensor } {
  const attrs = { frame_name: frame };
  const i0 = one(graph, "Enter", [graph.controlDependencies([limit], () => constant(0, "int32"))], {
    attrs,
  })[0]!;
  const x0 = one(graph, "Enter", [start], { attrs })[0]!;
  const n = one(graph, "Enter", [limit], { attrs: { ...attrs, is_constant: true } })[0]!;
  // Back edges are put in when the body is there.
  const [i] = one(graph, "Merge", [[i0, i0]]);
  const [x] = one(graph, "Merge", [[x0, x0]]);
  const going = one(graph, "LoopCond", [one(graph, "Less", [i!, n])[0]!])[0]!;
  const [iOut, iIn] = one(graph, "Switch", [i!, going]);
  const [xOut, xIn] = one(graph, "Switch", [x!, going]);
  const by = graph.controlDependencies([identity(iIn!)], () => constant(1, "int32"));
  const nextI = one(graph, "NextIteration", [operator.add(iIn!, by)])[0]!;
  const nextX = one(graph, "NextIteration", [operator.mul(xIn!, 2)])[0]!;
  i!.op.updateInput(1, nextI);
  x!.op.updateInput(1, nextX);
  return { i: one(graph, "Exit", [iOut!])[0]!, x: one(graph, "Exit", [xOut!])[0]! };
}

describe("cond", () => {
  it("takes one branch and leaves the other dead", async () => {
    const { session } = await sessionOf((graph) => {
      const p = placeholder("bool", [], { name: "p" });
      const x = placeholder("float32", [2], { name: "x" });
      const [no, yes] = one(graph, "Switch", [x, p], { name: "s" });
      const then = operator.mul(operator.add(yes!, 1), 10, { name: "then" });
      const otherwise = operator.neg(no!, { name: "else" });
      const pivot = identity(one(graph, "Switch", [p, p])[0]!);
      graph.controlDependencies([pivot], () => constant([0, 0], { name: "in_else" }));
      one(graph, "Merge", [[otherwise, then]], { name: "m" });
      one(graph, "Merge", [[graph.getTensorByName("in_else:0"), then]], { name: "m2" });
    });
    const feeds = (p: boolean) => ({ "p:0": p, "x:0": [1, 2] });
    const fetches = ["m:0", "m:1", "m2:0"] as const;
    expect((await session.run(fetches, { feeds: feeds(true) })).map(numbers)).toEqual([
      [20, 30],
      [1],
      [20, 30],
    ]);
    expect((await session.run(fetches, { feeds: feeds(false) })).map(numbers)).toEqual([
      [-1, -2],
      [0],
      [0, 0],
    ]);
    await expect(session.run("then:0", { feeds: feeds(false) })).rejects.toThrow(
      "Retval[0] does not have value",
    );
  });

  it("assigns a variable in the taken branch only", async () => {
    const { session } = await sessionOf((graph) => {
      const p = placeholder("bool", [], { name: "p" });
      const w = variable(graph, "w", [], constant(1));
      const [, ref] = one(graph, "RefSwitch", [w, p]);
      one(graph, "Assign", [ref!, constant(5)], { name: "set" });
    });
    await session.run("w/Assign");
    await session.run("set", { feeds: { "p:0": false } });
    expect(numbers(await session.run("w:0"))).toEqual([1]);
    await session.run("set", { feeds: { "p:0": true } });
    expect(numbers(await session.run("w:0"))).toEqual([5]);
  });
});

describe("while", () => {
  it("iterates", async () => {
    const { session } = await sessionOf((graph) => {
      const n = placeholder("int32", [], { name: "n" });
      const { i, x } = doubling(graph, n, constant([1, 3]));
      identity(i, { name: "i" });
      operator.add(x, 0.5, { name: "x" });
    });
    for (const n of [0, 1, 5]) {
      const [i, x] = await session.run(["i:0", "x:0"], { feeds: { "n:0": n } });
      expect(numbers(i)).toEqual([n]);
      expect(numbers(x)).toEqual([2 ** n + 0.5, 3 * 2 ** n + 0.5]);
    }
    const { buffers } = session.stats();
    for (let k = 0; k < 20; k++) await session.run(["i:0", "x:0"], { feeds: { "n:0": 5 } });
    expect(session.stats().buffers).toBe(buffers);
  });

  it("on an untaken branch is dead as a whole", async () => {
    const { session } = await sessionOf((graph) => {
      const p = placeholder("bool", [], { name: "p" });
      const [no, yes] = one(graph, "Switch", [constant([1, 1]), p]);
      const { x } = doubling(graph, constant(3, "int32"), yes!);
      one(graph, "Merge", [[no!, x]], { name: "m" });
    });
    expect(numbers(await session.run("m:0", { feeds: { "p:0": true } }))).toEqual([8, 8]);
    expect(numbers(await session.run("m:0", { feeds: { "p:0": false } }))).toEqual([1, 1]);
  });

  it("nests", async () => {
    const { session } = await sessionOf((graph) => {
      const attrs = { frame_name: "outer" };
      const i0 = one(graph, "Enter", [constant(0, "int32")], { attrs })[0]!;
      const x0 = one(graph, "Enter", [constant(1)], { attrs })[0]!;
      const [i] = one(graph, "Merge", [[i0, i0]]);
      const [x] = one(graph, "Merge", [[x0, x0]]);
      const limit = one(graph, "Enter", [constant(3, "int32")], {
        attrs: { ...attrs, is_constant: true },
      })[0]!;
      const going = one(graph, "LoopCond", [one(graph, "Less", [i!, limit])[0]!])[0]!;
      const [, iIn] = one(graph, "Switch", [i!, going]);
      const [xOut, xIn] = one(graph, "Switch", [x!, going]);
      const inner = doubling(graph, iIn!, xIn!, "inner");
      const step = graph.controlDependencies([inner.x], () => constant(1, "int32"));
      i!.op.updateInput(1, one(graph, "NextIteration", [operator.add(iIn!, step)])[0]!);
      x!.op.updateInput(1, one(graph, "NextIteration", [inner.x])[0]!);
      one(graph, "Exit", [xOut!], { name: "x" });
    });
    // 2 ** (0 + 1 + 2)
    expect(numbers(await session.run("x:0"))).toEqual([8]);
  });
});
