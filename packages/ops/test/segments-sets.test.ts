// Sparse segments, sets, QR and summaries against TensorFlow 1.15.5's kernels: values, shapes and errors (recorded by fixtures/record-segments-sets.py);
// and gradients of what is built of them.
import { readFileSync } from "node:fs";
import { Graph } from "@org/graph";
import { toNumbers } from "@org/tensor";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { checks } from "./gradient-checks/segments.ts";
import { MiniSession } from "./mini-session.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/segments-sets.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("kernels", () => {
  /** Where an index is out of range, the place and the number are said as for every gather. */
  const said = (one: Case): Case =>
    one.error?.includes("out of range") ? { ...one, error: "out of range" } : one;
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, said(one)] as const))("%s", (_, one) =>
    expectCase(one),
  );
});

describe("gradients", () => {
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
});

describe("qr", () => {
  it("q has orthonormal columns, and times r gives the matrix back", async () => {
    const graph = new Graph({ ops: tf.standardOps });
    const [left, back] = graph.asDefault(() => {
      const a = tf.constant([
        [1, 2],
        [3, -1],
        [0.5, 4],
      ]);
      const { q, r } = tf.qr(a);
      return [tf.matmul(q, q, { transposeA: true }), tf.subtract(tf.matmul(q, r), a)] as const;
    });
    const [one, zero] = await new MiniSession(graph).run([left, back]);
    toNumbers(one!).forEach((value, i) => {
      expect(value).toBeCloseTo(i % 3 === 0 ? 1 : 0, 5);
    });
    for (const value of toNumbers(zero!)) expect(value).toBeCloseTo(0, 5);
  });
});
