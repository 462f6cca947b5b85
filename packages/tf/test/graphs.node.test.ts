// Programs that TensorFlow 1.15.5's Python ran, run by ours: the same graph node for node, with its collections and SaverDef. One
// program a file in graphs/, named after the reference graph; FEATURES.md lists them, and why others are not there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as tf from "../src/index.ts";
import { differences, noReferences, referenceNames } from "./reference-graph.ts";

interface Program {
  /** Builds into `graph`, the default one; gives (or promises) the Saver whose SaverDef is exported, if any. */
  build(graph: tf.Graph): unknown;
  readonly exportOptions?: Parameters<typeof tf.train.exportMetaGraph>[0];
}

const folder = join(import.meta.dirname, "graphs");
const programs = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -".ts".length))
  .sort();

/** Names in the rows of FEATURES.md's section "Reference graphs". */
function listed(kind: string): string[] {
  const text = readFileSync(join(import.meta.dirname, "../../../FEATURES.md"), "utf8");
  const section = text.split("## Reference graphs")[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith(`| ${kind}`));
  return rows.flatMap((row) => [...row.split("|")[2]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!)).sort();
}

afterEach(() => {
  vi.restoreAllMocks();
  tf.resetDefaultGraph();
});

describe.skipIf(noReferences)(`the graphs of TensorFlow 1.15.5 ${noReferences ?? ""}`, () => {
  it.each(programs)("%s", async (name) => {
    // Sharded Savers and static tables have random names; in the reference graphs they are counted.
    let uuids = 0;
    vi.spyOn(globalThis.crypto, "randomUUID").mockImplementation(
      () => `00000000-0000-0000-0000-${(++uuids).toString(16).padStart(12, "0")}`,
    );
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const program = (await import(`./graphs/${name}.ts`)) as Program;
    const graph = tf.getDefaultGraph() as tf.Graph;
    const saver = (await graph.asDefault(() => program.build(graph))) as tf.train.Saver | undefined;
    const made = await tf.train.exportMetaGraph({
      graph,
      ...(saver ? { saverDef: saver.saverDef } : {}),
      ...program.exportOptions,
    });
    expect(differences(made, name).join("\n")).toBe("");
  });

  it("FEATURES.md says which are rebuilt", () => {
    expect(listed("✅")).toEqual(programs);
    expect([...listed("✅"), ...listed("❌")].sort()).toEqual(referenceNames);
  });
});
