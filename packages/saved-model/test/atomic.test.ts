// A builder on a disk that fails, and one that is killed, at every change of a file: never half a SavedModel.
import { isTfError } from "@org/errors";
import type { Graph } from "@org/graph";
import { type FileSystem, memoryFileSystem } from "@org/io";
import { failingFileSystem } from "@org/io/testing";
import { add, assign, group } from "@org/ops";
import { describe, expect, it } from "vitest";
import { constants, load, maybeSavedModelDirectory, SavedModelBuilder } from "../src/index.ts";
import { addAsset, globalValues, initialize, intVariable, textOf, withSession } from "./models.ts";

const dir = "export/model";

interface Build {
  readonly graph: Graph;
  /** The calls that make a model of two MetaGraphs, with an asset and a main op. */
  readonly calls: readonly (() => Promise<unknown>)[];
}

/** Makes a model through `failing`, which `fs` lies under. */
async function build<R>(fs: FileSystem, failing: FileSystem, body: (made: Build) => Promise<R>): Promise<R> {
  return withSession(failing, async (session, graph) => {
    const [v, w] = [intVariable(graph, "v", 1), intVariable(graph, "w", 5)];
    const mainOp = group([assign(w, add(v.asRef(), v.asRef()))]);
    await initialize(session);
    const assetsCollection = await addAsset(graph, fs, "source/words.txt", "one two", "asset");
    const builder = new SavedModelBuilder(dir, { fs: failing });
    return body({
      graph,
      calls: [
        () => builder.addMetaGraphAndVariables(session, ["a"], { assetsCollection, mainOp }),
        () => builder.addMetaGraph(["b"], { graph }),
        () => builder.save(),
      ],
    });
  });
}

async function expectWhole(fs: FileSystem, tags: readonly string[] = ["a", "b"]): Promise<void> {
  for (const tag of tags)
    expect(
      await withSession(fs, async (session) => {
        await load(session, [tag], dir);
        return globalValues(session);
      }),
    ).toEqual([1, 2]);
  expect(await textOf(fs, `${dir}/assets/words.txt`)).toBe("one two");
}

async function steps(): Promise<number> {
  const fs = memoryFileSystem();
  const counted = failingFileSystem(fs, Number.POSITIVE_INFINITY, { once: true });
  await build(fs, counted.fs, async ({ calls }) => {
    for (const call of calls) await call();
  });
  await expectWhole(fs);
  return counted.steps();
}

describe("a builder", () => {
  it("that meets a full disk once says so, leaves the graph as it was, and goes on when called again", async () => {
    const count = await steps();
    expect(count).toBeGreaterThan(10);
    for (let at = 1; at <= count; at++) {
      const fs = memoryFileSystem();
      const failing = failingFileSystem(fs, at, { once: true });
      await build(fs, failing.fs, async ({ graph, calls }) => {
        let failures = 0;
        for (const call of calls) {
          try {
            await call();
          } catch (error) {
            failures++;
            expect(isTfError(error) && error.code, `step ${at}`).toBe("RESOURCE_EXHAUSTED");
            if (await maybeSavedModelDirectory(dir, { fs })) await expectWhole(fs);
            await call();
          }
        }
        // What fails while leftovers are removed is no failure of the call.
        expect(failures, `step ${at}`).toBeLessThanOrEqual(1);
        for (const key of [constants.ASSETS_KEY, constants.MAIN_OP_KEY])
          expect(graph.getCollection(key), `step ${at}, ${key}`).toHaveLength(1);
      });
      await expectWhole(fs, [at % 2 ? "a" : "b"]);
    }
  }, 120_000);

  it("that is killed leaves a whole model or none", async () => {
    const count = await steps();
    let [whole, none] = [0, 0];
    for (let at = 1; at <= count + 1; at++) {
      const fs = memoryFileSystem();
      const failing = failingFileSystem(fs, at, { once: false });
      await build(fs, failing.fs, async ({ calls }) => {
        for (const call of calls) await call();
      }).catch((error: unknown) => expect(isTfError(error)).toBe(true));
      if (await maybeSavedModelDirectory(dir, { fs })) {
        whole++;
        await expectWhole(fs);
      } else none++;
    }
    // The message comes last: after it, its directory is made durable, and nothing else is left to do.
    expect([1, 2]).toContain(whole);
    expect(none).toBe(count + 1 - whole);
  }, 120_000);
});
