// Savers built anew over the variables of graphs that TensorFlow 1.15.5 wrote: their nodes are those that TensorFlow built.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AttrValue, encode, equals, type INodeDef } from "@org/proto";
import { describe, expect, it } from "vitest";
import {
  exportMetaGraph,
  importMetaGraph,
  type MetaGraphDef,
  parseMetaGraph,
  Saver,
  type VariableBase,
} from "../src/index.ts";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const present = existsSync(join(shared, "graphs"));

/** Files whose Saver does not save just all variables: their list is read from the file. */
const ownList = new Set([
  "opt_adagrad_sparse",
  "opt_adam_sparse_resource",
  "ema_clip_norm",
  "import_input_map",
]);
const left: Record<string, string> = {
  saver_partial_multiple: "four Savers, in a test of their own",
};

const directories = present ? readdirSync(join(shared, "graphs"), { withFileTypes: true }) : [];
const names = directories.flatMap((entry) => (entry.isDirectory() && !left[entry.name] ? [entry.name] : []));

const read = (name: string) =>
  parseMetaGraph(new Uint8Array(readFileSync(join(shared, "graphs", name, "graph.meta"))), name);

/** The file without the nodes of its Savers. */
function withoutSavers(def: MetaGraphDef, scopes: readonly string[]): MetaGraphDef {
  const node = def.graphDef!.node.filter(({ name }) => !scopes.some((scope) => name.startsWith(scope)));
  const { savers: _, ...collectionDef } = def.collectionDef;
  return Object.assign(Object.create(Object.getPrototypeOf(def)), def, {
    graphDef: { ...def.graphDef, node },
    collectionDef,
  });
}

/** Names in the checkpoint with the variables that the file's Saver saves under them. */
function savedUnder(def: MetaGraphDef, scope: string, variables: ReadonlyMap<string, VariableBase>) {
  const node = (name: string) => def.graphDef!.node.find((candidate) => candidate.name === scope + name)!;
  const keys = node("SaveV2/tensor_names").attr.value!.tensor!.stringVal.map((key) =>
    new TextDecoder().decode(key),
  );
  const saved = node("SaveV2").input.slice(3);
  return Object.fromEntries(
    keys.map((key, i) => [key, variables.get(`${saved[i]!.replace("/Read/ReadVariableOp", "")}:0`)!]),
  );
}

const uuid = /_temp_[0-9a-f]{32}/;

/** A node's text without random uuids. */
function difference(a: INodeDef | undefined, b: INodeDef | undefined): string | undefined {
  if (!a || !b) return `${a?.name} / ${b?.name}`;
  if (a.name !== b.name || a.op !== b.op || a.device !== b.device || a.input!.join() !== b.input!.join())
    return `${a.name} ${a.op} ${a.input} ${a.device} / ${b.name} ${b.op} ${b.input} ${b.device}`;
  for (const key of new Set([...Object.keys(a.attr!), ...Object.keys(b.attr!)])) {
    const [left, right] = [a.attr![key], b.attr![key]];
    if (left && right && (equals(AttrValue, left, right) || sameBut(left, right))) continue;
    return `${a.name}.${key}`;
  }
  return undefined;
}

const sameBut = (a: object, b: object) => {
  const text = (value: object) =>
    new TextDecoder("latin1").decode(encode(AttrValue, value)).replace(uuid, "");
  return text(a) === text(b);
};

describe.skipIf(!present)("Saver over golden graphs (skipped: ../shared is not there)", () => {
  it.each(names)("%s", async (name) => {
    const def = await read(name);
    if (!def.saverDef) return;
    const scope = def.saverDef.filenameTensorName.replace(/Const:0$/, "");
    const { graph, variables } = importMetaGraph(withoutSavers(def, [scope]));
    const filename = def.graphDef!.node.find((node) => node.name === `${scope}filename/input`);
    const text = new TextDecoder().decode(filename!.attr.value!.tensor!.stringVal[0]);
    const saver = new Saver(ownList.has(name) ? savedUnder(def, scope, variables) : null, {
      graph,
      sharded: def.saverDef.sharded,
      maxToKeep: def.saverDef.maxToKeep,
      keepCheckpointEveryNHours: def.saverDef.keepCheckpointEveryNHours,
      name: scope.slice(0, -1),
      filename: text,
    });
    expect({ ...saver.asSaverDef() }).toEqual({ ...def.saverDef });
    const made = exportMetaGraph(graph).graphDef!.node.filter((node) => node.name.startsWith(scope));
    const expected = def.graphDef!.node.filter((node) => node.name.startsWith(scope));
    const differences = expected
      .map((node, i) => difference(node, made[i]))
      .filter((text) => text !== undefined);
    expect(differences).toEqual([]);
    expect(made).toHaveLength(expected.length);
  });

  it("saver_partial_multiple: all, a renamed subset, a list, slices", async () => {
    const def = await read("saver_partial_multiple");
    const scopes = ["whole/", "save/", "decoder/saver/", "table/"];
    const { graph, variables } = importMetaGraph(withoutSavers(def, scopes));
    const get = (name: string) => variables.get(`${name}:0`)!;
    const before = graph.getOperations().length;
    new Saver(null, { graph, maxToKeep: 10, name: "whole" });
    new Saver({ "pretrained/w": get("encoder/kernel"), "pretrained/b": get("encoder/bias") });
    new Saver([get("decoder/kernel"), get("step")], {
      maxToKeep: 0,
      padStepNumber: true,
      name: "decoder/saver",
    });
    const parts = [0, 1, 2].map((i) => get(`decoder/parts/part_${i}`));
    new Saver({ table: parts }, { name: "table", restoreSequentially: true });
    const made = exportMetaGraph(graph).graphDef!.node.slice(before);
    const expected = def.graphDef!.node.filter(({ name }) => scopes.some((scope) => name.startsWith(scope)));
    expect(expected.map((node, i) => difference(node, made[i])).filter((text) => text !== undefined)).toEqual(
      [],
    );
    expect(made).toHaveLength(expected.length);
  });
});
