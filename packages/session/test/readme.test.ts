import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { result, stats } = await runReadme(import.meta.url);
  expect(result).toMatchObject({ y: { shape: [2, 1], data: Float32Array.of(3, 7) }, w: { shape: [2, 1] } });
  expect(stats).toMatchObject({ runs: 2, runPlans: 2 });
});
