// Models that real TensorFlows wrote, run and trained here: every recorded run of a case compared within the case's tolerance. Files
// come through a FileSystem, so that the same runs in Node and in browsers.
import type { FileSystem } from "@org/io";
import { expect } from "vitest";
import * as tf from "../src/index.ts";

interface Run {
  readonly feed: Readonly<Record<string, string>>;
  readonly fetch: Readonly<Record<string, string>>;
  readonly targets: string[];
}

/** A case.json. */
export interface GoldenCase {
  readonly queue_runners?: boolean;
  readonly runs: readonly Run[];
  readonly tol: number;
  readonly infer_images?: string;
  readonly infer_logits?: string;
}

/** A case's folder. */
export interface GoldenModel {
  readonly name: string;
  readonly folder: string;
  readonly fs: FileSystem;
}

/** The cases' names. */
export const goldenNames: readonly string[] = [
  "howto",
  "cond_while",
  "conv_bn_momentum",
  "embed_partition",
  "lstm_dynamic",
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
  "queue_pipeline",
  "strings_parse",
];

/** 1.0.1's kernels of these read an argument that they have written already; later versions, and we, do not. */
const wrongIn101: ReadonlySet<string> = new Set(["opt_adadelta", "opt_proximal_adagrad", "opt_proximal_sgd"]);

/** Whether a version's case is as it should be. */
export function isSound(version: string, name: string): boolean {
  return version !== "1.0.1" || !wrongIn101.has(name);
}

/**
 * A case that is compared for its first runs only, unless sums are made as the recording version made them: its first layer's variances are
 * means over 12,544 elements, which TensorFlow sums in single precision, up to 1.6e-4 off; training carries such a difference beyond the
 * tolerance from the fourth step on (noise of 1e-4 in the images moves what TensorFlow 1.15.5 itself records by 7.5e-3, and 2.21 by 0.16).
 */
const firstRuns: Readonly<Record<string, number>> = { conv_bn_momentum: 4 };

/** Whether a case's later runs depend on the order of its sums. */
export const hangsOnSums = (name: string): boolean => name in firstRuns;

/** How many running sums a column has in that version's kernels. */
export const runningSumsOf = (version: string): 1 | 4 => (version.startsWith("1.") ? 1 : 4);

/** How many of a case's runs are compared where sums are made in an order of our own. */
export function runsCompared(name: string, { runs }: GoldenCase): number {
  return firstRuns[name] ?? runs.length;
}

const text = new TextDecoder();

async function read(fs: FileSystem, path: string): Promise<Uint8Array> {
  const source = await fs.open(path);
  try {
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

/** A case as its case.json says. */
export async function readCase({ fs, folder }: GoldenModel): Promise<GoldenCase> {
  return JSON.parse(text.decode(await read(fs, `${folder}/case.json`))) as GoldenCase;
}

/** A recorded value: .npy, or .json with strings as latin1 of their bytes. */
async function recorded({ fs, folder }: GoldenModel, file: string): Promise<tf.NdArray> {
  const bytes = await read(fs, `${folder}/${file}`);
  if (file.endsWith(".npy")) return tf.readNpy(bytes);
  const { shape, strings } = JSON.parse(text.decode(bytes)) as { shape: number[]; strings: string[] };
  return tf.ndArray(
    "string",
    shape,
    strings.map((string) => Uint8Array.from(string, (letter) => letter.charCodeAt(0))),
  );
}

function expectClose(got: tf.NdArray, want: tf.NdArray, tolerance: number, what: string): void {
  expect(got.shape, what).toEqual(want.shape);
  if (want.dtype === "string") {
    expectStringsClose(got, want, tolerance, what);
    return;
  }
  expect(got.dtype, what).toBe(want.dtype);
  const [a, b] = [tf.toNumbers(got), tf.toNumbers(want)];
  for (const [i, value] of a.entries()) {
    if (Number.isNaN(b[i]) && Number.isNaN(value)) continue;
    const allowed = tolerance * Math.max(1, Math.abs(b[i]!));
    if (!(Math.abs(value - b[i]!) <= allowed)) expect.fail(`${what}[${i}]: ${value}, recorded ${b[i]}`);
  }
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Strings are equal, or serialized Summaries with the same tags and values within tolerance. */
function expectStringsClose(got: tf.NdArray, want: tf.NdArray, tolerance: number, what: string): void {
  const [a, b] = [got.data as Uint8Array[], want.data as Uint8Array[]];
  for (const [i, bytes] of a.entries()) {
    if (sameBytes(bytes, b[i]!)) continue;
    const [ours, theirs] = [bytes, b[i]!].map((data) => tf.protos.decode(tf.protos.Summary, data).value);
    expect(
      ours!.map(({ tag }) => tag),
      what,
    ).toEqual(theirs!.map(({ tag }) => tag));
    for (const [j, { simpleValue }] of ours!.entries()) {
      expect(Math.abs((simpleValue ?? 0) - (theirs![j]!.simpleValue ?? 0)), what).toBeLessThanOrEqual(
        tolerance,
      );
    }
  }
}

async function open({ fs }: GoldenModel, prefix: string, options: tf.SessionOptions): Promise<tf.Session> {
  tf.resetDefaultGraph();
  const saver = await tf.train.importMetaGraph(`${prefix}.meta`, { fs });
  const session = new tf.Session({ ...options, fs });
  await saver!.restore(session, prefix);
  return session;
}

/**
 * Restores a case's model and compares its recorded runs, the first `compared` of them; `ended` looks at the session before it is closed.
 */
export async function expectRuns(
  model: GoldenModel,
  golden: GoldenCase,
  options: tf.SessionOptions,
  {
    ended = () => {},
    compared = runsCompared(model.name, golden),
  }: { ended?: (session: tf.Session) => void | Promise<void>; compared?: number } = {},
): Promise<void> {
  const { name, folder } = model;
  const prefix = `${folder}/${name === "howto" ? "model-50" : "model"}`;
  const session = await open(model, prefix, options);
  const coord = new tf.train.Coordinator();
  if (golden.queue_runners) tf.train.startQueueRunners(session, { coord });
  for (const [step, { feed, fetch, targets }] of golden.runs.entries()) {
    const feeds: Record<string, tf.NdArray> = {};
    for (const [key, file] of Object.entries(feed)) feeds[key] = await recorded(model, file);
    const fetches = Object.fromEntries(Object.keys(fetch).map((key) => [key, key]));
    const values = (await session.run(fetches, { feeds, targets })) as Record<string, tf.NdArray>;
    if (step >= compared) {
      for (const value of Object.values(values))
        expect(tf.toNumbers(value).every(Number.isFinite)).toBe(true);
      continue;
    }
    for (const [key, file] of Object.entries(fetch))
      expectClose(values[key]!, await recorded(model, file), golden.tol, `run ${step}, ${key}`);
  }
  coord.requestStop();
  await coord.join();
  await ended(session);
  await session.close();
}

/** Restores a case's inference model and compares the logits that were recorded. */
export async function expectInference(
  model: GoldenModel,
  { infer_images, infer_logits, tol }: GoldenCase,
  options: tf.SessionOptions,
): Promise<void> {
  const session = await open(model, `${model.folder}/infer-0`, options);
  const logits = tf.getCollection<tf.Tensor>("logits")[0]!;
  const value = await session.run(logits, {
    feeds: { "images:0": await recorded(model, infer_images!) },
  });
  expectClose(value, await recorded(model, infer_logits!), tol, "logits");
  await session.close();
}
