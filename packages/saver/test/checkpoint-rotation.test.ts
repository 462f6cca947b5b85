import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointRotation } from "../src/index.ts";

describe("CheckpointRotation", () => {
  it("lists the newest, each once, and gives up each of the others once", () => {
    const saves = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 40 });
    fc.assert(
      fc.property(saves, fc.integer({ min: 1, max: 4 }), (names, maxToKeep) => {
        const rotation = new CheckpointRotation({ maxToKeep, keepEveryNHours: 1e9, now: 0 });
        let files: string[] = [];
        for (const [time, name] of names.entries()) {
          const path = `p-${name}`;
          files = [...files.filter((file) => file !== path), path];
          rotation.record(path, time);
          const old = rotation.takeSurplus();
          if (old !== undefined) files = files.filter((file) => file !== old);
          expect(rotation.takeSurplus()).toBeUndefined();
          // What is listed is what is on disk, in the order of saving.
          expect(rotation.paths).toEqual(files);
          expect(files.length).toBeLessThanOrEqual(maxToKeep);
        }
      }),
    );
  });

  it("keeps one in every interval for good", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 60 }), (gaps) => {
        const rotation = new CheckpointRotation({ maxToKeep: 1, keepEveryNHours: 1, now: 0 });
        let now = 0;
        const kept: number[] = [];
        let last: number | undefined;
        for (const gap of gaps) {
          now += gap;
          rotation.record(`p-${now}`, now);
          const removed = rotation.takeSurplus();
          if (last !== undefined && removed === undefined) kept.push(last);
          last = now;
        }
        // The n-th kept is the first that was saved after n intervals, or later where saves are rare.
        for (const [i, time] of kept.entries()) expect(time).toBeGreaterThan(3600 * (i + 1));
        expect(kept.length).toBeLessThanOrEqual(Math.floor(now / 3600));
      }),
    );
  });
});
