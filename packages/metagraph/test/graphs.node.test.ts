// The 40 graphs of `shared/graphs`: nodes.txt from our own reader; import and export give the same file but for what CONFORMANCE.md lists; and under a
// scope the same graph under other names.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { coreOps } from "@org/graph/core-ops";
import { AttrValue, equals, type IAttrValue, type INodeDef } from "@org/proto";
import { lazyNodes } from "@org/proto/nodes";
import { describe, expect, it } from "vitest";
import { parseNodesText, printCollections, printNodes } from "../../ops/test/nodes-text.ts";
import {
  createOpRegistry,
  exportMetaGraph,
  Graph,
  importMetaGraph,
  type MetaGraphDef,
  readMetaGraph,
  type Tensor,
} from "../src/index.ts";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));
const folder = join(shared, "graphs");
const present = existsSync(folder);
const names = present
  ? readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
  : [];
const uuid = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/g;
const read = (name: string): Promise<MetaGraphDef> => readMetaGraph(join(folder, name, "graph.meta"));
const utf8 = new TextDecoder();

function freshGraph(def: MetaGraphDef): Graph {
  return new Graph({ ops: createOpRegistry(coreOps, { fallback: def.metaInfoDef!.strippedOpList! }) });
}

/** `export_scope` is a part of a graph: what it reads from outside has to be given. */
function outside(name: string, graph: Graph): Record<string, Tensor> | undefined {
  if (name !== "export_scope") return undefined;
  const x = graph.createOp("Placeholder", [], { name: "x", attrs: { dtype: "float32", shape: null } });
  return { $unbound_inputs_x: x.outputs[0]! };
}

type Defaults = (op: string, key: string) => IAttrValue | null | undefined;

function defaultsOf(def: MetaGraphDef): Defaults {
  const ops = new Map(def.metaInfoDef!.strippedOpList!.op.map((op) => [op.name, op]));
  return (op, key) => ops.get(op)?.attr.find((attr) => attr.name === key)?.defaultValue;
}

/** What differs between a node and another, whose names begin with `prefix`. Defaults may be filled in, and "n:0" is "n". */
function differences(old: INodeDef, now: INodeDef, prefix: string, defaults: Defaults): string[] {
  const renamed = (name: string): string => name.replace(/^\^?/, `$&${prefix}`).replace(/:0$/, "");
  const found: string[] = [];
  const same = (what: string, a: unknown, b: unknown): void => {
    if (a !== b) found.push(`${old.name}: ${what} ${a} -> ${b}`);
  };
  same("name", prefix + old.name, now.name);
  same("op", old.op, now.op);
  same("inputs", (old.input ?? []).map(renamed).join(), (now.input ?? []).join());
  same("device", old.device, now.device ?? "");
  for (const key of new Set([...Object.keys(old.attr ?? {}), ...Object.keys(now.attr ?? {})])) {
    const value = old.attr?.[key] ?? defaults(old.op!, key);
    const other = now.attr?.[key];
    if (!value || !other) found.push(`${old.name}: ${key}`);
    else if (prefix !== "" && key === "_class")
      same(key, groups(value).replaceAll("loc:@", `loc:@${prefix}`), groups(other));
    // A loop's frame has the name of its context; those of gradients are in no collection, and keep their frames.
    else if (prefix !== "" && key === "frame_name" && !utf8.decode(value.s!).startsWith("gradients/"))
      same(key, prefix + utf8.decode(value.s!), utf8.decode(other.s!));
    else if (!equals(AttrValue, value, other)) found.push(`${old.name}: ${key}`);
  }
  return found;
}

const groups = (attr: IAttrValue): string => (attr.list?.s ?? []).map((bytes) => utf8.decode(bytes)).join();

describe.skipIf(!present)("shared/graphs (skipped: ../shared is not there)", () => {
  it("are 40", () => expect(names.length).toBe(40));

  it.each(names)("%s gives nodes.txt", async (name) => {
    const def = await read(name);
    const expected = parseNodesText(readFileSync(join(folder, name, "nodes.txt"), "utf8"));
    expect(printNodes(def.graphDef!).slice(1).join("\n").replace(uuid, "")).toBe(
      expected.nodes.join("\n").replace(uuid, ""),
    );
    expect(printCollections(def).slice(1)).toEqual(expected.collections);
  });

  it.each(names)("%s: import and export, then import under a scope and export", async (name) => {
    const def = await read(name);
    const defaults = defaultsOf(def);
    const graph = freshGraph(def);
    const inputMap = outside(name, graph);
    const { saver, scope } = importMetaGraph(def, { graph, inputMap, importScope: inputMap && "s" });
    const after = exportMetaGraph(graph, {
      saverDef: saver?.toProto(scope || undefined),
      exportScope: scope || undefined,
    });
    expect(lazyNodes(def.graphDef!.node)!.untouched).toBe(true);
    const before = (await read(name)).graphDef!.node;
    expect(after.graphDef!.node.length).toBe(before.length);
    const found = before.flatMap((node, i) => {
      const now = after.graphDef!.node[i]!;
      return inputMap ? [] : differences(node, now, "", defaults);
    });
    expect(found).toEqual([]);
    expect(Object.keys(after.collectionDef).sort()).toEqual(Object.keys(def.collectionDef).sort());

    const second = freshGraph(def);
    const given = outside(name, second);
    const again = importMetaGraph(await read(name), { graph: second, inputMap: given, importScope: "again" });
    expect(again.scope).toBe("again");
    const whole = exportMetaGraph(second).graphDef!.node.slice(given ? 1 : 0);
    expect(
      before.flatMap((node, i) => {
        const mapped = given && node.input.some((input) => input.includes("$unbound_inputs_"));
        return mapped ? [] : differences(node, whole[i]!, "again/", defaults);
      }),
    ).toEqual([]);
    expect(again.variables.size).toBe(def.collectionDef.variables?.bytesList?.value.length ?? 0);
  });
});
