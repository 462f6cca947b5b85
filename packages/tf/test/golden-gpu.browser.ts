// Golden models in a page: trained on WebGPU, with WebAssembly behind it. Run by vitest.webgpu.config.ts, whose `goldenFiles` reads them.
import { memoryFileSystem } from "@org/io";
import { gpu } from "@org/kernels-gpu";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "vitest/browser";
import { expectInference, expectRuns, type GoldenModel, readCase, runningSumsOf } from "./golden-models.ts";

declare module "vitest/browser" {
  interface BrowserCommands {
    goldenFiles(version: string, name: string): Promise<Record<string, string> | undefined>;
  }
}

const version = "1.15.5";
const names = ["howto", "lstm_dynamic", "conv_bn_momentum"];

async function load(name: string): Promise<GoldenModel | undefined> {
  const files = await commands.goldenFiles(version, name);
  if (!files) return undefined;
  const bytes = Object.entries(files).map(
    ([file, text]) =>
      [`/${name}/${file}`, Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0))] as const,
  );
  return { name, folder: `/${name}`, fs: memoryFileSystem(Object.fromEntries(bytes)) };
}

const models = (await Promise.all(names.map(load))).filter((model) => model !== undefined);

describe.skipIf(models.length === 0)("golden models in a page (needs the golden files)", () => {
  let backend: Awaited<ReturnType<typeof gpu>>;
  beforeAll(async () => {
    backend = await gpu({ runningSums: runningSumsOf(version) });
  });
  afterAll(() => backend.close());

  for (const model of models) {
    it(`${version}/${model.name} trains on WebGPU: every run`, async () => {
      const golden = await readCase(model);
      const compared = golden.runs.length;
      const { launches } = backend.stats();
      await expectRuns(model, golden, { backends: [backend, "cpu"], fallback: false }, { compared });
      expect(backend.stats().launches).toBeGreaterThan(launches);
      expect(backend.stats().buffers).toBe(0);
      if (golden.infer_images) await expectInference(model, golden, { backends: [backend, "cpu"] });
    });
  }
});
