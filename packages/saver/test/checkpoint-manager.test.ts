// CheckpointManager beyond upstream's cases (packages/tf/test/upstream/checkpoint-management.test.ts): intervals, starting, state files that are not
// its own, faults.
import {
  checkpointExists,
  getCheckpointState,
  openCheckpoint,
  updateCheckpointState,
  writeCheckpoint,
} from "@org/checkpoint";
import { Graph } from "@org/graph";
import { coreOps } from "@org/graph/core-ops";
import { memoryFileSystem } from "@org/io";
import { failingFileSystem } from "@org/io/testing";
import { convertToNdArray } from "@org/tensor";
import { Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import { CheckpointManager, type CheckpointManagerOptions, Saver } from "../src/index.ts";
import { FakeSession } from "./fake-session.ts";

async function world(files = memoryFileSystem(), now = 1000) {
  const graph = new Graph({ ops: coreOps });
  const step = new Variable(0n, { graph, name: "step", dtype: "int64" });
  const session = new FakeSession(graph, files);
  session.variables.set("step", convertToNdArray(0n));
  const saver = new Saver(null, { graph });
  const time = { now };
  const warnings: string[] = [];
  const open = (options: Partial<CheckpointManagerOptions> = {}, directory = "d") =>
    CheckpointManager.open(saver, session, directory, {
      maxToKeep: 2,
      clock: () => ++time.now,
      onWarning: (message) => warnings.push(message),
      ...options,
    });
  const goTo = (value: number) => session.variables.set("step", convertToNdArray(BigInt(value)));
  return { files, graph, session, saver, step, open, goTo, time, warnings };
}

describe("CheckpointManager", () => {
  it("writes relative paths, times, and no more than it keeps, the .meta included", async () => {
    const { files, open } = await world();
    const manager = await open({}, "/d");
    for (let i = 0; i < 3; i++) await manager.save();
    expect(await files.list("/d")).toEqual([
      "checkpoint",
      ...[2, 3].flatMap((i) => [".data-00000-of-00001", ".index", ".meta"].map((end) => `ckpt-${i}${end}`)),
    ]);
    const source = await files.open("/d/checkpoint");
    const text = new TextDecoder().decode(await source.read(0, source.size));
    expect(text).toBe(
      [
        'model_checkpoint_path: "ckpt-3"',
        'all_model_checkpoint_paths: "ckpt-2"',
        'all_model_checkpoint_paths: "ckpt-3"',
        "all_model_checkpoint_timestamps: 1003.0",
        "all_model_checkpoint_timestamps: 1004.0",
        "last_preserved_timestamp: 1000.0",
        "",
      ].join("\n"),
    );
  });

  it("saves when the interval is over, never twice at one step", async () => {
    const { open, step, goTo } = await world();
    const manager = await open({ stepCounter: step, checkpointInterval: 3 });
    expect(manager.checkpointInterval).toBe(3);
    expect(await manager.save()).toBe("d/ckpt-1");
    expect(await manager.save({ checkInterval: false })).toBeUndefined();
    goTo(2);
    expect(await manager.save()).toBeUndefined();
    expect(await manager.save({ checkInterval: false })).toBe("d/ckpt-2");
    goTo(5);
    expect(await manager.save()).toBe("d/ckpt-3");
    const later = await open({ stepCounter: step, checkpointInterval: 3, lastCheckpointStep: 4 });
    expect(await later.save()).toBeUndefined();
  });

  it("restores the newest, or starts with initFn", async () => {
    const { open, session, goTo, step } = await world();
    let started = 0;
    const initFn = () => {
      started++;
    };
    const manager = await open({ initFn, stepCounter: step, checkpointInterval: 1 });
    expect([await manager.restoreOrInitialize(), started]).toEqual([undefined, 1]);
    goTo(7);
    await manager.save();
    goTo(9);
    const again = await open({ initFn, stepCounter: step, checkpointInterval: 1 });
    expect([await again.restoreOrInitialize(), started]).toEqual(["d/ckpt-1", 1]);
    expect(session.variables.get("step")?.data[0]).toBe(7n);
    // The step that was restored counts as saved.
    expect(await again.save()).toBeUndefined();
  });

  it("counts on from the greatest number, and takes any for one checkpoint", async () => {
    const { open, step, goTo } = await world();
    const manager = await open();
    expect(await manager.save({ checkpointNumber: 10n })).toBe("d/ckpt-10");
    expect(await manager.save()).toBe("d/ckpt-11");
    goTo(4);
    expect(await manager.save({ checkpointNumber: step })).toBe("d/ckpt-4");
    expect(manager.checkpoints).toEqual(["d/ckpt-11", "d/ckpt-4"]);
    expect(await (await open()).save()).toBe("d/ckpt-12");
    expect(await manager.save({ checkpointNumber: 4 })).toBe("d/ckpt-4");
    expect(manager.checkpoints).toEqual(["d/ckpt-11", "d/ckpt-4"]);
  });

  it("never removes what lies outside its directory, whatever the state file says", async () => {
    const { files, open } = await world();
    await files.makeDirectory("d");
    await files.makeDirectory("d/sub");
    const one = { v: convertToNdArray(1) };
    const outside = ["other", "/abs", "d/sub/x"];
    for (const prefix of outside) await writeCheckpoint(prefix, one, { fs: files });
    await updateCheckpointState("d", "d/sub/x", {
      fs: files,
      allModelCheckpointPaths: ["d/../other", "/abs", "d/sub/x"],
      allModelCheckpointTimestamps: [10, 20, 30],
      lastPreservedTimestamp: 1,
    });
    const manager = await open({ maxToKeep: 1 });
    expect([manager.latestCheckpoint, manager.checkpoints]).toEqual(["d/sub/x", []]);
    for (let i = 0; i < 3; i++) await manager.save();
    for (const prefix of outside) expect(await checkpointExists(prefix, { fs: files }), prefix).toBe(true);
  });

  it("refuses numbers to keep that are none, and an interval without a counter", async () => {
    const { open } = await world();
    for (const maxToKeep of [0, -1, 1.5])
      await expect(open({ maxToKeep })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        sentence: `Expected a positive integer or \`None\` for \`max_to_keep\`, got ${maxToKeep}.`,
      });
    await expect(open({ checkpointInterval: 5 })).rejects.toMatchObject({
      sentence: "`step_counter` should be passed if `checkpoint_interval` is not None.",
    });
  });

  for (const once of [true, false])
    it(`leaves a state file that names a whole checkpoint, at whatever operation ${once ? "the disk is full" : "a save is killed"}`, async () => {
      for (let at = 1, reached = true; reached; at++) {
        const files = memoryFileSystem();
        const before = await (await world(files)).open();
        await before.save();
        await before.save();
        const failing = failingFileSystem(files, at, { once });
        const { open, goTo } = await world(failing.fs, 5000);
        const manager = await open();
        goTo(1);
        await manager.save().catch((error) => expect(error.code, `at ${at}`).toBe("RESOURCE_EXHAUSTED"));
        reached = failing.steps() >= at;
        const { modelCheckpointPath } = (await getCheckpointState("d", { fs: files }))!;
        const reader = await openCheckpoint(modelCheckpointPath, { fs: files });
        const step = Number((await reader.get("step")).data[0]);
        expect(step, `at ${at}`).toBe(modelCheckpointPath === "d/ckpt-3" ? 1 : 0);
        if (!reached) expect([modelCheckpointPath, at > 10]).toEqual(["d/ckpt-3", true]);
      }
    });
});
