import { expect, it } from "vitest";
import { coreOps } from "../src/core-ops.ts";
import { createOpRegistry, Graph, importGraphDef } from "../src/index.ts";
import { opDefs } from "../src/op-defs.ts";
import { metaFiles, readMeta } from "./shared.ts";

it("tries", () => {
  const g = new Graph();
  const v = g.createOp("VariableV2", [], { attrs: { dtype: "float32", shape: [2, 3] }, name: "v" });
  const r = g.createOp("Identity", [v.outputs[0]!], { name: "v/read" });
  const a = g.createOp("Assign", [v.outputs[0]!, r.outputs[0]!]);
  console.log(
    a.toNodeDef(),
    r.outputs[0]!.toString(),
    new TextDecoder().decode(a.rawAttrs.get("_class")!.list!.s![0]),
  );
  expect(a.outputs[0]!.shape.toString()).toBe("[2,3]");
});
it("measures", () => {
  const base = metaFiles()
    .map((n) => readMeta(n))
    .sort((a, b) => b.graphDef!.node.length - a.graphDef!.node.length)[0]!;
  for (const [name, ops] of [
    ["core", coreOps],
    ["all", createOpRegistry(coreOps, { fallback: opDefs() })],
  ] as const)
    for (const times of [1, 10, 100]) {
      const node = [];
      for (let k = 0; node.length < 1000 * times; k++) {
        for (const n of base.graphDef!.node)
          node.push({
            ...n,
            name: `c${k}/${n.name}`,
            input: n.input.map((i) => (i.startsWith("^") ? `^c${k}/${i.slice(1)}` : `c${k}/${i}`)),
            attr: { ...n.attr },
          });
      }
      for (const n of node) delete (n.attr as Record<string, unknown>)._class;
      const g = new Graph({ ops });
      const t = performance.now();
      importGraphDef(
        { node, versions: base.graphDef!.versions },
        { graph: g, name: "", producerOps: base.metaInfoDef!.strippedOpList },
      );
      const t2 = performance.now();
      g.asGraphDef({ addShapes: true });
      console.log(name, node.length, (t2 - t).toFixed(1), "ms; export", (performance.now() - t2).toFixed(1));
    }
});
