import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";
import { fixture, run } from "./run.ts";

it("has a README whose example runs", async () => {
  process.env.MODEL = fixture("momentum");
  const { status, params } = await runReadme(import.meta.url);
  expect([status, params]).toEqual([0, 111]);
});

it("has a README whose command lines run", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const lines = readme.match(/^metagraph .+/gm)!;
  expect(lines.length).toBeGreaterThan(4);
  for (const line of lines) {
    const args = line
      .replace(/ +#.*/, "")
      .split(" ")
      .slice(1)
      .map((arg) =>
        arg
          .replace(/^model-100\b/, fixture("momentum"))
          .replace("w.npy", join(tmpdir(), `w-${process.pid}.npy`)),
      );
    expect((await run(args)).status, line).toBe(0);
  }
});
