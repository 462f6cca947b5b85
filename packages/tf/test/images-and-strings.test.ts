// Images, strings and sparse products in sessions: the CPU backend gives what the evaluator gives.
import { afterEach, describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

afterEach(() => tf.resetDefaultGraph());

const image = tf.ndArray(
  "float32",
  [2, 5, 4, 3],
  Float32Array.from({ length: 120 }, (_, i) => (Math.sin(i * 1.7) + 1) / 2),
);

/** What a session on one backend fetches. */
async function fetched(backends: tf.SessionOptions["backends"]): Promise<readonly (readonly number[])[]> {
  tf.resetDefaultGraph();
  const x = tf.placeholder("float32", [null, 5, 4, 3], { name: "x" });
  const places = [
    [0, 1],
    [2, 0],
  ];
  const ys = [
    tf.image.resizeBilinear(x, [7, 3]),
    tf.image.resizeBilinear(x, [3, 9], { alignCorners: true }),
    tf.image.resizeBicubic(x, [8, 5], { halfPixelCenters: true }),
    tf.image.resizeNearestNeighbor(x, [2, 8]),
    tf.image.resizeArea(x, [2, 3]),
    tf.image.adjustHue(x, 0.2),
    tf.image.adjustSaturation(x, 0.4),
    tf.image.adjustContrast(x, 1.7),
    tf.sparseTensorDenseMatmul(new tf.SparseTensor(places, [2, 3], [3, 4]), tf.getItem(x, [0, 1, "..."])),
  ];
  const grads = ys.slice(0, 4).map((y) => tf.gradients(tf.square(y), [x])[0] as tf.Tensor);
  const session = new tf.Session({ backends });
  const values = (await session.run([...ys, ...grads], { feeds: { "x:0": image } })) as tf.NdArray[];
  await session.close();
  return values.map((value) => tf.toNumbers(value));
}

describe("on the CPU backend", () => {
  it("images and sparse products are as on the evaluator", async () => {
    const [expected, found] = [await fetched([]), await fetched(["cpu"])];
    found.forEach((values, i) => {
      expect(values.length).toBe(expected[i]!.length);
      values.forEach((value, j) => {
        expect(Math.abs(value - expected[i]![j]!)).toBeLessThan(1e-5);
      });
    });
  });
});

describe("strings and files in a session", () => {
  it("cleans, splits and hashes text; a pattern that is none fails its run alone", async () => {
    const text = tf.placeholder("string", [null], { name: "text" });
    const clean = tf.strings.regexReplace(tf.strings.lower(text), "[^a-z ]", "");
    const words = tf.stringSplit(clean);
    const ids = tf.strings.toHashBucketFast(words.values, 1000);
    const broken = tf.strings.regexFullMatch(text, "a(b");
    const session = new tf.Session();
    const feeds = { "text:0": tf.convertToNdArray(["Hello, World!", "a B c"], "string") };
    const [found, numbers] = (await session.run([words.values, ids], { feeds })) as tf.NdArray[];
    expect(tf.toStrings(found!)).toEqual(["hello", "world", "a", "b", "c"]);
    expect(tf.toNumbers(numbers!).every((id) => id >= 0 && id < 1000)).toBe(true);
    await expect(session.run(broken, { feeds })).rejects.toThrow(
      "Invalid pattern: a(b, error: missing ): a(b",
    );
    expect(tf.toStrings((await session.run(clean, { feeds })) as tf.NdArray)).toEqual([
      "hello world",
      "a b c",
    ]);
    await session.close();
  });

  it("decodes what decodeImage finds, through its conditionals", async () => {
    const pixels = tf.placeholder("uint8", [2, 3, 3], { name: "pixels" });
    const back = tf.image.decodeImage(tf.image.encodePng(pixels));
    const value = tf.ndArray(
      "uint8",
      [2, 3, 3],
      Uint8Array.from({ length: 18 }, (_, i) => i * 13),
    );
    const session = new tf.Session();
    expect(await session.run(back, { feeds: { "pixels:0": value } })).toEqual(value);
    await session.close();
  });

  it("complex variables are assigned and added to", async () => {
    const v = new tf.Variable(tf.complex([1, 2], [3, 4]), { name: "v" });
    const more = tf.assignAdd(v, tf.complex([1, 1], [1, 1]));
    const session = new tf.Session();
    await session.run(tf.globalVariablesInitializer());
    const sum = (await session.run(tf.abs(more))) as tf.NdArray;
    expect(tf.toNumbers(sum)).toEqual([Math.fround(Math.hypot(2, 4)), Math.fround(Math.hypot(3, 5))]);
    await session.close();
  });
});
