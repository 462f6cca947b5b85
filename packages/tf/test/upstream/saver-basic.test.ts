// Ported by understanding from TensorFlow's saver_test.py: SaverTest.
import { joinPath } from "@org/io";
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import {
  CheckpointedOp,
  evaluate,
  fails,
  files,
  inGraph,
  initialize,
  type Kind,
  kinds,
  variable,
} from "./saver-fixture.ts";

/** Variables v0 and v1 and a table v2. */
const model = (kind: Kind, first: number, second: number) => ({
  v0: variable(kind, first, "v0"),
  v1: variable(kind, second, "v1"),
  v2: new CheckpointedOp("v2"),
});

type Model = ReturnType<typeof model> & { readonly sess: tf.Session };

async function holds({ v0, v1, v2, sess }: Model, first: number, second: number, key: string, value: number) {
  expect([await evaluate(sess, v0), await evaluate(sess, v1)]).toEqual([first, second]);
  expect(await v2.contents(sess)).toEqual([[key], [value]]);
}

async function basicSaveRestore(kind: Kind): Promise<void> {
  const fs = await files();
  const savePath = "dir/basic_save_restore";
  const dict = ({ v0, v1, v2 }: Model) => ({ v0, v1, v2: v2.saveable });
  const first = inGraph(fs, () => {
    const all = model(kind, 10, 20);
    return { ...all, insert: all.v2.insert("k1", 30) };
  });
  await initialize(first.sess);
  await first.sess.run(first.insert);
  await holds(first, 10, 20, "k1", 30);
  const save = new tf.train.Saver(dict(first), { restoreSequentially: true });
  expect(await save.save(first.sess, savePath)).toBe(savePath);

  // A second session, in which nothing is initialized.
  const second = inGraph(fs, () => ({ ...model(kind, -1, -1), report: tf.reportUninitializedVariables() }));
  expect(tf.toStrings(await second.sess.run(second.report))).toEqual(["v0", "v1"]);
  expect(await second.v2.contents(second.sess)).toEqual([[], []]);
  await new tf.train.Saver(dict(second)).restore(second.sess, savePath);
  await holds(second, 10, 20, "k1", 30);

  // Another graph, initialized differently.
  const third = inGraph(fs, () => {
    const all = model(kind, 1000, 2000);
    return { ...all, insert: all.v2.insert("k1000", 3000) };
  });
  await initialize(third.sess);
  await third.sess.run(third.insert);
  await holds(third, 1000, 2000, "k1000", 3000);
  await new tf.train.Saver(dict(third)).restore(third.sess, savePath);
  await holds(third, 10, 20, "k1", 30);
}

test("[saver_test/SaverTest.testBasic] variables and a table come back in sessions that hold nothing or something else", async () => {
  for (const kind of kinds) await basicSaveRestore(kind);
});

test("[saver_test/SaverTest.testResourceBasic] resource variables and a table come back", () =>
  basicSaveRestore("resource"));

test("[saver_test/SaverTest.testResourceColocation] SaveV2 reads partitioned resource variables onto the CPU of their machine", () => {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const v = tf.device("/job:ps/device:GPU:0", () =>
      tf.getVariable("v0", [10, 2], { partitioner: tf.fixedSizePartitioner(2), useResource: true }),
    );
    new tf.train.Saver({ v0: v }).build();
  });
  const save = graph.getOperations().find((op) => op.type === "SaveV2")!;
  expect(save.inputs.slice(3).map((input) => input.device)).toEqual([
    "/job:ps/device:CPU:0",
    "/job:ps/device:CPU:0",
  ]);
});

test("[saver_test/SaverTest.testResourceVariableReadOpsAddedDeterministically] ten graphs of twenty resource variables and a Saver are the same", () => {
  const graphDefs = Array.from({ length: 10 }, () => {
    const graph = new tf.Graph();
    graph.asDefault(() => {
      for (let i = 0; i < 20; i++) new tf.ResourceVariable(i, { name: `var${i}` });
      new tf.train.Saver();
    });
    return graph.asGraphDef();
  });
  for (const graphDef of graphDefs)
    expect(tf.protos.equals(tf.protos.GraphDef, graphDef, graphDefs[0]!)).toBe(true);
});

test("[saver_test/SaverTest.testResourceSaveRestoreCachingDevice] a resource variable with a caching device comes back", async () => {
  const fs = await files();
  const { v, sess } = inGraph(fs, () => ({
    v: variable("resource", [1], "v", { cachingDevice: "/cpu:0" }),
  }));
  await initialize(sess);
  await new tf.train.Saver([v]).save(sess, "dir/resource_cache");
  await new tf.train.Saver([v]).restore(sess, "dir/resource_cache");
  expect(await evaluate(sess, v)).toEqual([1]);
});

test("[saver_test/SaverTest.testNoAdditionalOpsAddedBySaverForResourceVariablesOutsideSaveScope] a Saver builds under its own scope alone", () => {
  const graph = new tf.Graph();
  graph.asDefault(() => {
    const v = new tf.ResourceVariable(1, { name: "v" });
    tf.nameScope("saver1", () => new tf.train.Saver());
    tf.nameScope("saver2", () => new tf.train.Saver({ name: v }));
  });
  const names = graph.getOperations().map(({ name }) => name);
  expect(names.filter((name) => name.startsWith("saver1/save/")).length).toBeGreaterThan(0);
  expect(names.filter((name) => /^saver[12]\/(?!save\/)/.test(name))).toEqual([]);
});

test("[saver_test/SaverTest.testSaveCopyRestoreWithSaveRelativePaths] a checkpoint moves with its directory", async () => {
  const fs = await files();
  await fs.makeDirectory("dir/save_dir1");
  const first = inGraph(fs, () => {
    const all = model("ref", 10, 20);
    return { ...all, insert: all.v2.insert("k1", 30) };
  });
  const save = new tf.train.Saver(
    { v0: first.v0, v1: first.v1, v2: first.v2.saveable },
    { restoreSequentially: true, saveRelativePaths: true },
  );
  await initialize(first.sess);
  await first.sess.run(first.insert);
  await holds(first, 10, 20, "k1", 30);
  expect(await save.save(first.sess, "dir/save_dir1/save_copy_restore")).toBe(
    "dir/save_dir1/save_copy_restore",
  );
  expect(await tf.train.latestCheckpoint("dir/save_dir1", { fs })).toBe("dir/save_dir1/save_copy_restore");
  await fs.makeDirectory("dir/save_dir2");
  for (const name of await fs.list("dir/save_dir1"))
    await fs.rename(`dir/save_dir1/${name}`, `dir/save_dir2/${name}`);
  await fs.removeDirectory("dir/save_dir1");
  const moved = "dir/save_dir2/save_copy_restore";
  expect(await tf.train.latestCheckpoint("dir/save_dir2", { fs })).toBe(moved);

  const second = inGraph(fs, () => ({
    ...model("ref", -1, -1),
    report: tf.reportUninitializedVariables(),
  }));
  expect(tf.toStrings(await second.sess.run(second.report))).toHaveLength(2);
  expect(await second.v2.contents(second.sess)).toEqual([[], []]);
  await new tf.train.Saver({ v0: second.v0, v1: second.v1, v2: second.v2.saveable }).restore(
    second.sess,
    moved,
  );
  await holds(second, 10, 20, "k1", 30);
});

test("[saver_test/SaverTest.testFilenameTensor] the file name in the graph is the one given", async () => {
  const { save, sess } = inGraph(await files(), () => ({
    save: new tf.train.Saver({ v0: variable("ref", 0, "v0") }, { filename: "somerandomfilename" }),
  }));
  expect(await evaluate(sess, save.saverDef!.filenameTensorName)).toEqual(["somerandomfilename"]);
});

test("[saver_test/SaverTest.testInvalidPath] a path without a checkpoint is refused", async () => {
  for (const writeVersion of ["V1", "V2"] as const) {
    const { save, sess } = inGraph(await files(), () => ({
      save: new tf.train.Saver({ v0: variable("ref", 0, "v0") }, { writeVersion }),
    }));
    await fails(
      () => save.restore(sess, "invalid path"),
      "NOT_FOUND",
      "The passed save_path is not a valid checkpoint:",
    );
  }
});

test("[saver_test/SaverTest.testInt64] int64 values come back; before, the variable has none", async () => {
  const fs = await files();
  for (const kind of kinds) {
    const build = (value: bigint) => () => {
      const v = variable(kind, value, "v", { dtype: "int64" });
      return { v, save: new tf.train.Saver({ v }, { restoreSequentially: true }) };
    };
    const first = inGraph(fs, build(15n));
    await initialize(first.sess);
    expect(await first.save.save(first.sess, "dir/int64")).toBe("dir/int64");
    const second = inGraph(fs, build(-1n));
    if (kind === "ref")
      await fails(() => evaluate(second.sess, second.v), "FAILED_PRECONDITION", "uninitialized value v");
    await second.save.restore(second.sess, "dir/int64");
    expect(await evaluate(second.sess, second.v)).toBe(15n);
  }
});

test("[saver_test/SaverTest.testSomeErrors] two variables of one name are refused, slices and partitions too", async () => {
  const graph = new tf.Graph();
  await graph.asDefault(async () => {
    const [v0, v1, v2] = [["v0", 10] as const, ["v1", 20] as const, ["v2", 20] as const].map(
      ([name, value]) => new tf.Variable([value], { name, dtype: "float32" }),
    );
    v2!.saveSliceInfo = new tf.SaveSliceInfo({
      fullName: "v1",
      fullShape: [1],
      varOffset: [0],
      varShape: [1],
    });
    expect(() => new tf.train.Saver([v0!, v1!, v2!])).toThrow("same name: v1");
    new tf.train.Saver({ vee1: v1!, other: [v2!] });
    const partitioned = (name: string) =>
      tf.getVariable(name, [4, 5], { partitioner: tf.fixedSizePartitioner(2) }) as tf.PartitionedVariable;
    const [first, second] = [partitioned("p_v1"), partitioned("p_v2")];
    // Upstream renames the second one; here names do not change, so the first comes twice.
    expect(second.name).toBe("p_v2");
    expect(() => new tf.train.Saver([first, first])).toThrow("same name: p_v1");
  });
});

test("[saver_test/SaverTest.testSameName] nothing is saved under two names", () => {
  new tf.Graph().asDefault(() => {
    const v0 = new tf.Variable([10], { name: "v0", dtype: "float32" });
    const { saveable } = new CheckpointedOp("v2");
    expect(() => new tf.train.Saver({ v0, v0too: v0 })).toThrow(
      "The same saveable will be restored with two names: v0",
    );
    expect(() => new tf.train.Saver({ v2: saveable, v2too: saveable })).toThrow(
      "The same saveable will be restored with two names: v2",
    );
    new tf.train.Saver({ v0, v2: saveable });
  });
});

test.each(kinds)(
  "[saver_test/SaverTest.testBasicsWithListOfVariables] a list of %s variables and a saveable",
  async (kind) => {
    const fs = await files();
    const build = (first: number, second: number, key: string, value: number) => () => {
      const all = model(kind, first, second);
      const save = new tf.train.Saver([all.v0, all.v1, all.v2.saveable]);
      return { ...all, save, insert: all.v2.insert(key, value) };
    };
    const savePath = "dir/basics_with_list";
    const first = inGraph(fs, build(10, 20, "k1", 30));
    await initialize(first.sess);
    await first.sess.run(first.insert);
    await holds(first, 10, 20, "k1", 30);
    expect(await first.save.save(first.sess, savePath)).toBe(savePath);

    const second = inGraph(fs, build(-1, -1, "", 0));
    for (const name of ["v0", "v1"] as const)
      await fails(
        () => evaluate(second.sess, second[name]),
        "FAILED_PRECONDITION",
        kind === "ref" ? `uninitialized value ${name}` : name,
      );
    expect(await second.v2.contents(second.sess)).toEqual([[], []]);
    await second.save.restore(second.sess, savePath);
    await holds(second, 10, 20, "k1", 30);

    const third = inGraph(fs, build(1000, 2000, "k1000", 3000));
    await third.sess.run(third.insert);
    await initialize(third.sess);
    await holds(third, 1000, 2000, "k1000", 3000);
    await third.save.restore(third.sess, savePath);
    await holds(third, 10, 20, "k1", 30);
  },
);

/** Saves a variable of that name, and restores it into a graph where it would start as something else. */
async function saveAndLoad(
  fs: Awaited<ReturnType<typeof files>>,
  kind: Kind,
  name: string,
  value: number,
  other: number,
  path: string,
): Promise<void> {
  const build = (start: number) => () => {
    const v = variable(kind, start, name);
    return { v, save: new tf.train.Saver({ [name]: v }) };
  };
  const first = inGraph(fs, build(value));
  await initialize(first.sess);
  expect(await first.save.save(first.sess, path)).toBe(path);
  const second = inGraph(fs, build(other));
  await second.save.restore(second.sess, path);
  expect(await evaluate(second.sess, second.v)).toBeCloseTo(value, 5);
}

test.each(kinds)(
  "[saver_test/SaverTest.testCacheRereadsFile] what was saved over a file is read, not what was there (%s variables)",
  async (kind) => {
    const fs = await files();
    await saveAndLoad(fs, kind, "var0", 0, 1, "dir/cache_rereads");
    await saveAndLoad(fs, kind, "var1", 1.1, 2.2, "dir/cache_rereads");
  },
);

test("[saver_test/SaverTest.testAllowEmpty] a Saver of nothing, where that is allowed, saves and restores nothing", async () => {
  const fs = await files();
  const build = () => {
    tf.constant(1);
    return { save: new tf.train.Saver(null, { allowEmpty: true }) };
  };
  const first = inGraph(fs, build);
  expect(await first.save.save(first.sess, "dir/allow_empty")).toBeUndefined();
  const second = inGraph(fs, build);
  await second.save.restore(second.sess, "dir/allow_empty");
  expect(() => inGraph(fs, () => ({ save: new tf.train.Saver() }))).toThrow("No variables to save");
});

test.each(kinds)(
  "[saver_test/SaverTest.testVariables] a Saver takes all %s variables and saveables where it is given none",
  async (kind) => {
    const fs = await files();
    const first = inGraph(fs, () => {
      const one = variable(kind, 1);
      const twos = variable(kind, [2, 2, 2]);
      const v2 = new CheckpointedOp("v2");
      return { one, twos, save: new tf.train.Saver(), insert: v2.insert("k1", 3) };
    });
    await initialize(first.sess);
    await first.sess.run(first.insert);
    await first.save.save(first.sess, "dir/variables");
    const second = inGraph(fs, () => ({
      one: variable(kind, 0),
      twos: variable(kind, [0, 0, 0]),
      v2: new CheckpointedOp("v2"),
      save: new tf.train.Saver(),
    }));
    await second.save.restore(second.sess, "dir/variables");
    expect(await evaluate(second.sess, second.one)).toBe(1);
    expect(await evaluate(second.sess, second.twos)).toEqual([2, 2, 2]);
    expect(await second.v2.contents(second.sess)).toEqual([["k1"], [3]]);
  },
);

test("[saver_test/SaverTest.testVarListShouldBeEmptyInDeferredBuild] a list of variables cannot be deferred", () => {
  new tf.Graph().asDefault(() => {
    const v = variable("ref", 1);
    expect(() => new tf.train.Saver([v], { deferBuild: true })).toThrow("defer_build");
  });
});

test("[saver_test/SaverTest.testBuildShouldBeCalledBeforeSaveInCaseOfDeferBuild] a Saver that is not built does not save", async () => {
  const { saver, sess } = inGraph(await files(), () => {
    variable("ref", 1);
    return { saver: new tf.train.Saver(null, { deferBuild: true }) };
  });
  await fails(() => saver.save(sess, "dir/error_deferred_build"), "FAILED_PRECONDITION", "build");
});

test.each(kinds)(
  "[saver_test/SaverTest.testDeferredBuild] a Saver that is built later takes %s variables made meanwhile",
  async (kind) => {
    const fs = await files();
    const first = inGraph(fs, () => {
      variable(kind, 1);
      const save = new tf.train.Saver(null, { deferBuild: true });
      variable(kind, [2, 2, 2]);
      save.build();
      return { save };
    });
    await initialize(first.sess);
    await first.save.save(first.sess, "dir/deferred_build");
    const second = inGraph(fs, () => ({
      one: variable(kind, 0),
      twos: variable(kind, [0, 0, 0]),
      save: new tf.train.Saver(),
    }));
    await second.save.restore(second.sess, "dir/deferred_build");
    expect(await evaluate(second.sess, second.one)).toBe(1);
    expect(await evaluate(second.sess, second.twos)).toEqual([2, 2, 2]);
  },
);

test("[saver_test/SaverTest.testReshape] another shape is refused, or taken where told so", async () => {
  const fs = await files();
  const first = inGraph(fs, () => {
    variable("ref", [
      [1, 2, 3],
      [4, 5, 6],
    ]);
    return { save: new tf.train.Saver() };
  });
  await initialize(first.sess);
  await first.save.save(first.sess, "dir/variables_reshape");
  const other = (options: { reshape?: boolean }) =>
    inGraph(fs, () => ({
      v: variable("ref", [
        [0, 0],
        [0, 0],
        [0, 0],
      ]),
      save: new tf.train.Saver(null, options),
    }));
  const strict = other({});
  await fails(
    () => strict.save.restore(strict.sess, "dir/variables_reshape"),
    "INVALID_ARGUMENT",
    "Assign requires shapes of both tensors to match.",
  );
  const reshaping = other({ reshape: true });
  await reshaping.save.restore(reshaping.sess, "dir/variables_reshape");
  expect(await evaluate(reshaping.sess, reshaping.v)).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
});

async function saveWithGlobalStep(kind: Kind, padStepNumber: boolean, expected: string): Promise<void> {
  const fs = await files();
  const path = "dir/ckpt_with_global_step";
  await saveAndLoad(fs, kind, "var0", 0, 1, path);
  for (const useTensor of [true, false]) {
    const { save, step, sess } = inGraph(fs, () => ({
      save: new tf.train.Saver({ var0: variable(kind, 1, "var0") }, { padStepNumber }),
      step: tf.constant(5, "int32"),
    }));
    await initialize(sess);
    expect(await save.save(sess, path, { globalStep: useTensor ? step : 5 })).toBe(path + expected);
  }
}

test.each(kinds)(
  "[saver_test/SaverTest.testSaveWithGlobalStep] the step, a number or a tensor, ends the name (%s variables)",
  (kind) => saveWithGlobalStep(kind, false, "-5"),
);

test.each(kinds)(
  "[saver_test/SaverTest.testSaveWithGlobalStepWithPadding] the step has eight digits where told so (%s variables)",
  (kind) => saveWithGlobalStep(kind, true, "-00000005"),
);

test.each(kinds)(
  "[saver_test/SaverTest.testSaveRestoreAndValidateVariableDtype] a float is not restored into an int32 (%s variables)",
  async (kind) => {
    const fs = await files();
    const first = inGraph(fs, () => ({ save: new tf.train.Saver({ v0: variable(kind, 10, "v0") }) }));
    await initialize(first.sess);
    await first.save.save(first.sess, "dir/basic_save_restore");
    const second = inGraph(fs, () => ({
      save: new tf.train.Saver({ v0: variable(kind, 1, "v0", { dtype: "int32" }) }),
    }));
    await fails(
      () => second.save.restore(second.sess, "dir/basic_save_restore"),
      "INVALID_ARGUMENT",
      "original dtype",
    );
  },
);

test("[saver_test/SaverTest.testRestoreLargeTensors] small and large resource variables come back equal", async () => {
  // Upstream has 3 of [32000, 1000]: 384 MB. Here they are of 8 MB, more than any buffer on the way.
  const fs = await files();
  const build = () => ({
    all: [
      ...Array.from({ length: 5 }, (_, i) => tf.getVariable(`small${i}`, [10, 2], { useResource: true })),
      ...Array.from({ length: 3 }, (_, i) =>
        tf.getVariable(`large${i}`, [2000, 1000], { useResource: true }),
      ),
    ] as tf.ResourceVariable[],
    save: new tf.train.Saver(null, { maxToKeep: 1 }),
  });
  const first = inGraph(fs, build);
  await initialize(first.sess);
  await first.save.save(first.sess, joinPath("dir", "large"));
  const second = inGraph(fs, build);
  await second.save.restore(second.sess, joinPath("dir", "large"));
  const before = await first.sess.run(first.all);
  const after = await second.sess.run(second.all);
  for (const [i, value] of after.entries()) {
    expect(value.shape).toEqual(before[i]!.shape);
    expect(Buffer.compare(bytes(value), bytes(before[i]!))).toBe(0);
  }
});

const bytes = ({ data }: tf.NdArray) => {
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
};
