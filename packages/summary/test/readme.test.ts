import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { losses } = await runReadme(import.meta.url);
  expect(losses).toEqual([
    [1n, 0.5],
    [2n, 0.25],
  ]);
});
