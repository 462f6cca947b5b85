// Every .meta that TensorFlow wrote: import, then export, gives the same MetaGraphDef, but for the differences stated here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { coreOps } from "@org/graph/core-ops";
import { AttrValue, CollectionDef, decode, encode, equals, SaverDef, VariableDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import {
  createOpRegistry,
  exportMetaGraph,
  Graph,
  importMetaGraph,
  type MetaGraphDef,
  parseMetaGraph,
  type Tensor,
} from "../src/index.ts";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const present = existsSync(join(shared, "golden"));

function metaFiles(directory: string): string[] {
  if (!existsSync(join(shared, directory))) return [];
  return readdirSync(join(shared, directory), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".meta") && !name.endsWith(".text.meta"))
    .map((name) => join(directory, name))
    .sort();
}

/** Exports of a scope that read tensors outside of it: what is to stand for those, by the names in the file. */
const outer: Record<string, (graph: Graph) => Record<string, Tensor>> = {
  "graphs/export_scope/graph.meta": (graph) => {
    const x = graph.createOp("Placeholder", [], { name: "x", attrs: { dtype: "float32", shape: null } });
    return { $unbound_inputs_x: x.outputs[0]! };
  },
};

const variableKeys = /variables$|^global_step$/;

describe.skipIf(!present)("golden .meta files (skipped: ../shared is not there)", () => {
  it.each([...metaFiles("golden"), ...metaFiles("graphs"), ...metaFiles("formats")])("%s", async (name) => {
    const bytes = new Uint8Array(readFileSync(join(shared, name)));
    const before = await parseMetaGraph(bytes, name);
    expect(encode(before.constructor as typeof MetaGraphDef, before)).toEqual(bytes);

    const warnings: string[] = [];
    const onWarning = (warning: { message: string }) => warnings.push(warning.message);
    const graph = new Graph({
      ops: createOpRegistry(coreOps, { fallback: before.metaInfoDef!.strippedOpList! }),
    });
    const scope = outer[name] ? "scope" : undefined;
    const inputMap = outer[name]?.(graph);
    const { saver } = importMetaGraph(before, { graph, importScope: scope, inputMap, onWarning });
    const saverDef = saver?.toProto(scope);
    const after = exportMetaGraph(graph, { saverDef, exportScope: scope, onWarning });
    expect(compare(before, after)).toEqual([]);
  });
});

describe.skipIf(!present)("text MetaGraphDefs (skipped: ../shared is not there)", () => {
  it.each(["1.0.1", "1.15.5", "2.21.0"])("%s: text and binary are one message", async (version) => {
    const read = async (name: string) =>
      parseMetaGraph(new Uint8Array(readFileSync(join(shared, "formats", version, "meta_text", name))), name);
    const binary = await read("model.meta");
    const text = await read("model.text.meta");
    expect(equals(binary.constructor as typeof MetaGraphDef, binary, text)).toBe(true);
  });
});

/** What differs, a line each. */
function compare(before: MetaGraphDef, after: MetaGraphDef): string[] {
  const lines: string[] = [];
  const differ = (what: string) => lines.push(what);
  nodes(before, after, differ);
  if (
    JSON.stringify(Object.keys(before.collectionDef).sort()) !==
    JSON.stringify(Object.keys(after.collectionDef).sort())
  )
    differ(`collections: ${Object.keys(before.collectionDef)} -> ${Object.keys(after.collectionDef)}`);
  for (const [key, old] of Object.entries(before.collectionDef)) {
    const made = after.collectionDef[key];
    if (!made || !sameCollection(before, key, old, made)) differ(`collection ${key}`);
  }
  if (!equals(SaverDef, before.saverDef ?? {}, after.saverDef ?? {})) differ("saver_def");
  const ops = (def: MetaGraphDef) => def.metaInfoDef?.strippedOpList?.op.map((op) => op.name).join();
  if (ops(before) !== ops(after)) differ("stripped_op_list");
  return lines;
}

function nodes(before: MetaGraphDef, after: MetaGraphDef, differ: (what: string) => void): void {
  const old = before.graphDef!.node;
  const made = after.graphDef!.node;
  expect(made.map((node) => node.name)).toEqual(old.map((node) => node.name));
  const defaults = new Map(before.metaInfoDef?.strippedOpList?.op.map((op) => [op.name, op.attr]));
  for (const [i, node] of made.entries()) {
    const was = old[i]!;
    // Stated difference: exports of a scope spell some first outputs "n:0".
    const inputs = (names: readonly string[]) => names.map((input) => input.replace(/:0$/, "")).join();
    if (inputs(node.input) !== inputs(was.input)) differ(`${was.name}: inputs ${was.input} -> ${node.input}`);
    for (const field of ["op", "device"] as const)
      if (String(node[field]) !== String(was[field]))
        differ(`${was.name}.${field}: ${was[field]} -> ${node[field]}`);
    for (const key of new Set([...Object.keys(was.attr), ...Object.keys(node.attr)])) {
      const [a, b] = [was.attr[key], node.attr[key]];
      // Stated difference: an export states shapes, also where the file did not.
      if (!a && key === "_output_shapes") continue;
      // Stated difference: import fills in defaults.
      const known = defaults.get(was.op)?.find((attr) => attr.name === key);
      const fallback = (known ?? coreOps.get(was.op)?.opDef.attr?.find((attr) => attr.name === key))
        ?.defaultValue;
      if (a && b ? !equals(AttrValue, a, b) : !fallback || !equals(AttrValue, (a ?? b)!, fallback))
        differ(`${was.name}.${key}`);
    }
  }
}

function sameCollection(file: MetaGraphDef, key: string, old: CollectionDef, made: CollectionDef): boolean {
  if (variableKeys.test(key)) {
    // Stated differences: VariableDefs of files before 1.9 learn whether they are trainable, and collections that were
    // lists of names become lists of VariableDefs.
    const was = old.bytesList?.value.map((bytes) => decode(VariableDef, bytes));
    const is = made.bytesList?.value.map((bytes) => decode(VariableDef, bytes)) ?? [];
    if (!was) return old.nodeList!.value.join() === is.map((def) => def.variableName).join();
    const trainable = new Set(
      file.collectionDef.trainable_variables?.bytesList?.value.map(
        (bytes) => decode(VariableDef, bytes).variableName,
      ),
    );
    const early = /^(0|1\.[0-8])\b/.test(file.metaInfoDef!.tensorflowVersion);
    return (
      was.length === is.length &&
      was.every((def, i) =>
        equals(VariableDef, early ? { ...def, trainable: trainable.has(def.variableName) } : def, is[i]!),
      )
    );
  }
  return equals(CollectionDef, old, made);
}
