// What a hostile user and a full disk can do at the doors of @org/tf: feeds and fetches, ops that cannot run, saves.
import { type FileSystem, memoryFileSystem } from "@org/io";
import { failingFileSystem } from "@org/io/testing";
import { openCheckpoint } from "@org/metagraph";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

/** What `action` is refused with: "CODE sentence", and the rest of a TfError; a TypeError as "TypeError sentence". */
async function refusal(
  action: () => unknown,
): Promise<{ text: string; node?: string | undefined; hint: string }> {
  try {
    await action();
  } catch (error) {
    if (tf.isTfError(error))
      return { text: `${error.code} ${error.sentence}`, node: error.place.node, hint: error.hint ?? "" };
    if (error instanceof TypeError) return { text: `TypeError ${error.message}`, hint: "" };
    throw error;
  }
  throw new Error("It was not refused");
}

const anything = (value: unknown): never => value as never;

describe.each(["cpu", "evaluator"] as const)("a session on %s", (backend) => {
  let session: tf.Session;
  beforeAll(() => {
    tf.resetDefaultGraph();
    const p = tf.placeholder("float32", [2], { name: "p" });
    const any = tf.placeholder("float32", null, { name: "any" });
    const i = tf.placeholder("int32", [], { name: "i" });
    const long = tf.placeholder("int64", [1], { name: "long" });
    tf.operator.mul(p, 2, { name: "hidden1/y" });
    tf.identity(any, { name: "same" });
    tf.gather(any, i, { name: "at" });
    tf.reshape(any, tf.expandDims(i, 0), { name: "shaped" });
    tf.matmul(any, any, { name: "product" });
    tf.fill(tf.expandDims(i, 0), 1, { name: "filled" });
    tf.fill(long, 1, { name: "far" });
    tf.fill(long, "text", { name: "texts" });
    new tf.Variable([1, 2], { name: "u", dtype: "float32" });
    session = new tf.Session({ backends: [backend], fs: memoryFileSystem() });
  });
  afterAll(() => session.close());
  const y = "hidden1/y:0";
  const run = (fetch: string, feeds: Record<string, unknown> = {}) =>
    refusal(() => session.run(fetch, { feeds: anything(feeds) }));

  it("says which placeholder is not fed", async () => {
    expect(await run(y)).toEqual({
      text: "INVALID_ARGUMENT You must feed a value for placeholder tensor 'p' with dtype float and shape [2]",
      node: "p",
      hint: 'Add it to the feeds: { feeds: { "p:0": value } }.',
    });
  });

  it.each<[string, unknown, string]>([
    [
      "another shape",
      [1, 2, 3],
      "INVALID_ARGUMENT Cannot feed value of shape (3,) for Tensor 'p:0', which has shape '(2,)'",
    ],
    ["strings", ["a", "b"], "TypeError Expected float32, got 'a' of type 'string' instead."],
    ["rows of two lengths", [[1], [2, 3]], "INVALID_ARGUMENT Argument must be a dense tensor"],
    ["null", null, "TypeError Expected float32, got null"],
    ["undefined", undefined, "TypeError Expected float32, got undefined"],
    ["an object", { a: 1 }, "TypeError Expected float32, got [object Object]"],
    [
      "an array with too little data",
      { dtype: "float32", shape: [2], data: new Float32Array(1) },
      "TypeError float32 of shape [2] needs 2 elements",
    ],
    [
      "an array with data of another type",
      { dtype: "float32", shape: [2], data: new Float64Array(2) },
      "TypeError The data of this array is not what float32 is kept in",
    ],
    [
      "an array with dims that are none",
      { dtype: "float32", shape: [-1, 2.5], data: new Float32Array(2) },
      "TypeError [-1,2.5] is not a shape",
    ],
    [
      "an array of no type",
      { dtype: "float33", shape: [2], data: new Float32Array(2) },
      "TypeError Expected float32",
    ],
  ])("refuses a feed of %s", async (_, value, text) => {
    const { text: got } = await run(y, { "p:0": value });
    expect(got.slice(0, text.length)).toBe(text);
  });

  it("refuses what is no int32", async () => {
    expect((await run("filled:0", { "i:0": 1.5 })).text).toContain("TypeError Expected int32, got 1.5");
    expect((await run("filled:0", { "i:0": 2 ** 40 })).text).toContain("out of range for int32");
  });

  it("[users/4.18] says what is near a name that is not there", async () => {
    expect(await run(y, { "pp:0": [1, 2] })).toMatchObject({
      text: "NOT_FOUND Cannot interpret feed_dict key as Tensor: The name 'pp:0' refers to a Tensor which does not exist. The operation, 'pp', does not exist in the graph.",
      hint: expect.stringContaining("'p:0'"),
    });
    expect(await run("hiden1/y:0")).toMatchObject({
      text: `NOT_FOUND Fetch argument 'hiden1/y:0' cannot be interpreted as a Tensor. ("The name 'hiden1/y:0' refers to a Tensor which does not exist. The operation, 'hiden1/y', does not exist in the graph.")`,
      hint: expect.stringContaining("'hidden1/y:0'"),
    });
    expect((await run("U")).hint).toContain("'u'");
    expect((await run("hidden1/y:3")).text).toContain("exists but only has 1 outputs");
    expect((await run("a:b:c")).text).toContain("INVALID_ARGUMENT");
    expect((await run("")).text).toContain("NOT_FOUND");
    expect((await refusal(() => session.run(anything(null)))).text).toContain(
      "TypeError Fetch argument null has invalid type",
    );
    expect((await refusal(() => session.run([], { targets: ["nope"] }))).text).toContain(
      "refers to an Operation not in the graph",
    );
    expect(
      (
        await refusal(() =>
          session.run([], {
            feeds: [
              ["p:0", [1, 2]],
              ["p:0", [1, 2]],
            ],
          }),
        )
      ).text,
    ).toContain("fed more than once");
  });

  it("refuses a tensor of another graph", async () => {
    const foreign = new tf.Graph().asDefault(() => tf.constant(1));
    expect((await refusal(() => session.run(foreign))).text).toContain("is not an element of this graph");
  });

  it("names a variable without value, and what to do", async () => {
    for (const fetch of ["u:0", "u/read:0"])
      expect(await run(fetch)).toMatchObject({
        text: "FAILED_PRECONDITION Attempting to use uninitialized value u",
        hint: expect.stringContaining("globalVariablesInitializer"),
      });
    const saver = session.graph.asDefault(() => new tf.train.Saver());
    expect((await refusal(() => saver.save(session, "m"))).text).toBe(
      "FAILED_PRECONDITION Attempting to use uninitialized value u",
    );
    expect(await session.fs.list(".")).toEqual([]);
  });

  it("names the node that cannot take its values", async () => {
    expect(await run("at:0", { "any:0": [1, 2, 3], "i:0": 7 })).toMatchObject({
      text: "INVALID_ARGUMENT indices = 7 is not in [0, 3)",
      node: "at",
    });
    expect(await run("shaped:0", { "any:0": [1, 2, 3], "i:0": 7 })).toMatchObject({
      text: "INVALID_ARGUMENT Input to reshape is a tensor with 3 values, but the requested shape has 7",
      node: "shaped",
    });
    expect(await run("product:0", { "any:0": [[1, 2, 3]] })).toMatchObject({ node: "product" });
    expect(await run("filled:0", { "i:0": -1 })).toMatchObject({
      text: "INVALID_ARGUMENT Dimension -1 must be >= 0",
      node: "filled",
    });
  });

  it("asks for no memory that is not there", async () => {
    const before = process.resourceUsage().maxRSS;
    for (const fetch of ["far:0", "texts:0"]) {
      const { text } = await run(fetch, { "long:0": [2n ** 45n] });
      expect(text, fetch).toMatch(/^(RESOURCE_EXHAUSTED|INVALID_ARGUMENT) /);
    }
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100_000);
  });

  it("works on after all that", async () => {
    expect(tf.toNumbers(await session.run(y, { feeds: { "p:0": [1, 2] } }))).toEqual([2, 4]);
  });
});

describe("a session", () => {
  beforeEach(() => tf.resetDefaultGraph());

  it("that is closed, or has nothing to run, says so", async () => {
    const session = new tf.Session({ backends: ["evaluator"] });
    expect((await refusal(() => session.run([]))).text).toBe(
      "FAILED_PRECONDITION The Session graph is empty.  Add operations to the graph before calling run().",
    );
    tf.constant(1, { name: "c" });
    await session.run("c:0");
    await session.close();
    await session.close();
    expect(await refusal(() => session.run("c:0"))).toMatchObject({
      text: "FAILED_PRECONDITION Attempted to use a closed Session.",
      hint: expect.stringContaining("new tf.Session()"),
    });
  });

  it("[users/4.1] lists all ops that it cannot run at once, and runs the rest", async () => {
    const T = { T: { type: 1 } };
    const node = [
      { name: "x", op: "Placeholder", attr: { dtype: { type: 1 } } },
      { name: "a", op: "StrangeOne", input: ["x"] },
      { name: "b", op: "StrangeTwo", input: ["a", "x"], attr: T },
      { name: "c", op: "Neg", input: ["b"], attr: T },
      { name: "ok", op: "Neg", input: ["x"], attr: T },
    ];
    await tf.train.importMetaGraph(anything({ graphDef: { node } }));
    const session = new tf.Session({ backends: ["evaluator"] });
    const feeds = { "x:0": [1] };
    const { text, hint } = await refusal(() => session.run("c:0", { feeds }));
    expect(text).toMatch(/^UNIMPLEMENTED Op type not registered/);
    expect(text).toContain("StrangeOne (a)");
    expect(text).toContain("StrangeTwo (b)");
    expect(hint).toMatch(/\S/);
    expect(tf.toNumbers(await session.run("ok:0", { feeds }))).toEqual([-1]);
    expect(tf.toNumbers(await session.run("c:0", { feeds: { "b:0": [2] } }))).toEqual([-2]);
  });

  it("reaches no file that the program did not name", async () => {
    const graph = tf.getDefaultGraph();
    const [prefix, name, slice] = ["/etc/passwd", ["w"], [""]].map((value) =>
      tf.constant(value, { dtype: "string" }),
    );
    graph.createOp("RestoreV2", [prefix!, name!, slice!], { name: "steal", attrs: { dtypes: ["float32"] } });
    const session = new tf.Session({ backends: ["evaluator"] });
    const { text, hint } = await refusal(() => session.run("steal:0"));
    expect(text).toMatch(/^PERMISSION_DENIED /);
    expect(hint).toContain("allowFiles");
  });

  it("tells a restore that cannot be from one that can", async () => {
    new tf.Variable([1, 2], { name: "w", dtype: "float32" });
    const fs = memoryFileSystem();
    const session = new tf.Session({ backends: ["evaluator"], fs });
    const saver = new tf.train.Saver();
    await session.run(tf.globalVariablesInitializer());
    await saver.save(session, "model", { globalStep: 3 });
    const restore = (path: unknown) => refusal(() => saver.restore(session, anything(path)));
    expect(await restore(null)).toMatchObject({
      text: "INVALID_ARGUMENT Can't load save_path when it is None.",
    });
    expect(await restore("model-4")).toMatchObject({
      text: "NOT_FOUND The passed save_path is not a valid checkpoint: model-4",
      hint: expect.stringContaining('"model-3"'),
    });
    expect((await restore("model-3.meta")).hint).toContain('Pass the prefix "model-3"');
    expect(await refusal(() => saver.save(session, "a/b/model"))).toMatchObject({
      text: "NOT_FOUND Parent directory of a/b/model doesn't exist, can't save.",
      hint: expect.stringContaining("Make the directory"),
    });
    const data = await fs.open("model-3.data-00000-of-00001");
    const bytes = (await data.read(0, data.size)).slice();
    bytes[0]! ^= 1;
    const sink = await fs.create("model-3.data-00000-of-00001");
    await sink.write(bytes);
    await sink.close();
    expect((await restore("model-3")).text).toMatch(
      /^DATA_LOSS Checksum does not match: stored \d+ vs\. calculated/,
    );
    expect(tf.toNumbers(await session.run("w:0"))).toEqual([1, 2]);
  });
});

// ---- saves that fail

async function filesOf(fs: FileSystem): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const name of await fs.list(".")) {
    const source = await fs.open(name);
    files[name] = (await source.read(0, source.size)).slice();
  }
  return files;
}

/** The one number that all variables of a checkpoint hold; it is whole, or this throws. */
async function wholeValue(fs: FileSystem, prefix: string): Promise<number> {
  const reader = await openCheckpoint(prefix, { fs });
  const found = new Set<number>();
  for (const name of reader.names())
    for (const value of tf.toNumbers(await reader.get(name))) found.add(value);
  await reader.close();
  expect([...found]).toHaveLength(1);
  return [...found][0]!;
}

describe("a save through Saver.save that fails", () => {
  /** Saves `n`, in every variable, under model (or model-n). */
  async function save(fs: FileSystem, n: number, globalStep: boolean, maxToKeep: number): Promise<void> {
    tf.resetDefaultGraph();
    const w = new tf.Variable(tf.fill([3, 2], n), { name: "w" });
    new tf.Variable(tf.fill([4], n), { name: "v" });
    expect(w.shape.toString()).toBe("[3,2]");
    const session = new tf.Session({ backends: ["evaluator"], fs });
    try {
      await session.run(tf.globalVariablesInitializer());
      const saver = new tf.train.Saver(null, { maxToKeep });
      const state = await tf.train.getCheckpointState(".", { fs });
      saver.setLastCheckpointsWithTime((state?.allModelCheckpointPaths ?? []).map((path) => [path, n]));
      await saver.save(session, "./model", globalStep ? { globalStep: n } : {});
    } finally {
      await session.close();
    }
  }

  for (const once of [true, false])
    for (const globalStep of [false, true])
      it(`${once ? "at one operation" : "from one operation on"}, ${globalStep ? "under a new prefix" : "over the same prefix"}`, async () => {
        const plain = memoryFileSystem();
        await save(plain, 1, globalStep, 2);
        if (globalStep) await save(plain, 2, globalStep, 2);
        const files = await filesOf(plain);
        const counting = failingFileSystem(memoryFileSystem(files), Number.POSITIVE_INFINITY, { once });
        await save(counting.fs, 3, globalStep, 2);
        const before = globalStep ? 2 : 1;
        let failed = 0;
        for (let at = 1; at <= counting.steps(); at++) {
          const disk = memoryFileSystem(files);
          const error = await save(failingFileSystem(disk, at, { once }).fs, 3, globalStep, 2).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (error !== undefined) {
            failed++;
            expect(tf.isTfError(error) && error.code, `step ${at}`).toBe("RESOURCE_EXHAUSTED");
          }
          // The state file names a checkpoint that is whole, and has a .meta that is.
          const latest = (await tf.train.latestCheckpoint(".", { fs: disk }))!;
          expect([before, 3], `step ${at}`).toContain(await wholeValue(disk, latest));
          const state = (await tf.train.getCheckpointState(".", { fs: disk }))!;
          for (const path of state.allModelCheckpointPaths) await wholeValue(disk, path);
          if (latest !== "./model-3") await tf.train.readMetaGraph(`${latest}.meta`, { fs: disk });
          if (error !== undefined && once)
            expect(
              (await disk.list(".")).filter((name) => /temp|tmp|previous/.test(name)),
              `step ${at}`,
            ).toEqual([]);
          // The next save is fine, whatever lies about.
          await save(disk, 4, globalStep, 2);
          const next = (await tf.train.latestCheckpoint(".", { fs: disk }))!;
          expect(await wholeValue(disk, next)).toBe(4);
          await tf.train.readMetaGraph(`${next}.meta`, { fs: disk });
        }
        expect(failed).toBeGreaterThan(5);
      });
});
