import { cpu } from "@org/kernels-cpu";
import {
  concat,
  constant,
  gradients,
  matmul,
  operator,
  placeholder,
  reduceMean,
  reshape,
  shape,
  softmax,
  sparseSoftmaxCrossEntropyWithLogits,
  stack,
  stridedSlice,
  tile,
} from "@org/ops";
import { type NdArray, ndArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import type { SessionOptions } from "../src/index.ts";
import { numbers, sessionOf, variable } from "./shared.ts";

const classes = 3;

/** A step whose nodes use their batch size in every way: as rows, as what is stretched, reduced, joined, reshaped and counted. */
const step = (options: SessionOptions) =>
  sessionOf((graph) => {
    const x = placeholder("float32", [null, 4], { name: "x" });
    const labels = placeholder("int32", [null], { name: "labels" });
    const initial = Float32Array.from({ length: 4 * classes }, (_, i) => Math.cos(i));
    const w = variable(graph, "w", [4, classes], constant(ndArray("float32", [4, classes], initial)));
    const logits = matmul(x, w);
    const loss = reduceMean(sparseSoftmaxCrossEntropyWithLogits({ labels, logits }), { name: "loss" });
    const [gradient] = gradients([loss], [w]);
    graph.createOp("AssignSub", [w, operator.mul(gradient as never, 0.1)], { name: "train" });
    const rows = stridedSlice(shape(x), [0], [1], [1], { shrinkAxisMask: 1 });
    const joined = concat([softmax(logits), tile(constant([[1, 2, 3]]), stack([rows, 1]))], 1);
    operator.sub(reshape(joined, [-1, 2]), reduceMean(x), { name: "joined" });
  }, options);

const feeds = (batch: number): Record<string, NdArray> => ({
  "x:0": ndArray(
    "float32",
    [batch, 4],
    Float32Array.from({ length: batch * 4 }, (_, i) => Math.sin(i)),
  ),
  "labels:0": ndArray(
    "int32",
    [batch],
    Int32Array.from({ length: batch }, (_, i) => i % classes),
  ),
});

const backends: Record<string, () => SessionOptions> = {
  evaluator: () => ({}),
  CPU: () => ({ backends: [cpu()], fallback: false }),
};

describe.each(Object.entries(backends))("on the %s", (_, options) => {
  it("a session that has seen other batch sizes computes the bits that a new one does", async () => {
    const { session: old } = await step(options());
    for (const batch of [7, 33, 1, 0, 2, 64, 6, 3]) {
      await old.run("w/Assign");
      const { session: fresh } = await step(options());
      await fresh.run("w/Assign");
      const fetches = ["loss:0", "joined:0", "train"] as const;
      const ours = await old.run(fetches, { feeds: feeds(batch) });
      const theirs = await fresh.run(fetches, { feeds: feeds(batch) });
      for (const i of [0, 1] as const) {
        expect(ours[i].shape, `batch ${batch}`).toEqual(theirs[i].shape);
        expect(numbers(ours[i]), `batch ${batch}`).toEqual(numbers(theirs[i]));
      }
      expect(numbers(await old.run("w:0"))).toEqual(numbers(await fresh.run("w:0")));
      await fresh.close();
    }
    await old.close();
  });
});

it("memory that batch sizes took which do not come again is given back", async () => {
  const backend = cpu();
  const { session } = await step({ backends: [backend], fallback: false });
  await session.run("w/Assign");
  let most = 0;
  for (let batch = 1000; batch < 1300; batch++) {
    await session.run(["loss:0", "train"], { feeds: feeds(batch) });
    most = Math.max(most, backend.stats().bytesInUse);
  }
  // One step of the largest batch takes some hundred KB; three hundred would take a hundred times that.
  expect(most).toBeLessThan(8 << 20);
  await session.close();
});

it("a step that is run again takes the same memory again", async () => {
  const backend = cpu();
  const { session } = await step({ backends: [backend], fallback: false });
  await session.run("w/Assign");
  const train = () => session.run(["loss:0", "train"], { feeds: feeds(100) });
  for (let i = 0; i < 3; i++) await train();
  const { buffers, bytesInUse } = backend.stats();
  for (let i = 0; i < 500; i++) await train();
  expect(backend.stats()).toMatchObject({ buffers, bytesInUse });
  await session.close();
});
