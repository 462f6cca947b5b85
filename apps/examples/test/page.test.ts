// The page in a real Chromium: a model from files that were chosen, trained on WebAssembly with and without threads and on WebGPU, and what
// was saved read again. Skipped, with the reason, where there is no Chromium (METAGRAPH_CHROMIUM names one).
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@org/tf";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inFolder } from "./run-example.ts";

const here = fileURLToPath(new URL("..", import.meta.url));
const executablePath = process.env.METAGRAPH_CHROMIUM ?? "/usr/bin/chromium";
const model = ["infer-0.meta", "infer-0.index", "infer-0.data-00000-of-00001"].map((name) =>
  join(here, "data/howto", name),
);
const reason = existsSync(executablePath) ? "" : ` (skipped: no Chromium at ${executablePath})`;

describe.skipIf(reason !== "")(`the page${reason}`, () => {
  let server: ChildProcess;
  let browser: Browser;
  let url: string;
  const errors: string[] = [];

  beforeAll(async () => {
    server = spawn(process.execPath, [join(here, "page.mjs"), "--port", "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    url = await new Promise((resolve, reject) => {
      server.once("exit", () => reject(new Error("page.mjs ended")));
      server.stdout!.on("data", (text) => {
        const found = /http:\S+/.exec(String(text));
        if (found) resolve(found[0]);
      });
    });
    browser = await chromium.launch({
      executablePath,
      args: [
        "--no-sandbox",
        "--enable-unsafe-webgpu",
        "--enable-features=Vulkan",
        "--use-webgpu-adapter=swiftshader",
        "--use-vulkan=swiftshader",
      ],
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    server?.kill("SIGINT");
  });

  async function open(): Promise<Page> {
    const page = await browser.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(url);
    return page;
  }

  /** Trains and waits for the verdict. */
  async function train(page: Page, backend: string, steps: number, threads = 1): Promise<string> {
    await page.selectOption("#backend", backend);
    if (threads > 1) await page.fill("#threads", String(threads));
    await page.fill("#steps", String(steps));
    await page.click("#train");
    await page.waitForSelector("#train:not([disabled])", { timeout: 200_000 });
    return (await page.textContent("#status"))!;
  }

  it("trains chosen files, and what it saves can be read", async () => {
    const page = await open();
    await page.setInputFiles("#files", model);
    await page.waitForSelector("#found td");
    expect(await page.textContent("#found")).toContain("hidden1/weights");
    const status = await train(page, "cpu", 200);
    expect(Number(/([\d.]+) % of 500/.exec(status)![1])).toBeGreaterThan(70);
    expect(status).toMatch(/CPU launched \d+ kernels/);
    await inFolder(async (folder) => {
      const names: string[] = [];
      for (const link of await page.locator("#saved a").all()) {
        const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
        names.push(download.suggestedFilename());
        await download.saveAs(join(folder, download.suggestedFilename()));
      }
      expect(names.sort()).toEqual(["model-200.data-00000-of-00001", "model-200.index", "model-200.meta"]);
      tf.resetDefaultGraph();
      const saver = await tf.train.importMetaGraph(join(folder, "model-200.meta"));
      const session = new tf.Session();
      await saver!.restore(session, join(folder, "model-200"));
      expect(tf.toNumbers((await session.run("global_step:0")) as tf.NdArray)).toEqual([200]);
      await session.close();
    });
    await page.close();
  }, 240_000);

  it("trains with threads to the same numbers, since it is isolated", async () => {
    const page = await open();
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.click("#sample");
    await page.waitForSelector("#found td");
    const shares = [await train(page, "cpu", 40), await train(page, "cpu", 40, 2)].map(
      (status) => /[\d.]+ % of 500/.exec(status)![0],
    );
    expect(shares[1]).toBe(shares[0]);
    await page.close();
  }, 240_000);

  it("trains on WebGPU", async () => {
    const page = await open();
    await page.click("#sample");
    await page.waitForSelector("#found td");
    const status = await train(page, "gpu", 40);
    expect(status).toMatch(/GPU launched [1-9]\d* kernels/);
    await page.close();
  }, 240_000);

  it("says what is missing, and stops when asked to", async () => {
    const page = await open();
    await page.setInputFiles("#files", model.slice(0, 1));
    await expect.poll(() => page.textContent("#status")).toContain("infer-0.index is missing");
    await page.setInputFiles("#files", [
      { name: "x.meta", mimeType: "", buffer: readFileSync(model[0]!).subarray(0, 5000) },
      { name: "x.index", mimeType: "", buffer: Buffer.alloc(0) },
    ]);
    await expect.poll(() => page.getAttribute("#status", "class")).toBe("error");
    expect(await page.isDisabled("#train")).toBe(true);
    await page.click("#sample");
    await page.waitForSelector("#found td");
    await page.selectOption("#backend", "cpu");
    await page.fill("#steps", "100000");
    await page.click("#train");
    await expect.poll(() => page.textContent("#status"), { timeout: 30_000 }).toContain("Step ");
    await page.click("#stop");
    await expect.poll(() => page.textContent("#status")).toContain("Stopped");
    expect(errors).toEqual([]);
    await page.close();
  }, 120_000);
});
