// Input producers: queues that are filled epoch after epoch, as tf.train builds them.
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

/** Runs `fetch` until the epochs are over, with the graph's queue runners; what came. */
async function epochs(build: () => tf.Tensor | readonly tf.Tensor[]): Promise<tf.NdArray[][]> {
  const graph = new tf.Graph();
  const built = graph.asDefault(build);
  const list = (Array.isArray(built) ? built : [built]) as readonly tf.Tensor[];
  const init = graph.asDefault(() => tf.localVariablesInitializer());
  const session = new tf.Session({ graph, backends: [] });
  await session.run([], { targets: [init] });
  const coord = new tf.train.Coordinator();
  tf.train.startQueueRunners(session, { coord });
  const found: tf.NdArray[][] = [];
  try {
    for (;;) found.push((await session.run(list)) as unknown as tf.NdArray[]);
  } catch (error) {
    if ((error as tf.TfError).code !== "OUT_OF_RANGE") throw error;
  } finally {
    coord.requestStop();
    await coord.join();
    await session.close();
  }
  return found;
}

const strings = (values: tf.NdArray[][]): string[] => values.map(([value]) => tf.toStrings(value!)[0]!);
const numbers = (values: tf.NdArray[][]): number[] => values.map(([value]) => tf.toNumbers(value!)[0]!);

describe("input producers", () => {
  it("[input_test/StringInputProducerTest.testNoShuffle] strings in order, epoch after epoch", async () => {
    const names = ["to", "be", "or", "not", "to", "be"];
    const found = await epochs(() =>
      tf.train.stringInputProducer(names, { numEpochs: 3, shuffle: false }).dequeue(),
    );
    expect(strings(found)).toEqual([...names, ...names, ...names]);
  });

  it("[input_test/StringInputProducerTest.testShuffle] each epoch has each string once, in another order", async () => {
    const names = ["a", "b", "c"];
    const found = strings(
      await epochs(() => tf.train.stringInputProducer(names, { numEpochs: 60, seed: 271828 }).dequeue()),
    );
    expect(found.length).toBe(180);
    const orders = Array.from({ length: 60 }, (_, i) => found.slice(3 * i, 3 * i + 3).join(""));
    for (const order of orders) expect([...order].sort().join("")).toBe("abc");
    expect(new Set(orders).size).toBe(6);
  });

  it("[input_test/StringInputProducerTest.testNullStringPython] an empty list is refused", () => {
    expect(() => tf.train.stringInputProducer([])).toThrow(/requires a non-null input tensor/);
  });

  it("[input_test/RangeInputProducerTest.testNoShuffle] numbers below the limit", async () => {
    const found = await epochs(() =>
      tf.train.rangeInputProducer(3, { numEpochs: 2, shuffle: false }).dequeue(),
    );
    expect(numbers(found)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it("[input_test/SliceInputProducerTest.testNoShuffle] rows of several tensors go together", async () => {
    const found = await epochs(() =>
      tf.train.sliceInputProducer([tf.constant(["A", "B", "C"]), tf.constant([7, 8, 9], "int32")], {
        numEpochs: 2,
        shuffle: false,
      }),
    );
    expect(strings(found)).toEqual(["A", "B", "C", "A", "B", "C"]);
    expect(found.map(([, number]) => tf.toNumbers(number!)[0])).toEqual([7, 8, 9, 7, 8, 9]);
  });

  it("a tensor whose rows have no known shape needs one; epochs are above 0", () => {
    new tf.Graph().asDefault(() => {
      expect(() => tf.train.inputProducer(tf.placeholder("float32", [null, null]))).toThrow(
        /must have a fully defined shape or `element_shape` must be specified/,
      );
      expect(() => tf.train.limitEpochs(tf.constant([1]), 0)).toThrow(/num_epochs must be > 0 not 0\./);
    });
  });
});
