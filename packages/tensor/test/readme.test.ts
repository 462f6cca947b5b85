import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { proto, rows, printed, ids } = await runReadme(import.meta.url);
  expect(proto).toMatchObject({
    dtype: 1,
    tensorContent: new Uint8Array(Float32Array.of(1, 2.5, 3, 4).buffer),
  });
  expect(rows).toEqual([
    [1, 2.5],
    [3, 4],
  ]);
  expect(printed).toBe("[[1.  2.5]\n [3.  4. ]]");
  expect(ids).toEqual(BigInt64Array.of(1n, 2n));
});
