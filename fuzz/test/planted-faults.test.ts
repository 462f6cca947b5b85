// Whether a reader's fault would be noticed: each kind of fault, planted at case 7.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { plantedFaults } from "../src/planted-faults.ts";

interface Ran {
  readonly status: number;
  readonly out: string;
}

/** Runs run.mjs over ten inputs of the cheapest kind. */
function run(...args: string[]): Promise<Ran> {
  const program = join(import.meta.dirname, "../run.mjs");
  const all = ["--inputs", "10", "--workers", "1", "--kind", "safetensors", "--keep", "no", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...all], (error, stdout, stderr) =>
      resolve({
        status: typeof error?.code === "number" ? error.code : error ? -1 : 0,
        out: stdout + stderr,
      }),
    );
  });
}

const words: Readonly<Record<keyof typeof plantedFaults, string>> = {
  throw: "TypeError",
  rejection: "a rejection that nobody caught",
  hang: "hangs",
  heap: "heap out of memory",
  buffer: "a buffer of 2147483648 bytes",
  buffers: "bytes of buffers, more than",
  prototype: "the prototype of Object was changed",
  exit: "the process ended (3)",
};

describe("a fault", () => {
  it.each(Object.keys(plantedFaults))(
    "%s is noticed, at its case, and the other cases are run",
    async (fault) => {
      const { status, out } = await run(
        "--plant",
        fault,
        "--at",
        "7",
        "--hangs",
        fault === "hang" ? "5" : "60",
      );
      expect(out).toContain("FAILED case 7");
      expect(out).toContain(words[fault]);
      expect(out).toContain("10 inputs (seed 1)");
      expect(out).toContain("; 1 failed");
      expect(status).toBe(1);
    },
    120_000,
  );

  it("that is not there fails nothing; the same seed draws the same", async () => {
    const [first, second] = [await run(), await run()];
    expect(first.status).toBe(0);
    const outcomes = ({ out }: Ran) => out.split("\n").filter((line) => line.includes("safetensors"));
    expect(outcomes(first).length).toBeGreaterThan(0);
    expect(outcomes(second)).toEqual(outcomes(first));
  }, 120_000);
});
