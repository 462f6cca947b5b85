import { concatBytes, frameRecord, memoryFileSystem } from "@org/io";
import { Event, encode, type IEvent } from "@org/proto";
import { readEvents, summaryIterator } from "@org/summary";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const record = (event: IEvent): Uint8Array => frameRecord(encode(Event, event));
const whole = concatBytes([
  record({ fileVersion: "brain.Event:2" }),
  record({ step: 2 ** 40, wallTime: 1.5 }),
]);

async function steps(bytes: Uint8Array, options = {}): Promise<bigint[]> {
  const found: bigint[] = [];
  const fs = memoryFileSystem({ "a.tfevents": bytes });
  for await (const { step } of summaryIterator("a.tfevents", { fs, ...options })) found.push(step);
  return found;
}

describe("summaryIterator", () => {
  it("yields events, and their places", async () => {
    expect(await steps(whole)).toEqual([0n, 2n ** 40n]);
    const fs = memoryFileSystem({ f: whole });
    const places: [number, number][] = [];
    for await (const { offset, end } of readEvents("f", { fs })) places.push([offset, end]);
    expect(places).toEqual([
      [0, 31],
      [31, whole.length],
    ]);
    expect(await steps(whole, { start: 31 })).toEqual([2n ** 40n]);
  });

  it("stops before a torn tail, if asked to; else says where it is", async () => {
    for (let cut = 32; cut < whole.length; cut++) {
      expect(await steps(whole.subarray(0, cut), { tornTail: "stop" })).toEqual([0n]);
      await expect(steps(whole.subarray(0, cut))).rejects.toMatchObject({
        code: "DATA_LOSS",
        sentence: "truncated record at 31",
        place: { file: "a.tfevents", offset: 31 },
      });
    }
  });

  it("notices every flipped bit", async () => {
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bad = whole.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      for (const tornTail of ["stop", "error"])
        await expect(steps(bad, { tornTail })).rejects.toMatchObject({ code: "DATA_LOSS" });
    }
  });

  it("says what is no event, and what is missing", async () => {
    await expect(steps(frameRecord(Uint8Array.of(8, 8, 255)))).rejects.toMatchObject({
      code: "DATA_LOSS",
      place: { file: "a.tfevents" },
      hint: expect.stringContaining("record at byte 0"),
    });
    await expect(summaryIterator("no", { fs: memoryFileSystem() }).next()).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it("gives an error of ours, or events, whatever the bytes", async () => {
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      changes.map((list) =>
        list.reduce(
          (all, [at, value]) => Uint8Array.from(all, (byte, i) => (i === at ? value : byte)),
          whole,
        ),
      ),
      // Records are whole, and what is in them is not.
      fc
        .array(fc.uint8Array({ maxLength: 30 }), { maxLength: 4 })
        .map((list) => concatBytes(list.map(frameRecord))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.constantFrom("stop", "error"), async (data, tornTail) => {
        const error = await steps(data, { tornTail }).catch((reason: unknown) => reason);
        if (!Array.isArray(error))
          expect(error).toMatchObject({ code: expect.stringMatching(/^(DATA_LOSS|RESOURCE_EXHAUSTED)$/) });
      }),
      { numRuns: 500 },
    );
  });

  it("ends at an abort", async () => {
    await expect(steps(whole, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
  });
});
