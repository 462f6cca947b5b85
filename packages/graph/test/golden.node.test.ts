import { AttrValue, equals, type INodeDef, type MetaGraphDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import { createOpRegistry, Graph, importGraphDef } from "../src/index.ts";
import { metaFiles, readMeta, shared } from "./shared.ts";

describe.skipIf(shared === undefined)("golden .meta files (needs ../shared)", () => {
  // A scoped export reads tensors that it does not hold: `@org/collections` tests it.
  it.each(metaFiles().filter((name) => !name.includes("export_scope")))("%s: import, then export", (name) => {
    const meta = readMeta(name);
    const producerOps = meta.metaInfoDef?.strippedOpList ?? null;
    const graph = new Graph({ ops: createOpRegistry({ fallback: producerOps ?? {} }) });
    importGraphDef(meta.graphDef!, { graph, name: "", producerOps });
    const out = graph.asGraphDef({ addShapes: true });
    compare(meta, out.node!);
  });
});

function compare(meta: MetaGraphDef, nodes: readonly INodeDef[]): void {
  const defs = new Map(meta.metaInfoDef?.strippedOpList?.op.map((op) => [op.name, op]));
  const differences: string[] = [];
  const before = meta.graphDef!.node;
  expect(nodes.map((node) => node.name)).toEqual(before.map((node) => node.name));
  for (const [i, node] of nodes.entries()) {
    const old = before[i]!;
    if (node.op !== old.op) differences.push(`${old.name}: op ${old.op} -> ${node.op}`);
    if (node.input!.join() !== old.input.join())
      differences.push(`${old.name}: inputs ${old.input} -> ${node.input}`);
    if (node.device !== old.device) differences.push(`${old.name}: device ${old.device} -> ${node.device}`);
    for (const key of new Set([...Object.keys(old.attr), ...Object.keys(node.attr!)])) {
      const a = old.attr[key];
      const b = node.attr![key];
      const fallback = defs.get(old.op)?.attr.find((attr) => attr.name === key)?.defaultValue;
      if (a && b ? !equals(AttrValue, a, b) : !fallback || !equals(AttrValue, a ?? b!, fallback))
        differences.push(`${old.name} (${old.op}): ${key}`);
    }
  }
  expect(differences.slice(0, 10)).toEqual([]);
}
