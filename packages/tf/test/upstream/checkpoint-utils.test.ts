// Ported by understanding from TensorFlow's checkpoint_utils_test.py.
import { memoryFileSystem } from "@org/io";
import { beforeEach, describe, expect, test } from "vitest";
import * as tf from "../../src/index.ts";

const { initFromCheckpoint, loadVariable, listVariables } = tf.train;
beforeEach(() => tf.resetDefaultGraph());

/** A session over a new graph with files in memory; what the test builds and runs is in `body`. */
async function inSession<R>(fs: ReturnType<typeof memoryFileSystem>, body: (session: tf.Session) => R) {
  tf.resetDefaultGraph();
  const session = new tf.Session({ backends: ["evaluator"], fs });
  const result = await body(session);
  await session.close();
  return result;
}
const initialize = (session: tf.Session) => session.run([], { targets: [tf.globalVariablesInitializer()] });
type AnyVariable = ReturnType<typeof tf.globalVariables>[number];
const values = async (session: tf.Session, variables: readonly AnyVariable[]) =>
  (await session.run(variables)) as tf.NdArray[];

/** The checkpoint that most cases read: four variables, in a directory "d" with its state file. */
async function checkpoint() {
  const fs = memoryFileSystem();
  const saved = await inSession(fs, async (session) => {
    const all = [
      tf.getVariable("var1", [1, 10]),
      tf.getVariable("var2", [10, 10]),
      tf.getVariable("var3", [100, 100]),
      tf.variableScope("useful_scope", () => tf.getVariable("var4", [9, 9])),
    ] as tf.Variable[];
    await initialize(session);
    const before = await values(session, all);
    await new tf.train.Saver().save(session, "d/model", { globalStep: 0 });
    return before;
  });
  return { fs, saved };
}

const byteCuts = (minSliceSize: number) =>
  tf.minMaxVariablePartitioner({ maxPartitions: 5, axis: 0, minSliceSize });

describe("CheckpointsTest", () => {
  test("[checkpoint_utils_test/CheckpointsTest.testNoCheckpoints] a directory that is not there has nothing to load", async () => {
    const fs = memoryFileSystem();
    await expect(loadVariable("no_checkpoints", "var1", { fs })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("[checkpoint_utils_test/CheckpointsTest.testNoTensor] a name that is not in the checkpoint is NOT_FOUND", async () => {
    const { fs } = await checkpoint();
    await expect(loadVariable("d", "var5", { fs })).rejects.toMatchObject({
      code: "NOT_FOUND",
      sentence: "Key var5 not found in checkpoint",
    });
  });

  test("[checkpoint_utils_test/CheckpointsTest.testGetTensor] values load by name from a directory", async () => {
    const { fs, saved } = await checkpoint();
    for (const [i, name] of ["var1", "var2", "var3", "useful_scope/var4"].entries())
      expect(await loadVariable("d", name, { fs }), name).toEqual(saved[i]);
  });

  test("[checkpoint_utils_test/CheckpointsTest.testGetAllVariables] variables are listed by name with their shapes", async () => {
    const { fs } = await checkpoint();
    expect((await listVariables("d", { fs })).map(({ name, shape }) => [name, shape])).toEqual([
      ["useful_scope/var4", [9, 9]],
      ["var1", [1, 10]],
      ["var2", [10, 10]],
      ["var3", [100, 100]],
    ]);
  });

  test("[checkpoint_utils_test/CheckpointsTest.testInitFromCheckpoint] variables start from names, scopes, or as themselves, and the graph holds no values", async () => {
    const { fs, saved } = await checkpoint();
    await inSession(fs, async (session) => {
      const [my1, my2, my4] = tf.variableScope("some_scope", () => [
        tf.getVariable("my1", [1, 10]),
        ...tf.variableScope("some_other_scope", () => [
          tf.getVariable("my2", [10, 10]),
          tf.variableScope("other_useful_scope", () => tf.getVariable("var4", [9, 9])),
        ]),
      ]) as tf.Variable[];
      const my3 = tf.getVariable("my3", [100, 100]) as tf.Variable;
      await initFromCheckpoint(
        "d",
        { var1: "some_scope/my1", "useful_scope/": "some_scope/some_other_scope/other_useful_scope/" },
        { fs },
      );
      await initFromCheckpoint("d", { var2: "some_scope/some_other_scope/my2", var3: my3 }, { fs });
      await initialize(session);
      expect(await values(session, [my1!, my2!, my3, my4!])).toEqual(saved);
      const bytes = tf.protos.encode(tf.protos.GraphDef, tf.getDefaultGraph().asGraphDef());
      expect(bytes.length).toBeLessThan(29000);
    });
  });

  test("[checkpoint_utils_test/CheckpointsTest.testInitialValueComesFromCheckpoint] initializedValue() starts from the checkpoint from then on", async () => {
    const { fs, saved } = await checkpoint();
    await inSession(fs, async (session) => {
      const my1 = tf.variableScope("some_scope", () => tf.getVariable("my1", [1, 10]), {
        initializer: tf.zerosInitializer(),
      }) as tf.Variable;
      const before = my1.initializedValue();
      await initFromCheckpoint("d", { var1: my1 }, { fs });
      const after = my1.initializedValue();
      expect(tf.toArray(await session.run(before))).toEqual([new Array(10).fill(0)]);
      expect(await session.run(after)).toEqual(saved[0]);
      await initialize(session);
      expect(await session.run(my1)).toEqual(saved[0]);
      expect(await session.run(my1.initializedValue())).toEqual(saved[0]);
      expect(await session.run(before)).toEqual(saved[0]);
      expect(await session.run(after)).toEqual(saved[0]);
      expect(tf.toArray(saved[0]!)).not.toEqual([new Array(10).fill(0)]);
    });
  });

  test("[checkpoint_utils_test/CheckpointsTest.testInitWithScopeDoesNotCaptureSuffixes] useful_scope is not useful_scope_1", async () => {
    const { fs, saved } = await checkpoint();
    await inSession(fs, async (session) => {
      const my4 = tf.variableScope("useful_scope", () => tf.getVariable("var4", [9, 9])) as tf.Variable;
      const start = [
        [1, 2],
        [3, 4],
      ];
      const my5 = tf.variableScope("useful_scope_1", () =>
        tf.getVariable("var5", { initializer: start }),
      ) as tf.Variable;
      await initFromCheckpoint("d", { "useful_scope/": "useful_scope/" }, { fs });
      await initialize(session);
      expect(await session.run(my4)).toEqual(saved[3]);
      expect(tf.toArray(await session.run(my5))).toEqual(start);
    });
  });

  test("[checkpoint_utils_test/CheckpointsTest.testRestoreRunsOnSameDevice] reading happens on the CPU of the variable's job", async () => {
    const { fs } = await checkpoint();
    tf.resetDefaultGraph();
    tf.device("/job:ps", () => tf.variableScope("useful_scope", () => tf.getVariable("var4", [9, 9])));
    await initFromCheckpoint("d", { "useful_scope/": "useful_scope/" }, { fs });
    const restore = tf.getDefaultGraph().getOperationByName("checkpoint_initializer");
    expect([restore.type, restore.device]).toEqual(["RestoreV2", "/job:ps/device:CPU:0"]);
  });

  test("[checkpoint_utils_test/CheckpointsTest.testInitFromRootCheckpoint] the checkpoint's root goes to a scope", async () => {
    const { fs, saved } = await checkpoint();
    await inSession(fs, async (session) => {
      const all = tf.variableScope("some_scope", () => [
        tf.getVariable("var1", [1, 10]),
        tf.getVariable("var2", [10, 10]),
        tf.getVariable("var3", [100, 100]),
        tf.variableScope("useful_scope", () => tf.getVariable("var4", [9, 9])),
      ]) as tf.Variable[];
      await initFromCheckpoint("d", { "/": "some_scope/" }, { fs });
      await initialize(session);
      expect(await values(session, all)).toEqual(saved);
    });
  });

  test("[checkpoint_utils_test/CheckpointsTest.testInitToRootCheckpoint] the checkpoint's root goes to the root", async () => {
    const { fs, saved } = await checkpoint();
    await inSession(fs, async (session) => {
      const all = [
        tf.getVariable("var1", [1, 10]),
        tf.getVariable("var2", [10, 10]),
        tf.getVariable("var3", [100, 100]),
        tf.variableScope("useful_scope", () => tf.getVariable("var4", [9, 9])),
      ] as tf.Variable[];
      await initFromCheckpoint("d", { "/": "/" }, { fs });
      await initialize(session);
      expect(await values(session, all)).toEqual(saved);
    });
  });

  test("[checkpoint_utils_test/CheckpointsTest.testInitFromPartitionVar] parts start from their slices, however the checkpoint was cut", async () => {
    const fs = memoryFileSystem();
    const saved = await inSession(fs, async (session) => {
      const whole = tf.variableScope("scope", () =>
        tf.getVariable("var1", [100, 100], {
          initializer: tf.truncatedNormalInitializer(0.5),
          partitioner: byteCuts(8 << 10),
        }),
      );
      await initialize(session);
      const parts = await values(session, whole.variables);
      await new tf.train.Saver().save(session, "d/model", { globalStep: 0 });
      return parts;
    });
    const flat = (parts: readonly tf.NdArray[]) => parts.flatMap((part) => tf.toNumbers(part));
    await inSession(fs, async (session) => {
      const my = (scope: string, name: string, minSliceSize: number) =>
        tf.variableScope(scope, () =>
          tf.getVariable(name, [100, 100], {
            initializer: tf.zerosInitializer(),
            partitioner: byteCuts(minSliceSize),
          }),
        );
      const my1 = my("some_scope", "my1", 8 << 10);
      const my2 = my("some_other_scope", "var1", 16 << 10);
      await initFromCheckpoint(
        "d",
        { "scope/var1": "some_scope/my1", "scope/": "some_other_scope/" },
        { fs },
      );
      await initialize(session);
      expect(await values(session, my1.variables)).toEqual(saved);
      expect(my2.variables.length).not.toBe(saved.length);
      expect(flat(await values(session, my2.variables))).toEqual(flat(saved));
    });
    await inSession(fs, async (session) => {
      const my1 = tf.variableScope("some_scope", () =>
        tf.getVariable("my1", [100, 100], {
          initializer: tf.truncatedNormalInitializer(0.5),
          partitioner: byteCuts(8 << 10),
        }),
      );
      await initFromCheckpoint("d", { "scope/var1": my1.variables }, { fs });
      await initialize(session);
      expect(await values(session, my1.variables)).toEqual(saved);
    });
  });

  test("[checkpoint_utils_test/CheckpointsTest.testInitFromCheckpointMissing] what is missing or differs is said, and changes nothing", async () => {
    const { fs } = await checkpoint();
    tf.resetDefaultGraph();
    tf.variableScope("some_scope", () => {
      tf.getVariable("my1", [10, 10]);
      tf.getVariable("my2", [1, 10], { dtype: "int64", initializer: tf.zerosInitializer() });
    });
    const before = tf.getDefaultGraph().getOperations().length;
    const failure = (directory: string, map: Parameters<typeof initFromCheckpoint>[1]) =>
      initFromCheckpoint(directory, map, { fs }).then(
        () => "it did not fail",
        (error) => `${error.code}: ${error.sentence}`,
      );
    expect(await failure("no_dir", { var1: "some_scope/my1" })).toBe(
      "NOT_FOUND: Unsuccessful TensorSliceReader constructor: Failed to find any matching files for no_dir",
    );
    expect(await failure("d", { no_var: "some_scope/my1" })).toBe(
      "INVALID_ARGUMENT: Tensor no_var is not found in d checkpoint {'useful_scope/var4': [9, 9], 'var1': [1, 10], 'var2': [10, 10], 'var3': [100, 100]}",
    );
    expect(await failure("d", { var3: "some_scope/no_var" })).toBe(
      "INVALID_ARGUMENT: Assignment map with scope only name some_scope should map to scope only var3. Should be 'scope/': 'other_scope/'.",
    );
    expect(await failure("d", { var1: "some_scope/my1" })).toBe(
      "INVALID_ARGUMENT: Shape of variable some_scope/my1:0 ((10, 10)) doesn't match with shape of tensor var1 ([1, 10]) from checkpoint reader.",
    );
    expect(await failure("d", { "useful_scope/": "some_scope/" })).toBe(
      "INVALID_ARGUMENT: Tensor useful_scope/my1 (my1 in useful_scope/) is not found in d checkpoint",
    );
    expect(await failure("d", { useful_scope: "some_scope/" })).toBe(
      "INVALID_ARGUMENT: Assignment map with scope only name some_scope should map to scope only useful_scope. Should be 'scope/': 'other_scope/'.",
    );
    expect(tf.getDefaultGraph().getOperations()).toHaveLength(before);
  });

  test("[checkpoint_utils_test/CheckpointsTest.testNoAdditionalReadOpsForResourceVariables] a resource variable gets a restore and an assignment, no reads", async () => {
    const { fs, saved } = await checkpoint();
    await inSession(fs, async (session) => {
      const my1 = new tf.ResourceVariable([new Array(10).fill(0)], { name: "my1", dtype: "float32" });
      await tf.nameScope("init_from_checkpoint", () => initFromCheckpoint("d", { var1: my1 }, { fs }));
      await initialize(session);
      expect(await session.run(my1)).toEqual(saved[0]);
      const others = tf
        .getDefaultGraph()
        .getOperations()
        .filter(
          ({ name, type }) =>
            name.startsWith("init_from_checkpoint/") &&
            !name.startsWith("init_from_checkpoint/checkpoint_initializer") &&
            type !== "AssignVariableOp" &&
            type !== "Identity",
        );
      expect(others).toEqual([]);
      expect(my1.initializer.name).toBe("init_from_checkpoint/AssignVariableOp");
    });
  });
});

async function found(fs: ReturnType<typeof memoryFileSystem>, directory: string): Promise<string[]> {
  const prefixes: string[] = [];
  for await (const prefix of tf.train.checkpointsIterator(directory, { fs, timeout: 0 }))
    prefixes.push(prefix);
  return prefixes;
}

describe("CheckpointIteratorTest", () => {
  test("[checkpoint_utils_test/CheckpointIteratorTest.testReturnsEmptyIfNoCheckpointsFound] nothing comes of a directory that is not there", async () => {
    expect(await found(memoryFileSystem(), "no_checkpoints_found")).toEqual([]);
  });

  test("[checkpoint_utils_test/CheckpointIteratorTest.testReturnsSingleCheckpointIfOneCheckpointFound] one checkpoint comes once", async () => {
    const fs = memoryFileSystem();
    await inSession(fs, async (session) => {
      const a = new tf.ResourceVariable(5, { name: "a" });
      await session.run([], { targets: [a.initializer] });
      await new tf.train.Saver({ a }).save(session, "one/model.ckpt", { globalStep: 1 });
    });
    expect(await found(fs, "one")).toEqual(["one/model.ckpt-1"]);
  });

  test("[checkpoint_utils_test/CheckpointIteratorTest.testReturnsSingleCheckpointIfOneShardedCheckpoint] a checkpoint of three shards comes once", async () => {
    const fs = memoryFileSystem();
    await fs.makeDirectory("sharded");
    await inSession(fs, async (session) => {
      const globalStep = new tf.Variable(0, { name: "v0", dtype: "int32" });
      tf.device("/cpu:0", () => new tf.Variable(10, { name: "v1" }));
      tf.device("/cpu:1", () => new tf.Variable(20, { name: "v2" }));
      const saver = new tf.train.Saver(null, { sharded: true });
      await initialize(session);
      await saver.save(session, "sharded/model.ckpt", { globalStep });
    });
    expect((await fs.list("sharded")).filter((name) => name.includes(".data-"))).toHaveLength(3);
    expect(await found(fs, "sharded")).toEqual(["sharded/model.ckpt-0"]);
  });

  test("[checkpoint_utils_test/CheckpointIteratorTest.testTimeoutFn] timeoutFn is asked after each timeout until it says yes", async () => {
    let calls = 0;
    const prefixes: string[] = [];
    const options = { fs: memoryFileSystem(), timeout: 0.1, timeoutFn: () => ++calls > 3 };
    for await (const prefix of tf.train.checkpointsIterator("/non-existent-dir", options))
      prefixes.push(prefix);
    expect([prefixes, calls]).toEqual([[], 4]);
  });
});

test("[checkpoint_utils_test/WaitForNewCheckpointTest.testReturnsNoneAfterTimeout] after a second of waiting there is none", async () => {
  let now = 0;
  const waited = await tf.train.waitForNewCheckpoint("/non-existent-dir", {
    fs: memoryFileSystem(),
    lastCheckpoint: "foo",
    timeout: 1,
    secondsToSleep: 0.5,
    clock: () => now,
    sleep: async (seconds) => {
      now += seconds;
    },
  });
  expect([waited, now]).toEqual([undefined, 1]);
});
