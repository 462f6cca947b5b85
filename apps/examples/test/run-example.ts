// Runs an example in this process, from its source, and yields what it printed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";

/** Everything is loaded anew, so that a run begins with an empty default graph; `import("@org/tf")` afterwards gives what the example used. */
export async function runExample(name: string, ...args: readonly string[]): Promise<string> {
  vi.resetModules();
  const printed: string[] = [];
  const { inspect } = await import("node:util");
  const show = (value: unknown): string => (typeof value === "string" ? value : inspect(value));
  const log = vi.spyOn(console, "log").mockImplementation((...values) => {
    printed.push(values.map(show).join(" "));
  });
  const { argv } = process;
  process.argv = [argv[0]!, `${name}.ts`, ...args];
  try {
    await import(`../src/${name}.ts`);
    return printed.join("\n");
  } finally {
    process.argv = argv;
    log.mockRestore();
  }
}

/** Hands `body` a folder that is gone afterwards. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "metagraph-example-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
