// What the how-to says and other packages do not: deprecated names, files by name, the default graph where none is given.
import { memoryFileSystem } from "@org/io";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as tf from "../src/index.ts";

beforeEach(() => tf.resetDefaultGraph());
afterEach(() => vi.restoreAllMocks());

describe("the how-to's names", () => {
  it("keep what TensorFlow has renamed", () => {
    const v = new tf.Variable(1, { name: "v" });
    expect(tf.initializeAllVariables().name).toBe("init");
    expect(tf.allVariables()).toEqual([v]);
    expect(tf.scalarSummary("loss", tf.constant(1)).op.type).toBe("ScalarSummary");
    expect(tf.latestCheckpoint).toBe(tf.train.latestCheckpoint);
  });

  it("list variables of the default graph, of a scope if one is given", () => {
    new tf.Variable(1, { name: "a" });
    tf.nameScope("b", () => new tf.Variable(1, { name: "c", trainable: false }));
    const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name);
    expect(names(tf.globalVariables())).toEqual(["a:0", "b/c:0"]);
    expect(names(tf.globalVariables("b"))).toEqual(["b/c:0"]);
    expect(names(tf.trainableVariables())).toEqual(["a:0"]);
    expect([tf.localVariables(), tf.modelVariables(), tf.movingAverageVariables()]).toEqual([[], [], []]);
  });

  it("write a Saver's MetaGraph where a filename is given", async () => {
    new tf.Variable(1, { name: "v" });
    const saver = new tf.train.Saver();
    const fs = memoryFileSystem();
    const def = await saver.exportMetaGraph("a.pbtxt", { fs, asText: true });
    expect(def.saverDef).toEqual(saver.saverDef);
    expect(await fs.list(".")).toEqual(["a.pbtxt"]);
    expect(await tf.train.readMetaGraph("a.pbtxt", { fs })).toEqual(def);
    expect(saver.exportMetaGraph()).toEqual(def);
  });

  it("say once on the console that a collection is left out", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    tf.constant(1);
    tf.addToCollection("things", { of: "no type" });
    for (let i = 0; i < 2; i++)
      expect((await tf.train.exportMetaGraph()).collectionDef.things).toBeUndefined();
    expect(warn).toHaveBeenCalledOnce();
    const heard: string[] = [];
    await tf.train.exportMetaGraph({ onWarning: ({ message }) => heard.push(message) });
    expect(heard).toEqual([warn.mock.calls[0]![0]]);
  });
});
