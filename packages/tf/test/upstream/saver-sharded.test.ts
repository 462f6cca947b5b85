// Ported by understanding from TensorFlow's saver_test.py: SaveRestoreShardedTest, which writes V1, and its V2 kin.
import type { FileSystem } from "@org/io";
import { describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import {
  CheckpointedOp,
  evaluate,
  files,
  inGraph,
  initialize,
  type Kind,
  variable,
} from "./saver-fixture.ts";

/** Variables and tables on two devices, the Saver that shards them, and what fills the tables. */
const twoDevices = (
  writeVersion: "V1" | "V2",
  starts: Readonly<Record<string, number>>,
  tables: Readonly<Record<string, readonly [key: string, value: number]>>,
) => {
  const varList: Record<string, tf.Variable | CheckpointedOp["saveable"]> = {};
  const made = Object.entries(starts).map(([name, start]) =>
    tf.device(`/cpu:${name.at(-1)}`, () => {
      const v = new tf.Variable(start, { name, dtype: "int32" });
      varList[name] = v;
      return v;
    }),
  );
  const ops = Object.entries(tables).map(([name, [key, value]]) =>
    tf.device(`/cpu:${name.at(-1)}`, () => {
      const op = new CheckpointedOp(name);
      varList[name] = op.saveable;
      return { op, insert: op.insert(key, value) };
    }),
  );
  return { made, ops, save: new tf.train.Saver(varList, { writeVersion, sharded: true }) };
};

type Built = ReturnType<typeof twoDevices> & { readonly sess: tf.Session };

async function start({ sess, ops }: Built): Promise<void> {
  await initialize(sess);
  for (const { insert } of ops) await sess.run(insert);
}

async function holds(
  { sess, made, ops }: Built,
  values: number[],
  tables: [key: string, value: number][],
): Promise<void> {
  expect(await Promise.all(made.map((v) => evaluate(sess, v)))).toEqual(values);
  const contents = await Promise.all(ops.map(({ op }) => op.contents(sess)));
  expect(contents).toEqual(tables.map(([key, value]) => [[key], [value]]));
}

async function basics(writeVersion: "V1" | "V2"): Promise<void> {
  const fs = await files();
  const savePath = "dir/sharded_basics";
  const build = (...args: [Record<string, number>, Record<string, [string, number]>]) =>
    inGraph(fs, () => twoDevices(writeVersion, ...args));
  const first = build({ v0: 10, v1: 20 }, { t0: ["k1", 30], t1: ["k2", 40] });
  await start(first);
  const saved = (await first.save.save(first.sess, savePath))!;
  expect(saved).toBe(writeVersion === "V1" ? `${savePath}-?????-of-00002` : savePath);
  expect(tf.train.metaGraphFilename(saved)).toBe(`${savePath}.meta`);
  expect(await fs.stat(`${savePath}.meta`)).toBeDefined();

  if (writeVersion === "V1") {
    const shard0 = build({ v0: 111 }, { t0: ["k11", 33] });
    await start(shard0);
    await holds(shard0, [111], [["k11", 33]]);
    await shard0.save.restore(shard0.sess, `${savePath}-00000-of-00002`);
    await holds(shard0, [10], [["k1", 30]]);

    const shard1 = build({ v1: 222 }, { t1: ["k22", 44] });
    await start(shard1);
    await holds(shard1, [222], [["k22", 44]]);
    await shard1.save.restore(shard1.sess, `${savePath}-00001-of-00002`);
    await holds(shard1, [20], [["k2", 40]]);
  }

  const both = build({ v0: 111, v1: 222 }, { t0: ["k11", 33], t1: ["k22", 44] });
  await start(both);
  await holds(
    both,
    [111, 222],
    [
      ["k11", 33],
      ["k22", 44],
    ],
  );
  await both.save.restore(both.sess, writeVersion === "V1" ? `${savePath}-?????-of-?????` : savePath);
  await holds(
    both,
    [10, 20],
    [
      ["k1", 30],
      ["k2", 40],
    ],
  );
  expect(await tf.train.latestCheckpoint("dir", { fs })).toBe(saved);
}

function saverDef(): void {
  new tf.Graph().asDefault(() => {
    const v0 = variable("ref", 123, "v0");
    expect(new tf.train.Saver({ v0 }, { sharded: true }).asSaverDef()!.sharded).toBe(true);
  });
}

/** A variable of random numbers, whole or in parts, restored whole and in other parts. */
async function partitionedVariables(kind: Kind, writeVersion: "V1" | "V2"): Promise<void> {
  const fullShape = [10, 3];
  const fs: FileSystem = await files();
  const path = "dir/ckpt";
  for (const withDict of [false, true]) {
    const saverOf = (v: tf.Variable | tf.ResourceVariable | tf.PartitionedVariable) =>
      new tf.train.Saver(withDict ? { my_var: v } : [v], { writeVersion });
    const save = async (parts?: number) => {
      const random = inGraph(fs, () => ({ rnd: tf.randomUniform(fullShape) }));
      const rnd = tf.toArray(await random.sess.run(random.rnd)) as number[][];
      const { saver, sess } = inGraph(fs, () => {
        const v = parts === undefined ? variable(kind, rnd, "my_var") : slicesOf(rnd, parts, kind);
        return { saver: saverOf(v) };
      });
      await initialize(sess);
      expect(await saver.save(sess, path)).toBe(path);
      return rnd;
    };
    const slicesOf = (rnd: number[][], parts: number, of: Kind) =>
      tf.getVariable("my_var", {
        initializer: tf.constant(rnd),
        partitioner: tf.fixedSizePartitioner(parts),
        useResource: of === "resource",
      }) as tf.PartitionedVariable;
    const restore = async (parts?: number) => {
      const { saver, value, sess } = inGraph(fs, () => {
        const zeros = tf.zeros(fullShape);
        const v =
          parts === undefined
            ? variable("ref", zeros, "my_var")
            : (tf.getVariable("my_var", {
                initializer: zeros,
                partitioner: tf.fixedSizePartitioner(parts),
              }) as tf.PartitionedVariable);
        return { saver: saverOf(v), value: "asTensor" in v ? v.asTensor() : v.value() };
      });
      await initialize(sess);
      await saver.restore(sess, path);
      return evaluate(sess, value);
    };
    const inParts = await save(2);
    expect(await restore()).toEqual(inParts);
    expect(await restore(2)).toEqual(inParts);
    expect(await restore(3)).toEqual(inParts);
    const whole = await save();
    expect(await restore(3)).toEqual(whole);
  }
}

describe.each([
  ["SaveRestoreShardedTest", "V1"],
  ["SaveRestoreShardedTestV2", "V2"],
] as const)("%s", (name, writeVersion) => {
  test(`[saver_test/${name}.testBasics] shards of two devices come back, one by one or together`, () =>
    basics(writeVersion));
  test(`[saver_test/${name}.testSaverDef] a sharded Saver says so`, saverDef);
  test(`[saver_test/${name}.testPartitionedVariable] parts come back whole and in other parts`, () =>
    partitionedVariables("ref", writeVersion));
  test(`[saver_test/${name}.testPartitionedResourceVariable] parts that are resources come back whole and in other parts`, () =>
    partitionedVariables("resource", writeVersion));
});
