// RunOptions and RunMetadata, timelines, timeouts. Source of the named cases: python/client/session_test.py, timeline_test.py.
import { Graph, type Tensor } from "@org/graph";
import { cpu } from "@org/kernels-cpu";
import { constant, FIFOQueue, less, operator, placeholder, standardOps, whileLoop } from "@org/ops";
import { create, RunMetadata, RunOptions, StepStats } from "@org/proto";
import { Variable } from "@org/variables";
import { describe, expect, test } from "vitest";
import { createSession, Timeline } from "../src/index.ts";
import { numbers, sessionOf } from "./shared.ts";

const { FULL_TRACE } = RunOptions.TraceLevel;
const hostCpu = "/job:localhost/replica:0/task:0/device:CPU:0";

const events = (text: string): { ph: string; name: string; args?: Record<string, unknown> }[] => {
  const { traceEvents } = JSON.parse(text);
  for (const event of traceEvents) expect(event.ph).toMatch(/^[MXNDOstC]$/);
  return traceEvents;
};

test("(session_test/SessionTest.testPerStepTrace) (session_test/SessionTest.testRunOptionsRunMetadata) step stats are there where both are given, for one device", async () => {
  const { session } = await sessionOf(() => void constant(1, { name: "c" }), { backends: [cpu] });
  const runMetadata = new RunMetadata();
  const options = { traceLevel: FULL_TRACE };
  await session.run("c:0");
  await session.run("c:0", { runMetadata });
  expect(runMetadata.stepStats).toBe(null);
  await session.run("c:0", { options });
  expect(runMetadata.stepStats).toBe(null);
  await session.run("c:0", { options, runMetadata });
  expect(runMetadata.stepStats?.devStats.map(({ device }) => device)).toEqual([hostCpu]);
  await session.run("c:0", { options: { traceLevel: "NO_TRACE" }, runMetadata });
  expect(runMetadata.stepStats).toBe(null);
  session.runSync("c:0", { options: { traceLevel: "SOFTWARE_TRACE" }, runMetadata });
  expect(runMetadata.stepStats?.devStats).toHaveLength(1);
  await session.close();
});

test("(session_test/SessionTest.testOutputPartitionGraphsDirect) the graph that was run, where it is asked for", async () => {
  const { session } = await sessionOf(() => {
    const x = placeholder("float32", [], { name: "x" });
    operator.add(x, constant(1, { name: "one" }), { name: "sum" });
    constant(2, { name: "unused" });
  });
  const runMetadata = new RunMetadata();
  const feeds = { "x:0": 1 };
  await session.run("sum:0", { feeds, options: { outputPartitionGraphs: true }, runMetadata });
  const [graph] = runMetadata.partitionGraphs;
  expect(graph!.node.map(({ name }) => name).sort()).toEqual(["one", "sum"]);
  expect(graph!.node.find(({ name }) => name === "sum")!.device).toMatch(/device:EVALUATOR:0$/);
  await session.run("sum:0", { feeds, runMetadata });
  expect(runMetadata.partitionGraphs).toEqual([]);
});

test("(timeline_test/TimelineTest.testSimpleTimeline) (timeline_test/TimelineTest.testTimelineCpu) a traced run as a Chrome trace", async () => {
  const { session } = await sessionOf(
    () => {
      const [one, two] = [constant(1, { name: "const1" }), constant(2, { name: "const2" })];
      const x = placeholder("float32", [2], { name: "x" });
      operator.add(operator.add(x, two), operator.mul(one, two), { name: "result" });
    },
    { backends: [cpu] },
  );
  const runMetadata = new RunMetadata();
  const options = create(RunOptions, { traceLevel: FULL_TRACE });
  await session.run("result:0", { feeds: { "x:0": [1, 2] }, options, runMetadata });
  const stats = runMetadata.stepStats!;
  expect(stats.devStats.map(({ device }) => device)).toContain(hostCpu);
  const kernel = stats.devStats[0]!.nodeStats.find(({ nodeName }) => nodeName === "result")!;
  expect(kernel.timelineLabel).toMatch(/^result = \w+(\+\w+)*\(x\)$/);
  expect(kernel.output[0]!.tensorDescription).toMatchObject({
    dtype: 1,
    shape: { dim: [{ size: 2n }] },
    allocationDescription: { requestedBytes: 8n, allocatedBytes: 8n, allocatorName: "cpu" },
  });
  expect(kernel.memory[0]).toMatchObject({ allocatorName: "cpu", totalBytes: 8n });
  expect(kernel.allStartMicros).toBe(kernel.allStartNanos / 1000n);
  for (const show of [
    {},
    { showDataflow: false },
    { showMemory: false },
    { showDataflow: false, showMemory: true },
  ]) {
    const names = events(new Timeline(stats).generateChromeTraceFormat(show)).map(({ args }) => args?.name);
    expect(names).toContain("result");
    expect(names).toContain(`${hostCpu} Compute`);
  }
  await session.close();
});

test("(timeline_test/TimelineTest.testTimelineWithRPCs) tensors that came from elsewhere", () => {
  const stats = create(StepStats, {
    devStats: [
      {
        device: "/job:worker/replica:0/task:0/cpu:0",
        nodeStats: [
          {
            nodeName: "RecvTensor",
            allStartMicros: 12345,
            opEndRelMicros: 42,
            timelineLabel:
              "[1024B] edge_160_conv2/biases/read from /job:ps/replica:0/task:3/cpu:0 to /job:worker/replica:0/task:0/cpu:0",
          },
        ],
      },
    ],
  });
  const [shown] = events(new Timeline(stats).generateChromeTraceFormat()).filter(({ ph }) => ph === "X");
  expect(shown).toMatchObject({ name: "RecvTensor", args: { name: "RecvTensor", op: "RecvTensor" } });
});

test("(timeline_test/TimelineTest.testAnalysisAndAllocations) what was allocated at most", async () => {
  const graph = new Graph({ ops: standardOps });
  const { one, two, result } = graph.asDefault(() => {
    const one = graph.device("/cpu:0", () => new Variable(1, { name: "num1" }));
    const two = graph.device("/cpu:1", () => new Variable(2, { name: "num2" }));
    const sum = operator.add(operator.add(one, two), operator.mul(one, two));
    return { one, two, result: sum };
  });
  const session = await createSession(graph, { backends: [cpu] });
  await session.run([one.initializer, two.initializer]);
  const runMetadata = new RunMetadata();
  expect(numbers(await session.run(result, { options: { traceLevel: FULL_TRACE }, runMetadata }))).toEqual([
    5,
  ]);
  const { chromeTrace, allocatorMaximums } = new Timeline(runMetadata.stepStats!).analyzeStepStats();
  events(chromeTrace.formatToString());
  const maximum = allocatorMaximums.get("cpu")!;
  expect(maximum.numBytes).toBeGreaterThanOrEqual(8);
  expect(maximum.timestamp).toBeGreaterThan(0);
  expect([...maximum.tensors]).toEqual(expect.arrayContaining(["num1", "num2"]));
  await session.close();
});

test("loops and host kernels are traced turn by turn", async () => {
  const { session } = await sessionOf(() => {
    const i = whileLoop(
      (i) => less(i, 3),
      (i) => operator.add(i, 1),
      [constant(0, "int32")],
    ) as Tensor;
    operator.add(i, 0, { name: "end" });
  });
  const runMetadata = new RunMetadata();
  await session.run("end:0", { options: { traceLevel: "FULL_TRACE" }, runMetadata });
  const names = runMetadata.stepStats!.devStats.flatMap(({ nodeStats }) =>
    nodeStats.map(({ nodeName }) => nodeName),
  );
  expect(names.filter((name) => name.endsWith("/NextIteration"))).toHaveLength(4);
  expect(names.filter((name) => name.endsWith("/Merge"))).toHaveLength(4);
});

describe("timeouts", () => {
  test("(session_test/SessionTest.testLocalMasterSessionTimeout) end what waits: of the run, of the session; both stay usable", async () => {
    const graph = new Graph({ ops: standardOps });
    const { queue, out, fill } = graph.asDefault(() => {
      const queue = new FIFOQueue(1, "float32", { shapes: [[]] });
      return { queue, out: queue.dequeue(), fill: queue.enqueue(constant(7)) };
    });
    expect(queue.queueRef.op.type).toBe("FIFOQueueV2");
    const timedOut = { code: "DEADLINE_EXCEEDED", sentence: "Timed out waiting for notification" };
    const session = await createSession(graph, { operationTimeoutInMs: 20 });
    await expect(session.run(out as never)).rejects.toMatchObject(timedOut);
    // A run's own timeout counts first.
    const options = { timeoutInMs: 60_000 };
    await session.run(fill as never, { options });
    expect(numbers((await session.run(out as never, { options })) as never)).toEqual([7]);
    await session.close();
    const patient = await createSession(graph);
    await expect(patient.run(out as never, { options: { timeoutInMs: 20n } })).rejects.toMatchObject(
      timedOut,
    );
    const signal = AbortSignal.abort();
    await expect(patient.run(out as never, { signal, options: { timeoutInMs: 1e6 } })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    await patient.close();
  });

  test("(session_test/SessionTest.testTimeoutWithShortOperations) do not disturb what is done in time", async () => {
    const graph = new Graph({ ops: standardOps });
    const { fill, size } = graph.asDefault(() => {
      const queue = new FIFOQueue(50, "int32", { shapes: [[]] });
      return { fill: queue.enqueueMany(constant([1, 2], "int32")), size: queue.size() };
    });
    const session = await createSession(graph, { operationTimeoutInMs: 10_000 });
    for (let i = 0; i < 5; i++) await session.run(fill as never);
    expect(numbers((await session.run(size as never)) as never)).toEqual([10]);
    await session.close();
  });

  test("end a loop without end, at once or not", async () => {
    const { session } = await sessionOf(() => {
      const end = whileLoop(
        () => constant(true),
        (i) => operator.add(i, 1),
        [constant(0, "int32")],
      ) as Tensor;
      operator.add(end, 0, { name: "end" });
    });
    const options = { timeoutInMs: 30 };
    const timedOut = { code: "DEADLINE_EXCEEDED" };
    await expect(session.run("end:0", { options })).rejects.toMatchObject(timedOut);
    expect(() => session.runSync("end:0", { options })).toThrow("Timed out waiting for notification");
  });
});
