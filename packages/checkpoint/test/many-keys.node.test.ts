// Index and V1 files of several blocks (skipped without the golden files): every value is there by its hash, and our bytes are theirs.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { memoryFileSystem, readFile } from "@org/io";
import type { NdArray } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { openCheckpoint, writeCheckpoint, writeV1 } from "../src/index.ts";

const formats = join(
  process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared"),
  "formats",
);
const versions = existsSync(formats) ? readdirSync(formats).filter((name) => /^\d/.test(name)) : [];

describe.skipIf(versions.length === 0)(
  "checkpoints of many keys (needs the golden files beside the repository)",
  () => {
    for (const version of versions) {
      const folder = join(formats, version, "many_keys");
      const { checkpoints } = JSON.parse(readFileSync(join(folder, "expect.json"), "utf8")) as {
        checkpoints: {
          prefix: string;
          format: string;
          keys: number;
          names_sha256?: string;
          values_sha256: string;
        }[];
      };
      for (const { prefix, format, keys, names_sha256, values_sha256 } of checkpoints) {
        it(`${version}/${prefix}`, async () => {
          const reader = await openCheckpoint(join(folder, prefix));
          expect(reader.version).toBe(format);
          expect(reader.names()).toHaveLength(keys);
          if (names_sha256)
            expect(createHash("sha256").update(reader.names().join("\n")).digest("hex")).toBe(names_sha256);
          const values = createHash("sha256");
          const entries: [string, NdArray][] = [];
          for (const name of reader.names()) {
            const value = await reader.get(name);
            const { buffer, byteOffset, byteLength } = value.data as Uint8Array;
            values.update(new Uint8Array(buffer, byteOffset, byteLength));
            entries.push([name, value]);
          }
          expect(values.digest("hex")).toBe(values_sha256);
          await reader.close();

          const fs = memoryFileSystem();
          if (format === "V1")
            await writeV1(
              "copy",
              entries.map(([name, value]) => ({ name, value })),
              { fs },
            );
          else await writeCheckpoint("copy", entries, { fs });
          for (const end of format === "V1" ? [""] : [".index", ".data-00000-of-00001"]) {
            expect(
              Buffer.from(await readFile(fs, `copy${end}`)).equals(readFileSync(join(folder, prefix + end))),
              end,
            ).toBe(true);
          }
        });
      }
    }
  },
);
