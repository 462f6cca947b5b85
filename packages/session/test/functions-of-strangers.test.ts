// Functions that a file may bring: too many calls, what is missing or malformed; and host kernels that call functions.
import { createOpRegistry, Graph } from "@org/graph";
import {
  constant,
  defun,
  type FunctionCall,
  type HostContext,
  identity,
  operator,
  placeholder,
  standardOps,
} from "@org/ops";
import { ResourceVariable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { createSession } from "../src/index.ts";
import { failureOf, graphOf } from "./function-nodes.ts";
import { numbers, sessionOf } from "./shared.ts";

const { mul } = operator;

/** A library of functions F0 ... that each call the one before twice: 2^depth multiplications in all. */
function addTower(graph: Graph, depth: number): void {
  const types = { inputArg: [{ name: "x", type: 1 }], outputArg: [{ name: "y", type: 1 }] };
  const call = (name: string, op: string, input: string) => ({ name, op, input: [input], attr: {} });
  graph.addFunction({
    signature: { name: "F0", ...types },
    nodeDef: [{ name: "n", op: "Neg", input: ["x"], attr: { T: { type: 1 } } }],
    ret: { y: "n:y:0" },
  });
  for (let i = 1; i <= depth; i++)
    graph.addFunction({
      signature: { name: `F${i}`, ...types },
      nodeDef: [call("a", `F${i - 1}`, "x"), call("b", `F${i - 1}`, "a:y:0")],
      ret: { y: "b:y:0" },
    });
}

describe("functions of strangers", () => {
  it("that unfold without end take no memory for it, and end with the signal", async () => {
    const { session } = await sessionOf((graph) => {
      addTower(graph, 40);
      const x = placeholder("float32", [], { name: "x" });
      graph.createOp("F6", [x], { name: "some" });
      graph.createOp("F40", [x], { name: "all" });
    });
    expect(numbers(await session.run("some:0", { feeds: { "x:0": 3 } }))).toEqual([3]);
    const abort = new AbortController();
    const running = failureOf(() => session.run("all:0", { feeds: { "x:0": 3 }, signal: abort.signal }));
    setTimeout(() => abort.abort(), 50);
    expect(await running).toMatch(/^CANCELLED/);
    await session.close();
  }, 120_000);

  it.each([
    ["that are not there", "Nowhere", /^NOT_FOUND: Function Nowhere is not defined/],
    [
      "that have ops which nobody knows",
      "Odd",
      /^NOT_FOUND: Op type not registered 'Strange' in binary \[call\/s\]/,
    ],
    ["that are not well-formed", "Broken", /^INVALID_ARGUMENT: input z:y:0 is not found/],
    ["that fail when they run", "Fails", /^INVALID_ARGUMENT: .* \[call\/r\]/],
    ["that take something else", "Two", /^INVALID_ARGUMENT: Expected 1 arguments, but function Two has 2/],
  ])("%s: the error says so, and the session goes on", async (_, name, message) => {
    const { session } = await sessionOf((graph) => {
      const x = placeholder("float32", null, { name: "x" });
      const one = { inputArg: [{ name: "x", type: 1 }], outputArg: [{ name: "y", type: 1 }] };
      const add = (name: string, node: object, ret: string, signature: object = one): void =>
        graph.addFunction({ signature: { name, ...signature }, nodeDef: [node], ret: { y: ret } });
      add("Odd", { name: "s", op: "Strange", input: ["x"], attr: {} }, "s:y:0");
      add("Broken", { name: "n", op: "Neg", input: ["z:y:0"], attr: { T: { type: 1 } } }, "n:y:0");
      add("Fails", { name: "r", op: "MatMul", input: ["x", "x"], attr: { T: { type: 1 } } }, "r:product:0");
      add("Two", { name: "n", op: "Neg", input: ["x"], attr: { T: { type: 1 } } }, "n:y:0", {
        inputArg: [
          { name: "x", type: 1 },
          { name: "z", type: 1 },
        ],
        outputArg: one.outputArg,
      });
      graph.createOp("PartitionedCall", [[x]], {
        name: "call",
        attrs: { f: { func: name }, Tout: ["float32"] },
      });
      identity(x, { name: "fine" });
    });
    const feeds = { "x:0": [[1, 2]] };
    expect(await failureOf(() => session.run("call:0", { feeds }))).toMatch(message);
    expect(numbers(await session.run("fine:0", { feeds }))).toEqual([1, 2]);
    await session.close();
  });

  it("are called by host kernels as long as the session is open", async () => {
    const calls: FunctionCall[] = [];
    const mapOp = {
      opDef: {
        name: "Mapping",
        inputArg: [
          { name: "x", type: 1 },
          { name: "h", type: 20 },
        ],
        outputArg: [{ name: "y", type: 1 }],
        attr: [{ name: "f", type: "func" }],
        isStateful: true,
      },
      origin: "test",
      host: (c: HostContext) => {
        const call = c.function("f");
        calls.push(call);
        return call([c.input(0), c.input(1)]);
      },
    };
    const graph = new Graph({ ops: createOpRegistry(standardOps, [mapOp]) });
    graph.asDefault(() => {
      const w = new ResourceVariable(constant(3), { graph, name: "w" });
      const f = defun(
        { x: "float32", h: "resource" },
        (x, h) => {
          const read = graphOf(h).createOp("ReadVariableOp", [h], { attrs: { dtype: "float32" } })
            .outputs[0]!;
          return mul(x, read);
        },
        { funcName: "F" },
      );
      f.addToGraph(graph);
      graph.createOp("Mapping", [placeholder("float32", [], { name: "x" }), w.handle], {
        name: "map",
        attrs: { f: { func: "F" } },
      });
    });
    const session = await createSession(graph);
    await session.run("w/Assign");
    expect(numbers(await session.run("map:0", { feeds: { "x:0": 5 } }))).toEqual([15]);
    const float = (...data: number[]) => ({
      dtype: "float32" as const,
      shape: [data.length],
      data: Float32Array.from(data),
    });
    const handle = (await session.run("w:0")) as never;
    expect(numbers((await calls[0]!([float(1, 2), handle]))[0]!)).toEqual([3, 6]);
    expect(await failureOf(async () => calls[0]!([handle, handle]))).toBe(
      "INVALID_ARGUMENT: Function F takes (float32, resource), but is called with (resource, resource) [map]",
    );
    await session.close();
  });
});
