import { bytesSource, concatBytes, crc32c, frameRecord, maskCrc32c, readRecords } from "@org/io";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

async function readAll(bytes: Uint8Array): Promise<Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const { data } of readRecords(bytesSource(bytes))) records.push(data);
  return records;
}

describe("records", () => {
  it("come back as they were written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 50 })), async (records) => {
        expect(await readAll(concatBytes(records.map(frameRecord)))).toEqual(records);
      }),
    );
  });

  it("that are cut anywhere are truncated, that have a flipped bit anywhere are corrupted", async () => {
    const whole = concatBytes([frameRecord(Uint8Array.of(1, 2, 3)), frameRecord(Uint8Array.of(4))]);
    const boundary = 19;
    for (let cut = 1; cut < whole.length; cut++) {
      if (cut === boundary) continue;
      await expect(readAll(whole.subarray(0, cut))).rejects.toMatchObject({
        code: "DATA_LOSS",
        sentence: `truncated record at ${cut < boundary ? 0 : boundary}`,
      });
    }
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bad = whole.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      await expect(readAll(bad)).rejects.toMatchObject({
        code: "DATA_LOSS",
        sentence: `corrupted record at ${bit >> 3 < boundary ? 0 : boundary}`,
      });
    }
  });

  it("stop before a torn tail, if asked to, and go on from there later", async () => {
    const whole = concatBytes(["one", "two"].map((text) => frameRecord(new TextEncoder().encode(text))));
    const read = async (bytes: Uint8Array, start = 0) => {
      const found: [string, number][] = [];
      for await (const { data, end } of readRecords(bytesSource(bytes), { tornTail: "stop", start }))
        found.push([new TextDecoder().decode(data), end]);
      return found;
    };
    for (let cut = 19; cut < 38; cut++) expect(await read(whole.subarray(0, cut))).toEqual([["one", 19]]);
    expect(await read(whole, 19)).toEqual([["two", 38]]);
    await expect(read(Uint8Array.from(whole, (byte, i) => (i === 20 ? 99 : byte)))).rejects.toThrow(
      "corrupted record at 19",
    );
  });

  it("with damaged data are passed over, if somebody is to hear of it; not with a damaged length", async () => {
    const frames = ["one", "two", "three"].map((text) => frameRecord(new TextEncoder().encode(text)));
    const bad = concatBytes(frames);
    bad[19 + 12]! ^= 1;
    const [found, told]: [string[], unknown[]] = [[], []];
    const read = async () => {
      for await (const { data } of readRecords(bytesSource(bad), {
        onCorrupted: (place) => told.push(place),
      }))
        found.push(new TextDecoder().decode(data));
    };
    await read();
    expect(found).toEqual(["one", "three"]);
    expect(told).toEqual([{ offset: 19, end: 38 }]);
    bad[19]! ^= 1;
    await expect(read()).rejects.toThrow("corrupted record at 19");
  });

  it("report progress and end at an abort, with CANCELLED and the place", async () => {
    const whole = concatBytes(Array.from({ length: 40 }, () => frameRecord(new Uint8Array(2 ** 16))));
    const seen: number[] = [];
    const stop = new AbortController();
    const read = async () => {
      for await (const { end } of readRecords(bytesSource(whole), {
        file: "r",
        signal: stop.signal,
        onProgress: ({ loaded, total }) => void seen.push(loaded / total),
      }))
        if (end > whole.length / 2) stop.abort();
    };
    await expect(read()).rejects.toMatchObject({ code: "CANCELLED", place: { file: "r" } });
    expect(seen.at(-1)).toBeGreaterThan(0.5);
    expect(seen.at(-1)).toBeLessThan(1);
  });

  it("of a length that no file holds are truncated before anything is allocated", async () => {
    const header = frameRecord(new Uint8Array(0)).slice();
    const view = new DataView(header.buffer);
    view.setUint32(4, 1, true); // 4 GiB
    view.setUint32(8, maskCrc32c(crc32c(header.subarray(0, 8))), true);
    await expect(readAll(header)).rejects.toMatchObject({ sentence: "truncated record at 0" });
    view.setUint32(4, 0xffffffff, true);
    view.setUint32(8, maskCrc32c(crc32c(header.subarray(0, 8))), true);
    await expect(readAll(header)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });
});
