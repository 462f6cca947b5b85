import { isTfError } from "@org/errors";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blockBytes, createAllocator, createMemory } from "../src/memory.ts";

describe("createAllocator", () => {
  it("never gives out memory twice, aligns, and takes everything back (model)", () => {
    const size = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: 0, max: 40_000 }),
      fc.integer({ min: 30_000, max: 2_000_000 }),
    );
    const step = fc.oneof(
      size.map((bytes) => ({ bytes })),
      fc.nat().map((which) => ({ which })),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const limit = 64 * 1024 * 1024;
        let end = 0;
        const allocator = createAllocator(100, (to) => {
          if (to > limit) return false;
          end = Math.max(end, to);
          return true;
        });
        const used: { address: number; bytes: number }[] = [];
        for (const action of steps) {
          if ("bytes" in action) {
            const address = allocator.allocate(action.bytes);
            if (address === undefined) continue;
            expect(address % 64).toBe(0);
            expect(address).toBeGreaterThanOrEqual(100);
            expect(address + blockBytes(action.bytes)).toBeLessThanOrEqual(end);
            for (const other of used) {
              const apart =
                address + blockBytes(action.bytes) <= other.address ||
                other.address + blockBytes(other.bytes) <= address;
              expect(apart).toBe(true);
            }
            used.push({ address, bytes: action.bytes });
          } else if (used.length > 0) {
            const [gone] = used.splice(action.which % used.length, 1);
            allocator.free(gone!.address, gone!.bytes);
          }
        }
        for (const { address, bytes } of used) allocator.free(address, bytes);
        // All large memory is one extent again: what was ever used can be had in one piece, less what chunks keep.
        const before = end;
        allocator.allocate(Math.max(64 * 1024, Math.floor(before / 4)));
        expect(end).toBeLessThanOrEqual(Math.max(before, limit));
      }),
      { numRuns: 100 },
    );
  });

  it("wastes at most a quarter", () => {
    for (let bytes = 256; bytes < 100_000; bytes += 37)
      expect(blockBytes(bytes)).toBeLessThanOrEqual(bytes * 1.25 + 64);
  });

  it("joins neighbours of large blocks", () => {
    let end = 0;
    const allocator = createAllocator(64, (to) => {
      end = Math.max(end, to);
      return true;
    });
    const blocks = [0, 1, 2, 3].map(() => allocator.allocate(100_000)!);
    for (const i of [2, 0, 3, 1]) allocator.free(blocks[i]!, 100_000);
    const top = end;
    expect(allocator.allocate(400_000)).toBe(blocks[0]);
    expect(end).toBe(top);
  });
});

describe("createMemory", () => {
  const codeOf = (action: () => unknown): string => {
    try {
      action();
    } catch (error) {
      return isTfError(error) ? error.code : (error as Error).name;
    }
    return "no error";
  };

  it("counts references and refuses one release too many", () => {
    const memory = createMemory(65536, 2 ** 24);
    const buffer = memory.allocate(1000);
    memory.retain(buffer);
    memory.release(buffer);
    expect([memory.buffers, memory.bytesInUse]).toEqual([1, 1000]);
    memory.release(buffer);
    expect([memory.buffers, memory.bytesInUse]).toEqual([0, 0]);
    expect(codeOf(() => memory.release(buffer))).toBe("INTERNAL");
    expect(codeOf(() => memory.retain(buffer))).toBe("INTERNAL");
  });

  it("grows, and says RESOURCE_EXHAUSTED at its limit and for absurd sizes, keeping what it has", () => {
    const memory = createMemory(65536, 2 ** 24);
    const buffer = memory.allocate(8_000_000);
    memory.bytes[buffer.address] = 42;
    expect(codeOf(() => memory.allocate(16_000_000))).toBe("RESOURCE_EXHAUSTED");
    expect(codeOf(() => memory.allocate(2 ** 40))).toBe("RESOURCE_EXHAUSTED");
    expect(codeOf(() => memory.allocate(-1))).toBe("TypeError");
    const second = memory.allocate(6_000_000);
    expect(memory.bytes[buffer.address]).toBe(42);
    memory.release(second);
    memory.release(buffer);
    expect(memory.allocate(12_000_000).address).toBe(buffer.address);
  });
});
