import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const { n, same, text } = await runReadme(import.meta.url);
  expect(n).toBe(2n);
  expect(same).toBe(true);
  expect(text).toBe(
    'node {\n  name: "two"\n  op: "Const"\n  attr {\n    key: "n"\n    value {\n      i: 2\n    }\n  }\n}\n',
  );
});
