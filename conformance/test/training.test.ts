// The same model goes on training in TensorFlow and here, each from files that the other wrote: same logits, and ten further steps on
// fixed batches give the same losses.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { readNpy, writeNpy } from "@org/tensor";
import * as tf from "@org/tf";
import { beforeAll, describe, it } from "vitest";
import {
  haveShared,
  type ModelSteps,
  missing,
  runModel,
  scratch,
  shared,
  type TensorFlowVersion,
} from "./real-tensorflow.ts";
import { expectClose, runHere } from "./run-here.ts";

type Steps = ModelSteps["steps"];

/** The recorded batches of a how-to model of the golden files: one step of logits, then `count` of training. */
function howtoSteps(folder: string, count: number): Steps {
  const { runs } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as {
    runs: { feed: Record<string, string> }[];
  };
  const feeds = runs.map(({ feed }) =>
    Object.fromEntries(Object.entries(feed).map(([name, file]) => [name, join(folder, file)])),
  );
  const training = Array.from({ length: count }, (_, i) => ({
    feed: feeds[i % feeds.length]!,
    fetch: ["xentropy_mean:0"],
    targets: ["train"],
  }));
  return [{ feed: feeds[0]!, fetch: ["softmax_linear/add:0"] }, ...training];
}

describe.each([
  ["1.0.1", "1.0.1"],
  ["1.15.5", "1.15.5"],
  ["2.21.0", "1.15.5"],
] as const)("TensorFlow %s, with the how-to model of %s", (version: TensorFlowVersion, from) => {
  const folder = join(shared, "golden", from, "howto");
  const golden = { meta: join(folder, "model-50.meta"), prefix: join(folder, "model-50") };

  it.skipIf(!haveShared || missing(version))("goes on from what we saved as we do", async () => {
    const steps = howtoSteps(folder, 10);
    const prefix = join(scratch(), "ours");
    const ours = await runHere({ ...golden, steps, saveFirst: prefix });
    expectClose(ours, runModel(version, { meta: `${prefix}.meta`, prefix, steps }));
  });

  it.skipIf(!haveShared || missing(version))("and we go on from what it saved as it does", async () => {
    const prefix = join(scratch(), "theirs");
    runModel(version, { ...golden, steps: howtoSteps(folder, 5), save: prefix });
    const steps = howtoSteps(folder, 10);
    const theirs = runModel(version, { meta: `${prefix}.meta`, prefix, steps });
    expectClose(await runHere({ meta: `${prefix}.meta`, prefix, steps }), theirs);
  });
});

describe("the demo's model", () => {
  let prefix: string;
  let steps: Steps;

  beforeAll(() => {
    const out = scratch();
    execFileSync(
      process.execPath,
      [join(import.meta.dirname, "../../apps/examples/run.mjs"), "demo", "--steps", "200", "--out", out],
      { stdio: "pipe" },
    );
    prefix = tf.train
      .metaGraphFilename(
        readFileSync(join(out, "checkpoint"), "utf8").match(/model_checkpoint_path: "(.*)"/)![1]!,
        "",
      )
      .slice(0, -1);
    if (!prefix.startsWith("/")) prefix = join(out, prefix);
    const data = join(import.meta.dirname, "../../apps/examples/data/digits");
    const x = readNpy(gunzipSync(readFileSync(join(data, "x.npy.gz"))));
    const y = readNpy(gunzipSync(readFileSync(join(data, "y.npy.gz"))));
    const feeds = Array.from({ length: 10 }, (_, i) => {
      const images = Float32Array.from(
        (x.data as Uint8Array).subarray(i * 78400, (i + 1) * 78400),
        (byte) => byte / 255,
      );
      const labels = Int32Array.from((y.data as Uint8Array).subarray(i * 100, (i + 1) * 100));
      const files = { "images:0": join(out, `images-${i}.npy`), "labels:0": join(out, `labels-${i}.npy`) };
      writeFileSync(files["images:0"], writeNpy({ dtype: "float32", shape: [100, 784], data: images }));
      writeFileSync(files["labels:0"], writeNpy({ dtype: "int32", shape: [100], data: labels }));
      return files;
    });
    steps = [
      { feed: { "images:0": feeds[0]!["images:0"] }, fetch: ["softmax_linear/add:0"] },
      ...feeds.map((feed) => ({ feed, fetch: ["xentropy_mean:0"], targets: ["train"] })),
    ];
  });

  for (const version of ["1.15.5", "2.21.0"] as const) {
    it.skipIf(missing(version))(`trains further in TensorFlow ${version} as here`, async () => {
      const spec = { meta: `${prefix}.meta`, prefix, steps };
      expectClose(await runHere(spec), runModel(version, spec));
    });
  }
});
