// Iterators of data sets, after IteratorTest of TensorFlow 1.15's python/data/kernel_tests/iterator_test.py.
import { describe, expect, it } from "vitest";
import * as tf from "../../src/index.ts";

const { add, mul } = tf.operator;
const { Dataset, Iterator } = tf.data;

async function within<T>(
  build: () => T,
  use: (session: tf.Session, built: T) => Promise<void>,
): Promise<void> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  const session = new tf.Session({ graph, backends: [] });
  try {
    await use(session, built);
  } finally {
    await session.close();
  }
}

const numbers = (value: unknown): number[] => tf.toNumbers(value as tf.NdArray) as number[];
const next = async (session: tf.Session, fetch: tf.Tensor, feeds = {}): Promise<number[]> =>
  numbers(await session.run(fetch, { feeds }));
const over = { code: "OUT_OF_RANGE", message: expect.stringContaining("End of sequence") };
const ints = (...values: number[]): tf.Tensor => tf.constant(values, "int32");
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe("iterators", () => {
  it("[iterator_test/IteratorTest.testNoGradients] no gradient goes through an iterator", () =>
    new tf.Graph().asDefault(() => {
      const [component, side] = [tf.constant([1]), tf.constant(0)];
      const value = Dataset.fromTensorSlices(component)
        .map((x) => add(x, side))
        .makeOneShotIterator()
        .getNext();
      expect(tf.gradients(value, [component])).toEqual([undefined]);
      expect(tf.gradients(value, [side])).toEqual([undefined]);
      expect(tf.gradients(value, [component, side])).toEqual([undefined, undefined]);
    }));

  it("[iterator_test/IteratorTest.testCapturingStateInOneShotRaisesException] nothing that has state", () =>
    new tf.Graph().asDefault(() => {
      const myvar = new tf.Variable(tf.constant(37), { name: "myvar" });
      const dataset = Dataset.fromTensorSlices([0, 1, 2]).map((x) => add(x, myvar));
      expect(() => dataset.makeOneShotIterator()).toThrow(
        /`Dataset.make_one_shot_iterator\(\)` does not support datasets that capture stateful objects.+myvar/,
      );
    }));

  const components = (): readonly [tf.NdArray, tf.NdArray, tf.NdArray] => [
    tf.ndArray("int64", [7], BigInt64Array.from(range(7), BigInt)),
    tf.ndArray(
      "int64",
      [7, 3],
      BigInt64Array.from({ length: 21 }, (_, i) => BigInt(Math.floor(i / 3) * ((i % 3) + 1))),
    ),
    tf.ndArray(
      "float64",
      [7],
      Float64Array.from(range(7), (i) => 37 * i),
    ),
  ];
  it.each<[string, (values: ReturnType<typeof components>) => readonly (tf.Tensor | tf.NdArray)[]]>([
    ["testOneShotIterator", (values) => values],
    ["testOneShotIteratorCaptureByValue", (values) => values.map((value) => tf.constant(value))],
  ])("[iterator_test/IteratorTest.%s] squares, fourteen times over", (_, made) =>
    within(
      () => {
        const [a, b, c] = made(components());
        const element = Dataset.fromTensorSlices([a!, b!, c!] as const)
          .map((x, y, z) => [tf.square(x), tf.square(y), tf.square(z)] as const)
          .repeat(14)
          .makeOneShotIterator()
          .getNext();
        expect(element.map(({ shape }) => shape.dims)).toEqual([[], [3], []]);
        return element;
      },
      async (session, element) => {
        for (let n = 0; n < 14 * 7; n++) {
          const i = n % 7;
          const [x, y, z] = await session.run(element);
          expect(numbers(x)).toEqual([i * i]);
          expect(numbers(y)).toEqual([1, 2, 3].map((k) => k * k * i * i));
          expect(numbers(z)).toEqual([37 * 37 * i * i]);
        }
        await expect(session.run(element)).rejects.toMatchObject(over);
      },
    ),
  );

  const squares = (): tf.Tensor =>
    Dataset.fromTensors(ints(1, 2, 3))
      .map((x) => mul(x, x))
      .makeOneShotIterator()
      .getNext();

  it("[iterator_test/IteratorTest.testOneShotIteratorNonBlocking] of many runs at once, one gets the element", async () => {
    await within(squares, async (session, element) => {
      expect(await next(session, element)).toEqual([1, 4, 9]);
      await expect(session.run(element)).rejects.toMatchObject(over);
    });
    await within(squares, async (session, element) => {
      const results = await Promise.all(
        range(8).map(() =>
          next(session, element).catch((error: tf.TfError) => {
            if (error.code !== "OUT_OF_RANGE") throw error;
          }),
        ),
      );
      expect(results.filter((result) => result === undefined).length).toBe(7);
      expect(results.filter((result) => result !== undefined)).toEqual([[1, 4, 9]]);
    });
  });

  it("[iterator_test/IteratorTest.testOneShotIteratorInitializerFails] what fails once fails again", async () => {
    const failing = (): tf.Tensor =>
      Dataset.fromTensors(tf.gather(ints(0), ints(4)))
        .makeOneShotIterator()
        .getNext();
    await within(failing, async (session, element) => {
      for (let i = 0; i < 2; i++)
        await expect(session.run(element)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    });
    await within(failing, async (session, element) => {
      const codes = await Promise.all(
        range(8).map(() => session.run(element).catch((error: tf.TfError) => error.code)),
      );
      expect(codes).toEqual(range(8).map(() => "INVALID_ARGUMENT"));
    });
  });

  it("[iterator_test/IteratorTest.testNotInitializedError] an iterator must be begun", () =>
    within(
      () =>
        Dataset.fromTensors([tf.constant(1), tf.constant([1, 2, 3]), tf.constant(37)])
          .makeInitializableIterator()
          .getNext(),
      async (session, element) => {
        await expect(session.run(element)).rejects.toMatchObject({
          code: "FAILED_PRECONDITION",
          message: expect.stringContaining("iterator has not been initialized"),
        });
      },
    ));

  it("[iterator_test/IteratorTest.testReinitializableIterator] begun on one data set, then on another", () =>
    within(
      () => {
        const [three, four] = [Dataset.fromTensors(ints(1, 2, 3)), Dataset.fromTensors(ints(4, 5, 6, 7))];
        const iterator = Iterator.fromStructure<tf.Tensor>("int32", { outputShapes: [null] });
        const begin = [iterator.makeInitializer(three), iterator.makeInitializer(four)];
        const element = iterator.getNext();
        expect([three.outputTypes, four.outputTypes]).toEqual(["int32", "int32"]);
        expect([element.dtype, element.shape.dims]).toEqual(["int32", [null]]);
        return { begin, element };
      },
      async (session, { begin, element }) => {
        await expect(session.run(element)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
        for (const which of [0, 1, 0]) {
          await session.run([], { targets: [begin[which]!] });
          expect(await next(session, element)).toEqual(
            [
              [1, 2, 3],
              [4, 5, 6, 7],
            ][which],
          );
          await expect(session.run(element)).rejects.toMatchObject(over);
        }
      },
    ));

  it("[iterator_test/IteratorTest.testReinitializableIteratorStaticErrors] a data set must look as the iterator says", () =>
    new tf.Graph().asDefault(() => {
      expect(() => Iterator.fromStructure(["int64", "float64"], { outputShapes: [[null]] })).toThrow(
        TypeError,
      );
      const iterator = Iterator.fromStructure(["int64", "float64"]);
      const [whole, real] = [tf.constant([1, 2, 3], "int64"), tf.constant([4, 5, 6, 7], "float64")];
      expect(() => iterator.makeInitializer(Dataset.fromTensors([[whole], [real]]))).toThrow(
        /same nested structure/,
      );
      expect(() =>
        iterator.makeInitializer(Dataset.fromTensors([ints(1, 2, 3), tf.constant([4, 5, 6, 7])])),
      ).toThrow(/Expected output types int64, float64 but got dataset with output types int32, float32/);
      const shaped = Iterator.fromStructure(["int64", "float64"], { outputShapes: [[null], []] });
      expect(() => shaped.makeInitializer(Dataset.fromTensors([whole, real]))).toThrow(
        /Expected output shapes compatible with/,
      );
    }));

  it("[iterator_test/IteratorTest.testIteratorStringHandle] text chooses between iterators", () =>
    within(
      () => {
        const [three, four] = [
          [1, 2, 3],
          [10, 20, 30, 40],
        ].map((values) => Dataset.fromTensorSlices(ints(...values)).makeOneShotIterator());
        const handle = tf.placeholder("string", [], { name: "handle" });
        const feedable = Iterator.fromStringHandle<tf.Tensor>(handle, "int32", { outputShapes: [] });
        const element = feedable.getNext();
        expect([element.dtype, element.shape.dims]).toEqual(["int32", []]);
        return { handles: [three!.stringHandle(), four!.stringHandle()] as const, element };
      },
      async (session, { handles, element }) => {
        const [three, four] = await session.run(handles);
        const of = (handle: unknown): Promise<number[]> => next(session, element, { "handle:0": handle });
        for (const [handle, value] of [
          [four, 10],
          [three, 1],
          [four, 20],
          [three, 2],
          [four, 30],
          [three, 3],
          [four, 40],
        ] as const)
          expect(await of(handle)).toEqual([value]);
        await expect(of(three)).rejects.toMatchObject(over);
        await expect(of(four)).rejects.toMatchObject(over);
      },
    ));

  it("[iterator_test/IteratorTest.testIteratorStringHandleReuseTensorObject] one node for the text, unless named", () =>
    new tf.Graph().asDefault(() => {
      const graph = tf.getDefaultGraph();
      const dataset = Dataset.fromTensorSlices(ints(1, 2, 3));
      const iterators = [
        dataset.makeOneShotIterator(),
        dataset.makeInitializableIterator(),
        Iterator.fromStructure(dataset.outputTypes as "int32"),
      ];
      const made = graph.getOperations().length;
      for (const iterator of iterators) expect(iterator.stringHandle()).toBe(iterator.stringHandle());
      expect(graph.getOperations().length).toBe(made);
      const [first, second] = [1, 2].map(() => iterators[0]!.stringHandle({ name: "foo" }));
      expect([first!.op.name, second!.op.name]).toEqual(["foo", "foo_1"]);
      expect(first).not.toBe(iterators[0]!.stringHandle());
      expect(second).not.toBe(first);
    }));

  it("[iterator_test/IteratorTest.testIteratorStringHandleError] text of an iterator of other elements is refused", () =>
    within(
      () => {
        const handle = tf.placeholder("string", [], { name: "handle" });
        const feedable = (outputShapes?: readonly (number | null)[]): tf.Tensor =>
          Iterator.fromStringHandle<tf.Tensor>(handle, "int32", { outputShapes }).getNext();
        return {
          scalar: feedable([]),
          vector: feedable([null]),
          any: feedable(),
          handles: [
            Dataset.fromTensorSlices(ints(1, 2, 3))
              .repeat()
              .makeOneShotIterator()
              .stringHandle(),
            Dataset.fromTensors([1, 2, 3]).makeOneShotIterator().stringHandle(),
          ] as const,
        };
      },
      async (session, { scalar, vector, any, handles }) => {
        const [int, float] = await session.run(handles);
        expect(await next(session, scalar, { "handle:0": int })).toEqual([1]);
        expect(await next(session, any, { "handle:0": int })).toEqual([2]);
        for (const handle of [int, float])
          await expect(next(session, vector, { "handle:0": handle })).rejects.toMatchObject({
            code: "INVALID_ARGUMENT",
          });
      },
    ));

  it("[iterator_test/IteratorTest.testIteratorGetNextName] the node's name", () =>
    new tf.Graph().asDefault(() => {
      const iterator = Dataset.fromTensors(tf.constant(37)).makeOneShotIterator();
      expect(iterator.getNext({ name: "overridden_name" }).op.name).toBe("overridden_name");
    }));
});
