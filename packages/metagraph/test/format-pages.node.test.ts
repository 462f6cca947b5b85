// docs/formats/graphdef.md and metagraph.md draw files byte by byte; here they are read, and written.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  encode,
  Graph,
  GraphDef,
  importGraphDef,
  importMetaGraph,
  MetaGraphDef,
  readGraphDef,
  readMetaGraph,
} from "../src/index.ts";

/** The bytes that a page draws: hexadecimal pairs at the beginning of each line. */
function drawn(name: string): Uint8Array {
  const page = readFileSync(new URL(`../../../docs/formats/${name}.md`, import.meta.url), "utf8");
  const block = /```hex\n([\s\S]*?)```/.exec(page)![1]!;
  const pairs = block
    .split("\n")
    .flatMap((line) => /^(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= {2}|$)/.exec(line)?.[0].split(" ") ?? []);
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

describe("the pages of formats", () => {
  it("graphdef.md draws what is read and written", async () => {
    const bytes = drawn("graphdef");
    const def = await readGraphDef(bytes);
    expect(encode(GraphDef, def)).toEqual(bytes);
    expect(def.node.map(({ name, op, input }) => [name, op, input.join()])).toEqual([
      ["two", "Const", ""],
      ["out", "Identity", "two,^two"],
    ]);
    expect(encode(GraphDef, def)).toEqual(bytes);
    const graph = new Graph();
    importGraphDef(def, { graph, name: "" });
    expect([...graph.getOperationByName("two").attrs.tensor("value").data]).toEqual([2]);
    expect(def.versions!.producer).toBe(134);
  });

  it("metagraph.md draws what is read and written", async () => {
    const bytes = drawn("metagraph");
    const def = await readMetaGraph(bytes);
    expect(encode(MetaGraphDef, def)).toEqual(bytes);
    expect(def.metaInfoDef!.tensorflowVersion).toBe("1.15.5");
    const { graph } = importMetaGraph(def);
    expect(graph.getOperations().map((op) => `${op.name} ${op.type}`)).toEqual(["a NoOp"]);
    expect(graph.getCollection("steps").map(Number)).toEqual([5]);
  });
});
