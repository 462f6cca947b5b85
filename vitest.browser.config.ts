import { existsSync } from "node:fs";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { browserPackages } from "./scripts/serialization-packages.mjs";

// The tests of what has no kernels in a real browser; those that need a disk or a process are named *.node.test.ts.
// METAGRAPH_CHROMIUM names the browser, default /usr/bin/chromium.
const executablePath = process.env.METAGRAPH_CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath))
  throw new Error(`No Chromium at ${executablePath}; METAGRAPH_CHROMIUM names one.`);

export default defineConfig({
  resolve: {
    conditions: ["@org/source", "module", "browser", "development|production"],
  },
  test: {
    name: "chromium",
    include: browserPackages.map((name) => `packages/${name}/test/**/*.test.ts`),
    exclude: ["**/readme.test.ts", "**/*.node.test.ts"],
    testTimeout: 300_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath,
          args: [
            "--no-sandbox",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
          ],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
