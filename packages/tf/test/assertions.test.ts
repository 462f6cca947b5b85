// Assertions, `case` and Print in sessions: what they refuse and write, as TensorFlow 1.15.5 does.
import { afterEach, describe, expect, it, vi } from "vitest";
import * as tf from "../src/index.ts";

const { lt, gt } = tf.operator;

type Built = tf.Operation | tf.Tensor;

/** What is fetched of a program on `x`; an operation gives null. */
async function run(build: (x: tf.Tensor) => Built, feed: number | readonly number[]): Promise<unknown> {
  const graph = new tf.Graph();
  const built = graph.asDefault(() => build(tf.placeholder("float32", null, { name: "x" })));
  const session = new tf.Session({ graph, backends: ["cpu"] });
  try {
    return await session.run(built, { feeds: { "x:0": feed } });
  } finally {
    await session.close();
  }
}

describe("what fails a run", () => {
  it.each<[string, (x: tf.Tensor) => Built, number | readonly number[], string]>([
    [
      "Assert",
      (x) => tf.Assert(tf.reduceAll(gt(x, 0)), ["x is", x, "and so on"], { summarize: 2 }),
      [1, -2, 3],
      "assertion failed: [x is] [1 -2...] [and so on]",
    ],
    [
      "assertEqual",
      (x) => tf.assertEqual(x, [1, 2], { message: "oh" }),
      [1, 3],
      "assertion failed: [oh] [Condition x == y did not hold element-wise:] [x (x:0) = ] [1 3] [y (assert_equal_1/y:0) = ] [1 2]",
    ],
    [
      "assertLess",
      (x) => tf.assertLess(x, 2),
      [1, 2],
      "assertion failed: [Condition x < y did not hold element-wise:] [x (x:0) = ] [1 2] [y (assert_less/y:0) = ] [2]",
    ],
    [
      "assertPositive",
      (x) => tf.assertPositive(x, { data: ["it", x] }),
      [0, 1],
      "assertion failed: [it] [0 1]",
    ],
    [
      "assertNear",
      (x) => tf.assertNear(x, 1, { rtol: 0.1, atol: 0 }),
      [1, 1.2],
      "[x (x:0) = ] [1 1.2] [y (assert_near/y:0) = ] [1]",
    ],
    [
      "assertRank",
      (x) => tf.assertRank(x, 2),
      [1, 1.2],
      "assertion failed: [] [Tensor x:0 must have rank] [2] [Received shape: ] [2]",
    ],
    [
      "assertRankIn",
      (x) => tf.assertRankIn(x, [0, 2]),
      [1, 1.2],
      "assertion failed: [] [Tensor x:0 must have rank in] [0] [2] [Received shape: ] [2]",
    ],
    [
      "verifyTensorAllFinite",
      (x) => tf.verifyTensorAllFinite(x, "not finite"),
      [1, Number.NaN],
      "not finite : Tensor had NaN values",
    ],
    [
      "case, exclusive",
      (x) =>
        tf.case(
          [
            [lt(x, 3), () => tf.constant(1)],
            [lt(x, 5), () => tf.constant(2)],
          ],
          { default: () => tf.constant(3), exclusive: true },
        ) as tf.Tensor,
      2,
      "assertion failed: [Input error: exclusive=True: more than 1 conditions (Less:0, Less_1:0) evaluated as True:] [1 1]",
    ],
    [
      "case, none",
      (x) =>
        tf.case([
          [lt(x, 3), () => tf.constant(1)],
          [lt(x, 5), () => tf.constant(2)],
        ]) as tf.Tensor,
      8,
      "assertion failed: [Input error: None of conditions evaluated as True:] [0 0]",
    ],
  ])("%s", async (_, build, feed, message) => {
    await expect(run(build, feed)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(message),
    });
  });
});

it("what holds gives its value, or nothing", async () => {
  expect(await run((x) => tf.assertEqual(x, [1, 2]), [1, 2])).toBeNull();
  const one = await run(
    (x) =>
      tf.case(
        [
          [lt(x, 3), () => tf.constant(1)],
          [lt(x, 5), () => tf.constant(2)],
        ],
        { default: () => tf.constant(3) },
      ) as tf.Tensor,
    4,
  );
  expect(tf.toNumbers(one as tf.NdArray)).toEqual([2]);
});

describe("what is known while the graph is built", () => {
  const x = () => tf.placeholder("float32", null, { name: "x" });
  it.each<[string, () => unknown, string]>([
    [
      "assertEqual",
      () => tf.assertEqual(tf.constant([1, 2], "int32"), tf.constant([1, 3], "int32")),
      "Condition x == y did not hold element-wise:\nx (Const:0) = \n[1 2]\ny (Const_1:0) = \n[1 3]",
    ],
    [
      "assertLess, of matrices",
      () =>
        tf.assertLess(
          tf.constant([
            [1, 20],
            [3, 4],
          ]),
          tf.constant(2.5),
        ),
      "x (Const:0) = \n[[ 1. 20.]\n [ 3.  4.]]\ny (Const_1:0) = \n2.5",
    ],
    [
      "assertRank",
      () => tf.assertRank(tf.zeros([2]), 2),
      "Tensor zeros:0 must have rank 2.  Received rank 1, shape (2,)",
    ],
    ["assertType", () => tf.assertType(x(), "int32"), "x:0 must be of type"],
    ["assertInteger", () => tf.assertInteger(x()), 'Expected "x" to be integer type.  Found: x:0 of dtype'],
    [
      "assertScalar",
      () => tf.assertScalar(tf.zeros([2])),
      "Expected scalar shape for zeros:0, saw shape: (2,).",
    ],
  ])("%s", (_, build, message) => {
    expect(() => new tf.Graph().asDefault(build)).toThrow(message);
  });
});

describe("Print", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("writes what it is given, and gives its input", async () => {
    const lines: unknown[] = [];
    vi.spyOn(console, "error").mockImplementation((line) => lines.push(line));
    const value = await run(
      (x) =>
        tf.Print(x, [tf.constant([1.5, 2, 3, 4]), tf.constant(["a", "b"]), tf.constant(7, "int32")], {
          message: "here: ",
          summarize: 3,
        }),
      [1, 2],
    );
    expect(tf.toNumbers(value as tf.NdArray)).toEqual([1, 2]);
    expect(lines).toEqual(["here: [1.5 2 3...][a b][7]"]);
  });
});
