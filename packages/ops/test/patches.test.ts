// Windows without products (patches, dilation) and cross products: what TensorFlow 1.15.5's kernels gave (fixtures/record-patches.py), gradients
// against numeric ones.
import { readFileSync } from "node:fs";
import { Graph } from "@org/graph";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { MiniSession } from "./mini-session.ts";
import { checkGradients, type NumericCheck } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/patches.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("kernels", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});

const windows = { strides: [1, 2, 1, 1], rates: [1, 1, 2, 1] };

const checks: readonly (readonly [string, NumericCheck["f"], readonly (readonly number[])[]])[] = [
  [
    "extractImagePatches",
    (x) => tf.extractImagePatches(x!, { sizes: [1, 2, 2, 1], ...windows, padding: "VALID" }),
    [[2, 3, 4, 2]],
  ],
  [
    "extractImagePatches SAME",
    (x) => tf.extractImagePatches(x!, { sizes: [1, 3, 2, 1], ...windows, padding: "SAME" }),
    [[1, 3, 4, 1]],
  ],
  [
    "dilation2d",
    (x, f) => tf.dilation2d(x!, f!, { ...windows, padding: "VALID" }),
    [
      [2, 3, 4, 2],
      [2, 2, 2],
    ],
  ],
  [
    "dilation2d SAME",
    (x, f) => tf.dilation2d(x!, f!, { ...windows, padding: "SAME" }),
    [
      [1, 3, 4, 1],
      [3, 2, 1],
    ],
  ],
  [
    "cross",
    (a, b) => tf.cross(a!, b!),
    [
      [2, 3],
      [2, 3],
    ],
  ],
];

it("refuses windows that would take too many instructions", async () => {
  const graph = new Graph({ ops: tf.standardOps });
  const [patches, dilated] = graph.asDefault(() => {
    const x = tf.ones([1, 1, 1, 1]);
    const same = { strides: [1, 1, 1, 1], rates: [1, 1, 1, 1], padding: "SAME" } as const;
    return [
      tf.extractImagePatches(x, { sizes: [1, 200, 200, 1], ...same }),
      tf.dilation2d(x, tf.zeros([200, 200, 1]), same),
    ];
  });
  for (const tensor of [patches!, dilated!])
    await expect(new MiniSession(graph).fetch(tensor)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
});

describe("gradients", () => {
  for (const [name, f, shapes] of checks)
    for (const dynamic of [false, true])
      it(`${name}${dynamic ? " where shapes are not known" : ""}`, () =>
        checkGradients({ name, f, shapes, dynamic }));
});
