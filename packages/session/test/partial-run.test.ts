// Runs whose feeds come one after another. Source of the named cases: python/client/session_partial_run_test.py.
import type { TfError } from "@org/errors";
import { createOpRegistry, Graph, type Tensor } from "@org/graph";
import { constant, identity, operator, placeholder, standardOps } from "@org/ops";
import { expect, test } from "vitest";
import { createSession, type Session } from "../src/index.ts";
import { numbers, variable } from "./shared.ts";

interface Inputs {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  readonly r1: Tensor;
  readonly graph: Graph;
  readonly session: Session;
}

/** r1 = a + b, with a session. */
async function inputs(): Promise<Inputs> {
  const graph = new Graph({ ops: standardOps });
  const made = graph.asDefault(() => {
    const [a, b, c] = ["a", "b", "c"].map((name) => placeholder("float32", [], { name })) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    return { a, b, c, r1: operator.add(a, b, { name: "r1" }) };
  });
  return { ...made, graph, session: await createSession(graph) };
}

const withR2 = async (of: (made: Inputs) => Tensor): Promise<Inputs & { readonly r2: Tensor }> => {
  const made = await inputs();
  return { ...made, r2: made.graph.asDefault(() => of(made)) };
};
const product = (made: Inputs): Tensor => operator.mul(made.r1, made.c);
const other = ({ a, c }: Inputs): Tensor => operator.mul(a, c, { name: "r2" });

const sentence = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing failed",
    (error: TfError) => `${error.code}: ${error.sentence}`,
  );

test("(session_partial_run_test/PartialRunTest.testPartialRunDirect) feeds and fetches go on where they were; again on the same graph", async () => {
  const { session, a, b, c, r1, r2 } = await withR2(product);
  for (const [factor, expected] of [
    [17, 153],
    [18, 162],
  ] as const) {
    const handle = session.partialRunSetup([r1, r2], [a, b, c]);
    const sum = numbers(
      await session.partialRun(handle, r1, {
        feeds: [
          [a, 1],
          [b, 2],
        ],
      }),
    )[0]!;
    expect(sum).toBe(3);
    expect(numbers(await session.partialRun(handle, r2, { feeds: [[c, sum * factor]] }))).toEqual([expected]);
    expect(await sentence(session.partialRun(handle, r2, { feeds: [[c, 1]] }))).toBe(
      "INVALID_ARGUMENT: Must run 'setup' before performing partial runs!",
    );
  }
});

test("(session_partial_run_test/PartialRunTest.testPartialRunIncompleteDirect) a run that is left is ended with its session", async () => {
  const { session, a, b, c, r1, r2 } = await withR2(product);
  const handle = session.partialRunSetup([r1, r2], [a, b, c]);
  expect(
    numbers(
      await session.partialRun(handle, r1, {
        feeds: [
          [a, 1],
          [b, 2],
        ],
      }),
    ),
  ).toEqual([3]);
  await session.close();
});

test("(session_partial_run_test/PartialRunTest.testConcurrentPartialRunDirect) two runs at once have values of their own", async () => {
  const { session, a, b, c, r1, r2 } = await withR2(product);
  const first = session.partialRunSetup([r1], [a, b, c]);
  const second = session.partialRunSetup([r1, r2], [a, b, c]);
  expect(
    numbers(
      await session.partialRun(first, r1, {
        feeds: [
          [a, 1],
          [b, 2],
        ],
      }),
    ),
  ).toEqual([3]);
  expect(
    numbers(
      await session.partialRun(second, r1, {
        feeds: [
          [a, 57],
          [b, 9],
        ],
      }),
    ),
  ).toEqual([66]);
  expect(numbers(await session.partialRun(second, r2, { feeds: [[c, 7]] }))).toEqual([462]);
});

test("(session_partial_run_test/PartialRunTest.testManyPartialRunDirect) two hundred steps of one run, and all at once", async () => {
  const graph = new Graph({ ops: standardOps });
  const steps = graph.asDefault(() => {
    let product: Tensor = constant(2);
    return Array.from({ length: 200 }, () => {
      const input = placeholder("float32", []);
      product = operator.mul(product, input);
      return { input, output: product };
    });
  });
  const session = await createSession(graph);
  const outputs = steps.map(({ output }) => output);
  const handle = session.partialRunSetup(
    outputs,
    steps.map(({ input }) => input),
  );
  let last: number[] = [];
  for (const { input, output } of steps)
    last = numbers(await session.partialRun(handle, output, { feeds: [[input, 1]] }));
  expect(last).toEqual([2]);
  const all = await session.run(outputs, { feeds: steps.map(({ input }) => [input, 1] as const) });
  expect(all).toHaveLength(200);
  expect(numbers(all[199]!)).toEqual([2]);
});

test("(session_partial_run_test/PartialRunTest.testRunAndPartialRunDirect) gives what a run gives", async () => {
  const graph = new Graph({ ops: standardOps });
  const fetches = graph.asDefault(() => {
    const b = operator.mul(constant(2), 2);
    return [b, operator.mul(b, 3)] as const;
  });
  const session = await createSession(graph);
  const handle = session.partialRunSetup(fetches, []);
  expect(await session.partialRun(handle, fetches)).toEqual(await session.run(fetches));
});

test("(session_partial_run_test/PartialRunTest.testPartialRunMissingPlaceholderFeedExceptionDirect) a placeholder that was not set up as a feed", async () => {
  const { session, graph, a } = await inputs();
  const fetches = graph.asDefault(() => [operator.mul(a, 2), operator.mul(a, 3)] as const);
  const handle = session.partialRunSetup(fetches, []);
  expect(await sentence(session.partialRun(handle, fetches[0]))).toBe(
    "INVALID_ARGUMENT: You must feed a value for placeholder tensor 'a' with dtype float and shape []",
  );
});

test("(session_partial_run_test/PartialRunTest.testPartialRunUnspecifiedFeedDirect) (session_partial_run_test/PartialRunTest.testPartialRunUnspecifiedFetchDirect) feeds and fetches that were not set up", async () => {
  const { session, a, b, c, r1, r2 } = await withR2(other);
  const feeds = [
    [a, 1],
    [b, 2],
    [c, 3],
  ] as const;
  const handle = session.partialRunSetup([r1], [a, b]);
  expect(await sentence(session.partialRun(handle, r1, { feeds }))).toBe(
    "INVALID_ARGUMENT: The feed c:0 was not specified in partial_run_setup.",
  );
  const second = session.partialRunSetup([r1], [a, b, c]);
  expect(
    await sentence(
      session.partialRun(second, r2, {
        feeds: [
          [a, 1],
          [c, 3],
        ],
      }),
    ),
  ).toBe("INVALID_ARGUMENT: The fetch r2:0 was not specified in partial_run_setup.");
});

test("(session_partial_run_test/PartialRunTest.testPartialRunAlreadyFedDirect) (session_partial_run_test/PartialRunTest.testPartialRunAlreadyFetchedDirect) nothing is fed or fetched twice; the run goes on after such a mistake", async () => {
  const { session, a, b, c, r1, r2 } = await withR2(other);
  const handle = session.partialRunSetup([r1, r2], [a, b, c]);
  await session.partialRun(handle, r1, {
    feeds: [
      [a, 1],
      [b, 2],
    ],
  });
  expect(
    await sentence(
      session.partialRun(handle, r2, {
        feeds: [
          [a, 1],
          [c, 3],
        ],
      }),
    ),
  ).toBe("INVALID_ARGUMENT: The feed a:0 has already been fed.");
  expect(await sentence(session.partialRun(handle, r1, { feeds: [[c, 3]] }))).toBe(
    "INVALID_ARGUMENT: The fetch r1:0 has already been fetched.",
  );
  expect(numbers(await session.partialRun(handle, r2, { feeds: [[c, 3]] }))).toEqual([3]);
});

test("(session_partial_run_test/PartialRunTest.testPartialRunEmptyFetchesDirect) a call may feed without fetching", async () => {
  const { session, graph, a } = await inputs();
  const b = graph.asDefault(() => operator.mul(a, 2));
  const handle = session.partialRunSetup([b], [a]);
  expect(await session.partialRun(handle, [], { feeds: [[a, 3]] })).toEqual([]);
  expect((await session.partialRun(handle, [b])).map(numbers)).toEqual([[6]]);
});

test("(session_partial_run_test/PartialRunTest.testInvalidPartialRunSetup) something must be fetched", async () => {
  const { session, a } = await inputs();
  expect(() => session.partialRunSetup([], [a])).toThrow(
    "Must specify at least one target to fetch or execute.",
  );
});

test("(session_partial_run_test/PartialRunTest.testPartialRunSetupNoFeedsPassed) feeds may be left out", async () => {
  const graph = new Graph({ ops: standardOps });
  const r1 = graph.asDefault(() => constant([6]));
  const session = await createSession(graph);
  expect(numbers(await session.partialRun(session.partialRunSetup([r1]), r1))).toEqual([6]);
});

test("(session_test/SessionTest.testErrorCodeWithNoNodeDef) a handle that was never given", async () => {
  const { session, a, b, r1 } = await inputs();
  const error = await session
    .partialRun("foo", r1, {
      feeds: [
        [a, 1],
        [b, 2],
      ],
    })
    .catch((e) => e);
  expect(error).toMatchObject({ code: "INVALID_ARGUMENT", place: {} });
  expect(error.place.node).toBeUndefined();
});

test("a fetch waits for all its feeds, and operations cannot be asked for later", async () => {
  const { session, a, b, c, r2 } = await withR2(product);
  const handle = session.partialRunSetup([r2], [a, b, c]);
  expect(
    await sentence(
      session.partialRun(handle, r2, {
        feeds: [
          [a, 1],
          [b, 2],
        ],
      }),
    ),
  ).toBe("INVALID_ARGUMENT: Fetch c:0 can't be computed from the feeds that have been fed so far.");
  expect(await sentence(session.partialRun(handle, r2.op, { feeds: [[a, 1]] }))).toBe(
    "FAILED_PRECONDITION: partial_run() requires empty target_list.",
  );
  expect(() => session.partialRunSetup([r2], ["nowhere:0"])).toThrow(
    "Cannot interpret feed_list key as Tensor",
  );
  expect(
    numbers(
      await session.partialRun(handle, r2, {
        feeds: [
          [a, 1],
          [b, 2],
          [c, 5],
        ],
      }),
    ),
  ).toEqual([15]);
});

test("a fed tensor can be fetched; what is dead cannot", async () => {
  const { session, graph, a } = await inputs();
  const { p, taken } = graph.asDefault(() => {
    const p = placeholder("bool", [], { name: "p" });
    return { p, taken: identity(graph.createOp("Switch", [a, p]).outputs[0]!, { name: "no" }) };
  });
  const handle = session.partialRunSetup([a, taken], [a, p]);
  expect(numbers(await session.partialRun(handle, a, { feeds: [[a, 4]] }))).toEqual([4]);
  expect(await sentence(session.partialRun(handle, taken, { feeds: [[p, true]] }))).toBe(
    "INVALID_ARGUMENT: The tensor returned for no:0 was not valid.",
  );
});

test("operations of the setup run once, when their feeds are there; what fails ends the run and leaves whole values", async () => {
  const graph = new Graph({ ops: createOpRegistry(standardOps) });
  const { x, ids, add, row } = graph.asDefault(() => {
    const w = variable(graph, "w", [], constant(1));
    const x = placeholder("float32", []);
    const ids = placeholder("int32", []);
    const row = graph.createOp("GatherV2", [constant([1, 2]), ids, constant(0, "int32")]).outputs[0]!;
    return { x, ids, add: graph.createOp("AssignAdd", [w, x]), row };
  });
  const session = await createSession(graph);
  await session.run("w/Assign");
  const handle = session.partialRunSetup([add, row], [x, ids]);
  await session.partialRun(handle, [], { feeds: [[x, 10]] });
  expect(numbers(await session.run("w:0"))).toEqual([11]);
  expect(await sentence(session.partialRun(handle, row, { feeds: [[ids, 7]] }))).toBe(
    "INVALID_ARGUMENT: indices = 7 is not in [0, 2)",
  );
  expect(numbers(await session.run("w:0"))).toEqual([11]);
  const { buffers } = session.stats();
  for (let i = 0; i < 20; i++) {
    const again = session.partialRunSetup([add, row], [x, ids]);
    await session.partialRun(again, row, { feeds: [[ids, 1]] });
    await session.partialRun(again, [], { feeds: [[x, 1]] });
  }
  expect(numbers(await session.run("w:0"))).toEqual([31]);
  expect(session.stats().buffers).toBe(buffers);
});
