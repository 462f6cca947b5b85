import { readdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { weight, path, restored } = await runReadme(import.meta.url);
  const folder = dirname(path as string);
  expect((await readdir(folder)).sort()).toEqual([
    "checkpoint",
    "model-20.data-00000-of-00001",
    "model-20.index",
    "model-20.meta",
  ]);
  await rm(folder, { recursive: true });
  expect((weight as number[])[0]).toBeCloseTo(3, 4);
  expect(restored).toEqual(weight);
});
