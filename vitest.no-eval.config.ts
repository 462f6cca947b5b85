import { defineConfig } from "vitest/config";
import { browserPackages } from "./scripts/serialization-packages.mjs";

// The tests of what has no kernels under a flag that forbids code from strings, as a strict page does.
export default defineConfig({
  ssr: { resolve: { conditions: ["@org/source", "module", "node", "development|production"] } },
  test: {
    name: "no code from strings",
    include: [
      ...browserPackages.map((name) => `packages/${name}/test/**/*.test.ts`),
      "scripts/no-eval.canary.test.ts",
    ],
    execArgv: ["--disallow-code-generation-from-strings"],
    isolate: false,
    testTimeout: 300_000,
  },
});
