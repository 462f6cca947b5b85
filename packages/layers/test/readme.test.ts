import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { loss, accuracy, variables } = await runReadme(import.meta.url);
  expect(`${loss}`).toBe('Tensor("total_loss:0", shape=(), dtype=float32)');
  expect(`${accuracy}`).toBe('Tensor("accuracy/value:0", shape=(), dtype=float32)');
  expect(variables).toEqual([
    "<tf.Variable 'rnn/gru_cell/gates/kernel:0' shape=(24, 32) dtype=float32_ref>",
    "<tf.Variable 'rnn/gru_cell/gates/bias:0' shape=(32,) dtype=float32_ref>",
    "<tf.Variable 'rnn/gru_cell/candidate/kernel:0' shape=(24, 16) dtype=float32_ref>",
    "<tf.Variable 'rnn/gru_cell/candidate/bias:0' shape=(16,) dtype=float32_ref>",
    "<tf.Variable 'hidden/kernel:0' shape=(16, 12) dtype=float32_ref>",
    "<tf.Variable 'hidden/bias:0' shape=(12,) dtype=float32_ref>",
    "<tf.Variable 'logits/kernel:0' shape=(12, 3) dtype=float32_ref>",
    "<tf.Variable 'logits/bias:0' shape=(3,) dtype=float32_ref>",
  ]);
});
