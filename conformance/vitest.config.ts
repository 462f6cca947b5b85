import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["@org/source", "module", "node", "development|production"] },
  ssr: { resolve: { conditions: ["@org/source", "module", "node", "development|production"] } },
  test: {
    name: "conformance",
    include: ["conformance/test/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
