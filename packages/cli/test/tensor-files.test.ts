// Hostile and damaged .npz and .safetensors files: a typed error, or the right answer, in bounded memory.
import { readFile, writeFile } from "node:fs/promises";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { scratchFolder } from "./folder.ts";
import { fixture, run } from "./run.ts";

const { at } = scratchFolder();
beforeAll(async () => {
  for (const format of ["npz", "safetensors"]) await run(["convert", fixture("momentum"), at(`m.${format}`)]);
  await run(["convert", fixture("momentum"), at("c.npz"), "--compress"]);
});

const safetensors = async (header: string | object, data = 0): Promise<string> => {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  await writeFile(at("bad.safetensors"), bytes);
  const { status, err } = await run(["ls", at("bad.safetensors")]);
  return `${status} ${err}`;
};
const f32 = (shape: number[], from: number, to: number) => ({
  dtype: "F32",
  shape,
  data_offsets: [from, to],
});

describe("safetensors", () => {
  it.each([
    ["a hole", { a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12, /missing bytes before tensor b/],
    ["an overlap", { a: f32([2], 0, 8), b: f32([1], 4, 8) }, 8, /overlapping bytes before tensor b/],
    ["bytes behind", { a: f32([1], 0, 4) }, 8, /8 bytes of tensors, 4 in the header/],
    ["bytes that are missing", { a: f32([4], 0, 16) }, 8, /8 bytes of tensors, 16 in the header/],
    ["another size", { a: f32([3], 0, 8) }, 8, /8 bytes for tensor a: F32 \[3\]/],
    ["sizes that overflow", { a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8, /for tensor a/],
    ["a negative extent", { a: f32([-1], 0, 4) }, 4, /what it says of tensor a/],
    ["no offsets", { a: { dtype: "F32", shape: [1] } }, 4, /what it says of tensor a/],
    ["null", { a: null }, 0, /what it says of tensor a/],
    [
      "a name twice",
      `{"a":${JSON.stringify(f32([1], 0, 4))},"a":${JSON.stringify(f32([1], 4, 8))}}`,
      8,
      /missing bytes/,
    ],
    ["no JSON", '{"a"', 0, /the header is not JSON/],
  ])("%s is damage", async (_, header, data, words) => {
    const said = await safetensors(header, data);
    expect(said).toMatch(/^65 /);
    expect(said).toMatch(words);
  });

  it("reads names that JavaScript gives a meaning, metadata, padding", async () => {
    const header = `{"__metadata__":{"by":"hand"},"__proto__":${JSON.stringify(f32([1], 0, 4))},"toString":${JSON.stringify(f32([], 4, 8))}}   `;
    expect(await safetensors(header, 8)).toBe("0 ");
    const { out } = await run(["ls", at("bad.safetensors")]);
    expect(out).toContain("__proto__ (DT_FLOAT) [1]\ntoString (DT_FLOAT) []");
  });

  it("says which type TensorFlow lacks", async () => {
    expect(await safetensors({ a: { dtype: "F8_E8M0", shape: [1], data_offsets: [0, 1] } }, 1)).toMatch(
      /^1 .*Tensor a has type F8_E8M0/,
    );
  });
});

/** Bytes of the file changed at one place, or cut. */
const mutated = async (name: string, seed: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(await readFile(at(name)));
  const place = seed % bytes.length;
  if (seed % 5 === 0) return bytes.subarray(0, place);
  bytes[place]! ^= 1 + (seed % 255);
  return bytes;
};

describe("mutated files", () => {
  it.each(["m.npz", "c.npz", "m.safetensors"])(
    "%s: an error of ours, or success, never a bug",
    async (name) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(2 ** 30), async (seed) => {
          const path = at(`mutated-${name}`);
          await writeFile(path, await mutated(name, seed));
          const { status, out, err } = await run(["validate", path]);
          expect([0, 1, 65], `${seed}: ${out}${err}`).toContain(status);
        }),
        { numRuns: 60, seed: 5 },
      );
    },
  );

  it("npz: every flipped bit of the arrays is noticed", async () => {
    const bytes = await readFile(at("m.npz"));
    // The first array's data lie behind its local header (30 bytes and the name) and its own header (128).
    for (let at_ = 30 + 5 + 128; at_ < 30 + 5 + 128 + 20; at_++) {
      const bad = Uint8Array.from(bytes);
      bad[at_]! ^= 4;
      await writeFile(at("bit.npz"), bad);
      expect(await run(["validate", at("bit.npz")])).toMatchObject({
        status: 65,
        out: expect.stringMatching(/error at b: .*CRC32/),
      });
    }
  });
});
