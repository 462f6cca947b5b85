import {
  basename,
  dirname,
  getMatchingPaths,
  joinPath,
  localPath,
  matchesPattern,
  memoryFileSystem,
  parseUri,
} from "@org/io";
import { describe, expect, it } from "vitest";

describe("paths", () => {
  it.each<[string[], string]>([
    [["a", "b"], "a/b"],
    [["a/", "b"], "a/b"],
    [["a", "/b"], "/b"],
    [["", "b"], "b"],
    [["a", ""], "a/"],
    [["gs://x/a", "b", "c"], "gs://x/a/b/c"],
  ])("joinPath(%j)", (parts, expected) => expect(joinPath(parts[0]!, ...parts.slice(1))).toBe(expected));

  it.each([
    ["a/b/c", "a/b", "c"],
    ["a", "", "a"],
    ["/a", "/", "a"],
    ["a/", "a", ""],
    ["/", "/", ""],
    ["a//b", "a", "b"],
    ["file:///tmp/x", "file:///tmp", "x"],
    ["gs://bucket/x", "gs://bucket/", "x"],
  ])("%s is %s and %s", (path, head, tail) => {
    expect(dirname(path)).toBe(head);
    expect(basename(path)).toBe(tail);
  });

  it("have a scheme and a host, if any", () => {
    expect(parseUri("gs://bucket/a/b")).toEqual({ scheme: "gs", host: "bucket", path: "/a/b" });
    expect(parseUri("a:b/c")).toEqual({ scheme: "", host: "", path: "a:b/c" });
    expect(localPath("file:///a")).toBe("/a");
    expect(() => localPath("gs://b/a")).toThrow(expect.objectContaining({ code: "UNIMPLEMENTED" }));
    expect(() => localPath("")).toThrow("; No such file or directory");
  });
});

describe("patterns", () => {
  it.each<[string, string, boolean]>([
    ["model-?????-of-00002", "model-00001-of-00002", true],
    ["model-?????-of-00002", "model-1-of-00002", false],
    ["a*", "abc", true],
    ["a*", "a/b", false],
    ["*/b", "a/b", true],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["[!a]x", "bx", true],
    ["[]]x", "]x", true],
    ["[^]]x", "]x", false],
    ["[z-a]", "b", false],
    ["[x", "[x", true],
    ["a\\*", "a*", true],
    ["a\\*", "ab", false],
    ["a.c", "abc", false],
    ["a+(b)", "a+(b)", true],
    ["*", "", true],
  ])("%s against %s", (pattern, path, expected) => expect(matchesPattern(path, pattern)).toBe(expected));

  it("find files in sorted order, and nothing where nothing is", async () => {
    const fs = memoryFileSystem({ "d/m-2": "", "d/m-1": "", "d/other": "", "e/m-3": "", "m-0": "" });
    expect(await getMatchingPaths(fs, "d/m-*")).toEqual(["d/m-1", "d/m-2"]);
    expect(await getMatchingPaths(fs, "*/m-?")).toEqual(["d/m-1", "d/m-2", "e/m-3"]);
    expect(await getMatchingPaths(fs, "/?/m-2")).toEqual(["/d/m-2"]);
    expect(await getMatchingPaths(fs, "m-*")).toEqual(["m-0"]);
    expect(await getMatchingPaths(fs, "*")).toEqual(["d", "e", "m-0"]);
    expect(await getMatchingPaths(fs, "d/m-1")).toEqual(["d/m-1"]);
    expect(await getMatchingPaths(fs, "nosuch/*")).toEqual([]);
    expect(await getMatchingPaths(fs, "m-0/*")).toEqual([]);
  });
});
