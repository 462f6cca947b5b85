import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { values, kernels, text } = await runReadme(import.meta.url);
  expect(values).toEqual(Float32Array.of(7, 0, 2));
  expect(kernels).toEqual(["dot.maximum"]);
  expect(text).toContain("%2 = f32[1,3] dot(%0, %1)");
});
