// Monitored sessions: they initialize or restore, call hooks in order, save, stop, and begin anew where a session is lost.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

const { train } = tf;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "monitored-"));
  tf.resetDefaultGraph();
});
afterEach(() => {
  train.FileWriterCache.clear();
  rmSync(dir, { recursive: true });
});

/** w falls from 8 towards 0. */
function model() {
  const globalStep = train.getOrCreateGlobalStep();
  const w = new tf.Variable(tf.constant(8, "float32"), { name: "w" });
  const loss = tf.multiply(w, w, { name: "loss" });
  tf.summary.scalar("loss", loss);
  const trainOp = new train.GradientDescentOptimizer(0.25).minimize(loss, { globalStep });
  return { w, loss, trainOp };
}

async function events(logdir: string) {
  const found: { step: number; what: string }[] = [];
  for (const file of readdirSync(logdir).filter((name) => name.includes("tfevents")))
    for await (const event of train.summaryIterator(join(logdir, file)))
      found.push({
        step: Number(event.step ?? 0),
        what: event.summary
          ? event.summary.value!.map(({ tag }) => tag).join()
          : event.sessionLog
            ? `log ${event.sessionLog.status}`
            : event.graphDef
              ? "graph"
              : event.metaGraphDef
                ? "meta"
                : "version",
      });
  return found;
}

describe("monitoredTrainingSession", () => {
  it("trains until a hook stops it; checkpoints, summaries and step counts are there; the next one goes on", async () => {
    const { w, trainOp } = model();
    const lines: string[] = [];
    const options = {
      checkpointDir: dir,
      saveCheckpointSteps: 4,
      saveSummariesSteps: 2,
      logStepCountSteps: 3,
    };
    const session = await train.monitoredTrainingSession({
      ...options,
      log: (line) => lines.push(line),
      hooks: [new train.StopAtStepHook({ lastStep: 6 })],
    });
    let runs = 0;
    await session.use(async () => {
      for (; !session.shouldStop(); runs++) await session.run([], { targets: [trainOp] });
    });
    expect(runs).toBe(6);
    expect(session.shouldStop()).toBe(true);
    expect(
      (await train.getCheckpointState(dir))!.allModelCheckpointPaths.map((path) => path.split("/").at(-1)),
    ).toEqual(["model.ckpt-0", "model.ckpt-4", "model.ckpt-6"]);
    expect(readFileSync(join(dir, "graph.pbtxt"), "utf8")).toContain('name: "w"');
    const written = await events(dir);
    expect(written.filter(({ what }) => what === "loss_1").map(({ step }) => step)).toEqual([1, 3, 5]);
    expect(written.filter(({ what }) => what === "global_step/sec").map(({ step }) => step)).toEqual([4]);
    expect(written.filter(({ what }) => what === "log 3").map(({ step }) => step)).toEqual([0, 4, 6]);
    expect(written.filter(({ what }) => what === "graph" || what === "meta").map(({ what }) => what)).toEqual(
      ["graph", "meta"],
    );
    expect(lines).toContain(`Saving checkpoints for 4 into ${join(dir, "model.ckpt")}.`);

    tf.resetDefaultGraph();
    const again = model();
    const next = await train.monitoredTrainingSession(options);
    const value = await next.use((running) => running.run([again.w, "global_step:0"]));
    expect(value!.map((array) => tf.toNumbers(array))).toEqual([[8 * 0.5 ** 6], [6]]);
    expect(w.graph).not.toBe(again.w.graph);
  });

  it("takes queue runners along; the end of the data ends it well, and hooks hear of the end", async () => {
    const step = train.getOrCreateGlobalStep();
    const [x] = tf.train.sliceInputProducer([tf.constant([1, 2, 3], "float32")], {
      shuffle: false,
      numEpochs: 2,
    });
    const sum = tf.assignAdd(new tf.Variable(tf.constant(0, "float32"), { name: "sum" }), x!);
    const ended: string[] = [];
    class Hook extends train.SessionRunHook {
      override end() {
        ended.push("end");
      }
    }
    const session = await train.monitoredTrainingSession({ hooks: [new Hook()] });
    const seen: number[] = [];
    await session.use(async () => {
      while (!session.shouldStop()) seen.push(...tf.toNumbers(await session.run(sum)));
    });
    expect(seen).toEqual([1, 3, 6, 7, 9, 12]);
    expect(ended).toEqual(["end"]);
    expect(step.name).toBe("global_step:0");
  });

  it("what the body throws is thrown, and hooks' end is not called", async () => {
    model();
    const called: string[] = [];
    class Hook extends train.SessionRunHook {
      override begin() {
        called.push("begin");
      }
      override afterCreateSession() {
        called.push("created");
      }
      override end() {
        called.push("end");
      }
    }
    const session = await train.monitoredTrainingSession({ hooks: [new Hook()] });
    await expect(
      session.use(() => {
        throw new RangeError("mine");
      }),
    ).rejects.toThrow("mine");
    expect(called).toEqual(["begin", "created"]);
    await expect(session.run("w:0")).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("Session is already closed."),
    });
  });
});

describe("hooks", () => {
  it("feed, log, stop at NaN, run ops at the end", async () => {
    const step = train.getOrCreateGlobalStep();
    const x = tf.placeholder("float32", [], { name: "x" });
    const y = tf.sqrt(x, { name: "y" });
    const next = tf.assignAdd(step as never, tf.constant(1, "int64"));
    const inputs = [4, 9, -1];
    const lines: string[] = [];
    const final = new train.FinalOpsHook({ step: "global_step:0" });
    const session = await train.monitoredSession({
      hooks: [
        new train.FeedFnHook(() => ({ "x:0": inputs.shift()! })),
        new train.LoggingTensorHook({ root: y }, { everyNIter: 1, log: (line) => lines.push(line) }),
        new train.NanTensorHook(y, { failOnNanLoss: false }),
        final,
      ],
    });
    while (!session.shouldStop()) await session.run([], { targets: [next.op] });
    expect(inputs).toEqual([]);
    await expect(session.run([])).rejects.toMatchObject({
      message: expect.stringContaining("Run called even after should_stop requested."),
    });
    await session.close();
    expect(lines.map((line) => line.replace(/ \(.*/, ""))).toEqual(["root = 2", "root = 3", "root = NaN"]);
    expect(tf.toNumbers((final.finalOpsValues as { step: tf.NdArray }).step)).toEqual([3]);
  });

  it("NaN throws, unless told otherwise; feeds of two for one tensor are refused", async () => {
    const x = tf.placeholder("float32", [], { name: "x" });
    const session = await train.monitoredSession({ hooks: [new train.NanTensorHook(x)] });
    await expect(session.run(x, { feeds: { "x:0": Number.NaN } })).rejects.toThrow(
      "NaN loss during training.",
    );
    await session.close();
    const feed = () => new train.FeedFnHook(() => ({ "x:0": 1 }));
    const twice = await train.monitoredSession({ hooks: [feed(), feed()] });
    await expect(twice.run(x)).rejects.toMatchObject({
      message: expect.stringContaining("Same tensor is fed by two hooks. Conflict(s): x:0"),
    });
    await twice.close();
    const once = await train.monitoredSession({ hooks: [feed()] });
    await expect(once.run(x, { feeds: { "x:0": 2 } })).rejects.toMatchObject({
      message: expect.stringContaining("Same tensor is fed by a SessionRunHook and user. Conflict(s): x:0"),
    });
    await once.close();
  });

  it("bad options are refused in TensorFlow's words", () => {
    expect(() => new train.StopAtStepHook({})).toThrow("One of num_steps or last_step must be specified.");
    expect(() => new train.StopAtStepHook({ numSteps: 1, lastStep: 1 })).toThrow(
      "Only one of num_steps or last_step can be specified.",
    );
    expect(() => new train.SecondOrStepTimer({})).toThrow(
      "Either every_secs or every_steps should be provided.",
    );
    expect(() => new train.SecondOrStepTimer({ everySecs: 1, everySteps: 1 })).toThrow(
      "Can not provide both every_secs and every_steps.",
    );
    expect(() => new train.LoggingTensorHook(["x"], {})).toThrow("either at_end and/or exactly one of");
    expect(() => new train.SummarySaverHook({ saveSteps: 1 })).toThrow(
      "Exactly one of scaffold or summary_op must be provided.",
    );
    const hook = new train.StopAtStepHook({ numSteps: 1 });
    expect(() => hook.begin(new tf.Graph())).toThrow("Global step should be created to use StopAtStepHook.");
  });
});

it("a session that is lost is replaced by one from the newest checkpoint; a singular one is not", async () => {
  const { w, trainOp } = model();
  let losses = 1;
  class Lost extends train.SessionRunHook {
    override async afterRun({ session }: InstanceType<typeof train.SessionRunContext>) {
      const step = tf.toNumbers((await session.run("global_step:0")) as tf.NdArray)[0];
      if (step === 3 && losses-- > 0) throw new tf.TfError("ABORTED", "the worker went away");
    }
  }
  const hooks = () => [new Lost(), new train.StopAtStepHook({ lastStep: 5 })];
  const session = await train.monitoredTrainingSession({
    checkpointDir: dir,
    saveCheckpointSteps: 2,
    saveSummariesSteps: 0,
    logStepCountSteps: 0,
    hooks: hooks(),
  });
  while (!session.shouldStop()) await session.run([], { targets: [trainOp] });
  const value = await session.rawSession!.run("w:0");
  expect(tf.toNumbers(value as tf.NdArray)).toEqual([8 * 0.5 ** 5]);
  await session.close();

  tf.resetDefaultGraph();
  const again = model();
  losses = 1;
  const singular = await train.singularMonitoredSession({ hooks: hooks() });
  await singular.run([], { targets: [again.trainOp] });
  await singular.run([], { targets: [again.trainOp] });
  await expect(singular.run([], { targets: [again.trainOp] })).rejects.toThrow("the worker went away");
  await singular.close();
  expect(w.name).toBe("w:0");
});

it("a model that its init op leaves unready is refused with the names of what is not initialized", async () => {
  const a = new tf.Variable(1, { name: "a" });
  const b = new tf.Variable(2, { name: "b", collections: ["mine", tf.GraphKeys.GLOBAL_VARIABLES] });
  const scaffold = new train.Scaffold({ initOp: a.initializer });
  await expect(train.monitoredTrainingSession({ scaffold })).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: expect.stringContaining(
      "Init operations did not make model ready for local_init.  Init op: a/Assign, init fn: None, error: Variables not initialized: b",
    ),
  });
  expect(b.graph.finalized).toBe(true);
});
