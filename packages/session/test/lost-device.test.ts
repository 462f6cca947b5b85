// Sessions whose GPU device is lost: what is said, what is kept, and how they go on.
import { cpu } from "@org/kernels-cpu";
import { gpu } from "@org/kernels-gpu";
import { constant, identity, operator, placeholder, reduceSum } from "@org/ops";
import { expect, it } from "vitest";
import { describeGpu, fragileGpu } from "../../kernels-gpu/test/webgpu.ts";
import type { Session } from "../src/index.ts";
import { numbers, sessionOf, variable } from "./shared.ts";

const failure = (promise: Promise<unknown>): Promise<{ code: string; sentence: string; hint?: string }> =>
  promise.then(
    () => Promise.reject(new Error("It did not fail")),
    (error) => error,
  );

const device = "/job:localhost/replica:0/task:0/device:GPU:0";

await describeGpu("sessions whose device is lost", (root) => {
  /** Variables w, which `train` doubles, and still, which nothing changes. */
  const open = async (): Promise<{ session: Session; lose: () => Promise<void> }> => {
    const fragile = fragileGpu(root);
    const { session } = await sessionOf(
      (graph) => {
        const w = variable(graph, "w", [3], constant([1, 2, 3]));
        const still = variable(graph, "still", [2], constant([7, 8]));
        const x = placeholder("float32", [3], { name: "x" });
        const step = graph.createOp("AssignAdd", [w, operator.mul(w, x)], { name: "train" });
        identity(reduceSum(operator.mul(step.outputs[0]!, 1)), { name: "total" });
        identity(reduceSum(still), { name: "rest" });
      },
      { backends: [() => gpu({ gpu: fragile.gpu }), () => cpu()], fallback: false },
    );
    await session.run([], { targets: ["w/Assign", "still/Assign"] });
    return { session, lose: fragile.lose };
  };
  const feeds = { "x:0": [1, 1, 1] };
  const train = (session: Session): Promise<unknown> => session.run([], { feeds, targets: ["train"] });

  it("fail in mid-run, name what is lost, and go on with another device", async () => {
    const { session, lose } = await open();
    await train(session);
    const running = failure(session.run("total:0", { feeds }));
    await lose();
    expect(await running).toMatchObject({
      code: "UNAVAILABLE",
      sentence: `The device was lost: ${device}`,
      hint: "The next run opens another device. The last values of these variables were there alone, so restore the last checkpoint or run their initializers then: w.",
    });
    // The host has the initial value of what was never written.
    const { launches } = session.stats();
    expect(numbers(await session.run("rest:0"))).toEqual([15]);
    expect(session.stats().launches).toBeGreaterThan(launches);
    expect(await failure(session.run("w:0"))).toMatchObject({
      code: "FAILED_PRECONDITION",
      sentence: "Attempting to use uninitialized value w",
      place: { key: "w" },
      hint: `Its last value was on ${device} alone, which was lost. Restore the last checkpoint, or run its initializer.`,
    });
    expect(await failure(train(session))).toMatchObject({ code: "FAILED_PRECONDITION", place: { key: "w" } });
    await session.run("w/Assign");
    expect(numbers(await session.run("total:0", { feeds }))).toEqual([12]);
    expect(numbers(await session.run("w:0"))).toEqual([2, 4, 6]);
    await session.close();
  });

  it("keep a variable whose last value was fetched, and no older one", async () => {
    const { session, lose } = await open();
    await train(session);
    expect(numbers(await session.run("w:0"))).toEqual([2, 4, 6]);
    await lose();
    expect(await failure(train(session))).toMatchObject({
      code: "UNAVAILABLE",
      hint: "The next run opens another device. All variables keep their values.",
    });
    await train(session);
    await train(session);
    await lose();
    expect((await failure(session.run("total:0", { feeds }))).hint).toContain("initializers then: w.");
    expect(await failure(session.run("w:0"))).toMatchObject({ code: "FAILED_PRECONDITION" });
    await session.run("w/Assign");
    await train(session);
    expect(numbers(await session.run("w:0"))).toEqual([2, 4, 6]);
    await session.close();
  });

  it("say it once, to every kind of run", async () => {
    const { session, lose } = await open();
    const callable = session.makeCallable("total:0", ["x:0"]);
    expect(numbers(await callable([1, 1, 1]))).toEqual([12]);
    await lose();
    expect(await failure(callable([1, 1, 1]))).toMatchObject({ code: "UNAVAILABLE" });
    await session.run("w/Assign");
    expect(numbers(await callable([1, 1, 1]))).toEqual([12]);

    const handle = session.partialRunSetup(["total:0", "rest:0"], ["x:0"]);
    expect(numbers(await session.partialRun(handle, "rest:0"))).toEqual([15]);
    await lose();
    const partial = await failure(session.partialRun(handle, "total:0", { feeds }));
    expect(partial).toMatchObject({ code: "UNAVAILABLE", sentence: `The device was lost: ${device}` });
    await session.run("w/Assign");
    expect(numbers(await session.partialRun(handle, "total:0", { feeds }))).toEqual([12]);
    await session.close();
  });

  it("share a backend: each hears of it, and both go on", async () => {
    const fragile = fragileGpu(root);
    const backend = await gpu({ gpu: fragile.gpu });
    const make = async (scale: number): Promise<Session> => {
      const { session } = await sessionOf(
        (graph) => {
          const w = variable(graph, "w", [2], constant([1, 2]));
          identity(operator.mul(w, constant([scale, scale])), { name: "y" });
        },
        { backends: [backend], fallback: false },
      );
      await session.run("w/Assign");
      return session;
    };
    const sessions = [await make(2), await make(3)];
    const both = (): Promise<PromiseSettledResult<unknown>[]> =>
      Promise.allSettled(sessions.map(async (session) => numbers((await session.run("y:0")) as never)));
    const good = [
      { status: "fulfilled", value: [2, 4] },
      { status: "fulfilled", value: [3, 6] },
    ];
    expect(await both()).toEqual(good);
    await fragile.lose();
    for (const result of await both()) expect(result).toMatchObject({ reason: { code: "UNAVAILABLE" } });
    expect(await both()).toEqual(good);
    expect(backend.recovery!.losses).toBe(1);
    await fragile.lose();
    sessions.push(await make(5));
    expect(backend.recovery!.losses).toBe(2);
    expect(await both()).toMatchObject([
      { reason: { code: "UNAVAILABLE" } },
      { reason: { code: "UNAVAILABLE" } },
      { value: [5, 10] },
    ]);
    expect(await both()).toMatchObject([...good, { value: [5, 10] }]);
    for (const session of sessions) await session.close();
    expect(backend.stats()).toMatchObject({ buffers: 0, bytesInUse: 0 });
    await backend.close();
  });

  it("stay usable where there is no other device yet", async () => {
    const fragile = fragileGpu(root);
    let blocked = false;
    const source = {
      requestAdapter: async () => (blocked ? null : fragile.gpu.requestAdapter()),
    } as unknown as GPU;
    const { session } = await sessionOf(
      () => {
        identity(operator.mul(placeholder("float32", [2], { name: "x" }), 2), { name: "y" });
      },
      { backends: [() => gpu({ gpu: source })], fallback: false },
    );
    const run = () => session.run("y:0", { feeds: { "x:0": [1, 2] } });
    await run();
    await fragile.lose();
    blocked = true;
    expect(await failure(run())).toMatchObject({ sentence: `The device was lost: ${device}` });
    for (let i = 0; i < 2; i++)
      expect(await failure(run())).toMatchObject({
        code: "UNAVAILABLE",
        sentence: "WebGPU has no adapter: no GPU, or its driver is blocked or missing",
      });
    blocked = false;
    expect(numbers(await run())).toEqual([2, 4]);
    await session.close();
  });
});
