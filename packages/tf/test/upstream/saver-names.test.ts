// Ported by understanding from TensorFlow's saver_test.py: SaveRestoreWithVariableNameMap, and of TrackableCompatibilityTests what is
// about names in checkpoints.
import { expect, test } from "vitest";
import * as tf from "../../src/index.ts";
import { evaluate, fails, files, inGraph, initialize, type Kind, kinds, variable } from "./saver-fixture.ts";

async function nonReshape(kind: Kind): Promise<void> {
  const fs = await files();
  const savePath = "dir/non_reshape";
  const build = (prefix: string, first: number, second: number) => () => {
    const v0 = variable(kind, first, `${prefix}v0`);
    const v1 = variable(kind, second, `${prefix}v1`);
    return { v0, v1, mapped: new tf.train.Saver({ "save_prefix/v0": v0, "save_prefix/v1": v1 }) };
  };
  const first = inGraph(fs, build("", 10, 20));
  await initialize(first.sess);
  expect([await evaluate(first.sess, first.v0), await evaluate(first.sess, first.v1)]).toEqual([10, 20]);
  expect(await first.mapped.save(first.sess, savePath)).toBe(savePath);
  const plain = new tf.train.Saver({ v0: first.v0, v1: first.v1 });
  await fails(() => plain.restore(first.sess, savePath), "NOT_FOUND", "not found in checkpoint");

  // By the names in the file, into variables of the same names and into ones of other names.
  for (const prefix of ["", "restore_prefix/"]) {
    const { v0, v1, mapped, sess } = inGraph(fs, build(prefix, -1, -1));
    for (const v of [v0, v1]) await fails(() => evaluate(sess, v), "FAILED_PRECONDITION", "uninitialized");
    await mapped.restore(sess, savePath);
    expect([await evaluate(sess, v0), await evaluate(sess, v1)]).toEqual([10, 20]);
  }
}

test("[saver_test/SaveRestoreWithVariableNameMap.testNonReshapeResourceVariable] resource variables are saved and found under other names", () =>
  nonReshape("resource"));

test("[saver_test/SaveRestoreWithVariableNameMap.testNonReshapeVariable] variables are saved and found under other names", async () => {
  for (const kind of kinds) await nonReshape(kind);
});

test.each(kinds)(
  "[saver_test/TrackableCompatibilityTests.testVariableNotFoundErrorRaised] a missing key is one plain error (%s variables)",
  async (kind) => {
    const fs = await files();
    const { a, aSaver, bSaver, sess } = inGraph(fs, () => {
      const [a, b] = [variable(kind, 1, "a"), variable(kind, 1, "b")];
      return { a, aSaver: new tf.train.Saver([a]), bSaver: new tf.train.Saver([b]) };
    });
    await sess.run(a.initializer);
    const path = (await aSaver.save(sess, "dir/ckpt"))!;
    const error = await bSaver.restore(sess, path).catch((thrown: unknown) => thrown);
    if (!tf.isTfError(error)) throw error;
    expect(error.code).toBe("NOT_FOUND");
    expect(error.sentence).toBe("Key b not found in checkpoint");
    expect(String(error)).not.toContain("NewCheckpointReader");
    expect(String(error.cause)).not.toContain("_CHECKPOINTABLE_OBJECT_GRAPH");
  },
);

test("[saver_test/TrackableCompatibilityTests.testGraphChangedForRestoreErrorRaised] another shape is a mismatch between graph and checkpoint", async () => {
  const fs = await files();
  const build = (value: number | number[]) => () => {
    const a = variable("ref", value, "a");
    return { a, saver: new tf.train.Saver([a]) };
  };
  const first = inGraph(fs, build(1));
  await first.sess.run(first.a.initializer);
  const path = (await first.saver.save(first.sess, "dir/ckpt"))!;
  const second = inGraph(fs, build([1]));
  await fails(
    () => second.saver.restore(second.sess, path),
    "INVALID_ARGUMENT",
    "a mismatch between the current graph and the graph",
  );
});
