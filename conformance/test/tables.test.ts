// Lookup tables: a graph with tables that was built and saved here goes on in TensorFlow, and what that saves goes on here.
import { join } from "node:path";
import * as tf from "@org/tf";
import { describe, expect, it } from "vitest";
import { missing, runModel, scratch, type TensorFlowVersion } from "./real-tensorflow.ts";

const words = ["alpha", "b", "gamma rays are long", "", "\u00e9t\u00e9", "x".repeat(100)];

/** Tables of three kinds; what the mutable ones give for some words, and for the words that a step adds. */
function build() {
  tf.resetDefaultGraph();
  const dense = new tf.lookup.DenseHashTable("string", "float32", -1, {
    emptyKey: "(empty)",
    deletedKey: "(deleted)",
    initialNumBuckets: 4,
    name: "dense",
  });
  const numbers = new tf.lookup.DenseHashTable("int64", "int64", -1, {
    emptyKey: -1,
    deletedKey: -2,
    initialNumBuckets: 4,
    name: "numbers",
  });
  const mutable = new tf.lookup.MutableHashTable("string", "int64", -1, { name: "mutable" });
  const fixed = tf.lookup.indexTableFromTensor(words.slice(0, 3), { numOovBuckets: 5 });
  const keys = tf.constant(words, "string");
  const ids = tf.constant([8, 16, 3, 11, 5], "int64");
  const start = tf.group([
    dense.insert(words.slice(0, 4), [0, 1, 2, 3]),
    numbers.insert([8, 16, 3, 11], [1, 2, 3, 4]),
    mutable.insert(words.slice(0, 4), [0, 1, 2, 3]),
  ]);
  tf.group(
    [
      dense.insert([words[4]!, words[0]!], [4, 10]),
      numbers.insert([5], [5]),
      mutable.insert([words[5]!], [5]),
    ],
    { name: "step" },
  );
  tf.identity(dense.lookup(keys), { name: "of_dense" });
  tf.identity(numbers.lookup(ids), { name: "of_numbers" });
  tf.identity(mutable.lookup(keys), { name: "of_mutable" });
  tf.identity(fixed.lookup(keys), { name: "of_fixed" });
  tf.tablesInitializer();
  return { start, saver: new tf.train.Saver() };
}

const mutableOnes = ["of_dense:0", "of_numbers:0", "of_mutable:0"];
const before = [
  [0, 1, 2, 3, -1, -1],
  [1, 2, 3, 4, -1],
  [0, 1, 2, 3, -1, -1],
];
const after = [
  [10, 1, 2, 3, 4, -1],
  [1, 2, 3, 4, 5],
  [0, 1, 2, 3, -1, 5],
];

describe.each(["1.15.5", "2.21.0"] as const)("TensorFlow %s", (version: TensorFlowVersion) => {
  it.skipIf(missing(version))("goes on with our tables, and we with its", async () => {
    const folder = scratch();
    const { start, saver } = build();
    const session = new tf.Session({ backends: ["evaluator"] });
    await session.run(start);
    await session.run("init_all_tables");
    const fixed = tf.toNumbers(await session.run("of_fixed:0"));
    const prefix = join(folder, "model");
    await saver.save(session, prefix);
    await session.close();

    const save = join(folder, "theirs");
    const results = runModel(version, {
      meta: `${prefix}.meta`,
      prefix,
      steps: [
        { fetch: mutableOnes },
        { fetch: [], targets: ["step", "init_all_tables"] },
        { fetch: [...mutableOnes, "of_fixed:0"] },
      ],
      save,
    });
    const values = (step: number, names: readonly string[]) =>
      names.map((name) => (results[step]![name] as number[]).map(Number));
    expect(values(0, mutableOnes)).toEqual(before);
    expect(values(2, mutableOnes)).toEqual(after);
    expect(values(2, ["of_fixed:0"])).toEqual([fixed]);

    const again = build();
    const second = new tf.Session({ backends: ["evaluator"] });
    await again.saver.restore(second, save);
    const restored = await second.run(mutableOnes);
    expect(restored.map((value) => tf.toNumbers(value))).toEqual(after);
    await second.close();
  });
});
