// A folder for what a test file's commands write.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** Made before the file's tests, gone after them; `at` is a path in it. */
export function scratchFolder(): {
  readonly at: (name: string) => string;
  readonly list: () => Promise<string[]>;
} {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "metagraph-cli-"));
  });
  afterAll(() => rm(folder, { recursive: true }));
  return { at: (name) => join(folder, name), list: async () => (await readdir(folder)).sort() };
}
