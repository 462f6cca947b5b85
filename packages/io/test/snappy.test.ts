import { concatBytes, snappyDecode } from "@org/io";
import fc from "fast-check";
import { compress } from "snappyjs";
import { describe, expect, it } from "vitest";

describe("snappyDecode", () => {
  it("gives back what snappyjs compresses", () => {
    const words = fc.array(fc.constantFrom("abc", "abcabc", "x", "yz".repeat(40), "q".repeat(300)));
    fc.assert(
      fc.property(words, fc.uint8Array({ maxLength: 100 }), (text, tail) => {
        const bytes = concatBytes([new TextEncoder().encode(text.join("")), tail]);
        expect(snappyDecode(compress(bytes))).toEqual(bytes);
      }),
    );
  });

  it("never returns other bytes from a cut block, and never hangs on noise", () => {
    const block = compress(new TextEncoder().encode("abcdefabcdefabcdef".repeat(10)));
    for (let cut = 0; cut < block.length; cut++)
      expect(() => snappyDecode(block.subarray(0, cut))).toThrow(
        expect.objectContaining({ code: "DATA_LOSS" }),
      );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (noise) => {
        try {
          snappyDecode(noise);
        } catch (error) {
          expect(error).toMatchObject({ code: "DATA_LOSS" });
        }
      }),
    );
  });

  it("refuses a literal of 2**31 bytes and a length that nothing can fill", () => {
    expect(() => snappyDecode(Uint8Array.of(5, 0xfc, 0, 0, 0, 0x80, 1))).toThrow("literal too long");
    expect(() => snappyDecode(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0))).toThrow("bytes claimed");
  });
});
