// The other tests are skipped where WebGPU has no adapter. Where a Vulkan driver is named, as on a machine with Chromium, that would hide a failure.
import { expect, it } from "vitest";
import { webGpu } from "./webgpu.ts";

const driver = process.env.VK_ICD_FILENAMES;

it.skipIf(driver === undefined)(
  `there is an adapter for ${driver ?? "a Vulkan driver (none is named)"}`,
  async () => {
    expect(await webGpu()).toBeDefined();
  },
);
