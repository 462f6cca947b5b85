import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";
import type { Operation } from "../src/index.ts";

it("has a README whose example runs", async () => {
  const { y, operations, unknownOps } = await runReadme(import.meta.url);
  expect([(y as Operation).name, (y as Operation).device]).toEqual(["layer/y", "/job:ps"]);
  expect((operations as Operation[]).map((op) => op.name)).toEqual(["copy/x", "copy/layer/y"]);
  expect((operations as Operation[])[1]!.outputs[0]!.shape.toString()).toBe("[?,4]");
  expect(unknownOps).toEqual([]);
});
