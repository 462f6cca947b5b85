// Ported by understanding from TensorFlow's checkpoint_management_test.py. CheckpointManager is over a Saver here: of variables made
// for the test where upstream's tf.train.Checkpoint has its counter alone.
import { memoryFileSystem, readFile } from "@org/io";
import { CheckpointState } from "@org/proto";
import { fromText } from "@org/proto/text";
import { beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

type Files = ReturnType<typeof memoryFileSystem>;
const { checkpointExists, generateCheckpointStateProto, getCheckpointState, latestCheckpoint } = tf.train;
beforeEach(() => tf.resetDefaultGraph());

const open = (fs: Files) => new tf.Session({ backends: ["evaluator"], fs });
const initialize = (session: tf.Session) => session.run([], { targets: [tf.globalVariablesInitializer()] });

describe("LatestCheckpointWithRelativePaths", () => {
  test("[checkpoint_management_test/LatestCheckpointWithRelativePaths.testNameCollision] a checkpoint cannot be called as the state file, but for a step or shards", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("train");
    const session = open(fs);
    new tf.Variable(0, { dtype: "float32" });
    await initialize(session);
    const saver = new tf.train.Saver(null, { sharded: false });
    await expect(saver.save(session, "train/checkpoint")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "'latest_filename' collides with 'save_path': 'checkpoint' and 'train/checkpoint'",
    });
    await saver.save(session, "train/checkpoint", { globalStep: 1 });
    expect(await latestCheckpoint("train/", { fs })).toBe("train/checkpoint-1");
    const sharded = new tf.train.Saver(null, { sharded: true });
    await sharded.save(session, "train/checkpoint");
    expect(await latestCheckpoint("train/", { fs })).toBe("train/checkpoint");
    await new tf.train.Saver(null, { sharded: true }).save(session, "train/checkpoint", { globalStep: 1 });
    expect(await latestCheckpoint("train/", { fs })).toBe("train/checkpoint-1");
  });

  test("[checkpoint_management_test/LatestCheckpointWithRelativePaths.testRelativePath] the newest checkpoint of a relative directory restores", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("train");
    const session = open(fs);
    const v0 = new tf.Variable(0, { dtype: "float32" });
    const increment = v0.assignAdd(1);
    const saver = new tf.train.Saver({ v0 });
    await initialize(session);
    await saver.save(session, "train/snapshot", { globalStep: 0 });
    for (const globalStep of [1, 2]) {
      await session.run(increment);
      await saver.save(session, "train/snapshot", { globalStep });
    }
    tf.resetDefaultGraph();
    const later = open(fs);
    const other = new tf.Variable(-1, { dtype: "float32" });
    const restorer = new tf.train.Saver({ v0: other });
    await initialize(later);
    const name = await latestCheckpoint("train/", { fs });
    expect(name).toBe("train/snapshot-2");
    await restorer.restore(later, name);
    expect(tf.toArray(await later.run(other))).toBe(2);
  });
});

describe("CheckpointStateTest", () => {
  test("[checkpoint_management_test/CheckpointStateTest.testAbsPath] an absolute path stays", () => {
    const state = generateCheckpointStateProto("/tmp/abs_paths", "/tmp/abs_paths/model-0");
    expect(state.modelCheckpointPath).toBe("/tmp/abs_paths/model-0");
    expect(state.allModelCheckpointPaths).toEqual(["/tmp/abs_paths/model-0"]);
  });

  test("[checkpoint_management_test/CheckpointStateTest.testRelPath] a relative path loses its directory", () => {
    const state = generateCheckpointStateProto("train", "train/model-0");
    expect([state.modelCheckpointPath, state.allModelCheckpointPaths]).toEqual(["model-0", ["model-0"]]);
  });

  test("[checkpoint_management_test/CheckpointStateTest.testAllModelCheckpointPaths] the newest path is last in the list, whatever was in it", () => {
    const path = "/tmp/all_models_test/model-0";
    for (const paths of [undefined, [], ["/tmp/all_models_test/model-2"]]) {
      const options = paths ? { allModelCheckpointPaths: paths } : {};
      const state = generateCheckpointStateProto("/tmp/all_models_test", path, options);
      expect(state.modelCheckpointPath).toBe(path);
      expect(state.allModelCheckpointPaths).toEqual([...(paths ?? []), path]);
    }
  });

  test("[checkpoint_management_test/CheckpointStateTest.testUpdateCheckpointState] relative and absolute paths come back as they were given", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("train");
    const paths = ["/tmp/d/model-0", "train/model-2"];
    await tf.train.updateCheckpointState("train", paths[1]!, { fs, allModelCheckpointPaths: paths });
    const state = await getCheckpointState("train", { fs });
    expect(state?.modelCheckpointPath).toBe("train/model-2");
    expect(state?.allModelCheckpointPaths).toEqual(paths);
  });

  test("[checkpoint_management_test/CheckpointStateTest.testUpdateCheckpointStateSaveRelativePaths] the file says relative paths, reading it gives absolute ones", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("/d");
    await tf.train.updateCheckpointState("/d", "/d/model-2", {
      fs,
      allModelCheckpointPaths: ["model-0", "/d/model-2"],
      saveRelativePaths: true,
    });
    const text = new TextDecoder().decode(await readFile(fs, "/d/checkpoint"));
    const written = fromText(CheckpointState, text);
    expect(written.modelCheckpointPath).toBe("model-2");
    expect(written.allModelCheckpointPaths).toEqual(["model-0", "model-2"]);
    const state = await getCheckpointState("/d", { fs });
    expect(state?.modelCheckpointPath).toBe("/d/model-2");
    expect(state?.allModelCheckpointPaths).toEqual(["/d/model-0", "/d/model-2"]);
  });

  test("[checkpoint_management_test/CheckpointStateTest.testCheckPointStateFailsWhenIncomplete] an empty state file is an error", async () => {
    await expect(
      getCheckpointState("d", { fs: memoryFileSystem({ "d/checkpoint": "" }) }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT", sentence: "Invalid checkpoint state loaded from d" });
  });

  test("[checkpoint_management_test/CheckpointStateTest.testCheckPointCompletesRelativePaths] relative paths of a file are joined with its directory", async () => {
    const fs = memoryFileSystem({
      "/d/checkpoint": `
        model_checkpoint_path: "./model.ckpt-687529"
        all_model_checkpoint_paths: "./model.ckpt-687500"
        all_model_checkpoint_paths: "./model.ckpt-687529"
      `,
    });
    const state = await getCheckpointState("/d", { fs });
    expect(state?.modelCheckpointPath).toBe("/d/./model.ckpt-687529");
    expect(state?.allModelCheckpointPaths).toEqual(["/d/./model.ckpt-687500", "/d/./model.ckpt-687529"]);
  });
});

interface Saving {
  readonly fs: Files;
  readonly version: "V1" | "V2";
  /** Not used before. */
  readonly path: string;
  /** Saves there; the prefix. */
  save(): Promise<string>;
}

/** Runs `body` for Savers of both versions, sharded and not, each over a graph of its own with one variable, all in one directory. */
async function forSavers(
  body: (saving: Saving) => Promise<void>,
  shards: readonly boolean[] = [false, true],
) {
  const fs = memoryFileSystem();
  await fs.makeDirectory("base");
  for (const sharded of shards)
    for (const version of ["V2", "V1"] as const) {
      tf.resetDefaultGraph();
      const session = open(fs);
      new tf.Variable(1, { name: "v", dtype: "float32" });
      await initialize(session);
      const saver = new tf.train.Saver(null, { sharded, writeVersion: version, onWarning: () => {} });
      const path = `base/${sharded}-${version}`;
      await body({ fs, version, path, save: async () => (await saver.save(session, path))! });
    }
}

describe("SaverUtilsTest", () => {
  test("[checkpoint_management_test/SaverUtilsTest.testCheckpointExists] a checkpoint is there once it is saved, under what save() and latestCheckpoint() say", async () => {
    const seen: boolean[][] = [];
    await forSavers(async ({ fs, path, save }) => {
      const before = await checkpointExists(path, { fs });
      const saved = await checkpointExists(await save(), { fs });
      seen.push([before, saved, await checkpointExists((await latestCheckpoint("base", { fs }))!, { fs })]);
    });
    expect(seen).toEqual(new Array(4).fill([false, true, true]));
  });

  test("[checkpoint_management_test/SaverUtilsTest.testGetCheckpointMtimes] each checkpoint has its time, in order", async () => {
    const prefixes: string[] = [];
    let mtimes: number[] = [];
    await forSavers(
      async ({ fs, save }) => {
        prefixes.push(await save());
        mtimes = await tf.train.getCheckpointMtimes(prefixes, { fs });
      },
      [false],
    );
    expect(mtimes).toHaveLength(2);
    expect(mtimes[1]).toBeGreaterThanOrEqual(mtimes[0]!);
  });

  test("[checkpoint_management_test/SaverUtilsTest.testRemoveCheckpoint] a removed checkpoint is gone, with all its shards", async () => {
    const seen: unknown[] = [];
    await forSavers(async ({ fs, version, save }) => {
      const prefix = await save();
      const before = await checkpointExists(prefix, { fs });
      await tf.train.removeCheckpoint(prefix, { fs, checkpointFormatVersion: version });
      seen.push([before, await checkpointExists(prefix, { fs }), await fs.list("base")]);
    });
    expect(seen).toEqual(new Array(4).fill([true, false, ["checkpoint"]]));
  });
});

/** A directory, a clock, and a Saver whose variable is initialised. */
async function managed() {
  const fs = memoryFileSystem();
  const session = open(fs);
  const step = new tf.Variable(0, { name: "step", dtype: "int64", trainable: false });
  const advance = step.assignAdd(2);
  await initialize(session);
  const saver = new tf.train.Saver();
  const time = { now: 10000 };
  const warnings: string[] = [];
  const manager = (options: Partial<Parameters<typeof tf.train.CheckpointManager.open>[3]> = {}) =>
    tf.train.CheckpointManager.open(saver, session, "d", {
      maxToKeep: 2,
      clock: () => time.now,
      onWarning: (message) => warnings.push(message),
      ...options,
    });
  const exist = async (...prefixes: (string | undefined)[]) => {
    const found: boolean[] = [];
    for (const prefix of prefixes) found.push(await checkpointExists(prefix!, { fs }));
    return found;
  };
  const state = async () => (await getCheckpointState("d", { fs }))!;
  return { fs, session, saver, step, advance, time, warnings, manager, exist, state };
}

describe("CheckpointManagerTest", () => {
  test("[checkpoint_management_test/CheckpointManagerTest.testDeletion] the fourth checkpoint of a manager of three removes the first", async () => {
    const { manager, exist } = await managed();
    const three = await manager({ maxToKeep: 3 });
    const paths = [await three.save(), await three.save(), await three.save(), await three.save()];
    expect(await exist(...paths)).toEqual([false, true, true, true]);
  });

  test("[checkpoint_management_test/CheckpointManagerTest.testKeepAll] null keeps all; a later manager of three removes at its next save", async () => {
    const { manager, exist, time } = await managed();
    const all = await manager({ maxToKeep: null });
    const paths: string[] = [];
    const save = async (by: Awaited<ReturnType<typeof manager>>) => {
      time.now += 1;
      paths.push((await by.save())!);
    };
    for (let i = 0; i < 3; i++) await save(all);
    expect(await exist(...paths)).toEqual([true, true, true]);
    expect(all.latestCheckpoint).toBe(paths[2]);
    expect(all.checkpoints).toEqual(paths);
    const again = await manager({ maxToKeep: null });
    await save(again);
    expect(again.checkpoints).toEqual(paths);
    const three = await manager({ maxToKeep: 3 });
    expect(three.checkpoints).toEqual(paths);
    expect(await exist(...paths)).toEqual([true, true, true, true]);
    await save(three);
    expect(three.checkpoints).toEqual(paths.slice(2));
    expect(await exist(...paths)).toEqual([false, false, true, true, true]);
  });

  test("[checkpoint_management_test/CheckpointManagerTest.testSaveRestoreState] times, and the last checkpoint kept for good, survive from manager to manager", async () => {
    const { manager, exist, state, time } = await managed();
    const name = (number: number) => `d/ckpt-${number}`;
    time.now = 3;
    const first = await manager();
    time.now = 10000;
    await first.save();
    time.now += 3610;
    await first.save();
    expect((await state()).allModelCheckpointTimestamps).toEqual([10000, 13610]);
    expect([first.checkpoints, first.latestCheckpoint]).toEqual([[name(1), name(2)], name(2)]);

    const second = await manager({ keepCheckpointEveryNHours: 1.5 });
    expect([second.checkpoints, second.latestCheckpoint]).toEqual([[name(1), name(2)], name(2)]);
    time.now += 3600 * 0.2;
    await second.save();
    expect(await exist(name(1), name(2))).toEqual([true, true]);
    expect(second.checkpoints).toEqual([name(2), name(3)]);
    expect((await state()).lastPreservedTimestamp).toBe(10000);
    time.now += 3600 * 0.5;
    const fourthTime = time.now;
    await second.save();
    expect(await exist(name(1), name(2))).toEqual([true, false]);
    expect(second.checkpoints).toEqual([name(3), name(4)]);
    time.now += 3600 * 0.5;
    await second.save();
    expect(second.checkpoints).toEqual([name(4), name(5)]);
    expect((await state()).lastPreservedTimestamp).toBe(10000);

    const third = await manager({ keepCheckpointEveryNHours: 1.5 });
    expect(third.latestCheckpoint).toBe(name(5));
    time.now += 10;
    await third.save();
    expect((await state()).lastPreservedTimestamp).toBe(fourthTime);
    expect(await exist(...[1, 2, 3, 4, 5, 6].map(name))).toEqual([true, false, false, true, true, true]);
    expect(third.checkpoints).toEqual([name(5), name(6)]);
  });

  test("[checkpoint_management_test/CheckpointManagerTest.testContinueFromUnmanaged] checkpoints that a Saver left are counted on from, and never removed", async () => {
    const { fs, session, saver, manager, exist, time } = await managed();
    await fs.makeDirectory("d");
    const first = await saver.save(session, "d/unusual_prefix", { globalStep: 1 });
    const second = await saver.save(session, "d/unusual_prefix", { globalStep: 2 });
    const two = await manager();
    await saver.restore(session, two.latestCheckpoint);
    const paths: string[] = [];
    for (let i = 0; i < 3; i++) {
      time.now += 1;
      paths.push((await two.save())!);
      expect(two.checkpoints).toEqual(paths.slice(-2));
    }
    expect(paths[0]).toBe("d/ckpt-3");
    expect(await exist(first, second, ...paths)).toEqual([true, true, false, true, true]);
  });

  test("[checkpoint_management_test/CheckpointManagerTest.testClockReset] a clock that was set back keeps checkpoints, and says so", async () => {
    const { manager, exist, state, time, warnings } = await managed();
    const one = await manager({ maxToKeep: 1, keepCheckpointEveryNHours: 1 });
    const first = await one.save();
    time.now += 3600;
    const second = await one.save();
    time.now += 3600;
    const third = await one.save();
    expect(await exist(first, second, third)).toEqual([false, true, true]);
    expect(one.checkpoints).toEqual([third]);
    expect((await state()).lastPreservedTimestamp).toBe(13600);

    time.now = 5000;
    const other = await manager({ maxToKeep: 1 });
    expect(warnings).toEqual([
      "time.time() returned a value 8600.000000 seconds behind the last preserved checkpoint timestamp.",
    ]);
    expect(await exist(second)).toEqual([true]);
    expect([other.latestCheckpoint, other.checkpoints]).toEqual([third, []]);
    time.now += 10;
    const fourth = await other.save();
    expect(await exist(second, third)).toEqual([true, true]);
    expect([other.latestCheckpoint, other.checkpoints]).toEqual([fourth, [fourth]]);
    time.now += 10;
    const fifth = await other.save();
    expect(await exist(second, third)).toEqual([true, true]);
    expect(other.checkpoints).toEqual([fifth]);
    const { lastPreservedTimestamp, allModelCheckpointTimestamps } = await state();
    expect([lastPreservedTimestamp, allModelCheckpointTimestamps]).toEqual([5000, [5020]]);
  });

  test("[checkpoint_management_test/CheckpointManagerTest.testCustomNumbering] numbers come from a variable, or are given", async () => {
    const { fs, session, step, advance, manager, state } = await managed();
    const two = await manager();
    let path: string | undefined;
    for (let i = 0; i < 5; i++) {
      path = await two.save({ checkpointNumber: step });
      expect(path).toBe(`d/ckpt-${2 * i}`);
      await session.run(advance);
    }
    const last = await two.save({ checkpointNumber: 32 });
    expect(last).toBe("d/ckpt-32");
    expect(two.latestCheckpoint).toBe(last);
    expect(await latestCheckpoint("d", { fs })).toBe(last);
    expect((await state()).allModelCheckpointPaths).toEqual([path, last]);
  });

  test("[checkpoint_management_test/CheckpointManagerTest.testCustomCheckpointPrefix] files are called as they are told", async () => {
    const { manager } = await managed();
    const named = await manager({ checkpointName: "ckpt_name" });
    expect(await named.save({ checkpointNumber: 5 })).toBe("d/ckpt_name-5");
    expect(await (await manager()).save({ checkpointNumber: 5 })).toBe("d/ckpt-5");
  });
});
