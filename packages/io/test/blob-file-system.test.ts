import { blobFileSystem, readFile } from "@org/io";
import { testReadableFileSystem } from "@org/io/testing";
import { describe, expect, it } from "vitest";

testReadableFileSystem({
  describe,
  it,
  name: "blobs",
  create: async (files) => ({
    fs: blobFileSystem(
      Object.fromEntries(
        Object.entries(files).map(([path, content]) => [
          `top/${path}`,
          new Blob([content as Uint8Array<ArrayBuffer>]),
        ]),
      ),
    ),
    root: "top",
  }),
});

describe("blobFileSystem", () => {
  const file = (name: string, text: string): File => new File([text], name, { lastModified: 5000 });

  it("takes dropped files by their names", async () => {
    const fs = blobFileSystem([file("model.index", "i"), file("model.meta", "m")]);
    expect(await fs.list(".")).toEqual(["model.index", "model.meta"]);
    expect(new TextDecoder().decode(await readFile(fs, "./model.meta"))).toBe("m");
    expect(await fs.stat("model.meta")).toEqual({ size: 1, mtime: 5, isDirectory: false });
  });

  it("takes a chosen folder by the paths in it", async () => {
    const inFolder = (path: string): File =>
      Object.defineProperty(file(path.slice(path.lastIndexOf("/") + 1), path), "webkitRelativePath", {
        value: path,
      });
    const files = [inFolder("run/checkpoint"), inFolder("run/a/model.index")];
    const list = { length: 2, 0: files[0]!, 1: files[1]! };
    const fs = blobFileSystem(list);
    expect(await fs.list("run")).toEqual(["a", "checkpoint"]);
    expect(new TextDecoder().decode(await readFile(fs, "/run/a/model.index"))).toBe("run/a/model.index");
  });

  it("refuses what is no file, and two files of one path", () => {
    expect(() => blobFileSystem({ a: "text" as never })).toThrow(TypeError);
    expect(() => blobFileSystem([file("a", "1"), file("a", "2")])).toThrow("a; File exists");
    const blob = new Blob([]);
    expect(() => blobFileSystem({ a: blob, "a/b": blob })).toThrow("Not a directory");
    expect(() => blobFileSystem({ "a/b": blob, a: blob })).toThrow("File exists");
  });
});
