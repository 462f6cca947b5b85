// Limits of epochs, input producers and file names that are matched once, after TensorFlow 1.15's python/training/input_test.py.
import { memoryFileSystem } from "@org/io";
import { describe, expect, it } from "vitest";
import * as tf from "../../src/index.ts";
import { numbers, range, strings, untilOver } from "./batching.ts";

const int = (...values: number[]): tf.NdArray =>
  tf.ndArray("int32", [values.length], Int32Array.from(values));

async function initialized<T extends tf.Fetches>(
  build: () => T,
  use: (session: tf.Session, fetches: T) => Promise<void>,
  fs = memoryFileSystem(),
): Promise<void> {
  const graph = new tf.Graph();
  const [fetches, init] = graph.asDefault(() => [build(), tf.localVariablesInitializer()] as const);
  const session = new tf.Session({ graph, backends: [], fs });
  try {
    await session.run([], { targets: [init] });
    await use(session, fetches);
  } finally {
    await session.close();
  }
}

describe("matchFilenamesOnce", () => {
  it("[input_test/MatchFilenamesOnceTest.test] names that match when the variable is initialized", () => {
    const fs = memoryFileSystem(
      Object.fromEntries([0, 1, 2].map((i) => [`/dir/match_filenames.${i}`, "Some contents"])),
    );
    return initialized(
      () =>
        ["/dir/*", "/dir/match_filenames.?", "/dir/match_filenames.1"].map((pattern) =>
          tf.train.matchFilenamesOnce(pattern).value(),
        ),
      async (session, fetches) => {
        const found = (await session.run(fetches)) as tf.NdArray[];
        const all = range(0, 3).map((i) => `/dir/match_filenames.${i}`);
        expect(found.map(strings)).toEqual([all, all, [all[1]]]);
      },
      fs,
    );
  });
});

describe("limitEpochs", () => {
  it("[input_test/LimitEpochsTest.testNoLimit] without a number it goes on", () =>
    initialized(
      () => tf.train.limitEpochs(tf.constant(7, "int32")),
      async (session, seven) => {
        for (let i = 0; i < 100; i++) expect(numbers((await session.run(seven)) as tf.NdArray)).toEqual([7]);
      },
    ));

  it("[input_test/LimitEpochsTest.testLimit] twice, then OUT_OF_RANGE", () =>
    initialized(
      () => tf.train.limitEpochs(tf.constant("Love Me"), 2),
      async (session, twice) => {
        for (let i = 0; i < 2; i++)
          expect(strings((await session.run(twice)) as tf.NdArray)).toEqual(["Love Me"]);
        await expect(session.run(twice)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
      },
    ));
});

describe("input producers", () => {
  const rows = [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [9, 10, 11, 12],
  ];
  it.each([
    ["testNoShuffle", () => ({ input: tf.constant(rows, "int32"), options: {} })],
    [
      "testNoShapeInference",
      () => ({
        input: tf.placeholderWithDefault(tf.constant(rows, "int32"), null),
        options: { elementShape: [4] },
      }),
    ],
  ] as const)("[input_test/InputProducerTest.%s] rows, epoch after epoch", (_, make) =>
    untilOver(
      () => {
        const { input, options } = make();
        const queue = tf.train.inputProducer(input, { numEpochs: 2, shuffle: false, ...options });
        return [queue.dequeueMany(3)] as unknown as readonly [tf.Tensor];
      },
      async (next) => {
        for (let i = 0; i < 2; i++) {
          const [found] = (await next()) as unknown as [tf.NdArray];
          expect(found.shape).toEqual([3, 4]);
          expect(numbers(found)).toEqual(rows.flat());
        }
      },
    ),
  );

  it("[input_test/InputProducerTest.testShapeError] rows must have a known shape", () =>
    new tf.Graph().asDefault(() => {
      expect(() => tf.train.inputProducer(tf.placeholder("float32"))).toThrow(/fully defined shape/);
    }));

  it("[input_test/StringInputProducerTest.testNullString] an empty tensor ends the queue when it runs", async () => {
    const graph = new tf.Graph();
    const [dequeue, init] = graph.asDefault(() => {
      const queue = tf.train.stringInputProducer(tf.constant(tf.ndArray("string", [0])));
      return [queue.dequeue(), tf.localVariablesInitializer()] as const;
    });
    const session = new tf.Session({ graph, backends: [] });
    await session.run([], { targets: [init] });
    const coord = new tf.train.Coordinator();
    const tasks = tf.train.startQueueRunners(session, { coord });
    await expect(session.run(dequeue)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    coord.requestStop();
    for (const task of tasks) await task.done;
    await expect(coord.join()).rejects.toThrow(/requires a non-null input tensor/);
    await session.close();
  });

  it("[input_test/StringInputProducerTest.testSharedName] [input_test/RangeInputProducerTest.testSharedName] [input_test/SliceInputProducerTest.testSharedName] the queue has the shared name", () =>
    new tf.Graph().asDefault(() => {
      const options = { sharedName: "SHARED_NAME_XYZ", name: "Q" };
      const sharedOf = (queue: { readonly queueRef: tf.Tensor }): string =>
        queue.queueRef.op.attrs.string("shared_name");
      expect(sharedOf(tf.train.stringInputProducer(["to", "be"], options))).toBe("SHARED_NAME_XYZ");
      expect(sharedOf(tf.train.rangeInputProducer(5, options))).toBe("SHARED_NAME_XYZ");
      const [slice] = tf.train.sliceInputProducer([tf.constant(["A", "B"]), int(7, 3)], {
        ...options,
        name: "sip",
      });
      expect(slice!.op.inputs[1]!.op.inputs[0]!.op.attrs.string("shared_name")).toBe("SHARED_NAME_XYZ");
    }));

  /** Each order comes about as often as the others. */
  const expectEven = (orders: readonly string[], expected: number): void => {
    const counts = new Map<string, number>();
    for (const order of orders) counts.set(order, (counts.get(order) ?? 0) + 1);
    expect(counts.size).toBe(expected);
    const mean = orders.length / expected;
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(0.4 * mean);
  };

  it("[input_test/RangeInputProducerTest.testShuffle] both orders of two numbers", async () => {
    const orders: string[] = [];
    await untilOver(
      () => {
        const queue = tf.train.rangeInputProducer(2, { numEpochs: 200, seed: 314159 });
        return [queue.dequeueMany(2)] as unknown as readonly [tf.Tensor];
      },
      async (next) => {
        for (let i = 0; i < 200; i++) {
          const [found] = (await next()) as unknown as [tf.NdArray];
          expect([...numbers(found)].sort()).toEqual([0, 1]);
          orders.push(`${numbers(found)}`);
        }
      },
    );
    expectEven(orders, 2);
  });

  it("[input_test/SliceInputProducerTest.testShuffle] all orders of four rows", async () => {
    const orders: string[] = [];
    await untilOver(
      () =>
        tf.train.sliceInputProducer([tf.constant(["A", "B", "D", "G"]), int(7, 3, 5, 2)], {
          numEpochs: 1200,
          seed: 161803,
        }) as readonly [tf.Tensor, tf.Tensor],
      async (next) => {
        for (let epoch = 0; epoch < 1200; epoch++) {
          const order: string[] = [];
          for (let i = 0; i < 4; i++) {
            const [letter, number] = (await next()) as unknown as [tf.NdArray, tf.NdArray];
            order.push(`${strings(letter)[0]}${numbers(number)[0]}`);
          }
          expect([...order].sort()).toEqual(["A7", "B3", "D5", "G2"]);
          orders.push(order.join());
        }
      },
    );
    expectEven(orders, 24);
  });
});

describe("SequenceExamples", () => {
  const { SequenceExample } = tf.protos;
  const ints = (...value: number[]) => ({ int64List: { value: value.map(BigInt) } });
  const floats = (...value: number[]) => ({ floatList: { value } });
  const words = (...value: string[]) => ({
    bytesList: { value: value.map((word) => new TextEncoder().encode(word)) },
  });
  const serialized = (examples: readonly object[]): tf.NdArray =>
    tf.ndArray(
      "string",
      [examples.length],
      examples.map((example) => tf.protos.encode(SequenceExample, example)),
    );
  const example = (length: number, tokens: readonly number[], tags: readonly (readonly string[])[]) => ({
    context: { feature: { length: ints(length) } },
    featureLists: {
      featureList: {
        tokens: { feature: tokens.map((token) => ints(token)) },
        tags: { feature: tags.map((step) => words(...step)) },
        scores: { feature: tokens.map((token) => floats(token / 2, -token)) },
      },
    },
  });
  const features = () => ({
    contextFeatures: {
      length: new tf.io.FixedLenFeature([], "int64"),
      note: new tf.io.FixedLenFeature([], "string", "none"),
    },
    sequenceFeatures: {
      tokens: new tf.io.FixedLenSequenceFeature([], "int64"),
      scores: new tf.io.FixedLenSequenceFeature([2], "float32", { allowMissing: true }),
      tags: new tf.io.VarLenFeature("string"),
    },
  });

  it("one: what it is as a whole, and its lists step by step", () =>
    initialized(
      () => {
        const [one] = [serialized([example(2, [4, 6], [["a"], [], ["b", "c"]])])];
        const bytes = tf.ndArray("string", [], [(one.data as Uint8Array[])[0]!]);
        const [context, sequence] = tf.io.parseSingleSequenceExample(bytes, features());
        const { tokens, scores, tags } = sequence;
        expect([tokens.shape.dims, scores.shape.dims]).toEqual([[null], [null, 2]]);
        return [context.length, context.note, tokens, scores, tags.indices, tags.values, tags.denseShape];
      },
      async (session, fetches) => {
        const found = (await session.run(fetches)) as tf.NdArray[];
        const [length, note, tokens, scores, indices, values, shape] = found;
        expect([numbers(length!), strings(note!), numbers(tokens!)]).toEqual([[2], ["none"], [4, 6]]);
        expect([scores!.shape, numbers(scores!)]).toEqual([
          [2, 2],
          [2, -4, 3, -6],
        ]);
        expect([numbers(indices!), strings(values!), numbers(shape!)]).toEqual([
          [0, 0, 2, 0, 2, 1],
          ["a", "b", "c"],
          [3, 2],
        ]);
      },
    ));

  it("several: lists are filled up, and their lengths told", () =>
    initialized(
      () => {
        const batch = serialized([example(1, [4], [["a"]]), example(3, [1, 2, 3], [])]);
        const [context, sequence, lengths] = tf.io.parseSequenceExample(batch, features());
        return [context.length, sequence.tokens, sequence.scores, lengths.tokens!, sequence.tags.values];
      },
      async (session, fetches) => {
        const found = (await session.run(fetches)) as tf.NdArray[];
        const [length, tokens, scores, lengths, tags] = found;
        expect(numbers(length!)).toEqual([1, 3]);
        expect([tokens!.shape, numbers(tokens!)]).toEqual([
          [2, 3],
          [4, 0, 0, 1, 2, 3],
        ]);
        expect(scores!.shape).toEqual([2, 3, 2]);
        expect([numbers(lengths!), strings(tags!)]).toEqual([[1, 3], ["a"]]);
      },
    ));

  it("features are needed, and those of lists have no defaults", () =>
    new tf.Graph().asDefault(() => {
      const text = tf.constant("");
      expect(() => tf.io.parseSingleSequenceExample(text, {})).toThrow("Missing features.");
      expect(() =>
        tf.io.parseSingleSequenceExample(text, {
          sequenceFeatures: {
            tokens: new tf.io.FixedLenSequenceFeature([], "int64", { allowMissing: true, defaultValue: 1 }),
          },
        }),
      ).toThrow("Value feature_list_dense_defaults[tokens] must be None");
    }));
});
