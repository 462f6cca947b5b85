import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { addOne } = (await runReadme(import.meta.url)) as {
    addOne: (values: number[]) => Promise<number[]>;
  };
  expect(await addOne([1, 2, 41])).toEqual([2, 3, 42]);
});
