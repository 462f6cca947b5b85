// What TensorFlow's own tools made of one network, made again (skipped without the golden files): formats/*/frozen.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openCheckpoint } from "@org/checkpoint";
import { memoryFileSystem, readFile } from "@org/io";
import { decode, equals, GraphDef, type INodeDef, NodeDef } from "@org/proto";
import { fromText } from "@org/proto/text";
import { tensorFromProto } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  convertVariablesToConstants,
  freezeGraph,
  type NodeGraph,
  optimizeForInference,
  removeTrainingNodes,
  stripUnused,
} from "../src/index.ts";

const formats = join(
  process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared"),
  "formats",
);
const versions = ["1.0.1", "1.15.5", "2.21.0"].filter((version) =>
  existsSync(join(formats, version, "frozen/expect.json")),
);

/** How many nodes of each op. */
function opCounts(graph: { readonly node?: readonly INodeDef[] | null }): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of graph.node ?? []) counts[op ?? ""] = (counts[op ?? ""] ?? 0) + 1;
  return counts;
}

/** Names of nodes that are not the same in both, and of those that one of them lacks. */
function differences(ours: NodeGraph, theirs: GraphDef): string[] {
  const byName = (graph: { readonly node: readonly INodeDef[] }) =>
    new Map(graph.node.map((node) => [node.name ?? "", node]));
  const [left, right] = [byName(ours), byName(theirs)];
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => {
    const [a, b] = [left.get(name), right.get(name)];
    return a === undefined || b === undefined || !equals(NodeDef, a, b);
  });
}

describe.skipIf(versions.length === 0)(
  "formats/*/frozen (needs the golden files beside the repository)",
  () => {
    describe.each(versions)("%s", (version) => {
      const folder = join(formats, version, "frozen");
      const model = join(folder, "model");
      const expected = JSON.parse(readFileSync(join(folder, "expect.json"), "utf8")) as {
        graphs: { file: string; nodes: number; ops: Record<string, number> }[];
      };
      const has = (file: string): boolean => expected.graphs.some((graph) => graph.file === file);
      const theirs = (file: string): GraphDef =>
        file.endsWith("txt")
          ? fromText(GraphDef, readFileSync(join(folder, file), "utf8"))
          : decode(GraphDef, new Uint8Array(readFileSync(join(folder, file))));

      it.each(expected.graphs.map(({ file }) => file))("%s holds the ops that it should", (file) => {
        const { nodes, ops } = expected.graphs.find((graph) => graph.file === file)!;
        const graph = theirs(file);
        expect(graph.node).toHaveLength(nodes);
        expect(opCounts(graph)).toEqual(ops);
      });

      it("freezeGraph of the text graph and the checkpoint: frozen.pb, node for node", async () => {
        const frozen = await freezeGraph({
          inputGraph: join(folder, "graph.pbtxt"),
          inputCheckpoint: model,
          outputNodeNames: "probs",
        });
        expect(differences(frozen, theirs("frozen.pb"))).toEqual([]);
        expect(frozen.node.map(({ name }) => name)).toEqual(theirs("frozen.pb").node.map(({ name }) => name));
      });

      it.skipIf(!has("frozen_from_meta.pb"))("freezeGraph of the .meta: frozen_from_meta.pb", async () => {
        const frozen = await freezeGraph({
          inputMetaGraph: join(folder, "model.meta"),
          inputCheckpoint: model,
          outputNodeNames: "logits",
        });
        const golden = theirs("frozen_from_meta.pb");
        // 2.21 drops `_output_shapes` of what reads a variable; 1.15.5 keeps it, and so do we.
        const loses = (name: string): boolean =>
          version === "2.21.0" && name.endsWith("/read") && golden.node.some((node) => node.name === name);
        expect(differences(frozen, golden).filter((name) => !loses(name))).toEqual([]);
      });

      it("convertVariablesToConstants from the checkpoint: constants.pbtxt", async () => {
        const reader = await openCheckpoint(model);
        const frozen = await convertVariablesToConstants(reader, theirs("graph.pbtxt"), ["probs"]);
        await reader.close();
        expect(differences(frozen, theirs("constants.pbtxt"))).toEqual([]);
      });

      it("removeTrainingNodes: removed_training.pb", () => {
        const ours = removeTrainingNodes(theirs("frozen.pb"), ["probs"]);
        expect(differences(ours, theirs("removed_training.pb"))).toEqual([]);
      });

      it("stripUnused: stripped.pb", () => {
        const ours = stripUnused(theirs("frozen.pb"), ["image"], ["logits"], "float32");
        expect(differences(ours, theirs("stripped.pb"))).toEqual([]);
      });

      it("optimizeForInference: optimized.pb, with the batch normalization folded as 2.21 folds it", () => {
        const ours = optimizeForInference(theirs("frozen.pb"), ["raw"], ["probs"], "float32");
        const golden = theirs("optimized.pb");
        const bn = version === "1.0.1" ? "FusedBatchNorm" : "FusedBatchNormV3";
        expect(opCounts(ours)).not.toHaveProperty(bn);
        expect(ours.node).toHaveLength(18);
        if (version !== "2.21.0") {
          // These versions leave this op alone; all around it is the same. 1.0.1 forgets a placeholder's shape.
          const folded = [
            ...(version === "1.0.1" ? ["raw"] : []),
            "conv/kernel",
            bn,
            "Conv2D_bn_offset",
            "bn/gamma",
            "bn/beta",
            "bn/mean",
            "bn/variance",
          ];
          expect(differences(ours, golden).sort()).toEqual(folded.sort());
          return;
        }
        // 2.21 gives weights a new name, whether others read the old ones or not.
        expect(differences(ours, golden).sort()).toEqual(["Conv2D", "Conv2D_weights", "conv/kernel"]);
        const weights = (graph: { node?: readonly INodeDef[] | null }, name: string) =>
          tensorFromProto(graph.node!.find((node) => node.name === name)!.attr!.value!.tensor!);
        expect(weights(ours, "conv/kernel")).toEqual(weights(golden, "Conv2D_weights"));
      });

      it("writes the frozen graph, as a file that is read again", async () => {
        const disk = memoryFileSystem();
        for (const file of ["model.index", "model.data-00000-of-00001", "model.meta"]) {
          const sink = await disk.create(file);
          await sink.write(new Uint8Array(readFileSync(join(folder, file))));
          await sink.close();
        }
        const seen: string[] = [];
        const frozen = await freezeGraph({
          inputMetaGraph: "model.meta",
          inputCheckpoint: "model",
          outputNodeNames: ["probs"],
          outputGraph: "frozen.pb",
          fs: disk,
          onProgress: ({ name, loaded, total }) => seen.push(`${loaded}/${total} ${name}`),
        });
        const written = decode(GraphDef, await readFile(disk, "frozen.pb"));
        expect(equals(GraphDef, written, frozen)).toBe(true);
        expect(seen.at(-1)).toBe("7/7 fc/w");
      });
    });
  },
);
