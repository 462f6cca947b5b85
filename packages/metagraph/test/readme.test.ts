import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { runReadme } from "../../../vitest.readme.ts";

it("has a README whose example runs", async () => {
  const folder = await mkdtemp(join(tmpdir(), "metagraph-readme-"));
  try {
    await cp(fileURLToPath(new URL("fixtures", import.meta.url)), folder, { recursive: true });
    process.env.MODEL = join(folder, "momentum");
    const { inputs, variables, values } = await runReadme(import.meta.url);
    expect((inputs as { name: string }[]).map(({ name }) => name)).toEqual(["x:0", "y:0"]);
    expect(variables).toHaveLength(7);
    expect(values).toMatchObject({ dtype: "float32", shape: [5] });
    expect(await readdir(folder)).toContain("momentum.edited.meta");
  } finally {
    delete process.env.MODEL;
    await rm(folder, { recursive: true });
  }
});
