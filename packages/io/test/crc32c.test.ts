import { crc32c, maskCrc32c, unmaskCrc32c } from "@org/io";
import fc from "fast-check";
import { crc32 as hashWasm } from "hash-wasm";
import { describe, expect, it } from "vitest";

describe("crc32c", () => {
  // RFC 3720, appendix B.4.
  it.each<[string, Uint8Array, number]>([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 times 255", new Uint8Array(32).fill(255), 0x62a8ab43],
    ["0 up to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["31 down to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["nothing", new Uint8Array(), 0],
    ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
  ])("of %s", (_, bytes, expected) => expect(crc32c(bytes)).toBe(expected));

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
