// Every checkpoint beside the models that real TensorFlows wrote (skipped without the golden files): read whole, and written again from the
// values alone it is the same file, byte for byte.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { memoryFileSystem, readFile } from "@org/io";
import type { NdArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { openCheckpoint, writeCheckpoint } from "../src/index.ts";

const golden = join(
  process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared"),
  "golden",
);
const prefixes = existsSync(golden)
  ? (readdirSync(golden, { recursive: true }) as string[])
      .filter((file) => file.endsWith(".index"))
      .map((file) => file.slice(0, -".index".length))
      .sort()
  : [];

describe.skipIf(prefixes.length === 0)(
  "checkpoints of golden models (needs the golden files beside the repository)",
  () => {
    it.each(prefixes)("%s", async (prefix) => {
      const reader = await openCheckpoint(join(golden, prefix));
      const entries: [string, NdArray][] = [];
      for (const name of reader.names()) entries.push([name, await reader.get(name)]);
      await reader.close();
      const fs = memoryFileSystem();
      await writeCheckpoint("copy", entries, { fs });
      if (prefix.includes("embed_partition")) {
        // Its partitioned variable is written whole: the same values, laid out otherwise.
        const copy = await openCheckpoint("copy", { fs });
        for (const [name, value] of entries) expect(await copy.get(name), name).toEqual(value);
        return;
      }
      for (const end of [".index", ".data-00000-of-00001"]) {
        expect(
          Buffer.from(await readFile(fs, `copy${end}`)).equals(readFileSync(join(golden, prefix + end))),
          end,
        ).toBe(true);
      }
    });
  },
);
