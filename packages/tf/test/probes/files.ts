// The checkpoints that probes open: variables a (2 by 3) and b (a scalar), V2 under "a", V1 under "a1"; and damaged copies of them.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "../../src/index.ts";

export const openSession = (graph?: tf.Graph): tf.Session =>
  new tf.Session({ backends: ["evaluator"], ...(graph ? { graph } : {}) });

/** Variables a and b in the default graph. */
export function variables(): { a: tf.Variable; b: tf.Variable } {
  const rows = [
    [0, 1, 2],
    [3, 4, 5],
  ];
  return {
    a: new tf.Variable(rows, { name: "a", dtype: "float32" }),
    b: new tf.Variable(7, { name: "b", dtype: "float32" }),
  };
}

/** Saves what the default graph's variables begin with; the session is closed again. */
export async function saveInitial(
  path: string,
  options: { readonly writeVersion?: "V1" | "V2"; readonly meta?: boolean } = {},
): Promise<void> {
  const saver = new tf.train.Saver(null, {
    onWarning: () => {},
    ...(options.writeVersion ? { writeVersion: options.writeVersion } : {}),
  });
  const session = openSession();
  await session.run([], { targets: [tf.globalVariablesInitializer()] });
  await saver.save(session, path, { writeMetaGraph: options.meta ?? false, latestFilename: "state" });
  await session.close();
}

/** "a" with its .meta, and "a1". */
export async function writeCheckpoints(directory: string): Promise<void> {
  for (const [name, writeVersion] of [
    ["a", "V2"],
    ["a1", "V1"],
  ] as const)
    await new tf.Graph().asDefault(() => {
      variables();
      return saveWith(join(directory, name), writeVersion);
    });
}

function saveWith(path: string, writeVersion: "V1" | "V2"): Promise<void> {
  // What is built is built before the first await.
  return saveInitial(path, { writeVersion, meta: writeVersion === "V2" });
}

export const dataFile = (prefix: string): string => `${prefix}.data-00000-of-00001`;
export const indexFile = (prefix: string): string => `${prefix}.index`;

/** Flips all bits of the byte at `at`, from the end where that is negative. */
export const flip =
  (at: number) =>
  (bytes: Uint8Array): Uint8Array => {
    bytes[at < 0 ? bytes.length + at : at]! ^= 0xff;
    return bytes;
  };
export const cut =
  (length: number) =>
  (bytes: Uint8Array): Uint8Array =>
    bytes.subarray(0, length);

/** The V2 checkpoint `from` as `to`, one of its files changed. */
export async function damaged(
  directory: string,
  from: string,
  to: string,
  file: typeof dataFile,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
): Promise<string> {
  const target = join(directory, to);
  for (const name of [dataFile, indexFile]) {
    const bytes = new Uint8Array(await readFile(name(join(directory, from))));
    const written = name === file ? change(bytes) : bytes;
    if (written) await writeFile(name(target), written);
  }
  return target;
}
