import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { trainOp, variables } = await runReadme(import.meta.url);
  expect(`${trainOp}`).toBe("<tf.Operation 'Momentum' type=AssignAdd>");
  expect(variables).toEqual([
    "<tf.Variable 'w:0' shape=(3,) dtype=float32_ref>",
    "<tf.Variable 'global_step:0' shape=() dtype=int64_ref>",
    "<tf.Variable 'w/Momentum:0' shape=(3,) dtype=float32_ref>",
  ]);
});
