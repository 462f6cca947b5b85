// The command as a process: Ctrl-C, closed pipes, progress on a terminal.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { main } from "../src/index.ts";
import { scratchFolder } from "./folder.ts";
import { fixture } from "./run.ts";

const { at, list } = scratchFolder();
beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL("../src/bin.ts", import.meta.url))],
    outfile: at("metagraph.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@org/source", "import", "node"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    logLevel: "error",
  });
}, 60_000);

const start = (...args: string[]) =>
  spawn(process.execPath, [at("metagraph.mjs"), ...args], { stdio: ["pipe", "pipe", "pipe"] });

describe("the process", () => {
  it("ends with 130 at Ctrl-C, with nothing written", async () => {
    const child = start("convert", "-", at("never.pbtxt"));
    child.stdin.on("error", () => undefined);
    // More than a pipe holds: once it is written, the command has begun to read.
    await new Promise((resolve) => child.stdin.write(new Uint8Array(2 ** 22), resolve));
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
    expect(await list()).toEqual(["metagraph.mjs"]);
  });

  it("ends quietly where nobody reads on", async () => {
    const child = start("ls", fixture("momentum.meta"));
    const errors: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    child.stdout.destroy();
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(Buffer.concat(errors).toString()).toBe("");
  });

  it("gives its status where nobody reads errors", async () => {
    const child = start("get", fixture("momentum"), "nope");
    child.stderr.destroy();
    expect(await once(child, "exit")).toEqual([66, null]);
  });

  it.skipIf(process.platform !== "linux")("says that its output cannot be written", async () => {
    const full = await open("/dev/full", "w");
    const child = spawn(process.execPath, [at("metagraph.mjs"), "ls", fixture("momentum")], {
      stdio: ["ignore", full.fd, "pipe"],
    });
    const errors: Buffer[] = [];
    child.stderr!.on("data", (chunk: Buffer) => errors.push(chunk));
    expect(await once(child, "close")).toEqual([1, null]);
    await full.close();
    expect(Buffer.concat(errors).toString()).toMatch(
      /^metagraph: Cannot write to standard output: ENOSPC.*\n$/,
    );
  });

  it("gives status and output of a command", async () => {
    const child = start("get", fixture("momentum"), "nope");
    const errors: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
    expect(await once(child, "exit")).toEqual([66, null]);
    expect(Buffer.concat(errors).toString()).toMatch(/^metagraph: Key nope not found in checkpoint\n/);
  });
});

describe("progress", () => {
  it("is drawn where somebody looks, and nowhere else", async () => {
    const draw = async (...flags: string[]): Promise<string> => {
      const interactive = new PassThrough() as PassThrough & { isTTY?: boolean; columns?: number };
      Object.assign(interactive, { isTTY: true, columns: 80, cursorTo: () => true, clearLine: () => true });
      const drawn: string[] = [];
      interactive.on("data", (chunk: Buffer) => drawn.push(chunk.toString()));
      const status = await main(["validate", fixture("momentum"), ...flags], {
        out: () => {},
        err: () => {},
        bytes: () => {},
        input: async () => new Uint8Array(),
        interactive,
      });
      expect(status).toBe(0);
      return drawn.join("");
    };
    expect(await draw()).toContain("momentum");
    expect(await draw("--quiet")).toBe("");
    expect(await draw("--json")).toBe("");
  });
});
