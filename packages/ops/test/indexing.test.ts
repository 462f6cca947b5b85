// Counting, edit distances, updates by index vectors, against TensorFlow 1.15.5's kernels (recorded by fixtures/record-indexing.py).
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { checks } from "./gradient-checks/indexing.ts";
import { inGraph } from "./in-graph.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/indexing.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("counts, distances, scatters", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});

describe("gradients", () => {
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
});

describe("builders", () => {
  it("put values into slices of variables", () => {
    inGraph((graph) => {
      expect(() => tf.assignItem(tf.constant([1, 2]) as never, 0, 1)).toThrow(
        "Sliced assignment is only supported for variables",
      );
      const v = tf.getVariable("v", { shape: [5, 2] }) as never;
      const done = tf.assignItem(v, { start: 1, stop: 3 }, tf.zeros([2, 2]));
      expect([done.op.type, done.op.name, done.isRef]).toEqual([
        "StridedSliceAssign",
        "strided_slice/_assign",
        true,
      ]);
      expect(graph.findOperation("strided_slice")?.inputs[0]?.name).toBe("v/read:0");
    });
  });

  it("say which arguments they cannot take", () => {
    inGraph(() => {
      const ids = tf.placeholder("int32");
      const v = tf.getVariable("v", { shape: [5, 2] }) as never;
      expect(() => tf.batchScatterUpdate(v, ids, [[1, 2]])).toThrow(
        "batch_gather does not allow indices with unknown shape.",
      );
      expect(() => tf.editDistance([1] as never, [2] as never)).toThrow("Hypothesis must be a SparseTensor.");
    });
  });
});
