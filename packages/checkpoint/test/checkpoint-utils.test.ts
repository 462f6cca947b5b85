// Listing and loading by directory or prefix, and waiting for checkpoints, on files in memory and a clock of our own.
import { memoryFileSystem } from "@org/io";
import { convertToNdArray, toArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  checkpointPrefix,
  checkpointsIterator,
  listVariables,
  loadCheckpoint,
  loadVariable,
  updateCheckpointState,
  waitForNewCheckpoint,
  writeCheckpoint,
} from "../src/index.ts";

async function saved(...names: string[]) {
  const fs = memoryFileSystem();
  await fs.makeDirectory("d");
  for (const name of names) {
    await writeCheckpoint(
      `d/${name}`,
      { b: convertToNdArray([1, 2], "int32"), a: convertToNdArray(name.length, "float32") },
      { fs },
    );
    await updateCheckpointState("d", `d/${name}`, { fs });
  }
  return fs;
}

/** A clock that sleeping moves; `during` runs in each sleep. */
function fakeTime(during: (now: number) => unknown = () => {}) {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    clock: () => now,
    sleep: async (seconds: number) => {
      slept.push(seconds);
      now += seconds;
      await during(now);
    },
  };
}

describe("loadCheckpoint", () => {
  it("takes a prefix, or a directory for its newest checkpoint", async () => {
    const fs = await saved("m-1", "m-22");
    expect(await checkpointPrefix("d", { fs })).toBe("d/m-22");
    expect(await checkpointPrefix("d/m-1", { fs })).toBe("d/m-1");
    expect((await loadCheckpoint("d/m-1", { fs })).prefix).toBe("d/m-1");
    expect((await loadCheckpoint("d", { fs })).prefix).toBe("d/m-22");
  });

  it("says what lies in a directory that names none", async () => {
    const fs = await saved("m-1");
    await fs.remove("d/checkpoint");
    await expect(loadCheckpoint("d", { fs })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "Couldn't find 'checkpoint' file or checkpoints in given directory d",
      hint: 'No state file names one of them, but here are checkpoints; pass a prefix: "d/m-1".',
    });
    await expect(loadCheckpoint("nowhere", { fs })).rejects.toMatchObject({
      code: "NOT_FOUND",
      sentence: "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for nowhere",
    });
    await expect(loadCheckpoint(7 as never, { fs })).rejects.toThrow(TypeError);
  });

  it("lists by name, with types and shapes", async () => {
    const fs = await saved("m-1");
    expect(await listVariables("d", { fs })).toEqual([
      { name: "a", dtype: "float32", shape: [] },
      { name: "b", dtype: "int32", shape: [2] },
    ]);
  });

  it("lists and loads from Files", async () => {
    const fs = await saved("m-1");
    const files: File[] = [];
    for (const name of (await fs.list("d")).filter((name) => name.startsWith("m-1"))) {
      const source = await fs.open(`d/${name}`);
      files.push(new File([new Uint8Array(await source.read(0, source.size))], name));
    }
    expect((await listVariables(files)).map(({ name }) => name)).toEqual(["a", "b"]);
    expect(toArray(await loadVariable(files, "b"))).toEqual([1, 2]);
  });

  it("loads one value, also by the name of its tensor, or a part of it", async () => {
    const fs = await saved("m-1");
    expect(toArray(await loadVariable("d", "b:0", { fs }))).toEqual([1, 2]);
    const slice = { starts: [1], lengths: [1] };
    expect(toArray(await loadVariable("d/m-1", "b", { fs, slice }))).toEqual([2]);
    await expect(loadVariable("d", "bb", { fs })).rejects.toMatchObject({
      code: "NOT_FOUND",
      place: { key: "bb" },
    });
  });
});

describe("waiting for checkpoints", () => {
  it("finds one that appears, and none that is known", async () => {
    const fs = await saved("m-1");
    const time = fakeTime(async (now) => {
      if (now < 3) return;
      await writeCheckpoint("d/m-2", { a: convertToNdArray(1) }, { fs });
      await updateCheckpointState("d", "d/m-2", { fs });
    });
    expect(await waitForNewCheckpoint("d", { fs, ...time })).toBe("d/m-1");
    expect(await waitForNewCheckpoint("d", { fs, ...time, lastCheckpoint: "d/m-1" })).toBe("d/m-2");
    expect(time.slept).toEqual([1, 1, 1]);
  });

  it("gives up when the time is over, not before", async () => {
    const time = fakeTime();
    const options = { fs: memoryFileSystem(), ...time, timeout: 1.2, secondsToSleep: 0.5 };
    expect(await waitForNewCheckpoint("none", options)).toBeUndefined();
    expect(time.slept.map((seconds) => seconds.toFixed(1))).toEqual(["0.5", "0.5", "0.2"]);
  });

  it("asks timeoutFn whether to go on", async () => {
    const fs = memoryFileSystem();
    const time = fakeTime();
    let asked = 0;
    const found: string[] = [];
    const options = { fs, ...time, timeout: 2, timeoutFn: () => ++asked > 2 };
    for await (const prefix of checkpointsIterator("none", options)) found.push(prefix);
    expect([found, asked, time.clock()]).toEqual([[], 3, 6]);
  });

  it("keeps a distance between checkpoints", async () => {
    const fs = await saved("m-1");
    const time = fakeTime();
    const found: string[] = [];
    for await (const prefix of checkpointsIterator("d", { fs, ...time, minIntervalSecs: 10, timeout: 0 })) {
      found.push(prefix);
      await time.sleep(4);
    }
    expect(found).toEqual(["d/m-1"]);
    expect(time.slept).toEqual([4, 6]);
  });

  it("ends with the signal, in a sleep and before it", async () => {
    const abort = new AbortController();
    const wait = waitForNewCheckpoint("none", {
      fs: memoryFileSystem(),
      secondsToSleep: 60,
      signal: abort.signal,
    });
    queueMicrotask(() => abort.abort(new Error("enough")));
    await expect(wait).rejects.toMatchObject({
      code: "CANCELLED",
      sentence: "Waiting for a checkpoint was cancelled.",
      cause: new Error("enough"),
    });
    const late = checkpointsIterator("none", { fs: memoryFileSystem(), signal: abort.signal });
    await expect(late.next()).rejects.toMatchObject({ code: "CANCELLED" });
  });
});
