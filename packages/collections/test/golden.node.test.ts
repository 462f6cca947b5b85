import { createOpRegistry, Graph } from "@org/graph";
import { opDefs } from "@org/graph/op-defs";
import {
  AttrValue,
  CollectionDef,
  CondContextDef,
  decode,
  equals,
  FunctionDefLibrary,
  type IMetaGraphDef,
  type MetaGraphDef,
  OpDef,
  WhileContextDef,
} from "@org/proto";
import { describe, expect, it } from "vitest";
import { exportScopedMetaGraph, importScopedMetaGraph } from "../src/index.ts";
import { metaFiles, readMeta, shared } from "./shared.ts";

const registry = createOpRegistry(opDefs());

describe.skipIf(shared === undefined)("every golden .meta (needs ../shared)", () => {
  it.each(metaFiles())("%s comes back from import and export", (name) => {
    const meta = readMeta(name);
    const graph = new Graph({ ops: registry });
    const warnings: string[] = [];
    const inputMap = outerInputs(meta, graph);
    const ours = graph.getOperations().length;
    importScopedMetaGraph(meta, { graph, inputMap, onWarning: ({ message }) => warnings.push(message) });
    const out = exportScopedMetaGraph(graph, {
      metaInfoDef: { strippedOpList: meta.metaInfoDef!.strippedOpList },
    });
    expect(nodeDifferences(meta, out.metaGraphDef, ours)).toEqual([]);
    expect(collectionDifferences(meta, out.metaGraphDef)).toEqual([]);
    expect(
      equals(FunctionDefLibrary, out.metaGraphDef.graphDef!.library ?? {}, meta.graphDef!.library ?? {}),
    ).toBe(true);
    // 2.21's MatMul states whose gradient it is; 1.15 knows no such attribute.
    expect(warnings.filter((text) => !/older release|mentions attr 'grad_[ab]'/.test(text))).toEqual([]);
  });

  it.each(metaFiles().filter((name) => name.includes("1.15.5") || name.startsWith("graphs")))(
    "%s: the op list that we state is TensorFlow's",
    (name) => {
      const meta = readMeta(name);
      const graph = new Graph({ ops: registry });
      importScopedMetaGraph(meta, { graph, inputMap: outerInputs(meta, graph), collections: undefined });
      const { strippedOpList } = exportScopedMetaGraph(graph, { graphDef: meta.graphDef! }).metaGraphDef
        .metaInfoDef!;
      const theirs = meta.metaInfoDef!.strippedOpList!.op;
      expect(strippedOpList!.op!.map((op) => op.name)).toEqual(theirs.map((op) => op.name));
      expect(
        strippedOpList!.op!.filter((op, i) => !equals(OpDef, op, theirs[i]!)).map((op) => op.name),
      ).toEqual([]);
    },
  );
});

/** Placeholders for what a scoped export reads from outside. */
function outerInputs(meta: MetaGraphDef, graph: Graph): Record<string, never> {
  const map: Record<string, unknown> = {};
  for (const bytes of meta.collectionDef.unbound_inputs?.bytesList?.value ?? []) {
    const name = new TextDecoder().decode(bytes);
    const plain = name.replace("^", "").split(":")[0]!;
    const consumer = meta.graphDef!.node.find((node) => node.input.includes(name))!;
    const type = consumer.attr.T?.type ?? 1;
    const op =
      graph.findOperation(`outer/${plain.slice(1)}`) ??
      graph.createOp("Placeholder", [], {
        name: `outer/${plain.slice(1)}`,
        attrs: { dtype: { raw: { type } } },
      });
    map[name] = name.startsWith("^") ? op : op.outputs[0];
  }
  return map as Record<string, never>;
}

function nodeDifferences(meta: MetaGraphDef, out: IMetaGraphDef, skip: number): string[] {
  const defs = new Map(meta.metaInfoDef?.strippedOpList?.op.map((op) => [op.name, op]));
  const differences: string[] = [];
  const before = meta.graphDef!.node;
  const after = out.graphDef!.node!.slice(skip);
  expect(after.map((node) => node.name)).toEqual(before.map((node) => node.name));
  for (const [i, node] of after.entries()) {
    const old = before[i]!;
    const inputs = node.input!.map((input) => input.replace("outer/unbound_inputs_", "$unbound_inputs_"));
    // TensorFlow's scoped exports spell some inputs "n:0".
    const stated = old.input.map((input) => input.replace(/:0$/, ""));
    if (node.op !== old.op) differences.push(`${old.name}: op ${old.op} -> ${node.op}`);
    if (inputs.join() !== stated.join())
      differences.push(`${old.name}: inputs ${old.input} -> ${node.input}`);
    if (node.device !== old.device) differences.push(`${old.name}: device ${old.device} -> ${node.device}`);
    for (const key of new Set([...Object.keys(old.attr), ...Object.keys(node.attr!)])) {
      const a = old.attr[key];
      const b = node.attr![key];
      const fallback =
        registry.get(old.op)?.opDef.attr?.find((attr) => attr.name === key)?.defaultValue ??
        defs.get(old.op)?.attr.find((attr) => attr.name === key)?.defaultValue;
      if (a && b ? !equals(AttrValue, a, b) : !fallback || !equals(AttrValue, a ?? b!, fallback))
        differences.push(`${old.name} (${old.op}): ${key} ${a} ${b}`);
    }
  }
  return differences.slice(0, 10);
}

function collectionDifferences(meta: MetaGraphDef, out: IMetaGraphDef): string[] {
  const differences: string[] = [];
  for (const key of new Set([...Object.keys(meta.collectionDef), ...Object.keys(out.collectionDef!)])) {
    if (key === "unbound_inputs") continue;
    const a = meta.collectionDef[key];
    const b = out.collectionDef![key];
    if (!a || !b) differences.push(`${key}: ${a ? "lost" : "added"}`);
    else if (key === "cond_context" || key === "while_context") {
      const type = key === "cond_context" ? CondContextDef : WhileContextDef;
      const left = a.bytesList!.value.map((bytes) => decode<object>(type, bytes));
      const right = b.bytesList!.value!.map((bytes) => decode<object>(type, bytes));
      if (left.length !== right.length || left.some((x, i) => !equals<object>(type, x, right[i]!)))
        differences.push(key);
    } else if (!equals(CollectionDef, a, b)) differences.push(key);
  }
  return differences;
}
