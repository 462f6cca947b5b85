// GenerateVocabRemapping and LoadAndRemapMatrix, and variables that start by initFromCheckpoint and warmStart: the same graph, checkpoint and
// vocabularies give the same values in TensorFlow, and the same errors.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode, GraphDef } from "@org/proto";
import * as tf from "@org/tf";
import { describe, expect, it } from "vitest";
import { missing, python, scratch, type TensorFlowVersion } from "./real-tensorflow.ts";

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
  readonly message?: string;
}

/** What TensorFlow gives for each fetch. */
function theirs(version: TensorFlowVersion, graph: tf.Graph, fetches: readonly string[]): Answer[] {
  const folder = scratch();
  const [pb, spec, out] = ["graph.pb", "fetches.json", "out.json"].map((name) => join(folder, name));
  writeFileSync(pb!, encode(GraphDef, graph.asGraphDef()));
  writeFileSync(spec!, JSON.stringify(fetches));
  python(version, "run_each.py", [pb!, spec!, out!]);
  return JSON.parse(readFileSync(out!, "utf8")) as Answer[];
}

const classes: Readonly<Record<string, string>> = {
  INVALID_ARGUMENT: "InvalidArgumentError",
  NOT_FOUND: "NotFoundError",
  UNIMPLEMENTED: "UnimplementedError",
  FAILED_PRECONDITION: "FailedPreconditionError",
};

/** What this repository gives for each fetch. Without `folder`, the graph reaches what initFromCheckpoint and warmStart let it. */
async function ours(graph: tf.Graph, fetches: readonly string[], folder?: string): Promise<Answer[]> {
  const session = new tf.Session({ graph, backends: ["evaluator"] });
  if (folder !== undefined) session.allowFiles(folder);
  const answers: Answer[] = [];
  for (const fetch of fetches) {
    try {
      const value = await session.run(fetch);
      const numbers = (item: unknown): unknown =>
        Array.isArray(item) ? item.map(numbers) : typeof item === "bigint" ? Number(item) : item;
      answers.push({ value: value === null ? null : numbers(tf.toArray(value)) });
    } catch (error) {
      if (!tf.isTfError(error)) throw error;
      answers.push({ error: classes[error.code] ?? error.code, message: error.sentence.split("\n")[0]! });
    }
  }
  await session.close();
  return answers;
}

/** Numbers that are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
const shuffled = <T>(items: readonly T[], random: (below: number) => number): T[] => {
  const rest = [...items];
  return items.map(() => rest.splice(random(rest.length), 1)[0]!);
};

/** A checkpoint with a matrix of 12 by 5, "m", and one of integers, "i". */
async function files(): Promise<{
  folder: string;
  prefix: string;
  write: (name: string, words: string[]) => string;
}> {
  const folder = scratch();
  mkdirSync(join(folder, "d"));
  const graph = new tf.Graph();
  const prefix = await graph.asDefault(() => {
    const values = Array.from({ length: 12 }, (_, row) =>
      [0, 1, 2, 3, 4].map((column) => (row * 5 + column) / 7),
    );
    tf.getVariable("m", [12, 5], {
      initializer: values,
      partitioner: tf.fixedSizePartitioner(3),
    });
    tf.getVariable("i", [2, 2], { dtype: "int32", initializer: tf.zerosInitializer() });
    const init = tf.globalVariablesInitializer();
    const saver = new tf.train.Saver();
    return (async () => {
      const session = new tf.Session({ graph, backends: ["evaluator"] });
      await session.run([], { targets: [init] });
      return (await saver.save(session, join(folder, "d", "model"), { globalStep: 1 }))!;
    })();
  });
  const write = (name: string, words: string[]) => {
    writeFileSync(join(folder, name), words.join("\n"));
    return join(folder, name);
  };
  return { folder, prefix, write };
}

for (const version of ["1.15.5", "2.21.0"] as const)
  describe.skipIf(missing(version))(`TensorFlow ${version} ${missing(version) ?? ""}`, () => {
    it("remaps vocabularies and matrices as we do", async () => {
      const { folder, prefix, write } = await files();
      const random = seeded(7);
      const fetches: string[] = [];
      const graph = new tf.Graph();
      graph.asDefault(() => {
        for (let i = 0; i < 40; i++) {
          const old = shuffled(
            Array.from({ length: 12 }, (_, word) => `word ${word}`),
            random,
          );
          const now = shuffled([...old, "new 1", "new 2", "new 3"], random).slice(0, 4 + random(10));
          const [oldFile, newFile] = [write(`old-${i}`, old), write(`new-${i}`, [...now, ""])];
          const offset = random(3);
          const rows = random(now.length - offset + (i % 10 === 0 ? 3 : 1));
          const vocabulary = graph.createOp(
            "GenerateVocabRemapping",
            [tf.constant(newFile), tf.constant(oldFile)],
            {
              attrs: {
                new_vocab_offset: offset,
                num_new_vocab: rows,
                old_vocab_size: [-1, 12, 5, 13][random(4)]!,
              },
            },
          );
          // Columns in another order, some left out or new, or all as they are; at times a wrong number of initial values.
          const columns = [[], [4, 0, 2], [-1, 3, -1, 0], [0, 1, 1]][random(4)]!;
          const width = columns.length || 5;
          const [remapping, present] = vocabulary.outputs as [tf.Tensor, tf.Tensor];
          const kept = columns.length === 0 ? 5 : columns.filter((column) => column >= 0).length;
          const missingCells = tf.subtract(rows * width + (i % 13 === 0 ? 1 : 0), tf.multiply(present, kept));
          const initial = tf.cast(tf.range(0, missingCells), "float32");
          const matrix = graph.createOp(
            "LoadAndRemapMatrix",
            [
              tf.constant(prefix),
              tf.constant(i % 11 === 0 ? "i" : i % 17 === 0 ? "none" : "m"),
              remapping,
              tf.constant(columns, "int64", { shape: [columns.length] }),
              initial,
            ],
            { attrs: { num_rows: rows, num_cols: width, max_rows_in_memory: [-1, 1, 4][random(3)]! } },
          );
          fetches.push(remapping.name, present.name, matrix.outputs[0]!.name);
        }
      });
      const [expected, actual] = [theirs(version, graph, fetches), await ours(graph, fetches, folder)];
      // 2.21 puts its sentence behind a stack of Python's; its class of error is compared alone.
      const comparable = ({ message, ...rest }: Answer): Answer =>
        version === "1.15.5" && message !== undefined ? { ...rest, message } : rest;
      expect(actual.map(comparable)).toEqual(expected.map(comparable));
      const failed = actual.filter(({ error }) => error !== undefined).length;
      expect(failed).toBeGreaterThan(10);
      expect(actual.length - failed).toBeGreaterThan(60);
    });

    it("starts variables from our initializers", async () => {
      const { folder, prefix, write } = await files();
      const old = write(
        "old",
        Array.from({ length: 12 }, (_, word) => `word ${word}`),
      );
      const now = write("now", ["word 3", "new", "word 11", "word 0"]);
      const graph = new tf.Graph();
      const names = await graph.asDefault(() => {
        const plain = tf.getVariable("plain", [12, 5], { initializer: tf.zerosInitializer() });
        const resource = tf.getVariable("resource", [12, 5], { useResource: true });
        const cut = tf.getVariable("cut", [12, 5], { partitioner: tf.fixedSizePartitioner(5) });
        const words = tf.getVariable("words", [6, 5], { partitioner: tf.fixedSizePartitioner(2) });
        const reads = [
          plain.value(),
          resource.value(),
          ...[...cut.variables, ...words.variables].map((part) => part.value()),
        ].map((tensor) => tensor.name);
        return tf.train
          .initFromCheckpoint(join(folder, "d"), { m: plain })
          .then(() => tf.train.initFromCheckpoint(prefix, { m: resource }, { graph }))
          .then(() => tf.train.initFromCheckpoint(prefix, { m: cut }, { graph }))
          .then(() =>
            tf.train.warmStart(prefix, {
              graph,
              varsToWarmStart: null,
              varNameToVocabInfo: {
                words: { newVocab: now, newVocabSize: 4, numOovBuckets: 2, oldVocab: old },
              },
              varNameToPrevVarName: { words: "m" },
            }),
          )
          .then(() => [graph.asDefault(() => tf.globalVariablesInitializer()).name, ...reads]);
      });
      const [expected, actual] = [theirs(version, graph, names), await ours(graph, names)];
      expect(actual).toEqual(expected);
      expect(actual.every(({ error }) => error === undefined)).toBe(true);
    });
  });
