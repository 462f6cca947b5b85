// The same for every graph that TensorFlow wrote.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeLazily, encode, equals, GraphDef, MetaGraphDef, NodeDef } from "@org/proto";
import { lazyNodes } from "@org/proto/nodes";
import { shapeToProto } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { createOpRegistry, Graph, importGraphDef } from "../src/index.ts";
import { exportedShape } from "../src/node-writer.ts";
import { metaFiles, shared } from "./shared.ts";

const files = metaFiles().filter((name) => !name.includes("export_scope"));

describe.skipIf(shared === undefined)("golden .meta files, written again (needs ../shared)", () => {
  it.each(
    files.flatMap((file) => [
      [file, ""],
      [file, "scope"],
    ]),
  )("%s under %o", (file, name) => {
    const meta = decodeLazily(MetaGraphDef, new Uint8Array(readFileSync(join(shared!, file!))));
    const producerOps = meta.metaInfoDef?.strippedOpList ?? null;
    const graph = new Graph({ ops: createOpRegistry({ fallback: producerOps ?? {} }) });
    importGraphDef(meta.graphDef!, { graph, name: name!, producerOps });
    expect(lazyNodes(meta.graphDef!.node)!.untouched).toBe(true);
    const def = graph.asGraphDef({ addShapes: true });
    const lazy = lazyNodes(def.node!);
    const untouched = graph.getOperations().filter((_, i) => lazy && !lazy.touched(i)).length;
    expect(untouched).toBe(graph.getOperations().length);
    const again = decodeLazily(GraphDef, encode(GraphDef, def)).node;
    const wrong = graph.getOperations().filter((op, i) => {
      const node = op.toNodeDef();
      if (op.outputs.length > 0)
        node.attr!._output_shapes = {
          list: { shape: op.outputs.map((_, k) => shapeToProto(exportedShape(op, k))) },
        };
      return !equals(NodeDef, again[i]!, node);
    });
    expect(wrong.map((op) => op.name)).toEqual([]);
  });
});
