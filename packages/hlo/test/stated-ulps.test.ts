// What a backend states of division and roots is allowed to it by the suite, and not without.
import { describe, expect, it } from "vitest";
import { type Backend, type DeviceBuffer, evaluatorBackend } from "../src/index.ts";
import { type SuiteOptions, testBackend } from "../src/testing.ts";

/** The evaluator, whose float32 quotients are one unit in the last place too large in magnitude. */
function inexact(): Backend {
  const exact = evaluatorBackend();
  const quotients = new WeakSet<DeviceBuffer>();
  return {
    ...exact,
    launch(executable, inputs, outputs, site) {
      exact.launch(executable, inputs, outputs, site);
      if (executable.fusion.computation.instructions.some(({ opcode }) => opcode === "divide"))
        for (const output of outputs) quotients.add(output);
    },
    async download(buffer) {
      const bytes = await exact.download(buffer);
      if (!quotients.has(buffer)) return bytes;
      const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      words.forEach((word, i) => {
        const magnitude = word & 0x7fffffff;
        if (magnitude > 0 && magnitude < 0x7f7fffff) words[i] = word + 1;
      });
      return bytes;
    },
  };
}

/** The suite's own outcome for its one case of that name. */
async function outcome(name: string, options: SuiteOptions): Promise<string> {
  const cases = new Map<string, () => Promise<void>>();
  const framework = { describe: (_: string, body: () => void) => body(), it: cases.set.bind(cases) };
  testBackend(framework, inexact, { programs: 0, ...options });
  return cases.get(name)!().then(
    () => "passes",
    (error: Error) => error.message,
  );
}

describe("testBackend's ulps", () => {
  it("are none unless stated", async () => {
    expect(await outcome("divide float32", {})).toMatch(/^fused, root 0: element \d+ is/);
    expect(await outcome("multiply float32", {})).toBe("passes");
  });

  it("allow what is stated, and of that opcode alone", async () => {
    expect(await outcome("divide float32", { ulps: { divide: 1 } })).toBe("passes");
    expect(await outcome("divide float32", { ulps: { divide: 0.5, sqrt: 4 } })).toMatch(/^fused/);
  });
});
