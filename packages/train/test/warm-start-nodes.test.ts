// The nodes of the initializers that load by vocabulary, and of warmStart, are those of TensorFlow 1.15.5
// (fixtures/record-warm-start.py). What they compute: packages/tf/test/upstream/warm-starting-util.test.ts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { updateCheckpointState, writeCheckpoint } from "@org/checkpoint";
import { Graph } from "@org/graph";
import { memoryFileSystem } from "@org/io";
import { fixedSizePartitioner, getVariable, onesInitializer, standardOps } from "@org/ops";
import { convertToNdArray } from "@org/tensor";
import { expect, it } from "vitest";
import {
  loadAndRemapMatrixInitializer,
  loadEmbeddingInitializer,
  VocabInfo,
  warmStart,
} from "../src/index.ts";

const recorded = readFileSync(join(import.meta.dirname, "fixtures/warm-start-nodes.txt"), "utf8");
const linesOf = (title: string) =>
  recorded
    .split(/^# /m)
    .find((part) => part.startsWith(`${title}\n`))!
    .trim()
    .split("\n")
    .slice(1);
const nodesOf = (graph: Graph) =>
  graph
    .asGraphDef()
    .node!.map(({ name, op, input, device }) => `${name} = ${op}(${input!.join(", ")}) ${device}`.trimEnd());

it("initializers that load by vocabulary", () => {
  const graph = new Graph({ ops: standardOps });
  const remapping = loadAndRemapMatrixInitializer({
    ckptPath: ["d/m-1"],
    oldTensorName: "s/emb",
    newRowVocabSize: 5,
    newColVocabSize: 4,
    oldRowVocabFile: "old",
    newRowVocabFile: "new",
    oldColVocabFile: "oldc",
    newColVocabFile: "newc",
    numRowOovBuckets: 1,
    numColOovBuckets: 1,
  });
  getVariable("w", [6, 5], { graph, initializer: remapping, partitioner: fixedSizePartitioner(2) });
  const embedding = loadEmbeddingInitializer({
    ckptPath: "d/m-1",
    embeddingTensorName: "s/emb",
    newVocabSize: 5,
    embeddingDim: 16,
    oldVocabFile: "old",
    newVocabFile: "new",
    numOovBuckets: 1,
  });
  getVariable("e", [6, 16], { graph, initializer: embedding });
  expect(nodesOf(graph)).toEqual(linesOf("initializers"));
});

it("warm start", async () => {
  const fs = memoryFileSystem();
  await fs.makeDirectory("d");
  const stored = { "s/emb": [[0]], p: [[0]], q: [0, 0, 0] };
  const tensors = Object.entries(stored).map(([name, value]) => [name, convertToNdArray(value, "float32")]);
  await writeCheckpoint("d/m-1", Object.fromEntries(tensors), { fs });
  await updateCheckpointState("d", "d/m-1", { fs });

  const graph = new Graph({ ops: standardOps });
  getVariable("s/emb", [5, 4], { graph });
  getVariable("p", [6, 1], { graph, partitioner: fixedSizePartitioner(2) });
  getVariable("q", [3], { graph });
  getVariable("r", [6, 1], { graph, useResource: true });
  const words = { newVocab: "new", newVocabSize: 5, numOovBuckets: 1, oldVocab: "old" };
  const classes = { newVocab: "newc", newVocabSize: 4, numOovBuckets: 0, oldVocab: "oldc", axis: 1 } as const;
  const done = await warmStart("d", {
    fs,
    graph,
    varNameToVocabInfo: {
      p: words,
      "s/emb": new VocabInfo(classes),
      r: new VocabInfo({ ...words, backupInitializer: onesInitializer() }),
    },
    varNameToPrevVarName: { r: "p" },
  });
  expect(nodesOf(graph)).toEqual(linesOf("warm start"));
  expect(done).toEqual({
    prefix: "d/m-1",
    variables: ["s/emb", "p", "q", "r"],
    vocabularies: ["new", "old", "newc", "oldc"],
  });
});
