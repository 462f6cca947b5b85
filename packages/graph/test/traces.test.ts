// Stack traces of ops' making, and the message that they become.
import { describe, expect, it, test } from "vitest";
import { createGraphDebugInfoDef, Graph, importGraphDef, type Operation } from "../src/index.ts";
import { node, registry } from "./test-ops.ts";

const traced = (): Graph => new Graph({ ops: registry, recordTraces: true });

function makeInner(graph: Graph): Operation {
  return graph.createOp("None", [], { name: "inner" });
}
const makeOuter = (graph: Graph): Operation => makeInner(graph);

describe("a graph that records traces", () => {
  it("knows where an op was made, oldest call first, and nothing of its own making", () => {
    const frames = makeOuter(traced()).traceback!;
    const names = frames.map(({ func }) => func);
    expect(names.slice(-2)).toEqual(["makeOuter", "makeInner"]);
    expect(frames.at(-1)!.file).toMatch(/traces\.test\.ts/);
    expect(frames.at(-1)!.line).toBeGreaterThan(0);
    expect(frames.at(-1)!.column).toBeGreaterThan(0);
  });

  it("has one trace for all ops of an import, none of those before and after it", () => {
    const graph = traced();
    const before = makeInner(graph);
    function load() {
      return importGraphDef({ node: [node("A", "None"), node("B", "None")] }, { graph });
    }
    const { operations } = load();
    const after = makeInner(graph);
    expect(() =>
      importGraphDef({ node: [node("C", "None"), node("D", "NoOp", ["E"])] }, { graph }),
    ).toThrow();
    const last = makeOuter(graph);
    const ends = [before, ...operations, after, last].map((op) => op.traceback!.at(-1)!.func);
    expect(ends).toEqual(["makeInner", "load", "load", "makeInner", "makeInner"]);
    expect(last.traceback!.at(-2)!.func).toBe("makeOuter");
  });

  it("names the files of awaited calls as the others", async () => {
    const graph = traced();
    await Promise.resolve();
    const files = (await (async () => makeInner(graph))()).traceback!.map(({ file }) => file);
    for (const file of files) expect(file).not.toMatch(/^async |^file:/);
  });

  it("leaves the engine's limit of frames as it was", () => {
    const { stackTraceLimit } = Error as { stackTraceLimit?: number };
    makeInner(traced());
    expect((Error as { stackTraceLimit?: number }).stackTraceLimit).toBe(stackTraceLimit);
  });
});

test("a graph records nothing unless it was told to, and then has no debug info", () => {
  const op = makeInner(new Graph({ ops: registry }));
  expect(op.traceback).toBeUndefined();
  expect(() => createGraphDebugInfoDef([["", op]])).toThrow(/recordTraces: true/);
});

test("the message of traces names each file once, and keeps functions' ops apart", () => {
  const graph = traced();
  const op = makeOuter(graph);
  const info = createGraphDebugInfoDef([
    ["", op],
    ["fn", op],
  ]);
  expect(Object.keys(info.traces)).toEqual(["inner@", "inner@fn"]);
  expect(info.files).toEqual([...new Set(info.files)].sort());
  const lines = info.traces["inner@"]!.fileLineCols;
  expect(lines.map(({ fileIndex }) => info.files[fileIndex])).toEqual(op.traceback!.map(({ file }) => file));
  expect(lines.map(({ func }) => func)).toEqual(op.traceback!.map(({ func }) => func));
});
