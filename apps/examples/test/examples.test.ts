// The short programs run, and print what they say; run.mjs lists them.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { inFolder, runExample } from "./run-example.ts";

const here = fileURLToPath(new URL("..", import.meta.url));
const names = readdirSync(join(here, "src")).map((file) => file.slice(0, -3));

describe("the examples", () => {
  it("keep a collection type of one's own, under a scope too", async () => {
    expect(await runExample("collection-type")).toBe("[ 'warm', 'cold' ]");
  });

  it("run an op of one's own, and its gradient", async () => {
    expect(await runExample("own-op")).toBe("[ 5, 8, 17 ]\n[ 0, 6, 12 ]");
  });

  it("run on a backend of one's own", async () => {
    expect(await runExample("own-backend")).toMatch(/^\{ dot: \d+ \}$/);
  });

  it("read a checkpoint", async () => {
    const printed = await runExample("read-checkpoint");
    expect(printed).toContain("hidden1/weights float32 [784,128], mean 0.0000");
    expect(printed).toContain("first rows of hidden1/weights:");
    await expect(runExample("read-checkpoint", "nowhere")).rejects.toThrow(
      "Failed to find any matching files for nowhere",
    );
  });

  it("edit a .meta so that it still reads its checkpoint", () =>
    inFolder(async (folder) => {
      const model = join(here, "data/howto/infer-0");
      const out = join(folder, "edited.meta");
      await runExample("edit-meta", `${model}.meta`, out);
      const tf = await import("@org/tf");
      const { variables, collections } = tf.train.describe(await tf.train.readMetaGraph(out));
      expect(variables[0]!.name).toBe("digits/hidden1/weights:0");
      expect(collections.map(({ key }) => key).sort()).toEqual([
        "logits",
        "notes",
        "trainable_variables",
        "variables",
      ]);
      const saver = await tf.train.importMetaGraph(out);
      const session = new tf.Session({ backends: ["evaluator"] });
      await saver!.restore(session, model);
      const restored = await session.run("digits/softmax_linear/weights:0");
      await using checkpoint = await tf.train.openCheckpoint(model);
      expect(restored).toEqual(await checkpoint.get("softmax_linear/weights"));
      await session.close();
    }));

  it("go on with training where it was stopped", () =>
    inFolder(async (folder) => {
      for (const start of [0, 100, 200]) {
        const printed = await runExample("continue-training", folder);
        expect(printed).toContain(`start at step ${start}`);
        expect(Number(/read right: ([\d.]+)/.exec(printed)![1])).toBeGreaterThan(0.8);
      }
      expect(readdirSync(folder).filter((name) => name.endsWith(".meta"))).toEqual([
        "model-200.meta",
        "model-300.meta",
      ]);
    }));

  it("are under a screen", () => {
    for (const name of names.filter((name) => name !== "demo"))
      expect(readFileSync(join(here, "src", `${name}.ts`), "utf8").split("\n").length, name).toBeLessThan(60);
  });

  it("are listed by run.mjs, and run by it", () => {
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [join(here, "run.mjs"), ...args], { encoding: "utf8" });
    const list = run();
    for (const name of names) expect(list).toMatch(new RegExp(`^  ${name} +\\w.+`, "m"));
    expect(run("own-op").split("\n")[0]).toBe("[ 5, 8, 17 ]");
    const wrong = spawnSync(process.execPath, [join(here, "run.mjs"), "nothing"], { encoding: "utf8" });
    expect([wrong.status, wrong.stderr.split("\n")[0]]).toEqual([2, "No example is called nothing:"]);
  });
});
