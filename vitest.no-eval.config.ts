import { defineConfig } from "vitest/config";
import { serializationPackages } from "./scripts/serialization-packages.mjs";

// The tests of what `@org/metagraph` installs, and of SavedModels, under a flag that forbids code from strings, as a strict page does.
export default defineConfig({
  ssr: { resolve: { conditions: ["@org/source", "module", "node", "development|production"] } },
  test: {
    name: "no code from strings",
    include: [
      ...[...serializationPackages, "saved-model"].map((name) => `packages/${name}/test/**/*.test.ts`),
      "scripts/no-eval.canary.test.ts",
    ],
    execArgv: ["--disallow-code-generation-from-strings"],
    testTimeout: 60_000,
  },
});
