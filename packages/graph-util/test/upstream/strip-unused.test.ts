// TensorFlow's cases of python/tools/strip_unused_test.py, on our own session. Files are freeze-graph.test.ts's matter: here messages go in and out.
import { Graph, importGraphDef } from "@org/graph";
import { add, constant, multiply, standardOps, subtract } from "@org/ops";
import { decode, encode, GraphDef, type IGraphDef } from "@org/proto";
import { fromText, toText } from "@org/proto/text";
import { createSession, type Session } from "@org/session";
import { toElements } from "@org/tensor";
import { describe, expect, test } from "vitest";
import { stripUnused } from "../../src/index.ts";

async function sessionOf(build: () => void): Promise<Session> {
  const graph = new Graph({ ops: standardOps });
  graph.asDefault(build);
  return createSession(graph);
}

/** A graph as a text file gives it. */
const fromFile = (graph: Graph): GraphDef => fromText(GraphDef, toText(GraphDef, graph.asGraphDef()));

/** What is stripped, as a binary file gives it, in a new graph. */
function imported(def: IGraphDef): { readonly graph: Graph; readonly def: GraphDef } {
  const read = decode(GraphDef, encode(GraphDef, def));
  const graph = new Graph({ ops: standardOps });
  importGraphDef(read, { graph, name: "" });
  return { graph, def: read };
}

describe("StripUnusedTest", () => {
  test("[strip_unused_test/StripUnusedTest.testStripUnused] an input becomes a placeholder, what nobody needs goes", async () => {
    const session = await sessionOf(() => {
      const input = subtract(constant(1, { name: "constant_node" }), 3, { name: "wanted_input_node" });
      add(multiply(input, 2, { name: "output_node" }), 2, { name: "later_node" });
    });
    expect(toElements(await session.run("output_node:0"))).toEqual([-4]);
    const def = fromFile(session.graph);
    const strip = (input: string) => stripUnused(def, [input], ["output_node"], "float32");
    expect(() => strip("does_not_exist")).toThrowError(
      expect.objectContaining({
        code: "NOT_FOUND",
        sentence: "The following input nodes were not found: {'does_not_exist'}",
      }),
    );
    expect(() => strip("wanted_input_node:0")).toThrowError(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        sentence: "Name 'wanted_input_node:0' appears to refer to a Tensor, not a Operation.",
      }),
    );
    const stripped = imported(strip("wanted_input_node"));
    expect(stripped.def.node).toHaveLength(3);
    const ops = stripped.def.node.map(({ op }) => op);
    expect(ops).not.toContain("Add");
    expect(ops).not.toContain("Sub");
    // The importer fills in the shape that a placeholder has where none is stated.
    expect(stripped.graph.getOperationByName("wanted_input_node").toNodeDef().attr).toHaveProperty("shape");
    const run = await createSession(stripped.graph);
    expect(toElements(await run.run("output_node:0", { feeds: { "wanted_input_node:0": [10] } }))).toEqual([
      20,
    ]);
  });

  test("[strip_unused_test/StripUnusedTest.testStripUnusedMultipleInputs] several inputs, a type for each", async () => {
    const session = await sessionOf(() => {
      const one = subtract(constant(1, { name: "constant_node1" }), 3, { name: "input_node1" });
      const two = subtract(constant(2, { name: "constant_node2" }), 5, { name: "input_node2" });
      add(multiply(one, two, { name: "output_node" }), 2, { name: "later_node" });
    });
    expect(toElements(await session.run("output_node:0"))).toEqual([6]);
    const stripped = imported(
      stripUnused(fromFile(session.graph), ["input_node1", "input_node2"], ["output_node"], ["float32", 1]),
    );
    expect(stripped.def.node).toHaveLength(3);
    const ops = stripped.def.node.map(({ op }) => op);
    expect(ops).not.toContain("Add");
    expect(ops).not.toContain("Sub");
    const run = await createSession(stripped.graph);
    const feeds = { "input_node1:0": [10], "input_node2:0": [-5] };
    expect(toElements(await run.run("output_node:0", { feeds }))).toEqual([-50]);
  });
});
