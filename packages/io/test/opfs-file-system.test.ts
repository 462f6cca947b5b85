// In a browser: vitest.browser.config.ts. Node has no such files.
import { opfsFileSystem } from "@org/io";
import { testFileSystem } from "@org/io/testing";
import { describe, it } from "vitest";

const there = typeof navigator === "object" && typeof navigator.storage?.getDirectory === "function";
let counter = 0;

describe.skipIf(!there)("in a browser (skipped where there is no origin private file system)", () => {
  testFileSystem({
    describe,
    it,
    name: "OPFS",
    create: async () => {
      const top = await navigator.storage.getDirectory();
      const name = `test-${counter++}`;
      const folder = await top.getDirectoryHandle(name, { create: true });
      await folder.getDirectoryHandle("scratch", { create: true });
      return {
        fs: opfsFileSystem(folder),
        root: "/scratch",
        dispose: () => top.removeEntry(name, { recursive: true }),
      };
    },
    // A File is a snapshot that the browser lets nobody read once the file has changed.
    except: ["replaces a file at close, and a reader of the old one goes on"],
  });
});
