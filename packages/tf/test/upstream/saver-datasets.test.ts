// Ported by understanding from TensorFlow's saver_test.py: a MetaGraph with a data set and its functions.
import { decode, encode, type MetaGraphDef } from "@org/proto";
import { beforeEach, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

beforeEach(() => tf.resetDefaultGraph());

/** "CODE" of the TfError that a promise is rejected with. */
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: { code: string }) => error.code,
  );

test("[saver_test/MetaGraphTest.testPreserveDatasetAndFunctions] a one-shot iterator over mapped numbers runs from every form of the MetaGraph", async () => {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const dataset = tf.data.Dataset.range(10).map((x) => tf.operator.mul(x, x));
    tf.identity(dataset.makeOneShotIterator().getNext(), { name: "output" });
  });
  const simple = await tf.train.exportMetaGraph({ graph });
  const forms = [
    simple,
    await tf.train.exportMetaGraph({ graph, clearDevices: true }),
    await tf.train.exportMetaGraph({ graph, clearDevices: true, graphDef: graph.asGraphDef() }),
  ];
  for (const form of forms) {
    const def = decode(tf.protos.MetaGraphDef, encode(tf.protos.MetaGraphDef, form)) as MetaGraphDef;
    expect(def.graphDef!.library!.function.length).toBe(2);
    const again = new tf.Graph();
    await again.asDefault(() => tf.train.importMetaGraph(def, { importScope: "new_model" }));
    const session = new tf.Session({ graph: again, backends: ["evaluator"] });
    await session.run(again.asDefault(() => tf.globalVariablesInitializer()));
    for (let i = 0; i < 10; i++)
      expect(tf.toArray(await session.run("new_model/output:0"))).toBe(BigInt(i * i));
    expect(await codeOf(session.run("new_model/output:0"))).toBe("OUT_OF_RANGE");
    await session.close();
  }
});
