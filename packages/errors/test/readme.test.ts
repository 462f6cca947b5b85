import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { report } = await runReadme(import.meta.url);
  expect(report).toBe("NOT_FOUND: Key w not found in checkpoint (key w in model-1): The nearest name is W.");
});
