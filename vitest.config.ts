import { defineConfig } from "vitest/config";
// An op that is new since the last `turbo run generate` is there, too.
import "./packages/ops/scripts/generate.mjs";
import "./packages/tf/scripts/generate.mjs";

// All processors: vitest leaves one to its watcher otherwise, which is half of two.
export default defineConfig({ test: { projects: ["packages/*", "apps/*", "fuzz"], maxWorkers: "100%" } });
