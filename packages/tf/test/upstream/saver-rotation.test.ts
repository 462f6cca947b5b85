// Ported by understanding from TensorFlow's saver_test.py: MaxToKeepTest, RecoverLastCheckpointsTest, KeepCheckpointEveryNHoursTest.
import { type FileSystem, getMatchingPaths } from "@org/io";
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { files, inGraph, initialize, kinds, variable } from "./saver-fixture.ts";

const exists = (path: string, fs: FileSystem) => tf.train.checkpointExists(path, { fs });
const meta = (path: string, fs: FileSystem) => exists(tf.train.metaGraphFilename(path), fs);

/** Which checkpoints, and which .meta files beside them, are there. */
async function there(fs: FileSystem, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    if (await exists(path, fs)) found.push(path);
    if (await meta(path, fs)) found.push(`${path}.meta`);
  }
  return found;
}

async function expectState(fs: FileSystem, latest: string, all: string[]): Promise<void> {
  const state = (await tf.train.getCheckpointState("dir", { fs }))!;
  expect(state.modelCheckpointPath).toBe(latest);
  expect(state.allModelCheckpointPaths).toEqual(all);
}

const [s1, s2, s3] = ["dir/s1", "dir/s2", "dir/s3"];
const withMeta = (...paths: string[]) => paths.flatMap((path) => [path, `${path}.meta`]);

test.each(kinds)(
  "[saver_test/MaxToKeepTest.testNonSharded] the newest two are kept, by each Saver of those that it knows (%s variables)",
  async (kind) => {
    const fs = await files();
    const { save, sess } = inGraph(fs, () => ({
      save: new tf.train.Saver({ v: variable(kind, 10, "v") }, { maxToKeep: 2 }),
    }));
    await initialize(sess);
    expect(save.lastCheckpoints).toEqual([]);
    const all = [s1, s2, s3];
    /** Saves; then what the Saver lists, what is there, and what the state file says. */
    const step = async (saver: tf.train.Saver, path: string, last: string[], kept: string[]) => {
      expect(await saver.save(sess, path)).toBe(path);
      expect(saver.lastCheckpoints).toEqual(last);
      expect(await there(fs, all)).toEqual(withMeta(...kept));
      await expectState(fs, path, last);
    };
    await step(save, s1, [s1], [s1]);
    await step(save, s2, [s1, s2], [s1, s2]);
    await step(save, s3, [s2, s3], [s2, s3]);

    const saverDef = save.asSaverDef()!;
    const save2 = new tf.train.Saver(null, { saverDef, graph: sess.graph });
    save2.setLastCheckpoints(save.lastCheckpoints);
    const save3 = new tf.train.Saver(null, { saverDef, graph: sess.graph });

    // The first: s2 again moves to the end; then s3 is the oldest.
    await step(save, s2, [s3, s2], [s2, s3]);
    await step(save, s1, [s2, s1], [s1, s2]);
    // The second one knows s2 and s3, of which the first has removed s3.
    await step(save2, s2, [s3, s2], [s1, s2]);
    await step(save2, s1, [s2, s1], [s1, s2]);
    // The third knows none: it lists and removes only what it has saved.
    await step(save3, s2, [s2], [s1, s2]);
    await step(save3, s1, [s2, s1], [s1, s2]);
  },
);

test("[saver_test/MaxToKeepTest.testSharded] shards and their .meta go together", async () => {
  for (const writeVersion of ["V1", "V2"] as const) {
    const fs = await files();
    const { save, sess } = inGraph(fs, () => {
      const v0 = tf.device("/cpu:0", () => variable("ref", 111, "v0"));
      const v1 = tf.device("/cpu:1", () => variable("ref", 222, "v1"));
      return { save: new tf.train.Saver({ v0, v1 }, { sharded: true, maxToKeep: 2, writeVersion }) };
    });
    await initialize(sess);
    expect(save.lastCheckpoints).toEqual([]);
    const prefix = (path: string) => (writeVersion === "V1" ? `${path}-?????-of-00002` : path);
    /** V1: two shards; V2: two shards, an index and a .meta. */
    const expectFiles = async (path: string, count: 0 | 1) => {
      const pattern = writeVersion === "V1" ? path : `${path}*`;
      const files = writeVersion === "V1" ? 2 : 4;
      expect(await getMatchingPaths(fs, pattern)).toHaveLength(files * count);
      const metaFile = await fs.stat(tf.train.metaGraphFilename(path));
      expect(metaFile !== undefined).toBe(count === 1);
    };
    const [first, second, third] = [prefix(s1), prefix(s2), prefix(s3)];
    expect(await save.save(sess, s1)).toBe(first);
    expect(save.lastCheckpoints).toEqual([first]);
    await expectFiles(first, 1);
    await save.save(sess, s2);
    expect(save.lastCheckpoints).toEqual([first, second]);
    for (const path of [first, second]) await expectFiles(path, 1);
    await save.save(sess, s3);
    expect(save.lastCheckpoints).toEqual([second, third]);
    await expectFiles(first, 0);
    for (const path of [second, third]) await expectFiles(path, 1);
  }
});

test("[saver_test/MaxToKeepTest.testNoMaxToKeep] with maxToKeep null or 0 nothing is listed and nothing removed", async () => {
  for (const maxToKeep of [null, 0]) {
    const fs = await files();
    const { save, sess } = inGraph(fs, () => ({
      save: new tf.train.Saver({ v: variable("ref", 10, "v") }, { maxToKeep }),
    }));
    await initialize(sess);
    expect(save.lastCheckpoints).toEqual([]);
    for (const path of [s1, s2]) {
      await save.save(sess, path);
      expect(save.lastCheckpoints).toEqual([]);
    }
    expect(await there(fs, [s1, s2])).toEqual(withMeta(s1, s2));
  }
});

test("[saver_test/MaxToKeepTest.testNoMetaGraph] no .meta where told so", async () => {
  const fs = await files();
  const { save, sess } = inGraph(fs, () => ({
    save: new tf.train.Saver({ v: variable("ref", 10, "v") }),
  }));
  await initialize(sess);
  await save.save(sess, s1, { writeMetaGraph: false });
  expect(await exists(s1, fs)).toBe(true);
  expect(await fs.stat(tf.train.metaGraphFilename(s1))).toBeUndefined();
});

test.each(kinds)(
  "[saver_test/RecoverLastCheckpointsTest.test_recover_last_checkpoints] the list comes back, without what is gone (%s variables)",
  async (kind) => {
    const fs = await files();
    const { savers, sess } = inGraph(fs, () => {
      const v = variable(kind, 10, "v");
      return { savers: [0, 1, 2].map(() => new tf.train.Saver({ v }, { maxToKeep: 10 })) };
    });
    const [save, save2, save3] = savers as [tf.train.Saver, tf.train.Saver, tf.train.Saver];
    await initialize(sess);
    expect(save.lastCheckpoints).toEqual([]);
    const paths: string[] = [];
    for (const step of [1, 2, 3]) paths.push((await save.save(sess, `dir/ckpt-${step}`))!);
    expect(save.lastCheckpoints).toEqual(paths);
    for (const path of paths) expect(await exists(path, fs)).toBe(true);
    await expectState(fs, paths[2]!, paths);

    expect(save2.lastCheckpoints).toEqual([]);
    await save2.recoverLastCheckpoints(paths, { fs });
    expect(save2.lastCheckpoints).toEqual(paths);

    for (const path of await getMatchingPaths(fs, `${paths[0]}*`)) await fs.remove(path);
    expect(await exists(paths[0]!, fs)).toBe(false);
    expect(save3.lastCheckpoints).toEqual([]);
    await save3.recoverLastCheckpoints(paths, { fs });
    expect(save3.lastCheckpoints).toEqual(paths.slice(1));
    const s4 = (await save3.save(sess, "dir/ckpt-4"))!;
    await expectState(fs, s4, [paths[1]!, paths[2]!, s4]);
  },
);

test.each(kinds)(
  "[saver_test/KeepCheckpointEveryNHoursTest.testNonSharded] one is kept every 0.7 seconds, beyond the newest two (%s variables)",
  async (kind) => {
    const fs = await files();
    const start = Date.UTC(2020, 0, 1) / 1000;
    let now = start;
    const { save, sess } = inGraph(fs, () => ({
      save: new tf.train.Saver(
        { v: variable(kind, [10], "v") },
        { maxToKeep: 2, keepCheckpointEveryNHours: 0.7 / 3600, clock: () => now },
      ),
    }));
    await initialize(sess);
    expect(save.lastCheckpoints).toEqual([]);
    now = start + 1;
    const s4 = "dir/s4";
    const lists = [[s1], [s1, s2], [s2, s3], [s3, s4]];
    for (const [i, path] of [s1, s2, s3, s4].entries()) {
      await save.save(sess, path);
      expect(save.lastCheckpoints).toEqual(lists[i]);
    }
    // s1 was old enough to stay; s2 came too soon after it.
    expect(await there(fs, [s1, s2, s3, s4])).toEqual(withMeta(s1, s3, s4));
  },
);
