// Ported by understanding from TensorFlow's saver_test.py: SaverTest's cases about places on a disk.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeFileSystem } from "@org/io/node";
import { afterEach, beforeEach, expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { evaluate, inGraph, initialize, variable } from "./saver-fixture.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "metagraph-saver-"));
});
afterEach(() => rm(directory, { recursive: true }));

const fs = nodeFileSystem();
const model = () => {
  const [v0, v1] = [variable("ref", 10, "v0"), variable("ref", 20, "v1")];
  return { v0, v1, save: new tf.train.Saver({ v0, v1 }, { restoreSequentially: true }) };
};

test("[saver_test/SaverTest.testSaveToNonexistingPath] saving where no directory is works, or says that the directory is missing", async () => {
  await writeFile(join(directory, "actually_a_file"), "");
  for (const place of ["nonexisting_dir/path", "other_nonexisting_dir/path1/path2", "actually_a_file/path"]) {
    const path = join(directory, place);
    const { v0, v1, save, sess } = inGraph(fs, model);
    await initialize(sess);
    expect([await evaluate(sess, v0), await evaluate(sess, v1)]).toEqual([10, 20]);
    try {
      await save.save(sess, path);
    } catch (error) {
      if (!tf.isTfError(error)) throw error;
      expect(error.sentence).toBe(`Parent directory of ${path} doesn't exist, can't save.`);
      continue;
    }
    await save.restore(sess, path);
    expect([await evaluate(sess, v0), await evaluate(sess, v1)]).toEqual([10, 20]);
  }
});

test("[saver_test/SaverTest.testSaveToURI] a file: URI names a place on the disk", async () => {
  await mkdir(join(directory, "in"));
  const path = `file://${join(directory, "in", "uri")}`;
  const { v0, v1, save, sess } = inGraph(fs, model);
  await initialize(sess);
  expect([await evaluate(sess, v0), await evaluate(sess, v1)]).toEqual([10, 20]);
  expect(await save.save(sess, path)).toBe(path);
  const second = inGraph(fs, model);
  await second.save.restore(second.sess, path);
  expect(await evaluate(second.sess, second.v0)).toBe(10);
  expect(await tf.train.checkpointExists(join(directory, "in", "uri"), { fs })).toBe(true);
});
