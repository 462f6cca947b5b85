// WebGPU for these tests: the browser's own, or in Node the package `webgpu` on whatever Vulkan driver there is (the
// environment of vitest.base.ts names Chromium's software driver where that is installed).
import type { Backend } from "@org/hlo";
import { afterAll, beforeAll, describe } from "vitest";
import { gpu } from "../src/index.ts";

/**
 * Workgroup memory is cleared by a loop in the shader, and not by an initializer that the driver in software compiles into one store after
 * another: matrix products compile eight times faster. vitest.webgpu.config.ts tells Chromium the same.
 */
const dawnOptions = ["disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension"];

async function nodeGpu(): Promise<GPU | undefined> {
  try {
    // Not by its name: bundlers for browsers would go and look for it.
    const specifier = "webgpu";
    const { create } = (await import(/* @vite-ignore */ specifier)) as { create: (options: string[]) => GPU };
    return create(dawnOptions);
  } catch {
    return undefined;
  }
}

/** WebGPU with an adapter; undefined where there is none. */
export async function webGpu(): Promise<GPU | undefined> {
  const root = (globalThis.navigator as Navigator | undefined)?.gpu ?? (await nodeGpu());
  return (await root?.requestAdapter()) ? root : undefined;
}

/** Declares tests that need an adapter; skipped, with the reason in their name, where there is none. */
export async function describeGpu(name: string, body: (gpu: GPU) => void): Promise<void> {
  const root = await webGpu();
  if (root) describe(name, () => body(root));
  else
    describe.skip(`${name} (skipped: WebGPU has no adapter here; a Vulkan driver or Chromium's is needed)`, () =>
      body(undefined as never));
}

/** A device with its adapter's limits, to be shared by backends: opening one for each test takes long. */
export async function openSharedDevice(root: GPU): Promise<GPUDevice> {
  const adapter = await root.requestAdapter();
  if (!adapter) throw new Error("The adapter is gone");
  const { maxStorageBuffersPerShaderStage } = adapter.limits;
  return adapter.requestDevice({ requiredLimits: { maxStorageBuffersPerShaderStage } });
}

/** Opens a backend, on a device of its own, before the tests of the block that calls this, and hands it over; both end with the last test. */
export function backendOfBlock(root: GPU, use: (backend: Backend) => void): void {
  let device: GPUDevice;
  let backend: Backend;
  beforeAll(async () => {
    device = await openSharedDevice(root);
    backend = await gpu({ device });
    use(backend);
  });
  afterAll(async () => {
    await backend.close();
    device.destroy();
  });
}

/** WebGPU whose devices can be lost: `lose` destroys the last one that it gave, and waits until that is known. */
export function fragileGpu(root: GPU): { readonly gpu: GPU; readonly lose: () => Promise<void> } {
  let last: GPUDevice | undefined;
  const gpu = {
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = await root.requestAdapter(options);
      if (!adapter) return null;
      const requestDevice = async (wanted?: GPUDeviceDescriptor): Promise<GPUDevice> => {
        last = await adapter.requestDevice(wanted);
        return last;
      };
      return { limits: adapter.limits, requestDevice };
    },
  } as unknown as GPU;
  const lose = async (): Promise<void> => {
    last?.destroy();
    await last?.lost;
  };
  return { gpu, lose };
}
