// Models of every kind go on training in TensorFlow 1.15.5 from what was trained and saved here, and here from what was trained and saved there:
// the optimizers, convolutions with batch normalization, an LSTM, partitioned embeddings, input through queues; and models
// that our own builders made.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeNpy } from "@org/tensor";
import * as tf from "@org/tf";
import { beforeAll, describe, expect, it } from "vitest";
import { build as buildCnn } from "../../packages/tf/test/graphs/layers_cnn.ts";
import { build as buildLstm } from "../../packages/tf/test/graphs/rnn_lstm.ts";
import {
  type Fetched,
  haveShared,
  type ModelSteps,
  missing,
  runModels,
  scratch,
  shared,
} from "./real-tensorflow.ts";
import { expectClose, type HereSteps, runHere, runSteps } from "./run-here.ts";

const version = "1.15.5";
const golden = join(shared, "golden", version);

interface Case {
  readonly tol: number;
  readonly queue_runners?: boolean;
  readonly runs: readonly {
    readonly feed: Readonly<Record<string, string>>;
    readonly fetch: Readonly<Record<string, string>>;
    readonly targets: readonly string[];
  }[];
}

/** A model whose steps were recorded: how it is trained. */
interface Recorded extends HereSteps {
  readonly tolerance: number;
}

/**
 * The steps of a golden file. The net with batch normalization has its sums made here as TensorFlow 1 makes them: it sums variances in single
 * precision, and training carries such a difference further with each step.
 */
function recorded(name: string): Recorded {
  const folder = join(golden, name);
  const {
    runs,
    tol,
    queue_runners = false,
  } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8")) as Case;
  const steps = runs.map(({ feed, fetch, targets }) => ({
    feed: Object.fromEntries(Object.entries(feed).map(([key, file]) => [key, join(folder, file)])),
    fetch: Object.keys(fetch),
    targets,
  }));
  const prefix = join(folder, "model");
  return {
    meta: `${prefix}.meta`,
    prefix,
    steps,
    ...(name === "conv_bn_momentum" && { runningSums: 1 as const }),
    queue_runners,
    tolerance: tol,
  };
}

const names = [
  "opt_adadelta",
  "opt_adagrad",
  "opt_adam",
  "opt_ftrl",
  "opt_momentum",
  "opt_nesterov",
  "opt_proximal_adagrad",
  "opt_proximal_sgd",
  "opt_rmsprop",
  "opt_rmsprop_centered",
  "opt_sgd",
  "conv_bn_momentum",
  "lstm_dynamic",
  "embed_partition",
  "queue_pipeline",
] as const;

const went = (spec: Recorded, prefix: string): Recorded => ({ ...spec, meta: `${prefix}.meta`, prefix });

describe.skipIf(!haveShared || missing(version))("models that TensorFlow made", () => {
  const theirs = new Map<string, { prefix: string; fromTheirs: Fetched; fromOurs: Fetched; ours: Fetched }>();

  beforeAll(async () => {
    const cases = names.map((name) => ({ name, spec: recorded(name), folder: scratch() }));
    // Half of the steps are trained on each side; then both go on from both.
    const half = ({ steps }: ModelSteps) => steps.slice(0, Math.ceil(steps.length / 2));
    const ours: Fetched[] = [];
    for (const { spec, folder } of cases) {
      const save = join(folder, "ours");
      await runHere({ ...spec, steps: half(spec), save });
      ours.push(await runHere(went(spec, save)));
    }
    const specs = cases.flatMap(({ spec, folder }) => {
      const save = join(folder, "theirs");
      return [{ ...spec, steps: half(spec), save }, went(spec, save), went(spec, join(folder, "ours"))];
    });
    const results = runModels(version, specs);
    for (const [i, { name, folder }] of cases.entries()) {
      const [, fromTheirs, fromOurs] = results.slice(3 * i, 3 * i + 3);
      theirs.set(name, {
        prefix: join(folder, "theirs"),
        fromTheirs: fromTheirs!,
        fromOurs: fromOurs!,
        ours: ours[i]!,
      });
    }
  });

  it.each(names)("%s: TensorFlow goes on from what we saved as we do", (name) => {
    const { ours, fromOurs } = theirs.get(name)!;
    expectClose(ours as Record<string, number[]>[], fromOurs, recorded(name).tolerance);
  });

  it.each(names)("%s: we go on from what it saved as it does", async (name) => {
    const { prefix, fromTheirs } = theirs.get(name)!;
    const spec = recorded(name);
    expectClose(await runHere(went(spec, prefix)), fromTheirs, spec.tolerance);
  });
});

/** Writes a batch's arrays: the names of their files by tensor. */
function files(folder: string, batch: Readonly<Record<string, tf.NdArray>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(batch).map(([name, value]) => {
      const file = join(folder, `${name.replace(":", "_")}.npy`);
      writeFileSync(file, writeNpy(value));
      return [name, file];
    }),
  );
}

const int = (...values: number[]) => tf.ndArray("int32", [values.length], Int32Array.from(values));

const ourModels = {
  "the net of tf.layers": {
    build: buildCnn,
    batch: {
      "features:0": tf.ndArray(
        "float32",
        [6, 784],
        Float32Array.from({ length: 6 * 784 }, (_, i) => Math.sin(i * 0.61 + Math.floor(i / 784)) / 2),
      ),
      "labels:0": int(0, 3, 9, 2, 2, 7),
    },
    loss: "total_loss:0",
  },
  "recurrent cells under dynamicRnn": {
    build: buildLstm,
    batch: {
      "tokens:0": tf.ndArray(
        "int32",
        [4, 5],
        Int32Array.from({ length: 20 }, (_, i) => (i * 7) % 30),
      ),
      "lengths:0": int(5, 2, 4, 1),
      "labels:0": int(0, 1, 1, 0),
    },
    loss: "sparse_softmax_cross_entropy_loss/value:0",
  },
} as const;

describe.skipIf(missing(version))("models that our builders made", () => {
  it.each(Object.entries(ourModels))("%s: both go on from both", async (_, { build, batch, loss }) => {
    const folder = scratch();
    const graph = new tf.Graph();
    const { saver, init, train } = graph.asDefault(() => ({
      saver: build(),
      init: tf.globalVariablesInitializer(),
      train: tf.getCollection<tf.Operation>("train_op")[0]!.name,
    }));
    const steps = Array.from({ length: 6 }, () => ({
      feed: files(folder, batch),
      fetch: [loss],
      targets: [train],
    }));
    const session = new tf.Session({ graph, backends: ["cpu"], fallback: false });
    await session.run(init);
    const losses = (await runSteps(session, { steps })).map((one) => one[loss]![0]!);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const prefix = join(folder, "ours");
    await saver.save(session, prefix);
    const further = await runSteps(session, { steps });
    await session.close();
    const spec = { meta: `${prefix}.meta`, prefix, steps };
    const save = join(folder, "theirs");
    const [fromOurs, fromTheirs] = runModels(version, [
      { ...spec, save },
      { ...spec, meta: `${save}.meta`, prefix: save },
    ]);
    expectClose(further, fromOurs!);
    expectClose(await runHere({ ...spec, meta: `${save}.meta`, prefix: save }), fromTheirs!);
  });
});
