import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { listing, firstColumn } = await runReadme(import.meta.url);
  expect(listing).toBe("step (DT_INT64) []\nweights (DT_FLOAT) [2,2]\n");
  expect(firstColumn).toEqual([[1.5], [3]]);
});
