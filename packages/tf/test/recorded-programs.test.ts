// Small graphs of TensorFlow 1.15.5, run call by call: its values, shapes and errors (recorded by the scripts in fixtures/programs), on the evaluator
// and on the CPU backend.
import { readdirSync, readFileSync } from "node:fs";
import { memoryFileSystem } from "@org/io";
import { fromText } from "@org/proto/text";
import { describe, expect, it } from "vitest";
import { array, expectClose, type Plain } from "../../ops/test/recorded-cases.ts";
import * as tf from "../src/index.ts";

interface Run {
  readonly feed?: Readonly<Record<string, Plain>>;
  readonly fetch?: readonly string[];
  readonly targets?: readonly string[];
  readonly outputs?: readonly Plain[];
  readonly code?: string;
  readonly error?: string;
  /** Elements come in the order of a hash. */
  readonly unordered?: boolean;
}

interface Program {
  readonly name: string;
  /** A GraphDef as text. */
  readonly graph: string;
  readonly shapes: Readonly<Record<string, readonly (number | null)[] | null>>;
  readonly runs: readonly Run[];
  /** Contents as latin1, before and after. */
  readonly files?: Readonly<Record<string, string>>;
  readonly after?: Readonly<Record<string, string>>;
}

const folder = new URL("fixtures/programs/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));

const bytes = (latin1: string): Uint8Array => Uint8Array.from(latin1, (char) => char.charCodeAt(0));
/** Where a program's files are, in a memory of its own: as long as the name of a temporary folder, which stands in states of readers. */
const place = "/folder/of/files";

const inOrder = (of: Plain): Plain => ({ ...of, values: [...of.values].sort() });

/** Yields what `expected` is compared with. */
function found(value: tf.NdArray): Plain {
  const { dtype, shape } = value;
  if (dtype !== "string") return { dtype, shape, values: tf.toNumbers(value) };
  const values = (value.data as Uint8Array[]).map((text) => String.fromCharCode(...text));
  return { dtype, shape, values };
}

interface Failure {
  readonly code: string | undefined;
  readonly error: string | undefined;
}

/**
 * What ours is to say. Of a resource variable without a value TensorFlow says one thing here and another there (NOT_FOUND, names of C++ types); ours
 * says what both say of ref variables. EnsureShape names itself: an op does not know what its input is called. A Case is unfolded to Switches, which
 * speak for it. A padding queue says that it is one, whatever it is asked.
 */
function expectedFailure({ code, error = "" }: Run): Failure {
  const variable = /(?:resource variable (\w+) from|[Rr]esource:? localhost\/(\w+)[/)])/.exec(error);
  if (variable && error.includes("does not exist"))
    return {
      code: "FAILED_PRECONDITION",
      error: `Attempting to use uninitialized value ${variable[1] ?? variable[2]}`,
    };
  const ours = error
    .replace(/^Shape of tensor \S+ /, "Shape of tensor EnsureShape_1 ")
    .replace("branch_index must be scalar", "The second input must be a scalar, but it has shape [2]")
    .replace(/^FIFOQueue '_0_Padding/, "PaddingFIFOQueue '_0_Padding");
  return { code, error: ours };
}

/** The first line, without what counts queues. */
const sentenceOf = ({ message }: tf.TfError): string =>
  message.split("\n")[0]!.replace(/(?<=[ '])_\d+_/g, "_0_");

async function expectRun(session: tf.Session, run: Run): Promise<void> {
  const feeds = Object.fromEntries(
    Object.entries(run.feed ?? {}).map(([name, value]) => [name, array(value)]),
  );
  const fetched = session.run([...(run.fetch ?? [])], { feeds, targets: [...(run.targets ?? [])] });
  const result = await fetched.then(
    (values) => ({ values: values as readonly tf.NdArray[] }),
    (error: unknown) => ({ error }),
  );
  if ("error" in result) {
    if (!tf.isTfError(result.error)) throw result.error;
    expect({ code: result.error.code, error: sentenceOf(result.error) }).toEqual(expectedFailure(run));
    return;
  }
  expect(run.error, "TensorFlow's error, where we have none").toBeUndefined();
  for (const [i, expected] of (run.outputs ?? []).entries())
    if (run.unordered) expect(inOrder(found(result.values[i]!))).toEqual(inOrder(expected));
    else expectClose(result.values[i]!, expected);
}

async function expectProgram(program: Program, options: tf.SessionOptions): Promise<void> {
  const graph = new tf.Graph();
  const def = fromText(tf.protos.GraphDef, program.graph);
  graph.asDefault(() => tf.importGraphDef(def, { name: "" }));
  const shapes = Object.keys(program.shapes).map((name) => [name, graph.getTensorByName(name).shape.dims]);
  expect(Object.fromEntries(shapes)).toEqual(program.shapes);
  const contents = Object.entries(program.files ?? {}).map(([name, text]) => [
    `${place}/${name}`,
    bytes(text),
  ]);
  const fs = memoryFileSystem(Object.fromEntries(contents) as Record<string, Uint8Array>);
  await fs.makeDirectory(place);
  await using session = new tf.Session({ graph, fs, ...options });
  for (const [i, run] of program.runs.entries()) {
    try {
      await expectRun(session, run);
    } catch (error) {
      (error as Error).message =
        `run ${i} (${[...(run.fetch ?? []), ...(run.targets ?? [])]}): ${(error as Error).message}`;
      throw error;
    }
  }
}

const ways: Readonly<Record<string, tf.SessionOptions>> = {
  evaluator: { backends: [] },
  CPU: { backends: ["cpu"] },
};

for (const file of files) {
  const programs = JSON.parse(
    readFileSync(new URL(file, folder), "utf8").replaceAll("{D}", place),
  ) as readonly Program[];
  for (const [way, options] of Object.entries(ways))
    describe(`${file.replace(".json", "")}, on the ${way}`, () => {
      it.each(programs.map((one) => [one.name, one] as const))("%s", (_, one) => expectProgram(one, options));
    });
}
