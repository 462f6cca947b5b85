import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { input, unknownOps, copy } = await runReadme(import.meta.url);
  expect(String(input)).toBe('Tensor("copy/Placeholder:0", shape=(2,), dtype=float32)');
  expect(unknownOps).toEqual([]);
  expect((copy as { getCollection(key: string): unknown[] }).getCollection("hparams")).toEqual([0.5]);
});
