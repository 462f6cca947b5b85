// Data sets as programs build them: elements and their forms, functions, files, errors, and how iterators end.
import { memoryFileSystem, openRecordWriter } from "@org/io";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { build as buildOneShot } from "./graphs/data_one_shot.ts";

const { add, mul } = tf.operator;
const { Dataset, Iterator } = tf.data;

type Options = Partial<ConstructorParameters<typeof tf.Session>[0]>;

/** All elements of what `build` makes, as numbers or strings, nested as they are. */
async function all(build: () => tf.data.Dataset<never>, options: Options = {}): Promise<unknown[]> {
  const graph = new tf.Graph();
  const iterator = graph.asDefault(() => build().makeInitializableIterator());
  const element = graph.asDefault(() => iterator.getNext());
  const session = new tf.Session({ graph, backends: [], ...options });
  const found: unknown[] = [];
  try {
    await session.run([], { targets: [iterator.initializer] });
    for (;;) found.push(plain(await session.run(element)));
  } catch (error) {
    if ((error as tf.TfError).code !== "OUT_OF_RANGE") throw error;
  } finally {
    await session.close();
  }
  return found;
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  const array = value as tf.NdArray;
  if (array.dtype === undefined)
    return Object.fromEntries(Object.entries(value as object).map(([key, part]) => [key, plain(part)]));
  const elements = array.dtype === "string" ? tf.toStrings(array) : tf.toNumbers(array).map(Number);
  return array.shape.length === 0 ? elements[0] : elements;
}

const anyOf = (dataset: unknown): tf.data.Dataset<never> => dataset as tf.data.Dataset<never>;
const int64 = (value: number): tf.NdArray => tf.ndArray("int64", [], BigInt64Array.of(BigInt(value)));

describe("elements", () => {
  it("tensors, tuples and records, nested: functions get a tuple's parts, and give any form", async () => {
    const found = await all(() => {
      const pairs = Dataset.zip([
        Dataset.range(1, 4),
        Dataset.fromTensorSlices({ name: ["a", "b", "c"], at: tf.constant([0.5, 1.5, 2.5]) }),
      ]);
      const made = pairs.map((n, { name, at }) => ({ at: [add(at, 1), mul(n, n)], name }) as const);
      expect(made.outputTypes).toEqual({ at: ["float32", "int64"], name: "string" });
      return anyOf(made);
    });
    expect(found).toEqual([
      { at: [1.5, 1], name: "a" },
      { at: [2.5, 4], name: "b" },
      { at: [3.5, 9], name: "c" },
    ]);
  });

  it("an array of values is one tensor; rows must be as many in all", async () => {
    expect(await all(() => anyOf(Dataset.fromTensors([1, 2, 3])))).toEqual([[1, 2, 3]]);
    expect(
      await all(() =>
        anyOf(
          Dataset.fromTensorSlices([
            ["a", "b"],
            ["c", "d"],
          ]),
        ),
      ),
    ).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    new tf.Graph().asDefault(() => {
      expect(() => Dataset.fromTensorSlices([tf.constant([1, 2]), tf.constant([1, 2, 3])])).toThrow(
        "Dimensions 2 and 3 are not compatible",
      );
      expect(() => Dataset.fromTensorSlices(tf.constant(1))).toThrow(/only supported for rank >= 1/);
    });
  });

  it("part of it, parts in turn, one after another", async () => {
    expect(await all(() => anyOf(Dataset.range(10).skip(2).take(6).shard(2, 1)))).toEqual([3, 5, 7]);
    expect(await all(() => anyOf(Dataset.range(2).concatenate(Dataset.range(5, 7)).repeat(2)))).toEqual([
      0, 1, 5, 6, 0, 1, 5, 6,
    ]);
    expect(
      await all(() =>
        anyOf(
          Dataset.range(3).interleave((x) => Dataset.fromTensors(x).repeat(2), {
            cycleLength: 2,
            blockLength: 1,
          }),
        ),
      ),
    ).toEqual([0, 1, 0, 1, 2, 2]);
    new tf.Graph().asDefault(() => {
      const numbers = Dataset.range(2);
      expect(() => numbers.concatenate(Dataset.fromTensors(["x"]))).toThrow(
        /Two datasets to concatenate have different types/,
      );
      expect(() => numbers.flatMap(((x: tf.Tensor) => x) as never)).toThrow(/must return a `Dataset` object/);
      expect(() => numbers.filter((x) => x)).toThrow(/`predicate` return type must be convertible/);
      expect(() => numbers.map(() => undefined as never)).toThrow(/Unsupported return value/);
    });
  });
});

describe("batches", () => {
  const ragged = () => Dataset.range(1, 5).map((n) => tf.fill(tf.stack([tf.cast(n, "int32")]), n));

  it("known rows where no batch is smaller", async () => {
    new tf.Graph().asDefault(() => {
      const numbers = Dataset.range(5);
      expect(numbers.batch(2).outputShapes).toEqual(new tf.Shape([null]));
      expect(numbers.batch(2, { dropRemainder: true }).outputShapes).toEqual(new tf.Shape([2]));
    });
    expect(await all(() => anyOf(Dataset.range(5).batch(2)))).toEqual([[0, 1], [2, 3], [4]]);
    expect(await all(() => anyOf(Dataset.range(5).batch(2, { dropRemainder: true })))).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it("padded to the longest, or to a shape, with zeros or a value", async () => {
    expect(await all(() => anyOf(ragged().paddedBatch(2, [null])))).toEqual([
      [1, 0, 2, 2],
      [3, 3, 3, 0, 4, 4, 4, 4],
    ]);
    const options = { paddingValues: int64(-1), dropRemainder: true };
    expect(await all(() => anyOf(ragged().paddedBatch(3, [4], options)))).toEqual([
      [1, -1, -1, -1, 2, 2, -1, -1, 3, 3, 3, -1],
    ]);
    new tf.Graph().asDefault(() => {
      expect(() => ragged().paddedBatch(2, [null, null])).toThrow(
        /padded shape .* is not compatible with the corresponding input component shape/,
      );
      expect(() => ragged().paddedBatch(2, [null], { paddingValues: tf.constant("x") })).toThrow(
        /does not match output type/,
      );
      expect(() => ragged().paddedBatch(2, [null], { paddingValues: tf.constant([1], "int64") })).toThrow(
        /should be a scalar/,
      );
    });
  });
});

describe("functions", () => {
  it("read outer tensors, variables by handle too", async () => {
    const graph = new tf.Graph();
    const { element, begin, assign, init } = graph.asDefault(() => {
      const factor = tf.placeholder("int64", [], { name: "factor" });
      const offset = tf.getVariable("offset", [], {
        dtype: "int64",
        initializer: tf.constantInitializer(100),
        useResource: true,
      });
      const iterator = Dataset.range(3)
        .map((x) => add(mul(x, factor), offset))
        .makeInitializableIterator();
      return {
        element: iterator.getNext(),
        begin: iterator.initializer,
        assign: offset.assign(int64(200)),
        init: tf.globalVariablesInitializer(),
      };
    });
    const session = new tf.Session({ graph, backends: [] });
    const next = async (): Promise<unknown> => plain(await session.run(element));
    await session.run([], { targets: [init] });
    await session.run([], { targets: [begin], feeds: { "factor:0": 2 } });
    expect([await next(), await next()]).toEqual([100, 102]);
    await session.run(assign);
    expect(await next()).toEqual(204);
    await session.close();
  });

  it("a failing element is passed over; the session goes on", async () => {
    const graph = new tf.Graph();
    const element = graph.asDefault(() =>
      Dataset.fromTensorSlices(tf.constant([1, 9, 0], "int32"))
        .map((i) => tf.gather(tf.constant([10, 20], "int32"), i))
        .makeOneShotIterator()
        .getNext(),
    );
    const session = new tf.Session({ graph, backends: [] });
    expect(plain(await session.run(element))).toBe(20);
    await expect(session.run(element)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/indices = 9 is not in \[0, 2\)/),
    });
    expect(plain(await session.run(element))).toBe(10);
    await session.close();
  });

  it("data sets built in functions: captured, and of their arguments", async () => {
    const found = await all(() => {
      const letters = Dataset.fromTensorSlices(["a", "b", "c"]);
      const made = Dataset.range(1, 3).flatMap((n) => letters.take(n).map((letter) => [n, letter] as const));
      return anyOf(made);
    });
    expect(found).toEqual([
      [1, "a"],
      [2, "a"],
      [2, "b"],
    ]);
  });
});

describe("files", () => {
  it("lines, records and records of one length", async () => {
    const fs = memoryFileSystem({ "/a.txt": "one\ntwo\r\n", "/b.txt": "three", "/c.bin": "HHabcdF" });
    const writer = await openRecordWriter("/r.tfrecord", { fs });
    for (const text of ["first", "second"]) await writer.write(new TextEncoder().encode(text));
    await writer.close();
    expect(await all(() => anyOf(new tf.data.TextLineDataset(["/a.txt", "/b.txt"])), { fs })).toEqual([
      "one",
      "two",
      "three",
    ]);
    expect(await all(() => anyOf(new tf.data.TFRecordDataset("/r.tfrecord")), { fs })).toEqual([
      "first",
      "second",
    ]);
    const fixed = () => new tf.data.FixedLengthRecordDataset("/c.bin", 2, { headerBytes: 2, footerBytes: 1 });
    expect(await all(() => anyOf(fixed()), { fs })).toEqual(["ab", "cd"]);
    const named = () => Dataset.fromTensorSlices(["/b.txt", "/a.txt"]);
    expect(await all(() => anyOf(new tf.data.TextLineDataset(named())), { fs })).toEqual([
      "three",
      "one",
      "two",
    ]);
  });

  it("only those of the session are reached", async () => {
    const graph = new tf.Graph();
    const element = graph.asDefault(() =>
      new tf.data.TextLineDataset("/etc/hostname").makeOneShotIterator().getNext(),
    );
    const session = new tf.Session({ graph, backends: [] });
    await expect(session.run(element)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await session.close();
  });
});

describe("what is more than there is", () => {
  const refused = async (build: () => unknown): Promise<void> => {
    const graph = new tf.Graph();
    const element = graph.asDefault(() => anyOf(build()).makeOneShotIterator().getNext());
    const session = new tf.Session({ graph, backends: [] });
    await expect(session.run(element)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await session.close();
  };

  it("padding to a shape that no memory holds", () =>
    refused(() => Dataset.fromTensors([1]).paddedBatch(1, [2 ** 40])));

  it("a cycle of more data sets than there can be is none", async () => {
    const found = await all(() =>
      anyOf(
        Dataset.range(1, 4).interleave((x) => Dataset.fromTensors(x).repeat(x), {
          cycleLength: 2 ** 45,
          blockLength: 1,
        }),
      ),
    );
    expect(found).toEqual([1, 2, 3, 2, 3, 3]);
  });

  it("records as long as the file", async () => {
    const bytes = new Uint8Array(600_000).map((_, i) => i);
    const fs = memoryFileSystem({ "/whole.bin": bytes });
    const graph = new tf.Graph();
    const element = graph.asDefault(() =>
      new tf.data.FixedLengthRecordDataset("/whole.bin", bytes.length).makeOneShotIterator().getNext(),
    );
    const session = new tf.Session({ graph, backends: [], fs });
    const [found] = ((await session.run(element)) as tf.NdArray).data as Uint8Array[];
    expect(found!.length).toBe(bytes.length);
    expect(found!.findIndex((byte, i) => byte !== bytes[i])).toBe(-1);
    await session.close();
  });
});

describe("how iterators end", () => {
  const endless = () =>
    Dataset.range(10)
      .repeat()
      .filter((x) => tf.less(x, int64(0)));

  it.each([
    ["", (dataset: tf.data.Dataset<tf.Tensor>) => dataset],
    [" behind a prefetch", (dataset: tf.data.Dataset<tf.Tensor>) => dataset.prefetch(2)],
  ])(
    "a filter that lets nothing through ends with the run's signal%s, and with the session",
    async (_, made) => {
      const graph = new tf.Graph();
      const element = graph.asDefault(() => made(endless()).makeOneShotIterator().getNext());
      const session = new tf.Session({ graph, backends: [] });
      const stop = new AbortController();
      const aborted = expect(session.run(element, { signal: stop.signal })).rejects.toMatchObject({
        code: "CANCELLED",
      });
      await new Promise((resolve) => setTimeout(resolve, 0));
      stop.abort();
      await aborted;
      const waiting = expect(session.run(element)).rejects.toMatchObject({ code: "CANCELLED" });
      await new Promise((resolve) => setTimeout(resolve, 0));
      await session.close();
      await waiting;
    },
  );

  it("iterators of two sessions of one graph are two", async () => {
    const graph = new tf.Graph();
    const element = graph.asDefault(() => Dataset.range(3).makeOneShotIterator().getNext());
    const sessions = [new tf.Session({ graph, backends: [] }), new tf.Session({ graph, backends: [] })];
    for (const session of sessions)
      expect([plain(await session.run(element)), plain(await session.run(element))]).toEqual([0, 1]);
    for (const session of sessions) await session.close();
  });

  it("a feedable iterator of a handle that names none is NOT_FOUND", async () => {
    const graph = new tf.Graph();
    const { element, handle } = graph.asDefault(() => {
      const text = tf.placeholder("string", [], { name: "handle" });
      const iterator = Dataset.range(3).makeInitializableIterator();
      return {
        element: Iterator.fromStringHandle<tf.Tensor>(text, "int64", { outputShapes: [] }).getNext(),
        handle: iterator.stringHandle(),
      };
    });
    const first = new tf.Session({ graph, backends: [] });
    const named = await first.run(handle);
    await first.close();
    const session = new tf.Session({ graph, backends: [] });
    const next = (value: unknown): Promise<unknown> =>
      session.run(element, { feeds: { "handle:0": value as tf.NdArray } });
    await expect(next(named)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(next(tf.ndArray("string", [], [Uint8Array.of(255)]))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("Could not parse string_handle as a valid ResourceHandle"),
    });
    await session.close();
  });

  it("the same seeds give the same order", async () => {
    const shuffled = (): Promise<unknown[]> =>
      all(() => {
        tf.setRandomSeed(7);
        return anyOf(Dataset.range(12).shuffle(4, { seed: 5 }));
      });
    const [first, again] = [await shuffled(), await shuffled()];
    expect(first).toEqual(again);
    expect([...(first as number[])].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    expect(first).not.toEqual([...(first as number[])].sort((a, b) => a - b));
  });
});

describe.each([
  ["evaluator", { backends: [] }],
  ["cpu", { backends: ["cpu"], fallback: false }],
] as const)("on %s", (_, options) => {
  it("a graph trains from a one-shot iterator as TensorFlow 1.15.5 does", async () => {
    const graph = new tf.Graph();
    graph.asDefault(() => buildOneShot(graph));
    const session = new tf.Session({ graph, ...options } as never);
    await session.run([], { targets: ["w/Assign"] });
    // What 1.15.5 gave after each step of the same graph.
    for (const expected of [
      29.202001571655273, 30.895517349243164, 73.14716339111328, 93.9526596069336, 107.61517333984375,
    ]) {
      await session.run([], { targets: ["GradientDescent"] });
      const [w] = tf.toNumbers((await session.run("w/read:0")) as tf.NdArray) as number[];
      expect(Math.abs(w! - expected)).toBeLessThan(1e-5 * expected);
    }
    await expect(session.run([], { targets: ["GradientDescent"] })).rejects.toMatchObject({
      code: "OUT_OF_RANGE",
    });
    await session.close();
  });
});
