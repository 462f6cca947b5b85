// Restoring what is there, under other names, and the report of it: what TensorFlow has no call for.
import { memoryFileSystem } from "@org/io";
import { beforeEach, describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

let fs: ReturnType<typeof memoryFileSystem>;
beforeEach(() => {
  fs = memoryFileSystem();
});

/** A graph with these variables, a Saver of them and a session. */
function model(
  variables: Readonly<Record<string, number | number[] | number[][]>>,
  kind: "ref" | "resource" = "ref",
) {
  const graph = new tf.Graph();
  return graph.asDefault(() => {
    for (const [name, value] of Object.entries(variables)) {
      const options = { name, dtype: "float32" as const };
      if (kind === "ref") new tf.Variable(value, options);
      else new tf.ResourceVariable(value, options);
    }
    const init = tf.globalVariablesInitializer();
    const saver = new tf.train.Saver();
    const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
    const values = async () =>
      Object.fromEntries(
        await Promise.all(
          tf.globalVariables().map(async (v) => [v.op.name, tf.toArray(await sess.run(v.value()))]),
        ),
      );
    return { graph, init, saver, sess, values: () => graph.asDefault(values) };
  });
}

async function saved(variables: Parameters<typeof model>[0]): Promise<void> {
  const { init, saver, sess } = model(variables);
  await sess.run(init);
  await saver.save(sess, "ckpt");
}

const error = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (thrown: unknown) => thrown as tf.TfError,
  );

describe.each(["ref", "resource"] as const)("restore of %s variables", (kind) => {
  it("[users/4.9] takes what is there where told so, leaves the rest as it is, and reports", async () => {
    await saved({ "layer/weights": [1, 2], "layer/bias": 3, global_step: 7, wide: [1, 2, 3] });
    const { graph, init, saver, sess, values } = model(
      { "layer/weights": [0, 0], "layer/biases": 0, wide: [0, 0], head: 9 },
      kind,
    );
    await sess.run(init);
    const built = graph.getOperations().length;
    const progress: string[] = [];
    const report = await saver.restore(sess, "ckpt", {
      partial: true,
      onProgress: ({ name }) => progress.push(name!),
    });
    expect(graph.getOperations()).toHaveLength(built);
    expect([...report.restored]).toEqual([["layer/weights", "layer/weights"]]);
    expect(report.missing).toEqual([
      { name: "head", key: "head", nearest: [] },
      { name: "layer/biases", key: "layer/biases", nearest: ["layer/bias"] },
    ]);
    expect(report.different).toEqual([
      {
        name: "wide",
        key: "wide",
        wanted: { dtype: "float32", shape: [2] },
        found: { dtype: "float32", shape: [3] },
      },
    ]);
    expect(report.unused).toEqual(["global_step", "layer/bias", "wide"]);
    expect(await values()).toEqual({ "layer/weights": [1, 2], "layer/biases": 0, wide: [0, 0], head: 9 });
    expect(progress).toEqual(["layer/weights"]);
  });

  it("[users/4.10] reads under other names, by a record or a function", async () => {
    await saved({ "layer/weights": [1, 2], "layer/bias": 3 });
    const build = () => model({ "layer/kernel": [0, 0], "layer/bias": 0 }, kind);
    for (const rename of [
      { "layer/kernel": "layer/weights" },
      (name: string) => (name.endsWith("/kernel") ? name.replace("/kernel", "/weights") : undefined),
    ]) {
      const { saver, sess, values } = build();
      const report = await saver.restore(sess, "ckpt", { rename });
      expect([...report.restored]).toEqual([
        ["layer/bias", "layer/bias"],
        ["layer/kernel", "layer/weights"],
      ]);
      expect(await values()).toEqual({ "layer/kernel": [1, 2], "layer/bias": 3 });
    }
  });

  it("[users/4.9] otherwise says everything that is wrong in one error, and assigns nothing", async () => {
    await saved({ "layer/weights": [1, 2], "layer/bias": 3, wide: [1, 2, 3] });
    const { init, saver, sess, values } = model(
      { "layer/kernel": [0, 0], "layer/biases": 0, wide: [0, 0] },
      kind,
    );
    await sess.run(init);
    const missing = (await error(
      saver.restore(sess, "ckpt", { rename: { "layer/kernel": "layer/weights" } }),
    ))!;
    expect([missing.code, missing.sentence]).toEqual([
      "NOT_FOUND",
      "Key layer/biases not found in checkpoint",
    ]);
    expect(missing.hint?.split("\n")).toEqual([
      'Missing: "layer/biases"; named alike: "layer/bias".',
      'Different: "wide" is float32 [3] in the checkpoint, the graph wants float32 [2].',
      "Not used: layer/bias, wide.",
      "{ partial: true } leaves such variables as they are.",
    ]);
    expect(await values()).toEqual({ "layer/kernel": [0, 0], "layer/biases": 0, wide: [0, 0] });
  });
});

it("a name that the Saver lacks cannot be renamed", async () => {
  await saved({ w: 1 });
  const { saver, sess } = model({ w: 0 });
  expect(await error(saver.restore(sess, "ckpt", { rename: { W: "w" } }))).toMatchObject({
    code: "INVALID_ARGUMENT",
    sentence: "The Saver restores no W, which is to be renamed",
  });
});

it("another type is different, or an error", async () => {
  await saved({ n: 1 });
  const graph = new tf.Graph();
  const saver = graph.asDefault(() => new tf.train.Saver([new tf.Variable(1n, { name: "n" })]));
  const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
  const { different } = await saver.restore(sess, "ckpt", { partial: true });
  expect(different).toEqual([
    {
      name: "n",
      key: "n",
      wanted: { dtype: "int64", shape: [] },
      found: { dtype: "float32", shape: [] },
    },
  ]);
  expect(await error(saver.restore(sess, "ckpt", { rename: {} }))).toMatchObject({
    code: "INVALID_ARGUMENT",
    sentence: expect.stringContaining("does not equal original dtype"),
  });
});

it("Savers of imported files, sharded, partitioned and reshaping ones restore in parts, too", async () => {
  const graph = new tf.Graph();
  const build = (start: number) =>
    graph.asDefault(() => {
      const parts = tf.getVariable("p", {
        initializer: tf.constant([[start], [start + 1], [start + 2]], "float32"),
        partitioner: tf.fixedSizePartitioner(2),
      });
      const v = tf.device("/cpu:1", () => new tf.Variable([1, 2, 3, 4], { name: "v", dtype: "float32" }));
      return { v, parts, saver: new tf.train.Saver([parts, v], { sharded: true }) };
    });
  const { saver } = build(10);
  const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
  await sess.run(graph.asDefault(() => tf.globalVariablesInitializer()));
  await saver.save(sess, "sharded");

  const imported = new tf.Graph();
  const own = (await tf.train.importMetaGraph("sharded.meta", { graph: imported, fs }))!;
  const second = new tf.Session({ graph: imported, fs, backends: ["evaluator"] });
  const report = await own.restore(second, "sharded", { partial: true });
  expect([...report.restored.keys()].sort()).toEqual(["p", "v"]);
  expect(tf.toArray(await second.run("p/part_1/read:0"))).toEqual([[12]]);

  const other = new tf.Graph();
  const reshaping = other.asDefault(() => {
    const v = new tf.Variable(
      [
        [0, 0],
        [0, 0],
      ],
      { name: "v", dtype: "float32" },
    );
    return { v, saver: new tf.train.Saver([v], { reshape: true }) };
  });
  const third = new tf.Session({ graph: other, fs, backends: ["evaluator"] });
  const { different, unused } = await reshaping.saver.restore(third, "sharded", { partial: true });
  expect([different, unused]).toEqual([[], ["p"]]);
  expect(tf.toArray(await third.run(reshaping.v.value()))).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

it("a table comes whole or not at all", async () => {
  const build = (name: string) => {
    const graph = new tf.Graph();
    return graph.asDefault(() => {
      const table = new tf.lookup.MutableHashTable("string", "float32", 0, { name });
      const insert = table.insert(["a"], [1]);
      return {
        table,
        insert,
        saver: new tf.train.Saver(),
        sess: new tf.Session({ graph, fs, backends: ["evaluator"] }),
      };
    });
  };
  const first = build("t");
  await first.sess.run(first.insert);
  await first.saver.save(first.sess, "tables");
  const second = build("u");
  const lacking = await second.saver.restore(second.sess, "tables", {
    rename: { "u-keys": "t-keys" },
    partial: true,
  });
  expect([lacking.restored.size, lacking.missing.map(({ name }) => name)]).toEqual([0, ["u-values"]]);
  const whole = await second.saver.restore(second.sess, "tables", {
    rename: (name) => name.replace("u-", "t-"),
  });
  expect(whole.restored.size).toBe(2);
  expect(tf.toNumbers(await second.sess.run(second.table.lookup(["a"])))).toEqual([1]);
});

it("nothing is restored of a Saver of nothing, and no file that is none", async () => {
  const graph = new tf.Graph();
  const saver = graph.asDefault(() => {
    tf.constant(1);
    return new tf.train.Saver(null, { allowEmpty: true });
  });
  const sess = new tf.Session({ graph, fs, backends: ["evaluator"] });
  expect((await saver.restore(sess, "anything", { partial: true })).restored.size).toBe(0);
  const other = model({ w: 1 });
  expect((await error(other.saver.restore(other.sess, "nowhere", { partial: true })))!.code).toBe(
    "NOT_FOUND",
  );
});
