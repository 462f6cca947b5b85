// The cases of core/util/events_writer_test.cc, and what else an event file's writer promises.
import { type FileSystem, memoryFileSystem } from "@org/io";
import type { Event } from "@org/proto";
import { EventsWriter, summaryIterator } from "@org/summary";
import { beforeEach, describe, expect, it } from "vitest";

let fs: FileSystem;
let clock: number;
beforeEach(async () => {
  fs = memoryFileSystem();
  await fs.makeDirectory("logs");
  clock = 1_500_000_000.75;
});
const open = (prefix: string, options = {}) =>
  new EventsWriter(`logs/${prefix}`, { fs, now: () => clock, hostname: "host", ...options });

async function writeFile(writer: EventsWriter): Promise<void> {
  await writer.writeEvent({
    wallTime: 1234,
    step: 34,
    summary: { value: [{ tag: "foo", simpleValue: Math.PI }] },
  });
  await writer.writeEvent({
    wallTime: 2345,
    step: 35,
    summary: { value: [{ tag: "bar", simpleValue: -42 }] },
  });
}

async function eventsOf(path: string): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of summaryIterator(path, { fs })) events.push(event);
  return events;
}

async function verifyFile(path: string): Promise<void> {
  const [first, foo, bar, ...rest] = await eventsOf(path);
  expect(first).toMatchObject({ wallTime: Math.floor(clock), step: 0n, fileVersion: "brain.Event:2" });
  expect(foo).toMatchObject({ wallTime: 1234, step: 34n, what: "summary" });
  expect(foo!.summary!.value).toMatchObject([{ tag: "foo", simpleValue: Math.fround(Math.PI) }]);
  expect(bar).toMatchObject({ wallTime: 2345, step: 35n });
  expect(bar!.summary!.value).toMatchObject([{ tag: "bar", simpleValue: -42 }]);
  expect(rest).toEqual([]);
}

describe("EventsWriter", () => {
  it("[events_writer_test/EventWriter.WriteFlush] shows what was flushed", async () => {
    const writer = open("writeflush_test");
    await writeFile(writer);
    await writer.flush();
    await verifyFile(await writer.fileName());
  });

  it("[events_writer_test/EventWriter.WriteClose] shows what was written when it is closed", async () => {
    const writer = open("writeclose_test");
    await writeFile(writer);
    await writer.close();
    await verifyFile(await writer.fileName());
  });

  it("[events_writer_test/EventWriter.WriteDelete] closes its file where it goes out of scope", async () => {
    let name: string;
    {
      await using writer = open("writedelete_test");
      await writeFile(writer);
      name = await writer.fileName();
    }
    await verifyFile(name);
  });

  it("[events_writer_test/EventWriter.FailFlush] fails to flush where the file has gone", async () => {
    const writer = open("failflush_test");
    const name = await writer.fileName();
    await writeFile(writer);
    await fs.remove(name);
    await expect(writer.flush()).rejects.toMatchObject({
      code: "UNKNOWN",
      sentence: `The events file ${name} has disappeared.`,
      hint: expect.stringContaining("2 events"),
    });
    expect(await fs.stat(name)).toBeUndefined();
  });

  it("[events_writer_test/EventWriter.FailClose] fails to close where the file has gone", async () => {
    const writer = open("failclose_test");
    const name = await writer.fileName();
    await writeFile(writer);
    await fs.remove(name);
    await expect(writer.close()).rejects.toMatchObject({ code: "UNKNOWN" });
    expect(await fs.stat(name)).toBeUndefined();
  });

  it("[events_writer_test/EventWriter.InitWriteClose] keeps its file from init to close", async () => {
    const writer = open("initwriteclose_test");
    await writer.init();
    const name = await writer.fileName();
    expect(await fs.stat(name)).toBeDefined();
    await writeFile(writer);
    await writer.close();
    expect(await writer.fileName()).toBe(name);
    await verifyFile(name);
  });

  it("[events_writer_test/EventWriter.NameWriteClose] opens its file when its name is asked for", async () => {
    const writer = open("namewriteclose_test");
    const name = await writer.fileName();
    expect(name).toBe("logs/namewriteclose_test.out.tfevents.1500000000.host");
    expect(await fs.stat(name)).toBeDefined();
    await writeFile(writer);
    await writer.close();
    await verifyFile(name);
  });

  it("[events_writer_test/EventWriter.NameClose] leaves a file without events but the version", async () => {
    const writer = open("nameclose_test");
    const name = await writer.fileName();
    await writer.close();
    expect(await fs.stat(name)).toBeDefined();
    expect(await eventsOf(name)).toHaveLength(1);
    await fs.remove(name);
  });

  it("[events_writer_test/EventWriter.FileDeletionBeforeWriting] init opens another file where the first has gone", async () => {
    const writer = open("fdbw_test");
    const first = await writer.fileName();
    expect(await fs.stat(first)).toBeDefined();
    clock += 2;
    await fs.remove(first);
    await writer.init();
    await writeFile(writer);
    await writer.flush();
    const second = await writer.fileName();
    expect(second).not.toBe(first);
    await verifyFile(second);
  });

  it("counts events that went with a file", async () => {
    const writer = open("lost");
    const first = await writer.fileName();
    await writeFile(writer);
    expect([writer.outstandingEvents, writer.lostEvents]).toEqual([2, 0]);
    await fs.remove(first);
    await writer.init();
    expect([writer.outstandingEvents, writer.lostEvents]).toEqual([0, 2]);
  });

  it("never writes over a file: another writer in the same second has another name", async () => {
    const names: string[] = [];
    for (const filenameSuffix of ["", "", ".v2", ".v2"]) {
      const writer = open("events", { filenameSuffix });
      names.push(await writer.fileName());
      await writer.close();
    }
    expect(names.map((name) => name.replace("logs/events.out.tfevents.1500000000.", ""))).toEqual([
      "host",
      "host.1",
      "host.v2",
      "host.1.v2",
    ]);
  });

  it("writes on file systems that cannot append", async () => {
    const { append: _, ...plain } = fs;
    const writer = new EventsWriter("logs/plain", { fs: plain, now: () => clock, hostname: "host" });
    await writeFile(writer);
    await writer.flush();
    await verifyFile(await writer.fileName());
    await writer.close();
    await verifyFile(await writer.fileName());
  });

  it("says which directory is missing", async () => {
    const writer = new EventsWriter("nowhere/events", { fs });
    await expect(writer.init()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
