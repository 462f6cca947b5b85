import { checkpointExists, getCheckpointState, latestCheckpoint } from "@org/checkpoint";
import { isTfError } from "@org/errors";
import { Graph } from "@org/graph";
import { joinPath, memoryFileSystem } from "@org/io";
import { convertToNdArray, ndArray, toNumbers } from "@org/tensor";
import { globalVariablesInitializer, PartitionedVariable, SaveSliceInfo, Variable } from "@org/variables";
import { beforeEach, describe, expect, it } from "vitest";
import { type SaveableObject, type SaveOptions, Saver } from "../src/index.ts";
import { FakeSession } from "./fake-session.ts";

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: unknown) => (isTfError(error) ? `${error.code}: ${error.sentence}` : String(error)),
  );
const codeOf = (fn: () => unknown) => code(new Promise((resolve) => resolve(fn())));

const float = (graph: Graph, name: string, value: number | number[] | number[][]) =>
  new Variable(value, { graph, name, dtype: "float32" });

async function started(graph: Graph, session = new FakeSession(graph)): Promise<FakeSession> {
  await session.run([], { targets: [globalVariablesInitializer(graph)] });
  return session;
}

describe("Saver.save and restore", () => {
  it("bring variables into another session, which need not initialise them", async () => {
    const graph = new Graph();
    const v0 = float(graph, "v0", 10);
    float(graph, "v1", [20, 30]);
    const saver = new Saver(null, { graph });
    const session = await started(graph);
    await session.fs.makeDirectory("dir");
    expect(await saver.save(session, "dir/model")).toBe("dir/model");
    expect(await session.fs.list("dir")).toEqual([
      "checkpoint",
      "model.data-00000-of-00001",
      "model.index",
      "model.meta",
    ]);
    const second = new FakeSession(graph, session.fs);
    expect(await code(second.run(v0.name))).toBe(
      "FAILED_PRECONDITION: Attempting to use uninitialized value v0",
    );
    await saver.restore(second, "dir/model");
    expect(toNumbers((await second.run("v1:0")) as never)).toEqual([20, 30]);
  });

  it("keep int64 values", async () => {
    const graph = new Graph();
    new Variable(15n, { graph, name: "v" });
    const saver = new Saver(null, { graph });
    const session = await started(graph);
    await saver.save(session, "int64");
    const second = new FakeSession(graph, session.fs);
    await saver.restore(second, "int64");
    expect(second.variables.get("v")).toEqual(ndArray("int64", [], BigInt64Array.of(15n)));
  });

  it("write shards and join them", async () => {
    const graph = new Graph();
    graph.device("/cpu:0", () => float(graph, "v0", 10));
    graph.device("/cpu:1", () => float(graph, "v1", 20));
    const saver = new Saver(null, { graph, sharded: true });
    const session = await started(graph);
    expect(await saver.save(session, "sharded")).toBe("sharded");
    expect(await session.fs.list(".")).toEqual(
      expect.arrayContaining(["sharded.data-00000-of-00002", "sharded.data-00001-of-00002", "sharded.index"]),
    );
    expect((await session.fs.list(".")).filter((name) => name.includes("_temp"))).toEqual([]);
    const second = new FakeSession(graph, session.fs);
    await saver.restore(second, "sharded");
    expect([...second.variables.values()].map((value) => value.data[0])).toEqual([10, 20]);
  });

  it("put a partitioned variable together for a whole one", async () => {
    const graph = new Graph();
    const parts = [0, 1].map((i) => {
      const part = float(graph, `p/part_${i}`, [[i], [i + 0.5]]);
      part.saveSliceInfo = new SaveSliceInfo({
        fullName: "p",
        fullShape: [4, 1],
        varOffset: [2 * i, 0],
        varShape: [2, 1],
      });
      return part;
    });
    const whole = new PartitionedVariable({
      name: "p",
      shape: [4, 1],
      dtype: "float32",
      variables: parts,
      partitions: [2, 1],
    });
    const session = await started(graph);
    await new Saver([whole]).save(session, "part");
    const other = new Graph();
    float(other, "p", [[0], [0], [0], [0]]);
    const second = new FakeSession(other, session.fs);
    await new Saver(null, { graph: other }).restore(second, "part");
    expect(second.variables.get("p")?.data).toEqual(Float32Array.of(0, 0.5, 1, 1.5));
  });

  it("take what is no variable, as a SaveableObject", async () => {
    const graph = new Graph();
    float(graph, "v", 1);
    // Two variables that only the saveable knows of: a table's keys and values.
    const [keys, values] = ["keys", "values"].map(
      (name) => new Variable([1, 2], { graph, name, dtype: "float32", collections: ["local_variables"] }),
    );
    const table: SaveableObject = {
      op: "table",
      name: "table",
      specs: [keys!, values!].map((variable) => ({
        tensor: variable.value(),
        sliceSpec: "",
        name: `table-${variable.op.name}`,
        dtype: variable.dtype,
        device: variable.device,
      })),
      restore: (tensors) => {
        const assigns = [keys!, values!].map((variable, i) => variable.assign(tensors[i]!).op);
        return graph.createOp("NoOp", [], { controlInputs: assigns });
      },
    };
    graph.addToCollection("saveable_objects", table);
    const saver = new Saver(null, { graph });
    const session = await started(graph);
    await session.run([], { targets: [keys!.initializer, values!.initializer] });
    await saver.save(session, "table");
    const second = new FakeSession(graph, session.fs);
    await saver.restore(second, "table");
    expect([...second.variables.keys()].sort()).toEqual(["keys", "v", "values"]);
  });

  it("rename variables by a dict", async () => {
    const graph = new Graph();
    const v = float(graph, "v", 3);
    const session = await started(graph);
    await new Saver({ "save_prefix/v": v }).save(session, "named");
    expect(await code(new Saver([v]).restore(session, "named"))).toBe(
      "NOT_FOUND: Key v not found in checkpoint",
    );
    const other = new Graph();
    const mapped = float(other, "restore_prefix/v", 0);
    const second = new FakeSession(other, session.fs);
    await new Saver({ "save_prefix/v": mapped }).restore(second, "named");
    expect(second.variables.get("restore_prefix/v")?.data[0]).toBe(3);
  });

  it("name files by the global step", async () => {
    const graph = new Graph();
    float(graph, "v", 1);
    const step = new Variable(5n, { graph, name: "step" });
    const session = await started(graph);
    const saver = new Saver(null, { graph });
    const save = (globalStep: SaveOptions["globalStep"]) => saver.save(session, "p", { globalStep });
    expect(await save(5)).toBe("p-5");
    expect(await save(6n)).toBe("p-6");
    expect(await save(step)).toBe("p-5");
    expect(await save(step.value())).toBe("p-5");
    expect(await save("step:0")).toBe("p-5");
    const padded = new Saver(null, { graph, padStepNumber: true });
    expect(await padded.save(session, "p", { globalStep: 5 })).toBe("p-00000005");
  });

  it("reshape where asked to", async () => {
    const graph = new Graph();
    float(graph, "v", [
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const session = await started(graph);
    await new Saver(null, { graph }).save(session, "reshape");
    const other = new Graph();
    float(other, "v", [
      [0, 0],
      [0, 0],
      [0, 0],
    ]);
    const second = new FakeSession(other, session.fs);
    expect(await code(new Saver(null, { graph: other }).restore(second, "reshape"))).toBe(
      "INVALID_ARGUMENT: Assign requires shapes of both tensors to match. lhs shape= [3,2] rhs shape= [2,3]",
    );
    await new Saver(null, { graph: other, reshape: true }).restore(second, "reshape");
    expect(second.variables.get("v")?.shape).toEqual([3, 2]);
  });

  it("do nothing where nothing is to save", async () => {
    const graph = new Graph();
    const session = new FakeSession(graph);
    const saver = new Saver(null, { graph, allowEmpty: true });
    expect(await saver.save(session, "empty")).toBeUndefined();
    await saver.restore(session, "empty");
    expect(saver.lastCheckpoints).toEqual([]);
  });

  it("can be built later", async () => {
    const graph = new Graph();
    const saver = new Saver(null, { graph, deferBuild: true });
    expect(await code(saver.save(new FakeSession(graph), "deferred"))).toBe(
      "FAILED_PRECONDITION: `build()` should be called before save if defer_build==True",
    );
    float(graph, "one", 1);
    saver.build();
    const session = await started(graph);
    expect(await saver.save(session, "deferred")).toBe("deferred");
  });

  it("pass the signal and progress to the session", async () => {
    const graph = new Graph();
    float(graph, "v", 1);
    const saver = new Saver(null, { graph });
    const session = await started(graph);
    const seen: unknown[] = [];
    const watched = {
      graph,
      fs: session.fs,
      run: (...args: Parameters<FakeSession["run"]>) => {
        seen.push(args[1]?.signal, args[1]?.onProgress);
        return session.run(...args);
      },
    };
    const { signal } = new AbortController();
    const onProgress = () => {};
    await saver.save(watched, "p", { signal, onProgress });
    expect(seen).toEqual([signal, onProgress]);
  });
});

describe("Saver's errors", () => {
  it("name what is wrong with the list of variables", async () => {
    const graph = new Graph();
    const v = float(graph, "v", 1);
    const notVariable = graph.createOp("Const", [], {
      attrs: { value: convertToNdArray(1, "float32"), dtype: "float32" },
    });
    expect(await codeOf(() => new Saver(null, { graph: new Graph() }))).toBe(
      "INVALID_ARGUMENT: No variables to save",
    );
    expect(await codeOf(() => new Saver([v], { deferBuild: true }))).toMatch("defer_build");
    expect(await codeOf(() => new Saver({ a: v, b: v }))).toBe(
      "INVALID_ARGUMENT: The same saveable will be restored with two names: b",
    );
    expect(await codeOf(() => new Saver([v, v]))).toBe(
      "INVALID_ARGUMENT: At least two variables have the same name: v",
    );
    expect(await codeOf(() => new Saver([notVariable.outputs[0]!]))).toBe(
      'TypeError: Variable to save is not a Variable: Tensor("Const:0", shape=(), dtype=float32)',
    );
    expect(await codeOf(() => new Saver({ x: notVariable.outputs[0]! }))).toBe(
      'TypeError: names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable: Tensor("Const:0", shape=(), dtype=float32)',
    );
    expect(await codeOf(() => new Saver(5 as never))).toBe(
      "TypeError: Variables to save should be passed in a dict or a list: 5",
    );
    graph.finalize();
    expect(await codeOf(() => new Saver([v]))).toBe(
      "FAILED_PRECONDITION: Graph is finalized and cannot be modified.",
    );
  });

  it("name paths that cannot be saved to", async () => {
    const graph = new Graph();
    float(graph, "v", 1);
    const saver = new Saver(null, { graph });
    const session = await started(graph);
    expect(await code(saver.save(session, "dir/checkpoint"))).toBe(
      "INVALID_ARGUMENT: 'latest_filename' collides with 'save_path': 'checkpoint' and 'dir/checkpoint'",
    );
    expect(await code(saver.save(session, "p", { latestFilename: "a/b" }))).toBe(
      "INVALID_ARGUMENT: 'latest_filename' must not contain path components",
    );
    expect(await code(saver.save("notsess" as never, "p"))).toBe(
      "TypeError: 'sess' must be a Session; notsess",
    );
    expect(await code(saver.save(session, "nodir/deep/u"))).toBe(
      "NOT_FOUND: Parent directory of nodir/deep/u doesn't exist, can't save.",
    );
  });

  it("leave nothing behind and harm nothing where a save fails", async () => {
    const graph = new Graph();
    const saver = new Saver([float(graph, "v", 1), float(graph, "w", 2)]);
    const session = await started(graph);
    await saver.save(session, "p");
    const before = await session.fs.list(".");
    session.variables.delete("w");
    expect(await code(saver.save(session, "p"))).toBe(
      "FAILED_PRECONDITION: Attempting to use uninitialized value w",
    );
    expect(await code(saver.save(session, "q"))).toBe(
      "FAILED_PRECONDITION: Attempting to use uninitialized value w",
    );
    expect(await session.fs.list(".")).toEqual(before);
    expect(saver.lastCheckpoints).toEqual(["p"]);
    await saver.restore(session, "p");
    expect(session.variables.get("w")?.data[0]).toBe(2);
  });

  it("say what a path that is no checkpoint seems to be", async () => {
    const graph = new Graph();
    const saver = new Saver([float(graph, "v", 1)]);
    const session = await started(graph);
    await session.fs.makeDirectory("dir");
    await saver.save(session, "dir/model", { globalStep: 7 });
    const hint = (path: string | null) =>
      saver.restore(session, path).then(
        () => "no error",
        (error) => [error.code, error.sentence, error.hint].join(" | "),
      );
    expect(await hint("dir/model-8")).toBe(
      'NOT_FOUND | The passed save_path is not a valid checkpoint: dir/model-8 | In "dir" there is "model-7".',
    );
    expect(await hint("dir/model-7.data")).toContain('"model-7"');
    expect(await hint("")).toContain("NOT_FOUND | The passed save_path is not a valid checkpoint: ");
    expect(await hint("gone/model")).toContain('There is no directory "gone"');
    expect(await hint(null)).toContain("INVALID_ARGUMENT | Can't load save_path when it is None.");
    for (const file of ["dir/model-7.index", "dir/model-7.meta", "dir/model-7.data-00000-of-00001"])
      expect(await hint(file)).toContain('Pass the prefix "dir/model-7"');
  });

  it("list missing, left-over and similar keys", async () => {
    const graph = new Graph();
    float(graph, "dense/weights", [1]);
    float(graph, "shape", [1, 2]);
    const session = await started(graph);
    await new Saver(null, { graph }).save(session, "p");
    const other = new Graph();
    float(other, "dense/weight", [1]);
    float(other, "shape", [1, 2, 3]);
    const error = await new Saver(null, { graph: other })
      .restore(new FakeSession(other, session.fs), "p")
      .catch((caught) => caught);
    expect(error.sentence).toBe("Key dense/weight not found in checkpoint");
    expect(error.hint).toContain("a Variable name or other graph key that is missing from the checkpoint");
    expect(error.hint).toContain("Not in the checkpoint: dense/weight.");
    expect(error.hint).toContain('"dense/weights" for "dense/weight"');
    expect(error.hint).toContain("In the checkpoint only: dense/weights.");
    expect(error.hint).toContain("shape is float32 [2], the graph wants float32 [3]");
  });

  it("tell a missing file from a missing key", async () => {
    const graph = new Graph();
    const saver = new Saver([float(graph, "v", 1)]);
    const session = await started(graph);
    await saver.save(session, "p");
    await session.fs.remove("p.data-00000-of-00001");
    const error = await saver.restore(session, "p").catch((caught) => caught);
    expect(error.code).toBe("NOT_FOUND");
    expect(error.hint).toContain("one of its files is missing");
  });

  it("name a type that differs", async () => {
    const graph = new Graph();
    float(graph, "a", 1);
    const session = await started(graph);
    await new Saver(null, { graph }).save(session, "p");
    const other = new Graph();
    new Variable(1, { graph: other, name: "a", dtype: "int32" });
    const error = await new Saver(null, { graph: other })
      .restore(new FakeSession(other, session.fs), "p")
      .catch((caught) => caught);
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.hint).toContain("a is float32 [], the graph wants int32 []");
  });
});

describe("Saver's rotation", () => {
  let graph: Graph;
  let session: FakeSession;
  let now: number;
  const clock = () => now;
  const here = async (path: string) => [
    await checkpointExists(path, { fs: session.fs }),
    (await session.fs.stat(`${path}.meta`)) !== undefined,
  ];
  const state = async () => {
    const found = await getCheckpointState("", { fs: session.fs });
    return [found?.modelCheckpointPath, ...(found?.allModelCheckpointPaths ?? [])];
  };

  beforeEach(async () => {
    graph = new Graph();
    float(graph, "v", 10);
    session = await started(graph);
    now = 1000;
  });

  it("keeps the newest maxToKeep", async () => {
    const saver = new Saver(null, { graph, maxToKeep: 2 });
    expect(saver.lastCheckpoints).toEqual([]);
    await saver.save(session, "s1");
    await saver.save(session, "s2");
    expect(await state()).toEqual(["s2", "s1", "s2"]);
    await saver.save(session, "s3");
    expect(saver.lastCheckpoints).toEqual(["s2", "s3"]);
    expect(await here("s1")).toEqual([false, false]);
    expect(await here("s2")).toEqual([true, true]);

    const second = new Saver(null, { graph, saverDef: saver.asSaverDef()! });
    second.setLastCheckpoints(saver.lastCheckpoints);
    const unaware = new Saver(null, { graph, saverDef: saver.asSaverDef()! });

    await saver.save(session, "s2");
    expect(saver.lastCheckpoints).toEqual(["s3", "s2"]);
    await saver.save(session, "s1");
    expect(saver.lastCheckpoints).toEqual(["s2", "s1"]);
    expect(await here("s3")).toEqual([false, false]);

    await second.save(session, "s2");
    expect(second.lastCheckpoints).toEqual(["s3", "s2"]);
    expect(await here("s1")).toEqual([true, true]);
    await second.save(session, "s1");
    expect(second.lastCheckpoints).toEqual(["s2", "s1"]);

    await unaware.save(session, "s2");
    expect(unaware.lastCheckpoints).toEqual(["s2"]);
    expect(await state()).toEqual(["s2", "s2"]);
    await unaware.save(session, "s1");
    expect(unaware.lastCheckpoints).toEqual(["s2", "s1"]);
    expect(await here("s2")).toEqual([true, true]);
  });

  it.each([null, 0])("removes nothing with maxToKeep %s", async (maxToKeep) => {
    const saver = new Saver(null, { graph, maxToKeep });
    await saver.save(session, "s1");
    await saver.save(session, "s2");
    expect(saver.lastCheckpoints).toEqual([]);
    expect(await here("s1")).toEqual([true, true]);
    expect(await state()).toEqual(["s2", "s2"]);
  });

  it("[users/4.13] writes no .meta where told so", async () => {
    await new Saver(null, { graph }).save(session, "s1", { writeMetaGraph: false });
    expect(await here("s1")).toEqual([true, false]);
  });

  it("writes no state file where told so, and then removes nothing", async () => {
    const saver = new Saver(null, { graph, maxToKeep: 1 });
    await saver.save(session, "s1", { writeState: false });
    await saver.save(session, "s2", { writeState: false });
    expect(await here("s1")).toEqual([true, true]);
    expect(await session.fs.stat("checkpoint")).toBeUndefined();
  });

  it("keeps one every N hours", async () => {
    const saver = new Saver(null, { graph, maxToKeep: 2, keepCheckpointEveryNHours: 0.7 / 3600, clock });
    now += 1;
    await saver.save(session, "s1");
    now += 0.1;
    await saver.save(session, "s2");
    await saver.save(session, "s3");
    await saver.save(session, "s4");
    expect((await here("s1"))[0]).toBe(true);
    expect((await here("s2"))[0]).toBe(false);
    expect(saver.lastCheckpoints).toEqual(["s3", "s4"]);
  });

  it("removes what setLastCheckpointsWithTime gives it, by time", async () => {
    const saver = new Saver(null, { graph, maxToKeep: 1, clock });
    await saver.save(session, "s1");
    const second = new Saver(null, { graph, saverDef: saver.asSaverDef()!, clock });
    second.setLastCheckpointsWithTime([["s1", 1]]);
    await second.save(session, "s2");
    expect((await here("s1"))[0]).toBe(false);
  });

  it("is recovered from files that are there", async () => {
    const saver = new Saver(null, { graph });
    for (const name of ["s1", "s2", "s3"]) await saver.save(session, name);
    for (const name of await session.fs.list(".")) if (name.startsWith("s2")) await session.fs.remove(name);
    const second = new Saver(null, { graph });
    await second.recoverLastCheckpoints(["s1", "s2", "s3"], { fs: session.fs });
    expect(second.lastCheckpoints).toEqual(["s1", "s3"]);
  });

  it("does not stop where an old file cannot be removed", async () => {
    const warnings: string[] = [];
    const saver = new Saver(null, { graph, maxToKeep: 1, onWarning: (message) => warnings.push(message) });
    await saver.save(session, "s1");
    const fs = { ...bound(session.fs), remove: async () => Promise.reject(new Error("busy")) };
    const stuck = { graph, fs, run: session.run.bind(session) };
    await saver.save(stuck, "s2");
    expect(saver.lastCheckpoints).toEqual(["s2"]);
    expect(warnings).toEqual(["Ignoring: busy"]);
  });

  it("[users/4.12] leaves a checkpoint that survives a move, with saveRelativePaths", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("/old");
    const own = await started(graph, new FakeSession(graph, fs));
    await new Saver(null, { graph, saveRelativePaths: true }).save(own, "/old/model");
    await fs.makeDirectory("/new");
    for (const name of await fs.list("/old")) await fs.rename(joinPath("/old", name), joinPath("/new", name));
    expect(await latestCheckpoint("/new", { fs })).toBe("/new/model");
  });
});

/** The methods of a FileSystem as properties, so that one can be replaced. */
function bound(fs: FakeSession["fs"]): FakeSession["fs"] {
  const names = [
    "open",
    "create",
    "rename",
    "remove",
    "stat",
    "list",
    "makeDirectory",
    "removeDirectory",
  ] as const;
  return Object.fromEntries(
    names.map((name) => [name, (fs[name] as (...args: never[]) => unknown).bind(fs)]),
  ) as never;
}

describe("Saver's SaverDef", () => {
  it("comes and goes with a scope", () => {
    const graph = new Graph();
    graph.nameScope("inner", () => {
      const v = float(graph, "v", 1);
      const saver = new Saver([v]);
      expect(saver.toProto("inner")?.restoreOpName).toBe("save/restore_all");
      expect(saver.toProto("other")).toBeUndefined();
      const back = Saver.fromProto(saver.toProto("inner")!, { graph, importScope: "inner" });
      expect(back.asSaverDef()).toEqual(saver.asSaverDef());
    });
  });

  it("must name its ops", async () => {
    expect(await codeOf(() => new Saver(null, { saverDef: {} }))).toBe(
      "INVALID_ARGUMENT: saver_def must specify the save_tensor_name",
    );
  });

  it("feeds the file name of the graph", async () => {
    const graph = new Graph();
    float(graph, "v", 1);
    const saver = new Saver(null, { graph, filename: "somefile" });
    const session = await started(graph);
    const name = (await session.run(saver.asSaverDef()!.filenameTensorName!)) as { data: Uint8Array[] };
    expect(new TextDecoder().decode(name.data[0])).toBe("somefile");
  });
});
