// Step stats and timelines: TensorFlow's own timeline reads what is traced here, and shows of it, and of a run of its own, what ours shows.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@org/tf";
import { describe, expect, it } from "vitest";
import { missing, python, scratch, type TensorFlowVersion } from "./real-tensorflow.ts";

/** The RunMetadata of a training step here: variables, kernels of several nodes, a loop, host kernels. */
async function traced(): Promise<tf.protos.RunMetadata> {
  const graph = new tf.Graph();
  const { x, loss, train, text, init } = graph.asDefault(() => {
    const x = tf.placeholder("float32", [null, 3], { name: "x" });
    const w = tf.getVariable("w", [3, 3], { initializer: tf.onesInitializer() });
    const [, y] = tf.whileLoop(
      (i: tf.Tensor) => tf.less(i, 3),
      (i: tf.Tensor, y: tf.Tensor) => [tf.operator.add(i, 1), tf.tanh(tf.matmul(y, w))],
      [tf.constant(0, "int32"), x],
    ) as readonly [tf.Tensor, tf.Tensor];
    const loss = tf.reduceMean(tf.square(y), { name: "loss" });
    const train = new tf.train.AdamOptimizer(0.1).minimize(loss);
    return { x, loss, train, text: tf.asString(loss), init: tf.globalVariablesInitializer() };
  });
  const session = new tf.Session({ graph });
  await session.run(init);
  const runMetadata = new tf.protos.RunMetadata();
  const feeds = { [x.name]: [[1, 2, 3]] };
  await session.run([loss, train, text], { feeds, options: { traceLevel: "FULL_TRACE" }, runMetadata });
  await session.close();
  return runMetadata;
}

/** What both show of a RunMetadata. */
function compare(version: TensorFlowVersion, metadata: tf.protos.RunMetadata): number {
  const [file, out] = [join(scratch(), "metadata.pb"), join(scratch(), "out.json")];
  writeFileSync(file, tf.protos.encode(tf.protos.RunMetadata, metadata));
  python(version, "timeline.py", [file, out]);
  const theirs = JSON.parse(readFileSync(out, "utf8")) as {
    trace: string;
    maximums: Record<string, [number, number, string[]]>;
  }[];
  let at = 0;
  for (const showDataflow of [true, false])
    for (const showMemory of [true, false]) {
      const shown = new tf.Timeline(metadata.stepStats!).analyzeStepStats({ showDataflow, showMemory });
      const { trace, maximums } = theirs[at++]!;
      expect(JSON.parse(shown.chromeTrace.formatToString(true))).toEqual(JSON.parse(trace));
      const ours = [...shown.allocatorMaximums].map(([name, { timestamp, numBytes, tensors }]) => [
        name,
        [timestamp, numBytes, [...tensors].sort()],
      ]);
      expect(Object.fromEntries(ours)).toEqual(maximums);
    }
  return JSON.parse(theirs[0]!.trace).traceEvents.length;
}

for (const version of ["1.15.5"] as const)
  describe.skipIf(missing(version))(`timelines of TensorFlow ${version}`, () => {
    it("show the same of a run that was traced here", async () => {
      expect(compare(version, await traced())).toBeGreaterThan(50);
    }, 120_000);

    it("show the same of a run of its own", () => {
      const file = join(scratch(), "theirs.pb");
      python(version, "trace.py", [file]);
      const metadata = tf.protos.decode(tf.protos.RunMetadata, readFileSync(file));
      expect(compare(version, metadata)).toBeGreaterThan(50);
    }, 120_000);
  });
