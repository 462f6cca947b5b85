import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { paths, lengths } = await runReadme(import.meta.url);
  expect(paths).toEqual(["logs/train.tfrecord"]);
  expect(lengths).toEqual([1, 2]);
});
