import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";
import { describeGpu } from "./webgpu.ts";

await describeGpu("README", (root) => {
  it("has an example that runs", async () => {
    const { addOne } = (await runReadme(import.meta.url)) as {
      addOne: (values: number[], root: GPU) => Promise<number[]>;
    };
    expect(await addOne([1, 2, 41], root)).toEqual([2, 3, 42]);
  });
});
