// Every file that real TensorFlows wrote is valid to `metagraph validate`: graphs, checkpoints, SavedModels, records, events, arrays.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));

/** What to name of a file in the folder: itself, the checkpoint or the SavedModel that it is of; undefined for what is not ours to read. */
function nameOf(path: string): string | undefined {
  if (/saved_model\.pb(txt)?$/.test(path)) return path.slice(0, path.lastIndexOf("/"));
  if (path.endsWith(".index")) return path.slice(0, -".index".length);
  if (/v1[^/]*\/.*ckpt[^/]*$/.test(path) && !path.endsWith(".meta")) return path;
  if (path.endsWith("fingerprint.pb")) return undefined;
  return /\.(meta|pb|pbtxt|tfrecord)$|tfevents/.test(path) ? path : undefined;
}

const filesIn = (folder: string): string[] => {
  const root = join(shared, folder);
  if (!existsSync(root)) return [];
  const names = readdirSync(root, { recursive: true }).map((name) => nameOf(join(root, String(name))));
  return [...new Set(names.filter((name) => name !== undefined))].sort();
};

describe.skipIf(!existsSync(shared))("files of TensorFlow (skipped without the folder `shared`)", () => {
  it.each(["formats", "golden", "graphs"])("%s", { timeout: 300_000 }, async (folder) => {
    const files = filesIn(folder);
    expect(files.length).toBeGreaterThan(30);
    const { out } = await run(["validate", ...files, "--json"]);
    const found = JSON.parse(out) as {
      ok: boolean;
      files: { file: string; problems: { severity: string; message: string }[] }[];
    };
    const problems = found.files.flatMap(({ file, problems }) =>
      problems.map(({ message }) => `${file.slice(shared.length + 1)}: ${message}`),
    );
    expect(problems).toEqual(
      folder === "graphs"
        ? // Exported by its scope: its unbound inputs are somebody else's to give.
          [
            "graphs/export_scope/graph.meta: Graph contains unbound inputs: $unbound_inputs_x. Must provide these inputs through input_map.",
          ]
        : [],
    );
    expect(found.ok).toBe(true);
  });
});
