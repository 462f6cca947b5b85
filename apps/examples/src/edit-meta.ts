// Edits a .meta with @org/metagraph alone, which brings no kernels and no ops: look, rename, strip. `edit-meta [FILE [OUT]]`
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, exportMetaGraph, importMetaGraph, readMetaGraph, writeMetaGraph } from "@org/metagraph";

const file = process.argv[2] ?? join(import.meta.dirname, "../data/howto/infer-0.meta");
const out = process.argv[3] ?? join(mkdtempSync(join(tmpdir(), "edit-meta-")), "edited.meta");

// Look.
const def = await readMetaGraph(file);
const found = describe(def);
console.log(`${found.nodeCount} nodes, written by TensorFlow ${found.tensorflowVersion}`);
console.log("inputs:", found.inputs.map(({ name, dtype, shape }) => `${name} ${dtype} ${shape}`).join(", "));
console.log("collections:", found.collections.map(({ key, count }) => `${key} (${count})`).join(", "));

// Rename: all of it under a scope, its variables and its Saver too. The checkpoint's keys stay as they are.
const { graph, saver } = importMetaGraph(def, { importScope: "digits" });

// A message is a plain object: change what you like before the import, or after the export.
graph.addToCollection("notes", `was ${file.split("/").at(-1)}`);

// Strip: no devices, no default attributes, no collections but these.
const edited = exportMetaGraph(graph, {
  ...(saver ? { saverDef: saver.asSaverDef() } : {}),
  clearDevices: true,
  stripDefaultAttrs: true,
  collectionList: ["variables", "trainable_variables", "logits", "notes"],
});
await writeMetaGraph(out, edited);
console.log(
  `${out}: ${edited.graphDef?.node
    .map(({ name }) => name)
    .slice(0, 3)
    .join(", ")} ...`,
);
