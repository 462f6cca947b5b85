// What a hostile or broken file can do at the public doors: nothing but a TfError with code, place and hint, and no memory out of
// proportion to the file.
import { crc32c, type FileSystem, maskCrc32c, memoryFileSystem, readFile } from "@org/io";
import { beforeAll, describe, expect, it } from "vitest";
import {
  constantValue,
  describe as describeMetaGraph,
  encode,
  exportMetaGraph,
  Graph,
  type IMetaGraphDef,
  type INodeDef,
  importMetaGraph,
  isTfError,
  MetaGraphDef,
  ndArray,
  openCheckpoint,
  parseMetaGraph,
  readMetaGraph,
  Saver,
  type TfError,
  toElements,
  Variable,
  writeCheckpoint,
  writeMetaGraph,
} from "../src/index.ts";
import { fixture } from "./fixture.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The TfError that `action` ends with; undefined where it ends well. Anything else that is thrown fails the test. */
async function outcome(action: () => unknown): Promise<TfError | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (isTfError(error)) return error;
    throw error;
  }
}

async function failure(action: () => unknown): Promise<TfError> {
  const error = await outcome(action);
  if (error === undefined) throw new Error("It did not fail");
  return error;
}

/** Bytes by which the process's greatest size grew during `action`; 0 in a browser, which does not tell. */
async function growth(action: () => unknown): Promise<number> {
  const peak = () =>
    typeof process === "object" && typeof process.resourceUsage === "function"
      ? process.resourceUsage().maxRSS * 1024
      : 0;
  const before = peak();
  await action();
  return peak() - before;
}
/** For files of a few kilobytes; what the engine itself may take for garbage included. */
const proportion = 96 * 2 ** 20;

/** A MetaGraph of a few nodes, with a Saver, variables and other collections. */
function smallDef(): MetaGraphDef {
  const graph = new Graph();
  const saver = new Saver([new Variable([1, 2], { graph, name: "w", dtype: "float32" })], { graph });
  graph.addToCollection("note", "text");
  graph.addToCollection("step", 5);
  return exportMetaGraph(graph, { saverDef: saver.asSaverDef()! });
}

let small: Uint8Array<ArrayBuffer>;
beforeAll(() => {
  small = new Uint8Array(encode(MetaGraphDef, smallDef()));
});

const load = async (bytes: Uint8Array) => {
  const def = await parseMetaGraph(bytes, "x.meta");
  describeMetaGraph(def);
  return importMetaGraph(def);
};

describe("a .meta that is not whole", () => {
  it("is refused, or is a MetaGraph of fewer fields, at every length", async () => {
    let refused = 0;
    for (let length = 0; length < small.length; length++) {
      const error = await outcome(() => load(small.subarray(0, length)));
      if (error === undefined) continue;
      refused++;
      expect(error.sentence, `length ${length}`).toMatch(/\S/);
      if (error.code === "DATA_LOSS") expect(error.place.file).toBe("x.meta");
    }
    expect(refused).toBeGreaterThan(small.length * 0.98);
  });

  it("ends in a TfError or in a graph for every flipped byte", async () => {
    for (let at = 0; at < small.length; at++) {
      for (const mask of [0x01, 0x10, 0x80]) {
        const bytes = small.slice();
        bytes[at]! ^= mask;
        const error = await outcome(() => load(bytes)).catch((thrown: unknown) => {
          throw new Error(`byte ${at} ^ ${mask}`, { cause: thrown });
        });
        if (error) expect(error.sentence).toMatch(/\S/);
      }
    }
  });
});

describe("a file that is none", () => {
  let fs: FileSystem;
  beforeAll(async () => {
    fs = memoryFileSystem();
    await fs.makeDirectory("d");
    await writeMetaGraph("d/model-7.meta", smallDef(), { fs });
    await writeCheckpoint("d/model-7", { w: ndArray("float32", [1], new Float32Array(1)) }, { fs });
  });
  const write = async (path: string, bytes: Uint8Array) => {
    const sink = await fs.create(path);
    await sink.write(bytes);
    await sink.close();
  };

  it("is told from a MetaGraph, with what to do", async () => {
    const latin = Uint8Array.from([...utf8('meta_info_def { meta_graph_version: "gr'), 0xfc, ...utf8('" }')]);
    await write("d/empty.meta", new Uint8Array(0));
    await write("d/latin.pbtxt", latin);
    await write("d/words.meta", utf8("Test test!\n"));
    await write("d/zeros.meta", new Uint8Array(4096));
    const cases: readonly (readonly [string, string, RegExp, RegExp])[] = [
      ["d/nope.meta", "NOT_FOUND", /^File d\/nope\.meta does not exist\.$/, /model-7\.meta/],
      ["d/model-7", "NOT_FOUND", /does not exist/, /Did you mean "d\/model-7\.meta"/],
      ["d", "FAILED_PRECONDITION", /^d; Is a directory$/, /.*/],
      ["d/empty.meta", "DATA_LOSS", /the file is empty/, /written to the end/],
      ["d/latin.pbtxt", "DATA_LOSS", /not UTF-8 at byte 39/, /UTF-8/],
      [
        "d/words.meta",
        "DATA_LOSS",
        /1:1 : Message type "tensorflow\.MetaGraphDef" has no field named "Test"/,
        /.*/,
      ],
      ["d/zeros.meta", "DATA_LOSS", /neither a binary nor a text MetaGraphDef/, /.*/],
      ["d/model-7.index", "DATA_LOSS", /checkpoint's table/, /.*/],
      ["d/model-7.data-00000-of-00001", "DATA_LOSS", /Cannot parse file/, /.*/],
    ];
    for (const [path, code, sentence, hint] of cases) {
      const error = await failure(() => readMetaGraph(path, { fs }));
      expect(error.code, path).toBe(code);
      expect(error.sentence, path).toMatch(sentence);
      expect(error.hint ?? "", path).toMatch(hint);
      expect(error.place.file, path).toBe(path);
    }
  });

  it("[users/4.8] is told from a checkpoint, with what to do", async () => {
    const cases: readonly (readonly [string, string, RegExp, RegExp])[] = [
      ["d/model-8", "NOT_FOUND", /Failed to find any matching files for d\/model-8$/, /"model-7"/],
      ["gone/model-7", "NOT_FOUND", /Failed to find any matching files/, /no directory "gone"/],
      [
        "d/model-7.index",
        "NOT_FOUND",
        /Failed to find the saved tensor slices/,
        /Pass the prefix "d\/model-7"/,
      ],
      ["d/model-7.meta", "DATA_LOSS", /not an sstable \(bad magic number\)/, /Pass the prefix "d\/model-7"/],
      ["d/model-7.data-00000-of-00001", "DATA_LOSS", /too short to be an sstable/, /Pass the prefix/],
      ["d", "FAILED_PRECONDITION", /Is a directory/, /latestCheckpoint/],
    ];
    for (const [path, code, sentence, hint] of cases) {
      const error = await failure(() => openCheckpoint(path, { fs }));
      expect(error.code, path).toBe(code);
      expect(error.sentence, path).toMatch(sentence);
      expect(error.hint ?? "", path).toMatch(hint);
    }
  });
});

// ---- numbers that cannot be

const float = { type: 1 };
const tensorOf = (...dims: bigint[]) => ({ dtype: 1, tensorShape: { dim: dims.map((size) => ({ size })) } });
const graphOf = (...node: INodeDef[]): IMetaGraphDef => ({ graphDef: { node } });
const placeholder = (...dims: bigint[]): INodeDef => ({
  name: "p",
  op: "Placeholder",
  attr: { dtype: float, shape: { shape: tensorOf(...dims).tensorShape } },
});
/** An op, described by the file alone, with as many outputs as its attribute says. */
const many = (n: bigint, count = 1): IMetaGraphDef => ({
  metaInfoDef: {
    strippedOpList: {
      op: [
        {
          name: "Many",
          outputArg: [{ name: "o", typeAttr: "T", numberAttr: "n" }],
          attr: [
            { name: "T", type: "type" },
            { name: "n", type: "int" },
          ],
        },
      ],
    },
  },
  graphDef: {
    node: Array.from({ length: count }, (_, i) => ({
      name: `m${i}`,
      op: "Many",
      attr: { T: float, n: { i: n } },
    })),
  },
});

describe("numbers that cannot be", () => {
  it.each<[string, IMetaGraphDef, RegExp]>([
    [
      "dims whose product overflows",
      graphOf(placeholder(1n << 40n, 1n << 40n)),
      /is too large \(more than 2\*\*63 - 1 entries\)/,
    ],
    ["a dim below -1", graphOf(placeholder(-7n)), /values below -1/],
    ["255 dims", graphOf(placeholder(...new Array<bigint>(255).fill(1n))), /too many dimensions/],
    ["a million outputs, twenty times", many(1_000_000n, 20), /has 1000000 outputs/],
    ["2^40 outputs", many(1n << 40n), /1099511627776/],
    ["-5 outputs", many(-5n), /-5 < 0/],
    [
      "a far output of an op that nobody knows",
      graphOf(
        { name: "u", op: "Strange" },
        { name: "i", op: "Identity", input: ["u:300000000"], attr: { T: float } },
      ),
      /has 300000001 outputs/,
    ],
    [
      "an output index beyond every integer",
      graphOf(
        { name: "u", op: "NoOp" },
        { name: "i", op: "Identity", input: [`u:${"9".repeat(40)}`], attr: { T: float } },
      ),
      /Unknown input node/,
    ],
    [
      "an attribute beyond every number",
      graphOf(
        {
          name: "a",
          op: "Const",
          attr: { dtype: float, value: { tensor: { ...tensorOf(1n), floatVal: [1] } } },
        },
        { name: "s", op: "ExpandDims", input: ["a", "b"], attr: { T: float, Tdim: { type: 3 } } },
      ),
      /Unknown input node 'b'/,
    ],
  ])("%s: a TfError with the node, before memory is asked for", async (_, def, sentence) => {
    let error: TfError | undefined;
    const grown = await growth(async () => {
      await outcome(() => describeMetaGraph(def));
      error = await failure(() => importMetaGraph(def));
    });
    expect(error?.code).toBe("INVALID_ARGUMENT");
    expect(error?.sentence).toMatch(sentence);
    expect(error?.place.node).toBeTruthy();
    expect(grown).toBeLessThan(proportion);
  });

  it("a constant of 4 TiB imports, and says no where it is asked for", async () => {
    const def = graphOf({
      name: "c",
      op: "Const",
      attr: { dtype: float, value: { tensor: tensorOf(1n << 40n) } },
    });
    const grown = await growth(async () => {
      const { graph } = importMetaGraph(def);
      const error = await failure(() => constantValue(graph.getTensorByName("c:0")));
      expect(error.sentence).toContain("would expand by");
      expect(error.place).toMatchObject({ node: "c", key: "value" });
      expect(encode(MetaGraphDef, exportMetaGraph(graph)).length).toBeLessThan(2000);
    });
    expect(grown).toBeLessThan(proportion);
  });

  it("a constant whose value is of another type than it says", async () => {
    const def = graphOf({
      name: "c",
      op: "Const",
      attr: { dtype: { type: 7 }, value: { tensor: tensorOf(1n) } },
    });
    const error = await failure(() => importMetaGraph(def));
    expect(error.sentence).toMatch(/^Type mismatch between value \(float\) and dtype \(string\)/);
    expect(error.place.node).toBe("c");
  });

  it("lengths on the wire", async () => {
    const wire = [0x12, 0x0a, 0x1a, 0x22, 0x2a];
    const grown = await growth(async () => {
      for (const tag of wire)
        for (const length of [
          [0xff, 0xff, 0xff, 0xff, 0x07],
          [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
          new Array<number>(11).fill(0xff),
        ]) {
          const error = await failure(() =>
            parseMetaGraph(Uint8Array.from([tag, ...length, 1, 2, 3]), "x.meta"),
          );
          expect(error.code).toBe("DATA_LOSS");
          expect(error.place.file).toBe("x.meta");
        }
    });
    expect(grown).toBeLessThan(proportion);
  });

  it("messages and groups that nest without end, binary and text", async () => {
    const groups = Uint8Array.from({ length: 200_000 }, () => 0x13);
    const open = "func { name: 'f' attr { key: 'a' value { ";
    const text = utf8(
      `graph_def { node { name: 'x' op: 'NoOp' attr { key: 'a' value { ${open.repeat(20_000)}`,
    );
    expect((await failure(() => parseMetaGraph(groups))).sentence).toContain("max depth exceeded");
    expect((await failure(() => parseMetaGraph(text))).sentence).toContain("too deep");
  });

  it("garbage in a collection names the collection", async () => {
    const def = {
      ...graphOf({ name: "x", op: "NoOp" }),
      collectionDef: { variables: { bytesList: { value: [Uint8Array.of(255, 255)] } } },
    };
    const error = await failure(() => importMetaGraph(def));
    expect(error).toMatchObject({
      code: "DATA_LOSS",
      sentence: "Error parsing message with type 'tensorflow.VariableDef'",
      place: { key: "variables" },
    });
  });
});

// ---- checkpoints

const prefix = "momentum";
const shard = `${prefix}.data-00000-of-00001`;

async function momentum(): Promise<Record<string, Uint8Array>> {
  return { [`${prefix}.index`]: await fixture(`${prefix}.index`), [shard]: await fixture(shard) };
}

async function readAll(fs: FileSystem, path = prefix): Promise<string> {
  const reader = await openCheckpoint(path, { fs });
  try {
    const parts: string[] = [];
    for await (const { name, shape } of reader) {
      const value = await reader.get(name);
      parts.push(`${name} ${value.dtype} [${shape}] ${toElements(value)}`);
    }
    return parts.join("\n");
  } finally {
    await reader.close();
  }
}

/** The index with one change in its first block, and that block's checksum made right again, as a forger would. */
function forge(index: Uint8Array, change: (block: Uint8Array) => void): Uint8Array {
  const bytes = index.slice();
  const view = new DataView(bytes.buffer);
  for (let end = 1; end + 4 < bytes.length; end++) {
    if (view.getUint32(end, true) !== maskCrc32c(crc32c(bytes.subarray(0, end)))) continue;
    change(bytes.subarray(0, end - 1));
    view.setUint32(end, maskCrc32c(crc32c(bytes.subarray(0, end))), true);
    return bytes;
  }
  throw new Error("No block found");
}

describe("a checkpoint of TensorFlow's that is damaged", () => {
  it("is noticed for every flipped byte, in the index and in the data", async () => {
    const files = await momentum();
    const whole = await readAll(memoryFileSystem(files));
    for (const [name, bytes] of Object.entries(files)) {
      for (let at = 0; at < bytes.length; at++) {
        const flipped = bytes.slice();
        flipped[at]! ^= 0x20;
        const fs = memoryFileSystem({ ...files, [name]: flipped });
        const text = await readAll(fs).catch((error: unknown) => error);
        if (typeof text === "string") expect(text, `${name}, byte ${at}`).not.toBe(whole);
        expect(isTfError(text), `${name}, byte ${at}: ${text}`).toBe(true);
      }
    }
  });

  it("is noticed at every length, and the sentence is TensorFlow's", async () => {
    const files = await momentum();
    const sentences = new Set<string>();
    for (const [name, bytes] of Object.entries(files)) {
      for (let length = 0; length < bytes.length; length++) {
        const fs = memoryFileSystem({ ...files, [name]: bytes.slice(0, length) });
        const error = await failure(() => readAll(fs));
        expect(error.place.file, `${name} cut to ${length}`).toBeTruthy();
        sentences.add(error.sentence);
      }
    }
    expect([...sentences].sort()).toEqual([
      "Read less bytes than requested",
      "file is too short to be an sstable",
      "not an sstable (bad magic number)",
    ]);
  });

  it("says which file is missing", async () => {
    const { [shard]: _, ...rest } = await momentum();
    const error = await failure(() => readAll(memoryFileSystem(rest)));
    expect(error).toMatchObject({ code: "NOT_FOUND", sentence: `${shard}; No such file or directory` });
  });

  it("gives no memory for sizes that only a forged index claims", async () => {
    const files = await momentum();
    const index = files[`${prefix}.index`]!;
    let opened = 0;
    const grown = await growth(async () => {
      for (let at = 0; at < 200; at++) {
        for (const value of [0x7f, 0xff, 0x00]) {
          const forged = forge(index, (block) => {
            if (at < block.length) block[at] = value;
          });
          const fs = memoryFileSystem({ ...files, [`${prefix}.index`]: forged });
          const error = await outcome(() => readAll(fs)).catch((thrown: unknown) => {
            throw new Error(`byte ${at} = ${value}`, { cause: thrown });
          });
          if (error === undefined) opened++;
        }
      }
    });
    expect(opened).toBeLessThan(200);
    expect(grown).toBeLessThan(proportion);
  });

  it("refuses an entry of a type that no checkpoint can hold", async () => {
    const fs = memoryFileSystem();
    await writeCheckpoint("c", { w: ndArray("float32", [3], new Float32Array(3)) }, { fs });
    const index = forge(await readFile(fs, "c.index"), (block) => {
      // BundleEntryProto: dtype (field 1) DT_FLOAT, then the shape (field 2).
      const at = block.findIndex((byte, i) => byte === 0x08 && block[i + 1] === 1 && block[i + 2] === 0x12);
      block[at + 1] = 20;
    });
    const data = "c.data-00000-of-00001";
    const forged = memoryFileSystem({ "c.index": index, [data]: await readFile(fs, data) });
    expect(await failure(() => readAll(forged, "c"))).toMatchObject({
      code: "DATA_LOSS",
      sentence: "A checkpoint cannot hold a tensor of type resource",
      place: { key: "w", file: "c" },
    });
  });

  it("gives no memory for a slice of a tensor that is not there", async () => {
    const fs = memoryFileSystem();
    await writeCheckpoint("c", { w: ndArray("float32", [3], new Float32Array(3)) }, { fs });
    // The dim 3 becomes 127: more than the data file has.
    const index = forge(await readFile(fs, "c.index"), (block) => {
      const at = block.findIndex((byte, i) => byte === 0x08 && block[i + 1] === 3 && block[i - 1] === 2);
      expect(at).toBeGreaterThan(0);
      block[at + 1] = 127;
    });
    const forged = memoryFileSystem({
      "c.index": index,
      "c.data-00000-of-00001": await readFile(fs, "c.data-00000-of-00001"),
    });
    const reader = await openCheckpoint("c", { fs: forged });
    const error = await failure(() => reader.get("w", { slice: { starts: [0], lengths: [100] } }));
    expect(error).toMatchObject({
      code: "DATA_LOSS",
      sentence: "Invalid size in bundle entry: key w; stored size 12; expected size 508",
      place: { key: "w" },
    });
  });
});
