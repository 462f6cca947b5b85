import { defineConfig } from "vitest/config";
// An op that is new since the last `turbo run generate` is there, too.
import "./packages/ops/scripts/generate.mjs";
import "./packages/tf/scripts/generate.mjs";

export default defineConfig({ test: { projects: ["packages/*", "apps/*", "fuzz"] } });
