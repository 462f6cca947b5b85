import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { path, tags, signatures, result } = await runReadme(import.meta.url);
  expect(path).toBe("export/1/saved_model.pb");
  expect(tags).toEqual(["serve"]);
  expect(signatures).toMatchObject([{ key: "serving_default", servable: true }]);
  expect(result).toMatchObject({ shape: [1, 1], data: Float32Array.of(11) });
});
