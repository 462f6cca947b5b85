import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";

// WebGPU in a real browser, in software where there is no GPU: the backend's own tests, and models of real TensorFlows trained in a page.
// METAGRAPH_CHROMIUM names the browser, default /usr/bin/chromium.
const executablePath = process.env.METAGRAPH_CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath))
  throw new Error(`No Chromium at ${executablePath}; METAGRAPH_CHROMIUM names one.`);

const golden = join(process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../shared"), "golden");

/** The files of a golden case in base64, by name; undefined where there is no such case. */
function goldenFiles(_: unknown, version: string, name: string): Record<string, string> | undefined {
  const folder = join(golden, version, name);
  if (!/^[\w.]+$/.test(version) || !/^\w+$/.test(name) || !existsSync(folder)) return undefined;
  return Object.fromEntries(
    readdirSync(folder).map((file) => [file, readFileSync(join(folder, file)).toString("base64")]),
  );
}

export default defineConfig({
  resolve: {
    conditions: ["@org/source", "module", "browser", "development|production"],
  },
  // Node's WebGPU, which tests import where there is none.
  optimizeDeps: { exclude: ["webgpu"] },
  test: {
    name: "chromium-webgpu",
    include: ["packages/kernels-gpu/test/**/*.test.ts", "packages/tf/test/golden-gpu.browser.ts"],
    exclude: ["**/readme.test.ts", "**/*.node.test.ts"],
    testTimeout: 300_000,
    // Pages share the processor that plays the GPU.
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      commands: { goldenFiles },
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
            "--enable-unsafe-webgpu",
            "--enable-features=Vulkan",
            "--use-webgpu-adapter=swiftshader",
            "--use-vulkan=swiftshader",
            // Shaders compile faster: see kernels-gpu/test/webgpu.ts.
            "--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension",
          ],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
