// Windows without products (patches, dilation) and cross products: what TensorFlow 1.15.5's kernels gave (fixtures/record-patches.py), gradients
// against numeric ones.
import { readFileSync } from "node:fs";
import { Graph } from "@org/graph";
import { describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";
import { checks } from "./gradient-checks/patches.ts";
import { MiniSession } from "./mini-session.ts";
import { checkGradients } from "./numeric-gradient.ts";
import { type Case, expectCase, title } from "./recorded-cases.ts";

const cases = JSON.parse(
  readFileSync(new URL("fixtures/patches.json", import.meta.url), "utf8"),
) as readonly Case[];

describe("kernels", () => {
  it.each(cases.map((one, i) => [`${i} ${title(one)}`, one] as const))("%s", (_, one) => expectCase(one));
});

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
  it.each(checks.map((check) => [check.name, check] as const))("%s", (_, check) => checkGradients(check));
});
