// Host kernels, and the sentences with which they fail: TensorFlow 1.15.5's, as it printed them.
import { isTfError } from "@org/errors";
import { Graph, type Tensor } from "@org/graph";
import { memoryFileSystem } from "@org/io";
import { decode, Summary } from "@org/proto";
import { type DType, type NdArray, ndArray } from "@org/tensor";
import { Variable } from "@org/variables";
import { describe, expect, it } from "vitest";
import {
  applyOp,
  assign,
  assignAdd,
  constant,
  countUpTo,
  dynamicPartition,
  placeholder,
  scatterAdd,
  scatterUpdate,
  standardOps,
  summary,
  type TensorLike,
} from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";

const utf8 = new TextDecoder();
const strings = (value: NdArray): string[] => (value.data as Uint8Array[]).map((bytes) => utf8.decode(bytes));
const numbers = (value: NdArray): number[] => Array.from(value.data as ArrayLike<number | bigint>, Number);
const f32 = (shape: number[], data: number[]): NdArray => ndArray("float32", shape, Float32Array.from(data));
const i32 = (shape: number[], data: number[]): NdArray => ndArray("int32", shape, Int32Array.from(data));
const text = (shape: number[], data: string[]): NdArray =>
  ndArray(
    "string",
    shape,
    data.map((s) => new TextEncoder().encode(s)),
  );

/** Runs one op whose inputs are fed, so that no shape is known before. */
async function run(
  type: string,
  inputs: readonly (NdArray | NdArray[])[],
  attrs: Record<string, never | string | number | boolean | string[]> = {},
): Promise<NdArray[]> {
  const graph = new Graph({ ops: standardOps });
  const feeds = new Map<Tensor, NdArray>();
  const feed = (value: NdArray): Tensor => {
    const tensor = placeholder(value.dtype);
    feeds.set(tensor, value);
    return tensor;
  };
  const op = graph.asDefault(() =>
    applyOp(
      type,
      inputs.map((input) => (Array.isArray(input) ? input.map(feed) : feed(input as NdArray))),
      { attrs },
    ),
  );
  const session = new MiniSession(graph);
  return op.outputs.length > 0 ? session.run(op.outputs, feeds) : session.run([op], feeds);
}

async function failure(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return isTfError(error) ? `${error.code}: ${error.sentence}` : `${error}`;
  }
  return "it did not fail";
}

describe("strings", () => {
  it("StringJoin joins, and stretches scalars", async () => {
    const [joined] = await run("StringJoin", [[text([2], ["a", "b"]), text([], ["x"])]], { separator: "-" });
    expect(strings(joined!)).toEqual(["a-x", "b-x"]);
    expect(await failure(run("StringJoin", [[text([2], ["a", "b"]), text([3], ["c", "d", "e"])]]))).toBe(
      "INVALID_ARGUMENT: Input shapes do not match: [2] vs. [3]",
    );
  });

  it.each([
    [[1.5, -2, 1e20], {}, ["1.500000", "-2.000000", "100000002004087734272.000000"]],
    [[1.5, -2, 1e20], { precision: 3 }, ["1.500", "-2.000", "100000002004087734272.000"]],
    [[1.5, 1e-7], { scientific: true }, ["1.500000e+00", "1.000000e-07"]],
    [[1.5, 1e-7, 123456789], { shortest: true }, ["1.5", "1e-07", "1.23457e+08"]],
    [[1.5], { width: 10 }, ["  1.500000"]],
    [[1.5], { width: 10, fill: "0" }, ["001.500000"]],
    [[1.5], { width: 10, fill: "-", precision: 2 }, ["1.50      "]],
  ])("AsString of %j with %j", async (values, attrs, expected) => {
    expect(strings((await run("AsString", [f32([values.length], values)], attrs))[0]!)).toEqual(expected);
  });

  it("AsString of integers and booleans", async () => {
    const [padded] = await run("AsString", [i32([2], [1, -2])], { width: 5, fill: "0" });
    expect(strings(padded!)).toEqual(["00001", "-0002"]);
    const [truths] = await run("AsString", [ndArray("bool", [2], Uint8Array.of(1, 0))]);
    expect(strings(truths!)).toEqual(["true", "false"]);
    expect(await failure(run("AsString", [i32([1], [1])], { precision: 3 }))).toBe(
      "INVALID_ARGUMENT: precision not supported for datatype int32",
    );
  });

  it("StaticRegexFullMatch matches whole strings", async () => {
    const [found] = await run("StaticRegexFullMatch", [text([2], ["s3://a", "a s3://"])], {
      pattern: "s3://.*",
    });
    expect(numbers(found!)).toEqual([1, 0]);
  });

  it("names of shards", async () => {
    expect(
      strings((await run("ShardedFilename", [text([], ["x"]), i32([], [1]), i32([], [3])]))[0]!),
    ).toEqual(["x-00001-of-00003"]);
    expect(strings((await run("ShardedFilespec", [text([], ["x"]), i32([], [3])]))[0]!)).toEqual([
      "x-?????-of-00003",
    ]);
  });
});

describe("data-dependent shapes", () => {
  it("Where finds what is not zero, NaN included", async () => {
    const [found] = await run("Where", [f32([2, 2], [0, 1, Number.NaN, 0])]);
    expect(found!.shape).toEqual([2, 2]);
    expect(numbers(found!)).toEqual([0, 1, 1, 0]);
    expect(await failure(run("Where", [f32([], [1])]))).toBe(
      "INVALID_ARGUMENT: WhereOp : Unhandled input dimensions: 0",
    );
  });

  it("Unique keeps the order of first places", async () => {
    const [y, index, count] = await run("UniqueWithCounts", [i32([5], [7, 3, 7, 3, 9])]);
    expect([numbers(y!), numbers(index!), numbers(count!)]).toEqual([
      [7, 3, 9],
      [0, 1, 0, 1, 2],
      [2, 2, 1],
    ]);
    expect(await failure(run("Unique", [i32([1, 1], [1])]))).toBe(
      "INVALID_ARGUMENT: unique expects a 1D vector.",
    );
  });

  it("ListDiff says what is missing and where it stood", async () => {
    const [out, index] = await run("ListDiff", [text([3], ["a", "b", "c"]), text([1], ["b"])]);
    expect([strings(out!), numbers(index!)]).toEqual([
      ["a", "c"],
      [0, 2],
    ]);
  });

  it("DynamicPartition takes rows apart", async () => {
    const graph = new Graph({ ops: standardOps });
    const parts = graph.asDefault(() =>
      dynamicPartition(
        constant([
          [1, 2],
          [3, 4],
          [5, 6],
        ]),
        [1, 0, 1],
        2,
      ),
    );
    const made = await new MiniSession(graph).run(parts);
    expect(made.map((part) => [part.shape, numbers(part)])).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [2, 2],
        [1, 2, 5, 6],
      ],
    ]);
    const bad = run("DynamicPartition", [f32([2], [1, 2]), i32([2], [0, 5])], { num_partitions: 2 });
    expect(await failure(bad)).toBe("INVALID_ARGUMENT: partitions[1] = 5 is not in [0, 2)");
  });
});

describe("Assert", () => {
  const assertion = (data: NdArray[], summarize = 3): Promise<unknown> =>
    run("Assert", [ndArray("bool", [], Uint8Array.of(0)), data], { summarize });

  it("prints its data as TensorFlow does", async () => {
    const six = ndArray("int64", [2, 3], BigInt64Array.from([0n, 1n, 2n, 3n, 4n, 5n]));
    const truths = ndArray("bool", [2], Uint8Array.of(1, 0));
    expect(await failure(assertion([six, text([], ["hello"]), f32([], [1.25]), truths]))).toBe(
      "INVALID_ARGUMENT: assertion failed: [[0 1 2]...] [hello] [1.25] [1 0]",
    );
    const doubles = ndArray("float64", [5], Float64Array.of(1e10, 1 / 3, 1e-5, 1e5, 1234567));
    expect(await failure(assertion([six, doubles], 10))).toBe(
      "INVALID_ARGUMENT: assertion failed: [[0 1 2][3 4 5]] [10000000000 0.33333333333333331 1e-05 100000 1234567]",
    );
    const cube = f32(
      [2, 3, 4],
      Array.from({ length: 24 }, (_, i) => i),
    );
    expect(await failure(assertion([cube], 5))).toBe(
      "INVALID_ARGUMENT: assertion failed: [[[0 1 2 3][4...]]...]",
    );
    expect(await failure(assertion([f32([3], [1 / 3, 1e10, 123456.7])]))).toBe(
      "INVALID_ARGUMENT: assertion failed: [0.333333343 1e+10 123456.703]",
    );
  });

  it("passes where the condition holds", async () => {
    expect(await run("Assert", [ndArray("bool", [], Uint8Array.of(1)), [f32([], [1])]])).toEqual([]);
  });
});

describe("summaries", () => {
  const parsed = ([value]: NdArray[]): Summary => decode(Summary, (value!.data as Uint8Array[])[0]!);

  it("ScalarSummary holds tags and values", async () => {
    const made = parsed(await run("ScalarSummary", [text([2], ["a", "b"]), f32([2], [1, 2])]));
    expect(made.value.map(({ tag, simpleValue }) => [tag, simpleValue])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(await failure(run("ScalarSummary", [text([], ["a"]), f32([3], [1, 2, 3])]))).toBe(
      "INVALID_ARGUMENT: tags and values not the same shape: [] != [3] (tag 'a')",
    );
  });

  it("HistogramSummary is TensorFlow's, byte for byte", async () => {
    const [value] = await run("HistogramSummary", [text([], ["a"]), f32([0], [])]);
    expect([...(value!.data as Uint8Array[])[0]!]).toEqual([
      10, 43, 10, 1, 97, 42, 38, 9, 255, 255, 255, 255, 255, 255, 239, 127, 17, 255, 255, 255, 255, 255, 255,
      239, 255, 50, 8, 255, 255, 255, 255, 255, 255, 239, 127, 58, 8, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    const { histo } = parsed(
      await run("HistogramSummary", [text([], ["a"]), f32([6], [1, 2, -3, 0, 1e-13, 5.5])]),
    ).value[0]!;
    expect([histo!.min, histo!.max, histo!.num]).toEqual([-3, 5.5, 6]);
    expect(histo!.bucket.reduce((a, b) => a + b)).toBe(6);
    expect(await failure(run("HistogramSummary", [text([], ["a"]), f32([1], [Number.NaN])]))).toBe(
      "INVALID_ARGUMENT: Nan in summary histogram for: HistogramSummary",
    );
  });

  it("merge joins, mergeAll finds, a tag must not come twice", async () => {
    const graph = new Graph({ ops: standardOps });
    const merged = graph.asDefault(() => {
      summary.scalar("loss", constant(1));
      summary.scalar("bad name!", constant(2));
      return summary.mergeAll()!;
    });
    const made = parsed([await new MiniSession(graph).fetch(merged)]);
    expect(made.value.map(({ tag }) => tag)).toEqual(["loss", "bad_name_"]);
    expect(await failure(run("MergeSummary", [[text([], ["abc"])]]))).toBe(
      "INVALID_ARGUMENT: Could not parse one of the summary inputs",
    );
  });
});

describe("variables", () => {
  const withVariable = async (
    build: (v: Variable) => TensorLike | unknown,
    initial: number[] = [1, 2],
  ): Promise<NdArray> => {
    const graph = new Graph({ ops: standardOps });
    const variable = graph.asDefault(() => new Variable(constant(initial), { name: "v" }));
    const session = new MiniSession(graph);
    await session.run([variable.initializer]);
    const made = graph.asDefault(() => build(variable)) as Tensor;
    return session.fetch(made);
  };
  const fed = (dtype: DType, value: NdArray): Tensor => {
    // A tensor whose shape is known only when it runs.
    const { graph } = placeholder(dtype);
    return graph.createOp("PlaceholderWithDefault", [constant(value, { graph })], { attrs: { shape: null } })
      .outputs[0]!;
  };

  it("reads, writes and counts", async () => {
    expect(numbers(await withVariable((v) => assign(v, [3, 4])))).toEqual([3, 4]);
    expect(numbers(await withVariable((v) => assignAdd(v, [3, 4])))).toEqual([4, 6]);
    expect(numbers(await withVariable((v) => scatterAdd(v, [1, 1], [10, 20])))).toEqual([1, 32]);
    expect(numbers(await withVariable((v) => scatterUpdate(v, [0], 9)))).toEqual([9, 2]);
    expect(numbers(await withVariable((v) => v.isInitialized()))).toEqual([1]);
  });

  it("countUpTo stops at its limit", async () => {
    const graph = new Graph({ ops: standardOps });
    const session = new MiniSession(graph);
    const [init, next] = graph.asDefault(() => {
      const v = new Variable(constant(0, "int32"), { name: "n" });
      return [v.initializer, countUpTo(v, 2)] as const;
    });
    await session.run([init]);
    expect(numbers(await session.fetch(next))).toEqual([0]);
    expect(numbers(await session.fetch(next))).toEqual([1]);
    expect(await failure(session.fetch(next))).toBe("OUT_OF_RANGE: Reached limit of 2");
  });

  it("says what does not fit, in TensorFlow's words", async () => {
    expect(await failure(withVariable((v) => assign(v, fed("float32", f32([3], [1, 2, 3])))))).toBe(
      "INVALID_ARGUMENT: Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [3]",
    );
    expect(await failure(withVariable((v) => assignAdd(v, fed("float32", f32([3], [1, 2, 3])))))).toBe(
      "INVALID_ARGUMENT: Parameters and update must be the same size",
    );
    expect(
      await failure(
        withVariable((v) => scatterAdd(v, fed("int32", i32([1], [1])), fed("float32", f32([2], [1, 2])))),
      ),
    ).toBe(
      "INVALID_ARGUMENT: Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape [2], indices.shape [1], params.shape [2]",
    );
  });
});

describe("checkpoint ops", () => {
  it("save, restore, and say what is missing or of another type", async () => {
    const graph = new Graph({ ops: standardOps });
    const fs = memoryFileSystem();
    const session = new MiniSession(graph, fs);
    const restore = (name: string, dtype: DType, slice = ""): Tensor =>
      graph.asDefault(
        () =>
          applyOp("RestoreV2", ["model", constant([name]), constant([slice])], { attrs: { dtypes: [dtype] } })
            .outputs[0]!,
      );
    const save = graph.asDefault(() =>
      applyOp("SaveV2", [
        "model",
        constant(["b", "a"]),
        constant(["", "4 2 0,2:-"]),
        [
          constant([1, 2]),
          constant([
            [1, 2],
            [3, 4],
          ]),
        ],
      ]),
    );
    await session.run([save]);
    expect(numbers(await session.fetch(restore("b", "float32")))).toEqual([1, 2]);
    expect(numbers(await session.fetch(restore("a", "float32", "4 2 1,1:-")))).toEqual([3, 4]);
    expect(await failure(session.fetch(restore("q", "float32")))).toBe(
      "NOT_FOUND: Key q not found in checkpoint",
    );
    expect(await failure(session.fetch(restore("b", "int32")))).toBe(
      "INVALID_ARGUMENT: tensor_name = b; expected dtype int32 does not equal original dtype float",
    );
    expect(await failure(session.fetch(restore("b", "float32", "3 0,2")))).toBe(
      "INVALID_ARGUMENT: tensor_name = b; shape in shape_and_slice spec [3] does not match the shape stored in checkpoint: [2]",
    );
  });

  it("V1 files go out and come back", async () => {
    const graph = new Graph({ ops: standardOps });
    const session = new MiniSession(graph, memoryFileSystem());
    const [save, restore] = graph.asDefault(
      () =>
        [
          applyOp("SaveSlices", ["old", constant(["b"]), constant([""]), [constant([1, 2])]]),
          applyOp("RestoreSlice", ["old", "b", ""], { attrs: { dt: "float32" } }).outputs[0]!,
        ] as const,
    );
    await session.run([save]);
    expect(numbers(await session.fetch(restore))).toEqual([1, 2]);
  });

  it("files are refused where the session was given none", async () => {
    const graph = new Graph({ ops: standardOps });
    const restore = graph.asDefault(
      () =>
        applyOp("RestoreV2", ["m", constant(["a"]), constant([""])], { attrs: { dtypes: ["float32"] } })
          .outputs[0]!,
    );
    expect(await failure(new MiniSession(graph).fetch(restore))).toMatch(/^PERMISSION_DENIED/);
  });
});
