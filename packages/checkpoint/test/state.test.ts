// State files that we write, and what is made of damaged ones.
import { memoryFileSystem, readFile } from "@org/io";
import { convertToNdArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import {
  checkpointExists,
  generateCheckpointStateProto,
  getCheckpointMtimes,
  getCheckpointState,
  latestCheckpoint,
  metaGraphFilename,
  removeCheckpoint,
  updateCheckpointState,
  writeCheckpoint,
} from "../src/index.ts";

const one = { v: convertToNdArray(1, "float32") };

describe("updateCheckpointState", () => {
  it("writes what TensorFlow writes", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("train");
    await updateCheckpointState("train", "train/model-2", { fs, allModelCheckpointPaths: ["train/model-1"] });
    expect(new TextDecoder().decode(await readFile(fs, "train/checkpoint"))).toBe(
      'model_checkpoint_path: "model-2"\nall_model_checkpoint_paths: "model-1"\nall_model_checkpoint_paths: "model-2"\n',
    );
  });

  it("refuses to write over the checkpoint itself", async () => {
    const fs = memoryFileSystem();
    await expect(updateCheckpointState("/d", "/d/checkpoint", { fs })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      sentence:
        "Save path '/d/checkpoint' conflicts with path used for checkpoint state.  Please use a different save path.",
    });
  });

  it("keeps absolute paths, or makes them relative where asked", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("/d");
    expect(generateCheckpointStateProto("/d", "/d/m").modelCheckpointPath).toBe("/d/m");
    await updateCheckpointState("/d", "/d/m", { fs, saveRelativePaths: true });
    expect((await getCheckpointState("/d", { fs }))?.allModelCheckpointPaths).toEqual(["/d/m"]);
    expect(new TextDecoder().decode(await readFile(fs, "/d/checkpoint"))).toContain(
      'model_checkpoint_path: "m"',
    );
  });
});

describe("latestCheckpoint", () => {
  it("[users/4.12] understands a moved directory", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("/new");
    await writeCheckpoint("/new/m-1", one, { fs });
    await updateCheckpointState("/new", "/old/m-1", { fs });
    const warnings: string[] = [];
    expect(await latestCheckpoint("/new", { fs, onWarning: (w) => warnings.push(w) })).toBe("/new/m-1");
    expect(warnings).toEqual(["The checkpoint /old/m-1 is gone; using /new/m-1, beside the state file."]);
  });

  it("is undefined for no directory, no state file, garbage, and a checkpoint that is gone", async () => {
    const fs = memoryFileSystem({
      "g/checkpoint": "\u0000garbage",
      "h/checkpoint": 'model_checkpoint_path: "gone"\n',
    });
    const warnings: string[] = [];
    const options = { fs, onWarning: (w: string) => warnings.push(w) };
    for (const directory of ["nowhere", "g", "h"])
      expect(await latestCheckpoint(directory, options), directory).toBeUndefined();
    expect(warnings[0]).toContain("g/checkpoint: Checkpoint ignored");
    expect(warnings[1]).toBe("Couldn't match files for checkpoint h/gone");
  });

  it("is an error where the state file names none", async () => {
    const fs = memoryFileSystem({ "d/checkpoint": "" });
    await expect(latestCheckpoint("d", { fs })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "Invalid checkpoint state loaded from d",
    });
  });
});

describe("checkpoint management", () => {
  it("finds, dates and removes", async () => {
    const fs = memoryFileSystem({ "d/m-1.meta": "x" });
    expect(await checkpointExists("d/m-1", { fs })).toBe(false);
    await writeCheckpoint("d/m-1", one, { fs });
    await writeCheckpoint("d/m-10", one, { fs });
    expect(await checkpointExists("d/m-1", { fs })).toBe(true);
    expect(await getCheckpointMtimes(["d/m-1", "d/none", "d/m-10"], { fs })).toHaveLength(2);
    await removeCheckpoint("d/m-1", { fs });
    expect(await fs.list("d")).toEqual(["m-10.data-00000-of-00001", "m-10.index"]);
  });

  it("names the .meta of any prefix", () => {
    expect(metaGraphFilename("p-5")).toBe("p-5.meta");
    expect(metaGraphFilename("p-5-00000-of-00002")).toBe("p-5.meta");
    expect(metaGraphFilename("p-?????-of-00002", "m")).toBe("p.m");
  });
});
