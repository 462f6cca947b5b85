// Compares a graph that a test built with a reference nodes.txt and says where they part first.
import type { Graph } from "@org/graph";
import { type IAttrValue, type ITensorShapeProto, MetaGraphDef } from "@org/proto";
import { shapeFromProto } from "@org/tensor";
import { expect } from "vitest";
import { parseNodesText, printGraph } from "./nodes-text.ts";
import { metaBytes, nodesText } from "./shared.ts";

/** Every node as in the reference, in order: `part` picks the reference's nodes that are to be there. */
export function expectNodes(graph: Graph, name: string, part: (line: string) => boolean = () => true): void {
  const expected = parseNodesText(nodesText(name)).nodes.filter(part);
  const actual = printGraph(graph).slice(1);
  const at = expected.findIndex((line, i) => line !== actual[i]);
  if (at !== -1) {
    expect(`node ${at}\n${actual.slice(at, at + 4).join("\n")}`).toBe(
      `node ${at}\n${expected.slice(at, at + 4).join("\n")}`,
    );
  }
  expect(actual.length).toBe(expected.length);
}

/** Every output's shape as TensorFlow inferred it (`_output_shapes` in the reference's .meta). */
export function expectShapes(graph: Graph, name: string): void {
  const meta = MetaGraphDef.decode(metaBytes(name));
  const differing: string[] = [];
  let compared = 0;
  for (const node of meta.graphDef?.node ?? []) {
    const op = graph.findOperation(node.name ?? "");
    const map = node.attr as ReadonlyMap<string, IAttrValue> | Record<string, IAttrValue> | null | undefined;
    const shapes = (
      map instanceof Map ? map.get("_output_shapes") : (map as Record<string, IAttrValue>)?._output_shapes
    )?.list?.shape;
    if (!op || !shapes) continue;
    compared++;
    const expected = shapes.map((shape: ITensorShapeProto) => `${shapeFromProto(shape)}`).join();
    const actual = op.outputs.map((t) => `${t.shape}`).join();
    if (actual !== expected)
      differing.push(`${node.name} (${node.op}): ${actual}, TensorFlow says ${expected}`);
  }
  expect(differing).toEqual([]);
  expect(compared).toBeGreaterThan(0);
}
