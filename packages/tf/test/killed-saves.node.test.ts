// A process that is killed at a random point of saving, of noting the checkpoint or of removing old ones: afterwards the state file names a
// checkpoint that reads whole. METAGRAPH_KILLS: how many kills in all (60 unless given).
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { ways } from "./killed-saver-ways.ts";

const kinds = Object.entries(ways);
const kills = Math.ceil(Number(process.env.METAGRAPH_KILLS ?? 60) / kinds.length);

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metagraph-killed-"));
  program = join(folder, "killed-saver.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("killed-saver.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    conditions: ["@org/source"],
    logLevel: "error",
  });
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** Runs the program and kills it within about the time of two saves after its first one; the numbers that it printed. */
async function killed(directory: string, kind: string): Promise<number[]> {
  const child = spawn(process.execPath, [program, directory, kind]);
  let [printed, errors] = ["", ""];
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  child.stdout.on("data", (chunk) => {
    const isFirst = printed === "";
    printed += chunk;
    const took = Number(printed.split(/\s/)[1]);
    if (isFirst) setTimeout(() => child.kill("SIGKILL"), Math.random() * 2 * took);
  });
  await new Promise((resolve) => child.once("close", resolve));
  expect(errors).toBe("");
  return printed
    .trim()
    .split("\n")
    .map((line) => Number(line.split(" ")[0]));
}

/** The one number that all variables of a checkpoint hold; it is whole, or this throws. */
async function wholeValue(prefix: string): Promise<number> {
  const reader = await tf.train.openCheckpoint(prefix);
  try {
    const names = ["v", "w"];
    expect(reader.names()).toEqual(names);
    const found = new Set<number>();
    for (const name of names) for (const value of tf.toNumbers(await reader.get(name))) found.add(value);
    expect([...found], prefix).toHaveLength(1);
    return [...found][0]!;
  } finally {
    await reader.close();
  }
}

describe.each(kinds)("a process that is killed while it saves %s", (kind, { rotates }) => {
  it(
    `leaves a state file that names a whole checkpoint, ${kills} times`,
    async () => {
      const directory = join(folder, kind.replaceAll(/\W+/g, "-"));
      await mkdir(directory);
      let last = 0;
      for (let kill = 0; kill < kills; kill++) {
        const numbers = await killed(directory, kind);
        // It went on from what the last kill had left.
        expect(numbers[0], `kill ${kill}`).toBe(last + 1);
        const finished = numbers.at(-1)!;
        const state = (await tf.train.getCheckpointState(directory))!;
        const latest = (await tf.train.latestCheckpoint(directory))!;
        expect(latest).toBe(state.modelCheckpointPath);
        last = await wholeValue(latest);
        // The last one that was finished, or the one that it was at.
        expect([finished, finished + 1], `kill ${kill}`).toContain(last);
        for (const path of state.allModelCheckpointPaths) await wholeValue(path);
        if (rotates) expect(state.allModelCheckpointPaths.length).toBeLessThanOrEqual(2);
        if (last !== finished && rotates) continue;
        const def = await tf.train.readMetaGraph(tf.train.metaGraphFilename(latest));
        expect(tf.train.describe(def).variables.map(({ name }) => name)).toEqual(["w:0", "v:0"]);
      }
      expect((await readdir(directory)).filter((name) => name.includes("previous"))).toEqual([]);
    },
    60_000 + kills * 30_000,
  );
});
