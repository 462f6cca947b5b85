import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readNpy, writeNpy } from "@org/tensor";
import { expect, it } from "vitest";

const shared = process.env.METAGRAPH_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url));

it.skipIf(!existsSync(shared))("reads what numpy wrote (skipped without the folder `shared`)", () => {
  const files = ["golden", "formats"].flatMap((folder) =>
    readdirSync(join(shared, folder), { recursive: true })
      .map((name) => join(shared, folder, String(name)))
      .filter((name) => name.endsWith(".npy")),
  );
  expect(files.length).toBeGreaterThan(1000);
  for (const path of files) {
    const bytes = readFileSync(path);
    const array = readNpy(bytes);
    const written = Buffer.from(writeNpy(array));
    // Older numpys pad the header to 16 bytes: compare what it says and what follows it.
    const parts = (file: Buffer) => {
      const start = 10 + file.readUInt16LE(8);
      return [file.subarray(10, start).toString("latin1").trim(), file.subarray(start).toString("latin1")];
    };
    if (array.dtype === "string") expect(readNpy(written)).toEqual(array);
    else expect(parts(written), path).toEqual(parts(bytes));
  }
});
