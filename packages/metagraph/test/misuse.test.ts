// What is no message would pass for an empty one: a path, or a promise that nobody has awaited.
import {
  describe as describeMetaGraph,
  importMetaGraph,
  memoryFileSystem,
  writeMetaGraph,
} from "@org/metagraph";
import { expect, it } from "vitest";

it.each([
  ["a path", "model.meta", "a string"],
  ["a promise", Promise.resolve({}), "a promise (is there an await missing?)"],
  ["bytes", new Uint8Array(), "bytes"],
  ["nothing", undefined, "undefined"],
  ["null", null, "null"],
  ["a list", [], "an array"],
  ["a URL", new URL("https://example.com/a.meta"), "a URL"],
])("%s is not taken for an empty MetaGraph", async (_, value, what) => {
  const reading = `not ${what}: read one with readMetaGraph`;
  expect(() => importMetaGraph(value as never)).toThrow(
    new TypeError(`importMetaGraph takes a MetaGraphDef, ${reading}`),
  );
  expect(() => describeMetaGraph(value as never)).toThrow(
    new TypeError(`describe takes a MetaGraphDef or a graph, ${reading}`),
  );
  await expect(writeMetaGraph("x.meta", value as never, { fs: memoryFileSystem() })).rejects.toThrow(
    new TypeError(`writeMetaGraph takes a MetaGraphDef, not ${what}: make one with exportMetaGraph`),
  );
});
