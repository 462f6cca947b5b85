import { defineConfig } from "vitest/config";

// All processors: vitest leaves one to its watcher otherwise, which is half of two.
export default defineConfig({ test: { projects: ["packages/*", "apps/*", "fuzz"], maxWorkers: "100%" } });
