import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";
import { lines } from "./nodes.ts";

it("has a README whose example runs", async () => {
  const { frozen, fed, part } = (await runReadme(import.meta.url)) as Record<
    string,
    Parameters<typeof lines>[0]
  >;
  expect(lines(frozen!)).toEqual(["Const w()", "Identity w/read(w)", "Identity logits(w/read)"]);
  expect(lines(fed!)).toEqual(["Placeholder w/read()", "Identity logits(w/read)"]);
  expect(lines(part!)).toEqual(["Const w()", "Identity w/read(w)"]);
});
