// exportMetaGraph: kinds of collections, odd arguments.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import * as tf from "../../src/index.ts";
import { probes } from "./probes.ts";

probes(["export"], {
  "export.collections": {
    run: async () => {
      const graph = tf.getDefaultGraph();
      const items = {
        ints: 3,
        strs: "s",
        bools: true,
        floats: 1.5,
        op: graph.createOp("NoOp", [], { name: "n" }),
        t: tf.constant(1, { name: "t" }),
      };
      for (const [key, item] of Object.entries(items)) tf.addToCollection(key, item);
      const { collectionDef } = await tf.train.exportMetaGraph();
      return Object.fromEntries(
        Object.entries(collectionDef).map(([key, def]) => [
          key,
          def[def.kind as "intList" & keyof typeof def],
        ]),
      );
    },
    gives: {
      ints: expect.objectContaining({ value: [3n] }),
      strs: expect.objectContaining({ value: [new TextEncoder().encode("s")] }),
      bools: expect.objectContaining({ value: [1n] }),
      floats: expect.objectContaining({ value: [1.5] }),
      op: expect.objectContaining({ value: ["n"] }),
      t: expect.objectContaining({ value: ["t:0"] }),
    },
  },
  "export.bad_graph_def": () => tf.train.exportMetaGraph({ graphDef: "x" as never }),
  "export.dir_missing": {
    run: async (directory) => {
      tf.constant(1);
      const filename = join(directory, "made/on/the/way.meta");
      await tf.train.exportMetaGraph({ filename });
      return (await stat(filename)).size > 0;
    },
    gives: true,
  },
  "export.graph+graphdef_scope": {
    run: async () => {
      const graph = tf.getDefaultGraph();
      for (const scope of ["a", "b"]) tf.nameScope(scope, () => tf.constant(1, { name: "c" }));
      const def = await tf.train.exportMetaGraph({ graph, graphDef: graph.asGraphDef(), exportScope: "b" });
      return def.graphDef!.node.map(({ name }) => name);
    },
    gives: ["c"],
  },
});
