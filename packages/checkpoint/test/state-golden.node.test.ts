// State files that Savers and CheckpointManagers of real TensorFlows left (skipped without the golden files).
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { memoryFileSystem } from "@org/io";
import { describe, expect, it } from "vitest";
import { getCheckpointState, latestCheckpoint } from "../src/index.ts";

const formats = join(
  process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../../shared"),
  "formats",
);
const versions = existsSync(formats) ? readdirSync(formats).filter((name) => /^\d/.test(name)) : [];

interface ExpectedState {
  state_file: string;
  get_checkpoint_state: { model_checkpoint_path: string; all_model_checkpoint_paths: string[] } | null;
  timestamps?: number[];
  last_preserved_timestamp?: number;
  latest_checkpoint: string | null;
}

describe.skipIf(versions.length === 0)(
  "state files of real TensorFlows (needs the golden files beside the repository)",
  () => {
    for (const version of versions) {
      const folder = join(formats, version, "state_file");
      const { dirs } = JSON.parse(readFileSync(join(folder, "expect.json"), "utf8")) as {
        dirs: Record<string, ExpectedState>;
      };
      for (const [name, expected] of Object.entries(dirs)) {
        if (!existsSync(join(folder, name))) continue;
        it(`${version}/${name}`, async () => {
          const files: Record<string, Uint8Array> = {};
          for (const file of readdirSync(join(folder, name))) {
            const bytes = readFileSync(join(folder, name, file));
            files[`${name}/${file}`] = bytes;
            files[`/ABS/${name}/${file}`] = bytes;
          }
          const fs = memoryFileSystem(files);
          // As TensorFlow was asked: absolute state files were read where they were written.
          const directory = expected.latest_checkpoint?.startsWith("/ABS") ? `/ABS/${name}` : name;
          const options = { fs, latestFilename: expected.state_file };
          const state = await getCheckpointState(directory, options);
          if (expected.get_checkpoint_state) {
            expect(state?.modelCheckpointPath).toBe(expected.get_checkpoint_state.model_checkpoint_path);
            expect(state?.allModelCheckpointPaths).toEqual(
              expected.get_checkpoint_state.all_model_checkpoint_paths,
            );
            expect(state?.allModelCheckpointTimestamps).toEqual((expected.timestamps ?? []).map(Number));
            expect(state?.lastPreservedTimestamp).toBe(Number(expected.last_preserved_timestamp ?? 0));
          } else expect(state).toBeUndefined();
          if (expected.latest_checkpoint)
            expect(await latestCheckpoint(directory, options)).toBe(expected.latest_checkpoint);
        });
      }
    }
  },
);
