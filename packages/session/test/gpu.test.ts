// Sessions on WebGPU: what comes late there. Numbers of whole models on it are tested in @org/tf, kernels in @org/kernels-gpu.
import { cpu } from "@org/kernels-cpu";
import { gpu } from "@org/kernels-gpu";
import {
  argmax,
  cast,
  constant,
  equal,
  floorDiv,
  gather,
  identity,
  operator,
  placeholder,
  reduceMean,
  reduceSum,
  relu,
} from "@org/ops";
import { afterAll, expect, it } from "vitest";
import { describeGpu, openSharedDevice } from "../../kernels-gpu/test/webgpu.ts";
import type { SessionOptions } from "../src/index.ts";
import { numbers, sessionOf, variable } from "./shared.ts";

await describeGpu("sessions on the GPU", (root) => {
  const device = openSharedDevice(root);
  afterAll(async () => (await device).destroy());
  const onGpu: SessionOptions = {
    backends: [async () => gpu({ device: await device }), () => cpu()],
    fallback: false,
  };
  const failure = (promise: Promise<unknown>): Promise<{ code: string; message: string }> =>
    promise.then(
      () => Promise.reject(new Error("It did not fail")),
      (error) => error,
    );

  it("run a step in one submit and read back what is fetched, no more", async () => {
    const { session } = await sessionOf((graph) => {
      const w = variable(graph, "w", [3], constant([1, 2, 3]));
      const x = placeholder("float32", [null, 3], { name: "x" });
      const hidden = relu(operator.mul(x, w));
      identity(reduceMean(hidden), { name: "out" });
      graph.createOp("AssignSub", [w, reduceSum(operator.mul(hidden, 0.1), { axis: 0 })], { name: "train" });
    }, onGpu);
    await session.run("w/Assign");
    const step = () => session.run("out:0", { feeds: { "x:0": [[1, 0, 0.5]] }, targets: ["train"] });
    await step();
    const before = session.stats().backends[0]!;
    expect(numbers(await step())).toHaveLength(1);
    const after = session.stats().backends[0]!;
    expect(after.name).toBe("GPU");
    expect(after.submits! - before.submits!).toBe(1);
    expect(after.bytesDownloaded - before.bytesDownloaded).toBe(4);
    expect(after.bytesUploaded - before.bytesUploaded).toBe(12);
    expect(after.compiled).toBe(before.compiled);
    expect(after.buffers).toBe(before.buffers);
    await session.close();
  });

  it("give an index out of range as its node's error, and variables keep their values", async () => {
    const { session } = await sessionOf((graph) => {
      const w = variable(graph, "w", [3], constant([1, 2, 3]));
      const i = placeholder("int32", [null], { name: "i" });
      const picked = gather(w, i, { name: "pick" });
      graph.createOp("AssignAdd", [w, operator.mul(reduceSum(picked), constant([1, 1, 1]))], {
        name: "train",
      });
    }, onGpu);
    await session.run("w/Assign");
    const wrong = await failure(session.run([], { feeds: { "i:0": [0, 7, 9] }, targets: ["train"] }));
    expect(wrong).toMatchObject({ code: "INVALID_ARGUMENT", place: { node: "pick" } });
    expect(wrong.message).toContain("indices[1] = 7 is not in [0, 3)");
    expect(numbers(await session.run("w:0"))).toEqual([1, 2, 3]);
    await session.run([], { feeds: { "i:0": [0, 2] }, targets: ["train"] });
    expect(numbers(await session.run("w:0"))).toEqual([5, 6, 7]);
    const before = session.stats().backends[0]!;
    const picked = await session.run("pick:0", { feeds: { "i:0": [1, 1] }, targets: ["train"] });
    expect(numbers(picked)).toEqual([6, 6]);
    // What is fetched comes with the faults.
    expect(session.stats().backends[0]!.submits! - before.submits!).toBe(1);
    await session.close();
  });

  it("tell runs apart that fail and succeed at the same time", async () => {
    const { session } = await sessionOf(() => {
      const x = placeholder("int32", [null], { name: "x" });
      floorDiv(constant([6, 6], { dtype: "int32" }), x, { name: "quotient" });
    }, onGpu);
    const run = (x: number[]) => session.run("quotient:0", { feeds: { "x:0": x } });
    const [good, bad, other] = await Promise.allSettled([run([2, 3]), run([0, 1]), run([1, 6])]);
    expect(good).toMatchObject({ status: "fulfilled", value: { data: Int32Array.of(3, 2) } });
    expect(bad).toMatchObject({ status: "rejected", reason: { sentence: "Integer division by zero" } });
    expect(other).toMatchObject({ status: "fulfilled", value: { data: Int32Array.of(6, 1) } });
    await session.close();
  });

  it("hand what the GPU has no arithmetic for to the next backend", async () => {
    const { session } = await sessionOf(() => {
      const logits = placeholder("float32", [null, 3], { name: "logits" });
      const next = operator.add(argmax(logits, { axis: 1 }), constant(1, { dtype: "int64" }), {
        name: "next",
      });
      reduceMean(cast(next, "float32"), { name: "mean" });
    }, onGpu);
    const feeds = {
      "logits:0": [
        [1, 2, 3],
        [3, 2, 1],
      ],
    };
    expect(numbers(await session.run("mean:0", { feeds }))).toEqual([2]);
    expect(session.backendOf("mean")).toBe("GPU");
    expect(session.placements().find(({ node }) => node === "next")).toMatchObject({
      backend: "CPU",
      passedOver: expect.arrayContaining([
        { backend: "GPU", why: "no kernel for add of int64, int64, int64" },
      ]),
    });
    await session.close();
  });

  it("measure accuracy without the 64 bits that argmax has", async () => {
    const { session } = await sessionOf(() => {
      const logits = placeholder("float32", [null, 3], { name: "logits" });
      const labels = placeholder("float32", [null, 3], { name: "labels" });
      const right = equal(argmax(logits, { axis: 1 }), argmax(labels, { axis: 1 }));
      reduceMean(cast(right, "float32"), { name: "accuracy" });
    }, onGpu);
    const feeds = {
      "logits:0": [
        [1, 2, 3],
        [3, 2, 1],
      ],
      "labels:0": [
        [0, 0, 1],
        [0, 1, 0],
      ],
    };
    expect(numbers(await session.run("accuracy:0", { feeds }))).toEqual([0.5]);
    expect(session.stats().backends.map(({ name, launches }) => [name, launches > 0])).toEqual([
      ["GPU", true],
      ["CPU", false],
    ]);
    await session.close();
  });

  it("fail with UNAVAILABLE when the device is lost, and another session goes on", async () => {
    const own = await openSharedDevice(root);
    const build = () => {
      identity(operator.mul(placeholder("float32", [2], { name: "x" }), 2), { name: "y" });
    };
    const { session } = await sessionOf(build, { backends: [() => gpu({ device: own })], fallback: false });
    const run = { feeds: { "x:0": [1, 2] } };
    expect(numbers(await session.run("y:0", run))).toEqual([2, 4]);
    own.destroy();
    const lost = await failure(session.run("y:0", run));
    expect(lost).toMatchObject({ code: "UNAVAILABLE" });
    expect(lost.message).toContain("The GPU device was lost");
    await session.close();
    const { session: next } = await sessionOf(build, onGpu);
    expect(numbers(await next.run("y:0", run))).toEqual([2, 4]);
    await next.close();
  });
});
