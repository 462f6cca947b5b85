// The test-suite of the FileSystem contract: an implementation is one if this passes.
//   import { describe, it } from "vitest";        // or node:test, or anything with these two
//   testFileSystem({ describe, it, name: "mine", create: async () => ({ fs: myFileSystem(), root: "/scratch" }) });
// Not here: what a file system may promise beyond the contract (links, permissions).
import { isTfError } from "@org/errors";
import { readInto } from "./bytes.ts";
import type { ByteSource, FileSystem } from "./file-system.ts";
import { atomicWrite, readFile } from "./whole-files.ts";

/** What the suite needs of a test framework. */
export interface TestFramework {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

export interface FileSystemTestOptions extends TestFramework {
  readonly name: string;
  /** A FileSystem and an existing, empty directory in it; called once a test. `dispose` runs after the test. */
  readonly create: () => Promise<{ fs: FileSystem; root: string; dispose?: () => Promise<void> }>;
  /** Names of cases that the place cannot keep, each with its reason beside it. */
  readonly except?: readonly string[];
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function assertEqual(actual: unknown, expected: unknown, what: string): void {
  if (actual instanceof Uint8Array && expected instanceof Uint8Array && actual.length === expected.length)
    if (actual.every((byte, i) => byte === expected[i])) return;
  const shown = (value: unknown) =>
    value instanceof Uint8Array ? `bytes [${value.join(",")}]` : JSON.stringify(value);
  assert(shown(actual) === shown(expected), `${what}: ${shown(actual)} instead of ${shown(expected)}`);
}

async function assertFails(promise: Promise<unknown>, code: string, text: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert(error !== undefined, `should fail with ${code}`);
  assert(isTfError(error), `should fail with a TfError, not ${String(error)}`);
  assertEqual(error.code, code, "code");
  assert(error.message.includes(text), `"${error.message}" should say "${text}"`);
}

type Case = (fs: FileSystem, at: (name: string) => string) => Promise<void>;

/** A file of the bytes 1 to 5, whole and in parts. */
async function readsFive(source: ByteSource): Promise<void> {
  assertEqual(source.size, 5, "size");
  assertEqual(await source.read(0, 5), bytes(1, 2, 3, 4, 5), "all");
  assertEqual(await source.read(1, 4), bytes(2, 3, 4), "a part");
  assertEqual(await source.read(5, 5), bytes(), "nothing");
  const target = bytes(9, 9, 9, 9);
  await readInto(source, target.subarray(1, 3), 2);
  assertEqual(target, bytes(9, 3, 4, 9), "into the caller's own");
  await source.close();
}

const cases: Readonly<Record<string, Case>> = {
  "reads what was written": async (fs, at) => {
    const sink = await fs.create(at("a"));
    await sink.write(bytes(1, 2, 3));
    await sink.write(bytes());
    await sink.write(bytes(4, 5));
    await sink.close();
    await readsFive(await fs.open(at("a")));
  },
  "keeps what was written although the caller changes its buffer": async (fs, at) => {
    const buffer = bytes(1, 2, 3);
    const sink = await fs.create(at("a"));
    await sink.write(buffer);
    buffer.fill(9);
    await sink.close();
    assertEqual(await readFile(fs, at("a")), bytes(1, 2, 3), "content");
  },
  "appends, if it does: what is flushed is seen": async (fs, at) => {
    if (!fs.append) return;
    const sink = await fs.append(at("a"));
    assertEqual((await fs.stat(at("a")))?.size, 0, "a new file");
    await sink.write(bytes(1, 2));
    await sink.flush();
    assertEqual(await readFile(fs, at("a")), bytes(1, 2), "after flush");
    await sink.write(bytes(3));
    await sink.close();
    await sink.close();
    const again = await fs.append(at("a"));
    await again.write(bytes(4));
    await again.close();
    assertEqual(await readFile(fs, at("a")), bytes(1, 2, 3, 4), "after close and again");
    await assertFails(fs.append(at("no/a")), "NOT_FOUND", "No such file or directory");
  },
  "refuses reads outside the file": async (fs, at) => {
    await atomicWrite(fs, at("a"), bytes(1, 2));
    const source = await fs.open(at("a"));
    await assertFails(source.read(0, 3), "OUT_OF_RANGE", "2");
    await assertFails(source.read(-1, 1), "OUT_OF_RANGE", "2");
    await assertFails(source.read(2, 1), "OUT_OF_RANGE", "2");
    await assertFails(readInto(source, bytes(0, 0), 1), "OUT_OF_RANGE", "2");
    await source.close();
  },
  "stops a read whose signal is aborted": async (fs, at) => {
    await atomicWrite(fs, at("a"), bytes(1, 2));
    const source = await fs.open(at("a"));
    const reason = new Error("stop");
    const error = await source
      .read(0, 2, { signal: AbortSignal.abort(reason) })
      .catch((thrown: unknown) => thrown);
    assert(error === reason, "should throw the signal's reason");
    await source.close();
  },
  "shows a new file at close, not before": async (fs, at) => {
    const sink = await fs.create(at("a"));
    await sink.write(bytes(1));
    assert((await fs.stat(at("a"))) === undefined, "there before close");
    await sink.close();
    assertEqual((await fs.stat(at("a")))?.size, 1, "size after close");
  },
  "replaces a file at close, and a reader of the old one goes on": async (fs, at) => {
    await atomicWrite(fs, at("a"), bytes(1, 2, 3));
    const old = await fs.open(at("a"));
    const sink = await fs.create(at("a"));
    await sink.write(bytes(4));
    assertEqual(await readFile(fs, at("a")), bytes(1, 2, 3), "before close");
    await sink.close();
    assertEqual(await readFile(fs, at("a")), bytes(4), "after close");
    assertEqual(await old.read(0, 3), bytes(1, 2, 3), "through the old source");
    await old.close();
  },
  "leaves nothing behind after abort": async (fs, at) => {
    await atomicWrite(fs, at("a"), bytes(1));
    const sink = await fs.create(at("a"));
    await sink.write(bytes(2));
    await sink.abort();
    await sink.abort();
    assertEqual(await readFile(fs, at("a")), bytes(1), "the old file");
    assertEqual(await fs.list(at("")), ["a"], "names");
  },
  "leaves no other names behind after close": async (fs, at) => {
    await atomicWrite(fs, at("a"), bytes(1));
    await atomicWrite(fs, at("a"), bytes(2));
    assertEqual(await fs.list(at("")), ["a"], "names");
  },
  "says what is missing": async (fs, at) => {
    const missing = at("missing");
    const text = `${missing}; No such file or directory`;
    await assertFails(fs.open(missing), "NOT_FOUND", text);
    await assertFails(fs.remove(missing), "NOT_FOUND", text);
    await assertFails(fs.list(missing), "NOT_FOUND", text);
    await assertFails(fs.removeDirectory(missing), "NOT_FOUND", text);
    await assertFails(fs.rename(missing, at("b")), "NOT_FOUND", text);
    assert((await fs.stat(missing)) === undefined, "stat of nothing");
    assert((await fs.stat(at("missing/below"))) === undefined, "stat below nothing");
    const below = at("missing/a");
    await assertFails(fs.create(below), "NOT_FOUND", "No such file or directory");
  },
  "does not take a directory for a file": async (fs, at) => {
    await fs.makeDirectory(at("d"));
    const text = `${at("d")}; Is a directory`;
    await assertFails(fs.open(at("d")), "FAILED_PRECONDITION", text);
    await assertFails(fs.create(at("d")), "FAILED_PRECONDITION", text);
    await assertFails(fs.remove(at("d")), "FAILED_PRECONDITION", text);
    assertEqual((await fs.stat(at("d")))?.isDirectory, true, "isDirectory");
  },
  "makes directories with their parents, again and again": async (fs, at) => {
    await fs.makeDirectory(at("d/e/f"));
    await fs.makeDirectory(at("d/e/f"));
    await atomicWrite(fs, at("d/e/a"), bytes(1));
    assertEqual(await fs.list(at("d/e")), ["a", "f"], "names");
    assertEqual(await fs.list(at("d")), ["e"], "names");
  },
  "lists names sorted": async (fs, at) => {
    for (const name of ["b", "a", "C", "a.b", "10", "9"]) await atomicWrite(fs, at(name), bytes());
    assertEqual(await fs.list(at("")), ["10", "9", "C", "a", "a.b", "b"], "names");
  },
  "removes files and empty directories, no others": async (fs, at) => {
    await fs.makeDirectory(at("d"));
    await atomicWrite(fs, at("d/a"), bytes(1));
    await assertFails(fs.removeDirectory(at("d")), "FAILED_PRECONDITION", "Directory not empty");
    await fs.remove(at("d/a"));
    await fs.removeDirectory(at("d"));
    assertEqual(await fs.list(at("")), [], "names");
  },
  "renames over an existing file": async (fs, at) => {
    await atomicWrite(fs, at("a"), bytes(1));
    await atomicWrite(fs, at("b"), bytes(2, 2));
    await fs.rename(at("a"), at("b"));
    assertEqual(await readFile(fs, at("b")), bytes(1), "content");
    assertEqual(await fs.list(at("")), ["b"], "names");
  },
  "renames a directory with what is in it": async (fs, at) => {
    await fs.makeDirectory(at("d/e"));
    await atomicWrite(fs, at("d/e/a"), bytes(7));
    await fs.rename(at("d"), at("x"));
    assertEqual(await readFile(fs, at("x/e/a")), bytes(7), "content");
    assert((await fs.stat(at("d"))) === undefined, "the old name");
  },
  "tells size and time": async (fs, at) => {
    const before = Date.now() / 1000;
    await atomicWrite(fs, at("a"), bytes(1, 2, 3));
    const info = await fs.stat(at("a"));
    assert(info !== undefined && !info.isDirectory && info.size === 3, "stat of a file");
    assert(Math.abs(info.mtime - before) < 60, `mtime ${info.mtime} in seconds since the epoch`);
  },
  "strips file://": async (fs, at) => {
    if (!at("a").startsWith("/")) return;
    await atomicWrite(fs, `file://${at("a")}`, bytes(1));
    assertEqual(await readFile(fs, at("a")), bytes(1), "content");
    await assertFails(fs.open("nosuch://x/a"), "UNIMPLEMENTED", "nosuch");
  },
  "takes names with spaces and other alphabets": async (fs, at) => {
    const name = "m\u00f6del \ubaa8\ub378 #1.ckpt";
    await atomicWrite(fs, at(name), bytes(1));
    assertEqual(await fs.list(at("")), [name], "names");
  },
  "stores a megabyte in odd pieces": async (fs, at) => {
    const all = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 31) & 255);
    const sink = await fs.create(at("a"));
    for (let start = 0; start < all.length; start += 70_001)
      await sink.write(all.subarray(start, start + 70_001));
    await sink.close();
    const back = await readFile(fs, at("a"));
    assert(back.length === all.length && back.every((value, i) => value === all[i]), "content differs");
  },
};

/** What a FileSystem that is only read is tested over. */
const givenFiles: Readonly<Record<string, Uint8Array>> = {
  a: bytes(1, 2, 3, 4, 5),
  empty: bytes(),
  "d/e/deep": bytes(7),
  "m\u00f6del \ubaa8\ub378 #1%20?.ckpt": bytes(8, 9),
  large: Uint8Array.from({ length: 300_001 }, (_, i) => (i * 31 + (i >> 8)) & 255),
};

const readCases: Readonly<Record<string, Case>> = {
  "reads whole files and parts": async (fs, at) => {
    for (const [name, content] of Object.entries(givenFiles))
      assertEqual(await readFile(fs, at(name)), content, name);
    await readsFive(await fs.open(at("a")));
  },
  "reads anywhere in a large file": async (fs, at) => {
    const all = givenFiles.large!;
    const source = await fs.open(at("large"));
    assertEqual(source.size, all.length, "size");
    for (const [start, end] of [
      [0, 10],
      [65_530, 65_545],
      [200_000, 250_000],
      [all.length - 3, all.length],
    ] as const)
      assertEqual(await source.read(start, end), all.slice(start, end), `[${start}, ${end})`);
    await source.close();
  },
  "refuses reads outside the file": async (fs, at) => {
    const source = await fs.open(at("a"));
    await assertFails(source.read(0, 6), "OUT_OF_RANGE", "5");
    await assertFails(source.read(-1, 1), "OUT_OF_RANGE", "5");
    await assertFails(readInto(source, bytes(0, 0), 4), "OUT_OF_RANGE", "5");
    await source.close();
  },
  "stops a read whose signal is aborted": async (fs, at) => {
    const source = await fs.open(at("large"));
    const reason = new Error("stop");
    const signal = AbortSignal.abort(reason);
    const error = await source.read(0, 200_000, { signal }).catch((thrown: unknown) => thrown);
    assert(error === reason, "should throw the signal's reason");
    await source.close();
  },
  "says what is missing": async (fs, at) => {
    await assertFails(fs.open(at("missing")), "NOT_FOUND", `${at("missing")}; No such file or directory`);
    assert((await fs.stat(at("missing"))) === undefined, "stat of nothing");
    assertEqual((await fs.stat(at("a")))?.size, 5, "size");
  },
  "changes nothing": async (fs, at) => {
    assertEqual(fs.readOnly, true, "readOnly");
    for (const change of [
      fs.create(at("new")),
      fs.rename(at("a"), at("b")),
      fs.remove(at("a")),
      fs.makeDirectory(at("f")),
      fs.removeDirectory(at("d")),
    ])
      await assertFails(change, "PERMISSION_DENIED", "Read-only file system");
  },
};

const listCases: Readonly<Record<string, Case>> = {
  "lists names sorted": async (fs, at) => {
    assertEqual(await fs.list(at("")), ["a", "d", "empty", "large", Object.keys(givenFiles)[3]], "names");
    assertEqual(await fs.list(at("d")), ["e"], "names");
    await assertFails(fs.list(at("missing")), "NOT_FOUND", "No such file or directory");
    await assertFails(fs.list(at("a")), "FAILED_PRECONDITION", "Not a directory");
  },
  "does not take a directory for a file": async (fs, at) => {
    await assertFails(fs.open(at("d")), "FAILED_PRECONDITION", "Is a directory");
    assertEqual((await fs.stat(at("d")))?.isDirectory, true, "isDirectory");
  },
};

export interface ReadableFileSystemTestOptions extends TestFramework {
  readonly name: string;
  /** A FileSystem with `files` below `root`; called once a test. `dispose` runs after the test. */
  readonly create: (
    files: Readonly<Record<string, Uint8Array>>,
  ) => Promise<{ fs: FileSystem; root: string; dispose?: () => Promise<void> }>;
  /** Whether it can list directories. Default true. */
  readonly lists?: boolean;
}

/** Declares the tests of a FileSystem that is only read. */
export function testReadableFileSystem(options: ReadableFileSystemTestOptions): void {
  const declared = { ...readCases, ...(options.lists === false ? {} : listCases) };
  declare(options, declared, () => options.create(givenFiles));
}

/** Declares the tests of one FileSystem implementation. */
export function testFileSystem(options: FileSystemTestOptions): void {
  const left = new Set(options.except ?? []);
  for (const name of left) assert(name in cases, `There is no case "${name}"`);
  const declared = Object.fromEntries(Object.entries(cases).filter(([name]) => !left.has(name)));
  declare(options, declared, options.create);
}

function declare(
  options: TestFramework & { readonly name: string },
  declared: Readonly<Record<string, Case>>,
  create: FileSystemTestOptions["create"],
): void {
  options.describe(`FileSystem: ${options.name}`, () => {
    for (const [name, body] of Object.entries(declared)) {
      options.it(name, async () => {
        const { fs, root, dispose } = await create();
        try {
          await body(fs, (path) => (path === "" ? root : `${root}/${path}`));
        } finally {
          await dispose?.();
        }
      });
    }
  });
}

export { type FailingFileSystem, failingFileSystem } from "./failing-file-system.ts";
