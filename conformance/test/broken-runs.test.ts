// Runs that fail: the same graphs, feeds and fetches here and in TensorFlow 1.15.5 end with the same code and the same sentence, our error says which
// node it was, and the session is as good as TensorFlow's is after it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@org/tf";
import { describe, expect, it } from "vitest";
import { kept } from "./broken-runs-kept.ts";
import { missing, python, scratch } from "./real-tensorflow.ts";

interface Step {
  readonly fetch: string | readonly string[];
  readonly feed: Readonly<
    Record<
      string,
      {
        readonly dtype: tf.DType;
        readonly shape: readonly number[];
        readonly values: readonly (number | string)[];
      }
    >
  >;
  readonly timeout?: number;
}

interface Case {
  readonly bad: Step;
  readonly good: Step;
  /** Operations to run before. */
  readonly init: readonly string[];
  /** The code is a canonical one, or the class of one of Python's own exceptions. */
  readonly failure: { readonly code: string; readonly message: string; readonly node: string | null };
  readonly value: readonly (number | string)[];
}

/** What Python's client finds before it asks the runtime, and how we say it. */
const ofPython: Readonly<Record<string, readonly string[]>> = {
  ValueError: ["INVALID_ARGUMENT", "NOT_FOUND"],
  KeyError: ["NOT_FOUND"],
  TypeError: ["INVALID_ARGUMENT", "NOT_FOUND"],
};

/** Where the sentence alone does not say what to do. */
const hinted =
  /^(gather|embedding|resource_gather|scatter|unsorted|sparse_softmax_label|.*_zero$(?<!range_zero|slice_zero)|pow|tan|decode_png|restore|feed_(missing|shape|rank)|fetch_.*dead|uninitialized_|timeout|table_)/;

/** TensorFlow's message without the nodes that it appends. */
const sentenceOf = (message: string): string => message.split(/\n\t ?(?=\[\[|\(\d+\))/)[0]!.trimEnd();

const folder = scratch();
function inTensorFlow(): Record<string, Case> {
  if (missing("1.15.5")) return {};
  python("1.15.5", "broken_runs.py", [folder]);
  return JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"));
}

async function run(session: tf.Session, { fetch, feed, timeout }: Step): Promise<(number | string)[]> {
  const arrays = Object.entries(feed).map(([name, { dtype, shape, values }]) => {
    const flat = tf.convertToNdArray(values as never, dtype);
    return [name, tf.ndArray(dtype, shape, flat.data as never)] as const;
  });
  const value = (await session.run(fetch as string, {
    feeds: Object.fromEntries(arrays),
    ...(timeout === undefined ? {} : { options: { timeoutInMs: timeout } }),
  })) as tf.NdArray | undefined;
  if (!value) return [];
  return value.dtype === "string" ? tf.toStrings(value) : tf.toNumbers(value);
}

async function failureOf(session: tf.Session, step: Step): Promise<unknown> {
  try {
    await run(session, step);
  } catch (error) {
    return error;
  }
  return undefined;
}

const cases = inTensorFlow();

describe.skipIf(missing("1.15.5"))("broken runs", () => {
  it("there are graphs of them, and each exception has its case", () => {
    expect(Object.keys(cases).length).toBeGreaterThan(90);
    for (const name of Object.keys(kept)) expect(cases[name], name).toBeDefined();
  });

  it.each(Object.entries(cases).filter(([, { bad }]) => !bad))(
    "%s: not even imported",
    async (name, { failure }) => {
      const graph = new tf.Graph();
      const importing = async () =>
        graph.asDefault(() => tf.train.importMetaGraph(join(folder, `${name}.meta`)));
      const error = await importing().catch((thrown) => thrown);
      expect(error).toMatchObject({ sentence: failure.message, code: "INVALID_ARGUMENT" });
      expect(error.hint).toBeTruthy();
    },
  );

  it.each(Object.entries(cases).filter(([, { bad }]) => bad))(
    "%s",
    async (name, { bad, good, init, failure, value: theirs }) => {
      const graph = new tf.Graph();
      await graph.asDefault(() => tf.train.importMetaGraph(join(folder, `${name}.meta`)));
      const session = new tf.Session({ graph, backends: ["cpu"] });
      session.allowFiles("no/such/");
      for (const target of init) await session.run(target);
      const error = await failureOf(session, bad);
      const values = await run(session, good);
      await session.close();

      if (!tf.isTfError(error))
        expect.fail(`no TfError but ${error} where TensorFlow has ${failure.message}`);
      const {
        code = failure.code,
        sentence = sentenceOf(failure.message),
        node = failure.node,
        value = theirs,
      } = kept[name] ?? {};
      expect(error.sentence.trimEnd()).toBe(sentence);
      if (ofPython[code]) expect(ofPython[code]).toContain(error.code);
      else expect(error.code).toBe(code);
      if (node !== null) expect(error.place.node).toBe(node);
      if (hinted.test(name)) expect(error.hint).toBeTruthy();
      if (value.every((x) => typeof x === "number")) {
        expect(values).toHaveLength(value.length);
        for (const [i, x] of value.entries()) expect(values[i]).toBeCloseTo(x as number, 5);
      } else expect(values).toEqual(value);
    },
  );
});
