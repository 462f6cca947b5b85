// Whole samples are read, whatever is done with them: what a case is refused for is what was broken.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { goldenSamples } from "../src/golden-samples.ts";
import { ownSamples } from "../src/own-samples.ts";
import { Random } from "../src/random.ts";
import { outcomeOf } from "../src/readers.ts";
import type { Sample } from "../src/sample.ts";

const shared = process.env.METAGRAPH_SHARED ?? join(import.meta.dirname, "../../../shared");
const golden = goldenSamples(shared);

/** What comes of a sample in ten ways of use. */
async function outcomes({ kind, path, files }: Sample): Promise<string[]> {
  const bytes = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, file.bytes]));
  const all = new Set<string>();
  for (let use = 0; use < 10; use++) all.add(await outcomeOf(kind, path, bytes, new Random(1, use)));
  return [...all];
}

async function refused(samples: readonly Sample[]): Promise<[string, string[]][]> {
  const all: [string, string[]][] = [];
  for (const sample of samples) all.push([`${sample.kind} ${sample.name}`, await outcomes(sample)]);
  return all.filter(([, found]) => found.join() !== "ok");
}

/** A scoped export: its unbound inputs have to be given. */
const needsInputs = "metaGraph graphs/export_scope/graph.meta";

describe("samples that are whole", () => {
  it("our own, one of each kind at least, are read", async () => {
    const own = await ownSamples();
    expect(new Set(own.map(({ kind }) => kind)).size).toBe(9);
    expect(await refused(own)).toEqual([]);
  }, 60_000);

  it.skipIf(golden.length === 0)(
    "TensorFlow's are read (skipped: the golden files are not there)",
    async () => {
      const others = (await refused(golden)).filter(([name]) => name !== needsInputs);
      expect(others).toEqual([]);
    },
    300_000,
  );
});
