// Ported by understanding from TensorFlow's saver_test.py: CheckpointReaderTest, which reads V1, its V2 kin, and WriteGraphTest.
import { describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { evaluate, fails, files, inGraph, initialize, variable } from "./saver-fixture.ts";

describe.each([
  ["CheckpointReaderTest", "V1"],
  ["CheckpointReaderForV2Test", "V2"],
] as const)("%s", (name, writeVersion) => {
  test(`[saver_test/${name}.testDebugString] a reader tells names, types, shapes and values`, async () => {
    const fs = await files();
    const { v0, v1, save, sess } = inGraph(fs, () => {
      const v0 = variable(
        "ref",
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        "v0",
      );
      const v1 = variable(
        "ref",
        [
          [[1], [2]],
          [[3], [4]],
          [[5], [6]],
        ],
        "v1",
      );
      return { v0, v1, save: new tf.train.Saver({ v0, v1 }, { writeVersion }) };
    });
    await initialize(sess);
    const path = `dir/ckpt_for_debug_string${writeVersion}`;
    await save.save(sess, path);
    const reader = await tf.train.openCheckpoint(path, { fs });
    expect(reader.version).toBe(writeVersion);
    expect([reader.has("v0"), reader.has("v1")]).toEqual([true, true]);
    expect(reader.debugString()).toContain("v0 (DT_FLOAT) [2,3]");
    expect(reader.debugString()).toContain("v1 (DT_FLOAT) [3,2,1]");
    expect([reader.shape("v0"), reader.shape("v1")]).toEqual([
      [2, 3],
      [3, 2, 1],
    ]);
    expect(tf.toArray(await reader.get("v0"))).toEqual(await evaluate(sess, v0));
    expect(tf.toArray(await reader.get("v1"))).toEqual(await evaluate(sess, v1));
    await fails(() => reader.get("v3"), "NOT_FOUND", "v3 not found in checkpoint");
    await reader.close();
  });

  test(`[saver_test/${name}.testNonexistentPath] a path where nothing is cannot be read`, async () => {
    const fs = await files();
    await fails(
      () => tf.train.openCheckpoint("non-existent", { fs }),
      "NOT_FOUND",
      "Unsuccessful TensorSliceReader",
    );
  });
});

const model = () => ({
  v0: variable(
    "ref",
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    "v0",
  ),
});

test("[saver_test/WriteGraphTest.testWriteGraph] a graph is written where told, and the path returned", async () => {
  const fs = await files();
  const { sess } = inGraph(fs, model);
  const path = await tf.train.writeGraph(sess.graph, "dir/l1", "graph.pbtxt", { fs });
  expect(path).toBe("dir/l1/graph.pbtxt");
  expect(await fs.stat(path)).toBeDefined();
});

test("[saver_test/WriteGraphTest.testRecursiveCreate] missing directories are made", async () => {
  const fs = await files();
  const { sess } = inGraph(fs, model);
  const path = await tf.train.writeGraph(sess.graph.asGraphDef(), "dir/l1/l2/l3", "graph.pbtxt", { fs });
  expect(path).toBe("dir/l1/l2/l3/graph.pbtxt");
  const { fromText } = await import("@org/proto/text");
  const source = await fs.open(path);
  const text = new TextDecoder().decode(await source.read(0, source.size));
  expect(fromText(tf.protos.GraphDef, text).node.map((node) => node.name)).toContain("v0/Assign");
  const binary = await tf.train.writeGraph(sess.graph, "dir", "graph.pb", { fs, asText: false });
  const bytes = await fs.open(binary);
  const def = tf.protos.decode(tf.protos.GraphDef, await bytes.read(0, bytes.size));
  expect(tf.protos.equals(tf.protos.GraphDef, def, sess.graph.asGraphDef())).toBe(true);
});
