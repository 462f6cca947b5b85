import { crc32c, maskCrc32c, unmaskCrc32c } from "@org/io";
import fc from "fast-check";
import { crc32 as hashWasm } from "hash-wasm";
import { describe, expect, it } from "vitest";
import { createCrc32c } from "../src/crc32c.ts";

const byTables = createCrc32c(false);

describe("crc32c", () => {
  // RFC 3720, appendix B.4.
  it.each<[string, Uint8Array, number]>([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 times 255", new Uint8Array(32).fill(255), 0x62a8ab43],
    ["0 up to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["31 down to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["nothing", new Uint8Array(), 0],
    ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
  ])("of %s", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
    expect(byTables(bytes)).toBe(expected);
  });

  // Lengths around every seam of the WebAssembly: where it begins, where folding begins, a full room, many rooms.
  it.each([511, 512, 16383, 16384, 16385, 57344 + 5275, 57344 + 5275 + 63, 57344 + 5275 + 64, 1_000_003])(
    "of %i bytes is the same with WebAssembly, by tables, and by hash-wasm, after other bytes too",
    async (length) => {
      const bytes = Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255);
      const expected = Number.parseInt(await hashWasm(bytes, 0x82f63b78), 16);
      expect(crc32c(bytes)).toBe(expected);
      expect(byTables(bytes)).toBe(expected);
      expect(crc32c(bytes, 0xdeadbeef)).toBe(byTables(bytes, 0xdeadbeef));
    },
  );

  it("notices each flipped bit of a long array", () => {
    const bytes = new Uint8Array(70_000).fill(37);
    const whole = crc32c(bytes);
    for (let bit = 0; bit < bytes.length * 8; bit += 4999) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(crc32c(bytes)).not.toBe(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  });

  it("agrees with hash-wasm, whole and in two pieces", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.nat(100), async (bytes, cut) => {
        const expected = Number.parseInt(await hashWasm(bytes, 0x82f63b78), 16);
        expect(crc32c(bytes)).toBe(expected);
        expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(expected);
      }),
    );
  });

  it("is unmasked to what was masked, which is not itself", () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (crc) => {
        expect(unmaskCrc32c(maskCrc32c(crc))).toBe(crc);
        expect(maskCrc32c(crc)).not.toBe(crc);
      }),
    );
  });
});
