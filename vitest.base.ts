import { existsSync } from "node:fs";
import { defineProject } from "vitest/config";

/**
 * Tests run from the TypeScript sources: the condition `@org/source` in every package's exports. Files of a project share what they have
 * imported (most of a file's time went there): a test leaves no state in modules behind, as `sideEffects: false` says they have none.
 */
export const project = (
  name: string,
  extra: Record<string, unknown> = {},
): ReturnType<typeof defineProject> =>
  defineProject({
    ssr: { resolve: { conditions: ["@org/source", "module", "node", "development|production"] } },
    resolve: { conditions: ["@org/source", "module", "browser", "development|production"] },
    test: {
      name,
      environment: "node",
      include: ["test/**/*.test.ts"],
      isolate: false,
      testTimeout: 300_000,
      ...extra,
    },
  });

/**
 * The environment in which Dawn (package `webgpu`) finds the Vulkan driver in software that comes with Debian's Chromium; nothing where
 * that is not installed, or where VK_ICD_FILENAMES names another driver.
 */
export function softwareVulkan(): Record<string, string> {
  const folder = "/usr/lib/chromium";
  const driver = `${folder}/vk_swiftshader_icd.json`;
  if (process.env.VK_ICD_FILENAMES !== undefined || !existsSync(driver)) return {};
  const { LD_LIBRARY_PATH: libraries, XDG_RUNTIME_DIR = "/tmp" } = process.env;
  return {
    VK_ICD_FILENAMES: driver,
    // Chromium brings Vulkan's loader too.
    LD_LIBRARY_PATH: libraries ? `${libraries}:${folder}` : folder,
    XDG_RUNTIME_DIR,
  };
}
