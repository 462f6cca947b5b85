// Data sets in graphs of TensorFlow 1.15.5, against what it gave: elements, orders, ends and errors (recorded by fixtures/record-data.py).
import { readFileSync } from "node:fs";
import { memoryFileSystem } from "@org/io";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

interface Plain {
  readonly dtype: tf.DType;
  readonly shape: readonly number[];
  readonly values: readonly (number | string | boolean)[];
}

type Outcome =
  | { readonly element: readonly Plain[] }
  | { readonly code: tf.TfError["code"]; readonly message: string };

interface Case {
  readonly name: string;
  readonly graph: string;
  /** The op that begins the iterator, and the tensors of an element. */
  readonly begin: string;
  readonly element: readonly string[];
  /** What came, call by call, each time that it was begun. */
  readonly outcomes: readonly (readonly Outcome[])[];
  readonly files?: Readonly<Record<string, string>>;
  readonly names?: readonly string[];
}

const cases = JSON.parse(
  readFileSync(new URL("fixtures/data.json", import.meta.url), "utf8"),
) as readonly Case[];

const bytes = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

function plain(value: tf.NdArray): Plain {
  const { dtype, shape } = value;
  if (dtype === "string")
    return {
      dtype,
      shape,
      values: (value.data as Uint8Array[]).map((text) => String.fromCharCode(...text)),
    };
  const values = tf.toNumbers(value).map((x) => (dtype === "bool" ? Boolean(x) : Number(x)));
  return { dtype, shape, values };
}

/**
 * Where sentences are ours: of a file that is not there each file system says its own; of a broken record ours says where the record begins,
 * not its data.
 */
const ownSentences: ReadonlySet<string> = new Set(["NOT_FOUND", "DATA_LOSS"]);

function outcomeOf(error: tf.TfError, expected: Outcome): Outcome {
  const [message] = error.message.split("\n");
  const isOwn = ownSentences.has(error.code) && "code" in expected;
  return { code: error.code, message: isOwn ? expected.message : message! };
}

async function outcome(running: Promise<unknown>, expected: Outcome): Promise<Outcome> {
  try {
    return { element: ((await running) as readonly tf.NdArray[]).map(plain) };
  } catch (error) {
    if (!tf.isTfError(error)) throw error;
    return outcomeOf(error, expected);
  }
}

async function run(one: Case): Promise<void> {
  const graph = new tf.Graph();
  const def = tf.protos.decode(tf.protos.GraphDef, bytes(one.graph));
  graph.asDefault(() => tf.importGraphDef(def, { name: "" }));
  const contents = Object.entries(one.files ?? {}).map(([name, text]) => [`/${name}`, bytes(text)]);
  const fs = memoryFileSystem(Object.fromEntries(contents) as Record<string, Uint8Array>);
  const session = new tf.Session({ graph, backends: [], fs });
  const names = one.names?.map((name) => new TextEncoder().encode(`/${name}`));
  const feeds: Record<string, tf.NdArray> = names
    ? { "files:0": tf.ndArray("string", [names.length], names) }
    : {};
  try {
    for (const outcomes of one.outcomes) {
      const begun = await outcome(session.run([], { targets: [one.begin], feeds }), outcomes[0]!);
      if ("code" in begun) {
        expect([begun]).toEqual(outcomes);
        continue;
      }
      const found: Outcome[] = [];
      for (const expected of outcomes) found.push(await outcome(session.run(one.element as never), expected));
      expect(found).toEqual(outcomes);
    }
  } finally {
    await session.close();
  }
}

describe("data sets of TensorFlow 1.15.5", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => run(one));
});
