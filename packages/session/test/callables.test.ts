// Callables, and runs that overlap. Source of the named cases: python/client/session_test.py.
import { constant, identity, operator, placeholder } from "@org/ops";
import { RunMetadata } from "@org/proto";
import { convertToNdArray, ndArray } from "@org/tensor";
import { expect, test } from "vitest";
import { numbers, sessionOf, variable } from "./shared.ts";

const options = { traceLevel: "FULL_TRACE" } as const;

test("(session_test/SessionTest.testMakeCallableOnTensorWithRunOptions) a tensor", async () => {
  const { graph, session } = await sessionOf(() => void constant(42, { name: "a" }));
  const run = session.makeCallable(graph.getTensorByName("a:0"));
  const runMetadata = new RunMetadata();
  expect(numbers(await run())).toEqual([42]);
  expect(numbers(await run({ options, runMetadata }))).toEqual([42]);
  expect(runMetadata.stepStats!.devStats.length).toBeGreaterThan(0);
});

test("(session_test/SessionTest.testMakeCallableOnOperationWithRunOptions) an operation", async () => {
  const { graph, session } = await sessionOf((graph) => {
    graph.createOp("AssignAdd", [variable(graph, "a", [], constant(42)), constant(1)], { name: "b" });
  });
  await session.run("a/Assign");
  const run = session.makeCallable(graph.getOperationByName("b"));
  const runMetadata = new RunMetadata();
  expect(await run({ options, runMetadata })).toBe(null);
  expect(numbers(await session.run("a:0"))).toEqual([43]);
  expect(runMetadata.stepStats!.devStats.length).toBeGreaterThan(0);
});

test("(session_test/SessionTest.testMakeCallableWithFeedListAndRunOptions) (session_test/SessionTest.testOptimizedMakeCallable) values for a list of feeds, by name or tensor", async () => {
  const { graph, session } = await sessionOf(() => {
    operator.add(placeholder("float32", null, { name: "ph" }), 1, { name: "a" });
  });
  const run = session.makeCallable("a:0", ["ph:0"]);
  const runMetadata = new RunMetadata();
  expect(numbers(await run(41, { options, runMetadata }))).toEqual([42]);
  expect(runMetadata.stepStats!.devStats.length).toBeGreaterThan(0);
  const again = session.makeCallable(["a:0"], [graph.getTensorByName("ph:0")]);
  for (let i = 0; i < 5; i++) expect((await again(1)).map(numbers)).toEqual([[2]]);
  await expect((run as () => Promise<unknown>)()).rejects.toThrow(TypeError);
  expect(() => session.makeCallable("nothing:0")).toThrow("cannot be interpreted as a Tensor");
  expect(() => session.makeCallable("a:0", "ph:0" as never)).toThrow(TypeError);
  expect(session.stats().runPlans).toBe(1);
});

test("(session_test/SessionTest.testFeedAndFetch) what is fed comes back, alone and beside what is made of it", async () => {
  const types = [
    "float16",
    "float32",
    "float64",
    "int32",
    "uint8",
    "int16",
    "int8",
    "int64",
    "bool",
  ] as const;
  for (const dtype of types)
    for (const shape of [[2, 4, 3], [37], [2, 0, 6], [0, 0, 0]]) {
      const { session } = await sessionOf(() => {
        identity(placeholder(dtype, shape, { name: "feed" }), { name: "out" });
      });
      const count = shape.reduce((a, b) => a * b, 1);
      const values = Array.from({ length: count }, (_, i) => (dtype === "bool" ? i % 3 === 0 : i % 10));
      const array = { ...convertToNdArray(values as number[], dtype), shape };
      const feeds = { "feed:0": array };
      for (const fetched of [
        await session.run(["out:0", "feed:0"], { feeds }),
        await session.makeCallable(["out:0", "feed:0"], ["feed:0"])(array),
      ]) {
        expect(fetched[0]).toEqual(array);
        expect(fetched[1]).toEqual(array);
        if (count > 0) expect(fetched[1]!.data).not.toBe(array.data);
      }
    }
});

test("(session_test/SessionTest.testParallelRun) a hundred runs at once", async () => {
  const { session } = await sessionOf(() => void identity(constant(5), { name: "c" }));
  const values = await Promise.all(Array.from({ length: 100 }, () => session.run("c:0")));
  expect(values.map(numbers)).toEqual(values.map(() => [5]));
});

test("(session_test/SessionTest.testParallelRunAndSingleBuild) runs go on while the graph grows", async () => {
  const { graph, session } = await sessionOf(() => void identity(constant(5), { name: "c" }));
  const running = Array.from({ length: 50 }, async (_, i) => {
    for (let turn = 0; turn < i % 5; turn++) await Promise.resolve();
    return numbers(await session.run("c:0"));
  });
  for (let i = 0; i < 10; i++) {
    graph.asDefault(() => identity(graph.getTensorByName("c:0"), { name: `more_${i}` }));
    await Promise.resolve();
    expect(numbers(await session.run(`more_${i}:0`))).toEqual([5]);
  }
  expect(await Promise.all(running)).toEqual(running.map(() => [5]));
});

test("(session_test/SessionTest.testUseAfterCloseConcurrent) runs after the end, and those that are under way", async () => {
  const { session } = await sessionOf(() => void identity(constant(5), { name: "c" }));
  const loop = (async () => {
    for (;;) await session.run("c:0");
  })();
  setTimeout(() => void session.close(), 20);
  await expect(loop).rejects.toThrow("Attempted to use a closed Session.");
});

test("a fetched array is the caller's own, whoever else has the value", async () => {
  const { session } = await sessionOf((graph) => {
    const w = variable(graph, "w", [3], constant([1, 2, 3]));
    identity(w, { name: "read" });
  });
  await session.run("w/Assign");
  const [a, b] = await session.run(["w:0", "read:0"]);
  (a.data as Float32Array).fill(9);
  (b.data as Float32Array).fill(8);
  expect(numbers(await session.run("w:0"))).toEqual([1, 2, 3]);
  const fed = ndArray("float32", [3], Float32Array.of(1, 2, 3));
  const back = await session.run("read:0", { feeds: { "read:0": fed } });
  expect(back.data).not.toBe(fed.data);
});
