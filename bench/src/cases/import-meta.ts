// A .meta of 10,000 nodes, whose bytes are in memory, becomes a graph.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@org/tf";
import type { Case } from "../case.ts";

const folder = mkdtempSync(join(tmpdir(), "metagraph-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
const path = join(folder, "large.meta");

/** Writes a .meta of about `nodes` nodes: layers of variables, products and sums, with a Saver. */
async function writeLargeMeta(nodes: number): Promise<void> {
  const graph = new tf.Graph();
  const def = await graph.asDefault(() => {
    let x: tf.Tensor = tf.placeholder("float32", [null, 8]);
    const layer = (i: number): void => {
      tf.nameScope(`layer_${i}`, () => {
        const weights = new tf.Variable(tf.zeros([8, 8]), { name: "weights" });
        const biases = new tf.Variable(tf.zeros([8]), { name: "biases" });
        x = tf.nn.relu(tf.operator.add(tf.matmul(x, weights), biases));
      });
    };
    for (let i = 0; graph.getOperations().length < nodes * 0.88; i++) layer(i);
    const saver = new tf.train.Saver();
    return tf.train.exportMetaGraph({ saverDef: saver.asSaverDef() });
  });
  writeFileSync(path, tf.protos.encode(tf.protos.MetaGraphDef, def));
}

export const importMeta: Case = {
  name: "import, 10,000 nodes",
  async ours() {
    await writeLargeMeta(10_000);
    const bytes = readFileSync(path);
    return () => {
      const graph = new tf.Graph();
      return tf.train.importMetaGraph(bytes, { graph });
    };
  },
  tensorflow: ["import_meta", path],
};
