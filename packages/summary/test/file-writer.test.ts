import { type FileSystem, memoryFileSystem } from "@org/io";
import { failingFileSystem } from "@org/io/testing";
import {
  decode,
  type Event,
  encode,
  GraphDef,
  MetaGraphDef,
  RunMetadata,
  SessionLog,
  Summary,
} from "@org/proto";
import { EventFileWriter, FileWriter, type FileWriterOptions, summaryIterator } from "@org/summary";
import { beforeEach, describe, expect, it } from "vitest";

let fs: FileSystem;
let clock: number;
beforeEach(() => {
  fs = memoryFileSystem();
  clock = 1_600_000_000;
});
const open = (options: FileWriterOptions = {}) =>
  new FileWriter("runs/1", { fs, now: () => clock++, hostname: "host", ...options });

async function events(): Promise<Event[]> {
  const found: Event[] = [];
  for (const name of await fs.list("runs/1"))
    for await (const event of summaryIterator(`runs/1/${name}`, { fs })) found.push(event);
  return found;
}
const loss = (value: number, tag = "loss") => ({ value: [{ tag, simpleValue: value }] });

describe("FileWriter", () => {
  it("writes a graph as a graph and as a MetaGraph", async () => {
    const def = { node: [{ name: "a", op: "NoOp" }] };
    const asked: unknown[] = [];
    const graph = {
      asGraphDef(options: unknown) {
        asked.push(options);
        return def;
      },
    };
    await open({
      graph,
      exportMetaGraph: (_, graphDef) => ({ graphDef, metaInfoDef: { tags: ["t"] } }),
    }).close();
    const [version, first, second] = await events();
    expect(version!.what).toBe("fileVersion");
    expect(decode(GraphDef, first!.graphDef!).node[0]!.name).toBe("a");
    expect(decode(MetaGraphDef, second!.metaGraphDef!)).toMatchObject({
      metaInfoDef: { tags: ["t"] },
      graphDef: { node: [{ name: "a" }] },
    });
    expect(asked).toEqual([{ addShapes: true }, { addShapes: true }]);
    expect(() => open({ graph: "graph" as never })).toThrow(TypeError);
  });

  it("writes what programs add, with steps and times", async () => {
    const writer = open();
    await writer.addSummary(loss(1), 1);
    await writer.addSummary(encode(Summary, loss(2)), 2n ** 40n);
    await writer.addSessionLog({ status: SessionLog.SessionStatus.CHECKPOINT, checkpointPath: "m-1" }, 3);
    await writer.addMetaGraph({ metaInfoDef: { tags: ["x"] } });
    await writer.addRunMetadata({ stepStats: {} }, "step 1", 1);
    await writer.addEvent({ wallTime: 5, step: 6, logMessage: { message: "hi" } });
    await writer.close();
    expect((await events()).slice(1).map(({ what, step }) => [what, step])).toEqual([
      ["summary", 1n],
      ["summary", 2n ** 40n],
      ["sessionLog", 3n],
      ["metaGraphDef", 0n],
      ["taggedRunMetadata", 1n],
      ["logMessage", 6n],
    ]);
    const all = await events();
    expect(all[1]!.wallTime).toBeGreaterThanOrEqual(1_600_000_000);
    expect(all[6]!.wallTime).toBe(5);
    expect(decode(RunMetadata, all[5]!.taggedRunMetadata!.runMetadata).stepStats).not.toBeNull();
  });

  it("writes a tag's metadata once", async () => {
    const writer = open();
    const value = { tag: "t", simpleValue: 1, metadata: { displayName: "T" } };
    writer.addSummary({ value: [value, { ...value, tag: "u" }] }, 1);
    writer.addSummary({ value: [value] }, 2);
    await writer.close();
    const kept = (await events())
      .slice(1)
      .map(({ summary }) => summary!.value.map(({ metadata }) => metadata?.displayName));
    expect(kept).toEqual([["T", "T"], [undefined]]);
  });

  it("refuses a run's tag twice, bytes that are no Summary, and what is no MetaGraph", async () => {
    const writer = open();
    await writer.addRunMetadata({}, "a");
    expect(() => writer.addRunMetadata({}, "a")).toThrow(
      "The provided tag was already used for this event type",
    );
    expect(() => writer.addSummary(Uint8Array.of(255))).toThrow(
      expect.objectContaining({ code: "DATA_LOSS" }),
    );
    expect(() => writer.addMetaGraph("x" as never)).toThrow(TypeError);
    await writer.close();
  });

  it("drops what is added while it is closed, says so, and goes on in another file after reopen", async () => {
    const warnings: string[] = [];
    const writer = open({ onWarning: (text) => warnings.push(text) });
    await writer.addSummary(loss(1), 1);
    await writer.close();
    await writer.addSummary(loss(2), 2);
    expect(warnings).toEqual([expect.stringContaining("Attempting to use a closed FileWriter.")]);
    writer.reopen();
    await writer.addSummary(loss(3), 3);
    await writer.close();
    expect(await fs.list("runs/1")).toHaveLength(2);
    expect((await events()).map(({ step }) => step)).toEqual([0n, 1n, 0n, 3n]);
  });

  it("flushes the first event at once, others after flushSecs", async () => {
    const seen = async () => (await events()).length;
    const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
    await using writer = open({ now: () => clock, flushSecs: 100 });
    writer.addSummary(loss(1));
    await turn();
    expect(await seen()).toBe(2);
    writer.addSummary(loss(2));
    await turn();
    expect(await seen()).toBe(2);
    clock += 101;
    writer.addSummary(loss(3));
    await turn();
    expect(await seen()).toBe(4);
    writer.addSummary(loss(4));
    await writer.flush();
    expect(await seen()).toBe(5);
  });

  it("makes a program that adds too fast wait, if it waits", async () => {
    const writer = new EventFileWriter("runs/1", { fs, maxQueue: 2 });
    const done: number[] = [];
    for (let step = 0; step < 5; step++) void writer.addEvent({ step }).then(() => done.push(step));
    await Promise.resolve();
    expect(done).toEqual([0, 1]);
    await writer.close();
    expect(done).toEqual([0, 1, 2, 3, 4]);
    expect((await events()).map(({ step }) => step)).toEqual([0n, 0n, 1n, 2n, 3n, 4n]);
  });

  it("tells at the next flush what went wrong in writing, once", async () => {
    const failing = failingFileSystem(fs, 4, { once: true });
    const writer = open({ fs: failing.fs });
    await writer.addSummary(loss(1), 1);
    await writer.addSummary(loss(2), 2);
    await expect(writer.flush()).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    await writer.addSummary(loss(3), 3);
    await writer.close();
    expect((await events()).at(-1)!.step).toBe(3n);
  });
});

it("refuses what is no summary, and steps that are no integers", async () => {
  const writer = open();
  expect(() => writer.addSummary("loss" as never, 1)).toThrow(
    new TypeError("addSummary takes a Summary, not a string: { value: [{ tag, simpleValue }] } is one"),
  );
  expect(() => writer.addSummary({ value: [] }, 1.5)).toThrow(new TypeError("A step is an integer, not 1.5"));
  await writer.close();
});
