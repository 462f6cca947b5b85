// What goes wrong in runs: code, sentence and node; the session stays usable and variables keep their last whole values.
import { isTfError, type TfError } from "@org/errors";
import { Graph, type Tensor } from "@org/graph";
import { type Backend, evaluatorBackend } from "@org/hlo";
import { cpu } from "@org/kernels-cpu";
import { constant, identity, matmul, operator, placeholder, reduceSum, standardOps, tan } from "@org/ops";
import { ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { createSession, type SessionOptions } from "../src/index.ts";
import { numbers, sessionOf, variable } from "./shared.ts";

const failure = async (promise: Promise<unknown>): Promise<TfError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isTfError(error)) throw new Error(`Not a TfError: ${error}`);
  return error;
};

describe("feeds of the wrong kind", () => {
  const feeding = async (feeds: unknown) => {
    const { graph, session } = await sessionOf(() => {
      identity(placeholder("float32", [2], { name: "x" }), { name: "y" });
      identity(placeholder("int32", [], { name: "n" }), { name: "m" });
    });
    const given = typeof feeds === "function" ? feeds(graph) : feeds;
    const error = await session.run("y:0", { feeds: given }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(numbers(await session.run("y:0", { feeds: { "x:0": [1, 2] } }))).toEqual([1, 2]);
    return error as Error & Partial<TfError>;
  };

  it("(session_test/SessionTest.testFeedError) a tensor is no value", async () => {
    const error = await feeding((graph: Graph) => [["x:0", graph.getTensorByName("n:0")]]);
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain("cannot be a tf.Tensor object");
  });

  it("values that are not of the tensor's type", async () => {
    for (const value of [["a", "b"], [1n, "b"], { data: [1, 2] }, () => 1, [[1], [2, 3]], null, undefined])
      expect(await feeding([["x:0", value]]), String(value)).toBeInstanceOf(Error);
    expect(await feeding([["x:0", "text"]])).toBeInstanceOf(TypeError);
    expect(
      await feeding([
        ["n:0", 1.5],
        ["x:0", [1, 2]],
      ]),
    ).toBeInstanceOf(TypeError);
  });

  it("(session_test/SessionTest.testFeedPrecisionLossError) numbers that its type does not hold", async () => {
    for (const value of [2 ** 31, 2n ** 63n - 1n, Number.NaN])
      expect(
        await feeding([
          ["n:0", value],
          ["x:0", [1, 2]],
        ]),
        String(value),
      ).toBeInstanceOf(Error);
  });

  it("shapes that do not fit, arrays that are not what they say", async () => {
    const error = await feeding({ "x:0": [1, 2, 3] });
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", place: { node: "x" } });
    expect(error.sentence).toBe("Cannot feed value of shape (3,) for Tensor 'x:0', which has shape '(2,)'");
    const short = { dtype: "float32", shape: [2], data: Float32Array.of(1) };
    expect(await feeding({ "x:0": short })).toBeInstanceOf(Error);
  });

  it("(session_test/SessionTest.testFeedDictKeyException) keys that are no tensors, of another graph, or twice", async () => {
    const start = "Cannot interpret feed_dict key as Tensor: ";
    expect((await feeding({ x: [1, 2] })).message).toContain(start);
    expect(await feeding({ "z:0": 1 })).toMatchObject({ code: "NOT_FOUND" });
    expect((await feeding([[7, 1]])).message).toContain(start);
    const stranger = new Graph({ ops: standardOps }).asDefault(() => constant(1));
    expect((await feeding([[stranger, 1]])).message).toContain(start);
    const twice = await feeding((graph: Graph) => [
      ["x:0", [1, 2]],
      [graph.getTensorByName("x:0"), [3, 4]],
    ]);
    expect(twice).toMatchObject({ code: "INVALID_ARGUMENT", sentence: "Tensor x:0 is fed more than once" });
  });
});

describe("graphs that cannot run", () => {
  it("dead fetches: what the branch not taken would have given", async () => {
    const { session } = await sessionOf((graph) => {
      const [no, yes] = graph.createOp("Switch", [
        placeholder("float32", [], { name: "x" }),
        placeholder("bool", [], { name: "p" }),
      ]).outputs as [Tensor, Tensor];
      identity(no, { name: "no" });
      identity(yes, { name: "yes" });
    });
    const feeds = { "x:0": 1, "p:0": true };
    const error = await failure(session.run(["yes:0", "no:0"], { feeds }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", sentence: "Retval[1] does not have value" });
    expect(numbers(await session.run("yes:0", { feeds }))).toEqual([1]);
  });

  it("cycles, in whatever part of the graph; the rest runs", async () => {
    const { graph, session } = await sessionOf(() => {
      const a = identity(constant(1, { name: "c" }), { name: "a" });
      const b = identity(a, { name: "b" });
      a.op.updateInput(0, b);
    });
    const error = await failure(session.run("b:0"));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.sentence).toMatch(/contains a cycle with 2 nodes, including: (a, b|b, a)/);
    expect(graph.getOperationByName(error.place.node!).type).toBe("Identity");
    expect(numbers(await session.run("c:0"))).toEqual([1]);
    expect(numbers(await session.run("b:0", { feeds: { "a:0": 5 } }))).toEqual([5]);
  });

  it("(session_test/SessionTest.testBuildGraphErrorDirect) inputs from different frames", async () => {
    const { session } = await sessionOf((graph) => {
      const data = placeholder("float32", [], { name: "data" });
      const enter = (frame: string): Tensor =>
        graph.createOp("Enter", [data], { attrs: { frame_name: frame } }).outputs[0]!;
      operator.add(enter("foo_1"), enter("foo_2"), { name: "res" });
    });
    const error = await failure(session.run("res:0", { feeds: { "data:0": 1 } }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(error.sentence).toContain("has inputs from different frames");
  });

  it("(session_test/SessionTest.testIncorrectGraph) what is of another graph", async () => {
    const { graph, session } = await sessionOf(() => void constant(1, { name: "c" }));
    const other = new Graph({ ops: standardOps });
    const c = other.asDefault(() => constant(2, { name: "c" }));
    expect(numbers(await session.run(graph.getTensorByName("c:0")))).toEqual([1]);
    await expect(session.run(c)).rejects.toThrow("cannot be interpreted as a Tensor");
    await expect(session.run(c.op)).rejects.toThrow("cannot be interpreted as a Tensor");
  });

  it("(session_test/SessionTest.testFeedShapeCompatibility) shapes that only the run knows", async () => {
    const { session } = await sessionOf((graph) => {
      const shape = constant([2, 2], { dtype: "int32", name: "shape" });
      graph.createOp("Reshape", [constant([2, 2, 2, 2]), shape], { name: "r" });
    });
    const error = await failure(session.run("r:0", { feeds: { "shape:0": [3, 7] } }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", place: { node: "r" } });
    expect(error.sentence).toBe("Input to reshape is a tensor with 4 values, but the requested shape has 21");
  });
});

describe("memory that is not there", () => {
  /** A CPU with room for 2 MiB. */
  const small = (): Backend => cpu({ maximumBytes: 2 ** 21 });
  /** An evaluator that has room for `limit` bytes. */
  const tight = (limit: number) => (): Backend => {
    const inner = evaluatorBackend();
    const check = (bytes: number): void => {
      if (inner.stats().bytesInUse + bytes > limit) inner.allocate(2 ** 53 - 1);
    };
    return {
      ...inner,
      allocate(bytes) {
        check(bytes);
        return inner.allocate(bytes);
      },
      upload(data) {
        check(data.byteLength);
        return inner.upload(data);
      },
    };
  };
  const build = (graph: Graph): void => {
    const w = variable(graph, "w", [4], constant([1, 2, 3, 4]));
    const x = placeholder("float32", [null, 1], { name: "x" });
    const square = matmul(x, operator.mul(x, 2), { transposeB: true, name: "square" });
    graph.createOp("AssignAdd", [w, operator.mul(w, reduceSum(square))], { name: "train" });
    operator.add(square, 1, { name: "more" });
  };
  const rows = (count: number): Float32Array => new Float32Array(count).fill(1);
  const feed = (count: number) => ({ "x:0": ndArray("float32", [count, 1], rows(count)) });

  const cases: Readonly<Record<string, SessionOptions>> = {
    cpu: { backends: [small], fallback: false },
    evaluator: { backends: [tight(2 ** 20)], fallback: false },
  };
  for (const [name, options] of Object.entries(cases)) {
    it(`names the node and the tensor, on ${name}; afterwards all is as before`, async () => {
      const { session } = await sessionOf(build, options);
      await session.run("w/Assign");
      await session.run("train", { feeds: feed(1) });
      const before = session.stats();
      const device = session.listDevices()[0]!.name;
      for (let i = 0; i < 3; i++) {
        const error = await failure(session.run(["train", "more:0"], { feeds: feed(2000) }));
        expect(error.code).toBe("RESOURCE_EXHAUSTED");
        expect(error.sentence).toBe(
          `OOM when allocating tensor with shape[2000,2000] and type float on ${device} by allocator ${device.includes("CPU") ? "cpu" : "evaluator"}`,
        );
        expect(["square", "more"]).toContain(error.place.node);
        expect(error.hint).toBeDefined();
      }
      expect(numbers(await session.run("w:0"))).toEqual([3, 6, 9, 12]);
      const after = session.stats();
      expect([after.buffers, after.bytesInUse]).toEqual([before.buffers, before.bytesInUse]);
      await session.run("train", { feeds: feed(1) });
      expect(numbers(await session.run("w:0"))).toEqual([9, 18, 27, 36]);
      await session.close();
    });

    it(`a feed for which there is no room, on ${name}`, async () => {
      const { session } = await sessionOf(build, options);
      await session.run("w/Assign");
      const error = await failure(session.run("train", { feeds: feed(2 ** 20) }));
      expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
      expect(error.sentence).toContain("OOM when allocating tensor with shape[1048576,1] and type float");
      expect(error.place.node).toBeDefined();
      expect(numbers(await session.run("w:0"))).toEqual([1, 2, 3, 4]);
      await session.close();
    });
  }

  it("free buffers are given back before that is said", async () => {
    const graph = new Graph({ ops: standardOps });
    graph.asDefault(() => {
      const x = placeholder("float32", [null], { name: "x" });
      operator.mul(operator.add(x, 1), reduceSum(x), { name: "y" });
    });
    const session = await createSession(graph, { backends: [tight(2 ** 20)], fallback: false });
    // Free buffers of each of these sizes would take twice the memory that there is.
    for (let size = 20_000; size < 60_000; size += 2000) {
      const x = ndArray("float32", [size], rows(size));
      const { "y:0": y } = await session.run({ "y:0": "y:0" }, { feeds: { "x:0": x } });
      expect(numbers(y!)[0]).toBe(2 * size);
    }
    await session.close();
  });

  it("host kernels and constants that ask for more than there can be", async () => {
    const { session } = await sessionOf((graph) => {
      const dims = placeholder("int32", [2], { name: "dims" });
      graph.createOp("Fill", [dims, constant(1)], { name: "fill" });
      graph.createOp("Fill", [dims, constant("text")], { name: "texts" });
    });
    for (const [fetch, node] of [
      ["fill:0", "fill"],
      ["texts:0", "texts"],
    ] as const) {
      const error = await failure(session.run(fetch, { feeds: { "dims:0": [2 ** 30, 2 ** 20] } }));
      expect([fetch, error.code]).toEqual([fetch, "RESOURCE_EXHAUSTED"]);
      expect(error.place.node).toBe(node);
      expect(numbers((await session.run([fetch], { feeds: { "dims:0": [1, 1] } }))[0]!)).toHaveLength(1);
    }
  });
});

describe.each<[string, () => Backend | Promise<Backend>]>([
  ["evaluator", () => evaluatorBackend()],
  ["cpu", () => cpu()],
])("what a kernel refuses, on %s", (_, backend) => {
  it.each(["int32", "int64"] as const)("%s to a power below 0", async (dtype) => {
    const { session } = await sessionOf(
      () => {
        const [x, n] = [placeholder(dtype, [null], { name: "x" }), placeholder(dtype, [null], { name: "n" })];
        identity(operator.pow(x, n, { name: "pow" }), { name: "y" });
      },
      { backends: [backend] },
    );
    const error = await failure(session.run("y:0", { feeds: { "x:0": [1, 2], "n:0": [0, -1] } }));
    expect(error).toMatchObject({
      code: "INVALID_ARGUMENT",
      sentence: "Integers to negative integer powers are not allowed",
      place: { node: "pow", op: "Pow" },
    });
    expect(error.hint).toContain("floating-point");
    expect(numbers(await session.run("y:0", { feeds: { "x:0": [3, 2, 0], "n:0": [0, 5, 0] } }))).toEqual([
      1, 32, 1,
    ]);
  });

  it("types that an op does not compute with", async () => {
    const { session } = await sessionOf(
      () => {
        tan(placeholder("int32", [null], { name: "x" }), { name: "y" });
        constant(1, { name: "one" });
      },
      { backends: [backend] },
    );
    const error = await failure(session.run("y:0", { feeds: { "x:0": [1] } }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", place: { node: "y", op: "Tan" } });
    expect(error.hint).toContain("Cast");
    expect(numbers(await session.run("one:0"))).toEqual([1]);
  });
});
