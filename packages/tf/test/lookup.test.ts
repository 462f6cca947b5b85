// Lookup tables in sessions: filling, finding, changing, text files, saving. Sentences are what TensorFlow 1.15.5 printed.
import { isTfError } from "@org/errors";
import { atomicWrite, memoryFileSystem } from "@org/io";
import { importMetaGraph } from "@org/metagraph";
import { applyOne, applyOp } from "@org/ops";
import { beforeEach, describe, expect, it } from "vitest";
import * as tf from "../src/index.ts";

beforeEach(() => tf.resetDefaultGraph());

const fs = memoryFileSystem();
const session = () => new tf.Session({ backends: ["evaluator"], fs });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: unknown) => (isTfError(error) ? `${error.code}: ${error.sentence}` : String(error)),
  );
const int64 = (values: number[]) => tf.constant(values, "int64");
const words = (values: string[]) => tf.constant(values, "string");

describe("StaticHashTable", () => {
  const table = (name?: string) =>
    new tf.lookup.StaticHashTable(
      new tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2], { valueDType: "int64" }),
      -1,
      name ? { name } : {},
    );

  it("gives values once it is filled, and nothing before", async () => {
    const fixed = table();
    const [found, size] = [fixed.lookup([["b"], ["x"]]), fixed.size()];
    const [keys, values] = fixed.export();
    const run = session();
    expect(await failure(run.run(found))).toBe("FAILED_PRECONDITION: Table not initialized.");
    expect(await failure(run.run([keys, values]))).toBe("ABORTED: HashTable is not initialized.");
    expect(tf.toArray(await run.run(size))).toBe(0n);
    await run.run(tf.tablesInitializer());
    await run.run(tf.tablesInitializer());
    expect(tf.toArray(await run.run(found))).toEqual([[2n], [-1n]]);
    expect(tf.toStrings(await run.run(keys)).sort()).toEqual(["a", "b"]);
    expect(tf.toArray(await run.run(size))).toBe(2n);
    // What a table holds is the session's own.
    expect(await failure(session().run(found))).toBe("FAILED_PRECONDITION: Table not initialized.");
    await run.close();
  });

  it("refuses wrong types while it is built", () => {
    expect(() => table().lookup(tf.constant([1], "int32"))).toThrow("Keys must be dtype string, got int32");
    expect(
      () =>
        new tf.lookup.StaticHashTable(
          new tf.lookup.KeyValueTensorInitializer(["a"], ["b"]),
          tf.constant(1, "float32"),
        ),
    ).toThrow(TypeError);
  });
});

describe("table ops", () => {
  const make = (type: string, attrs: Record<string, string>) =>
    applyOne(type, [], {
      graph: tf.getDefaultGraph(),
      attrs: { key_dtype: "string", value_dtype: "int64", shared_name: "x", ...attrs },
    });

  it("fail in TensorFlow's words", async () => {
    const fixed = make("HashTableV2", {});
    const mutable = make("MutableHashTableV2", { shared_name: "m" });
    const fill = (handle: tf.Tensor, keys: tf.Tensor, values: tf.Tensor) =>
      applyOp("InitializeTableV2", [handle, keys, values]);
    const cases: [string, () => tf.Operation | tf.Tensor][] = [
      [
        "UNIMPLEMENTED: Insert not supported by InitializableLookupTable implementations",
        () => applyOp("LookupTableInsertV2", [fixed, words(["a"]), int64([1])]),
      ],
      [
        "UNIMPLEMENTED: Remove not supported by InitializableLookupTable implementations",
        () => applyOp("LookupTableRemoveV2", [fixed, words(["a"])]),
      ],
      [
        "FAILED_PRECONDITION: HashTable has different value for same key. Key a has 1 and trying to add value 2",
        () => fill(fixed, words(["a", "a"]), int64([1, 2])),
      ],
      [
        "INVALID_ARGUMENT: keys and values cannot be empty tensors.",
        () => fill(fixed, tf.zeros([0], "string"), tf.zeros([0], "int64")),
      ],
      ["no error", () => fill(fixed, words(["a", "b"]), int64([1, 2]))],
      [
        "FAILED_PRECONDITION: Table was already initialized with different data.",
        () => fill(fixed, words(["a"]), int64([1])),
      ],
      [
        "INVALID_ARGUMENT: Conflicting key/value dtypes string->float with string-int64 for table x",
        () => applyOne("LookupTableSizeV2", [make("HashTableV2", { value_dtype: "float32" })]),
      ],
      [
        "INVALID_ARGUMENT: Signature mismatch, have: resource, int64, int64->int64 expected: resource, string, int64->int64",
        () => applyOne("LookupTableFindV2", [fixed, int64([1]), tf.constant(1, "int64")]),
      ],
      [
        "INVALID_ARGUMENT: Expected shape [] for default value, got [1]",
        () => applyOne("LookupTableFindV2", [fixed, words(["a"]), int64([1])]),
      ],
      [
        "INVALID_ARGUMENT: Table localhost m is not initializable",
        () => fill(mutable, words(["a"]), int64([1])),
      ],
      [
        "INVALID_ARGUMENT: Expected shape [1] for value, got [2]",
        () => applyOp("LookupTableInsertV2", [mutable, words(["a"]), int64([1, 2])]),
      ],
      [
        "INVALID_ARGUMENT: Signature mismatch, have: resource, string, float-> expected: resource, string, int64->",
        () => applyOp("LookupTableInsertV2", [mutable, words(["a"]), tf.constant([1], "float32")]),
      ],
      [
        "INVALID_ARGUMENT: No OpKernel was registered to support Op 'HashTableV2' with these attrs: key_dtype=float, value_dtype=int64",
        () => make("HashTableV2", { key_dtype: "float32", shared_name: "f" }),
      ],
    ];
    const run = session();
    for (const [sentence, build] of cases) {
      const node = build();
      const op = "op" in node ? node.op : node;
      expect(await failure(run.run(op))).toBe(sentence);
    }
  });

  it("of TensorFlow 1.0 hold tables by reference", async () => {
    const attrs = { key_dtype: "string", value_dtype: "int64" };
    const graph = tf.getDefaultGraph();
    const fixed = graph.createOp("HashTable", [], { attrs }).outputs[0]!;
    const mutable = graph.createOp("MutableHashTable", [], { attrs }).outputs[0]!;
    expect([fixed.isRef, fixed.dtype, fixed.shape.toString()]).toEqual([true, "string", "[2]"]);
    const fill = graph.createOp("InitializeTable", [fixed, words(["a"]), int64([7])]);
    const insert = graph.createOp("LookupTableInsert", [mutable, words(["k"]), int64([9])]);
    const find = (handle: tf.Tensor) =>
      graph.createOp("LookupTableFind", [handle, words(["a", "k"]), tf.constant(0, "int64")]).outputs[0]!;
    const [inFixed, inMutable] = [find(fixed), find(mutable)];
    const size = graph.createOp("LookupTableSize", [mutable]).outputs[0]!;
    const run = session();
    await run.run(fill);
    await run.run(insert);
    const [a, b, count] = await run.run([inFixed, inMutable, size]);
    expect([a, b, count].map((value) => tf.toArray(value!))).toEqual([[7n, 0n], [0n, 9n], 1n]);
  });
});

describe("mutable tables", () => {
  it("insert, overwrite, remove, export", async () => {
    const table = new tf.lookup.MutableHashTable("string", "float32", [0, -1]);
    const insert = table.insert(
      ["a", "b", "a"],
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    );
    const remove = table.remove(["b", "nowhere"]);
    const [keys, values] = table.export();
    const run = session();
    await run.run(insert);
    expect(tf.toArray(await run.run(table.lookup(["a", "c"])))).toEqual([
      [5, 6],
      [0, -1],
    ]);
    await run.run(remove);
    const [k, v] = await run.run([keys, values]);
    expect([tf.toStrings(k), tf.toArray(v)]).toEqual([["a"], [[5, 6]]]);
  });

  it("come back from a checkpoint, whichever way the graph was made", async () => {
    const build = () => ({
      mutable: new tf.lookup.MutableHashTable("int64", "string", "?", { name: "names" }),
      dense: new tf.lookup.DenseHashTable("string", "float32", 0, {
        emptyKey: "",
        deletedKey: "-",
        initialNumBuckets: 4,
        name: "counts",
      }),
    });
    const { mutable, dense } = build();
    const fill = tf.group([
      mutable.insert([3, 4], ["drei", "vier"]),
      dense.insert(["x", "y", "z", "u"], [1, 2, 3, 4]),
    ]);
    const saver = new tf.train.Saver();
    const run = session();
    await run.run(fill);
    await run.run(dense.remove(["y"]));
    await saver.save(run, "tables");
    // Built anew.
    tf.resetDefaultGraph();
    const again = build();
    const second = session();
    const found = [again.mutable.lookup([4, 5]), again.dense.lookup(["x", "y", "u"]), again.dense.size()];
    await new tf.train.Saver().restore(second, "tables");
    const [names, counts, size] = await second.run(found);
    expect(tf.toStrings(names!)).toEqual(["vier", "?"]);
    expect([tf.toArray(counts!), tf.toArray(size!)]).toEqual([[1, 0, 4], 3n]);
    // Imported, where the collection holds the names of the tables' ops: with the Saver of the file, and with a new one.
    tf.resetDefaultGraph();
    const own = await tf.train.importMetaGraph("tables.meta", { fs });
    for (const restorer of [own!, new tf.train.Saver()]) {
      const third = session();
      await restorer.restore(third, "tables");
      const handle = third.graph.getTensorByName("names:0");
      const one = third.graph.asDefault(() =>
        applyOne("LookupTableFindV2", [handle, int64([3]), tf.constant("?")]),
      );
      expect(tf.toStrings(await third.run(one))).toEqual(["drei"]);
    }
  });

  it("export buckets that TensorFlow looks through", async () => {
    // What TensorFlow 1.15.5 exported.
    const table = new tf.lookup.DenseHashTable("int64", "int64", 0, {
      emptyKey: -1,
      deletedKey: -2,
      initialNumBuckets: 8,
    });
    const insert = table.insert([8, 16, 3, 11], [1, 2, 3, 4]);
    const [keys] = table.export();
    const run = session();
    await run.run(insert);
    expect(tf.toNumbers(await run.run(keys))).toEqual([8, 16, -1, 3, 11, -1, -1, -1]);
    const words = new tf.lookup.DenseHashTable("string", "int64", 0, {
      emptyKey: "",
      deletedKey: "-",
      initialNumBuckets: 8,
    });
    await run.run(words.insert(["alpha", "b", "gamma rays are long"], [1, 2, 3]));
    const buckets = ["gamma rays are long", "", "b", "alpha", "", "", "", ""];
    expect(tf.toStrings(await run.run(words.export()[0]))).toEqual(buckets);
    expect(await failure(run.run(table.lookup([-1])))).toBe(
      "INVALID_ARGUMENT: Using the empty_key as a table key is not allowed",
    );
  });
});

describe("text files", () => {
  const fill = async (
    text: string,
    keyIndex: number,
    valueIndex: number,
    options: { delimiter?: string; vocabSize?: number } = {},
    types: [tf.DType, tf.DType] = ["string", "int64"],
  ) => {
    tf.resetDefaultGraph();
    await atomicWrite(fs, "words.txt", text);
    const columns = { keyDType: types[0], keyIndex, valueDType: types[1], valueIndex };
    const table = new tf.lookup.StaticHashTable(
      new tf.lookup.TextFileInitializer("words.txt", columns, options),
      types[1] === "string" ? "?" : -1,
    );
    const run = session();
    await run.run(table.initializer);
    const [keys, values] = await run.run([...table.export()]);
    return [tf.toElements(keys!).map(String), tf.toElements(values!).map(String)];
  };
  const { WHOLE_LINE, LINE_NUMBER } = tf.lookup.TextFileIndex;

  it("give lines, numbers and columns", async () => {
    expect(await fill("a\r\nb c\n\u00e9", WHOLE_LINE, LINE_NUMBER)).toEqual([
      ["a", "b c", "\u00e9"],
      ["0", "1", "2"],
    ]);
    expect(await fill("a 10\nb -2\n", 0, 1, { delimiter: " " })).toEqual([
      ["a", "b"],
      ["10", "-2"],
    ]);
    expect(await fill("x\t1.5\ny\tinf\n", 0, 1, {}, ["string", "float32"])).toEqual([
      ["x", "y"],
      ["1.5", "Infinity"],
    ]);
    expect(await fill("a\nb\nc\n", LINE_NUMBER, WHOLE_LINE, { vocabSize: 2 }, ["int64", "string"])).toEqual([
      ["0", "1"],
      ["a", "b"],
    ]);
  });

  it("fail in TensorFlow's words", async () => {
    const cases: [string, Parameters<typeof fill>][] = [
      [
        "Invalid content in words.txt: empty line found at position 3.",
        ["a\n\nb\n", WHOLE_LINE, LINE_NUMBER],
      ],
      [
        "Invalid number of columns in words.txt line 1 (b) : expected 1 got 1",
        ["a 1\nb\n", 0, 1, { delimiter: " " }],
      ],
      ["Field x in line 0 is not a valid int64.", ["a x\n", 0, 1, { delimiter: " " }]],
      [
        "Field 9223372036854775808 in line 0 is not a valid int64.",
        ["a 9223372036854775808\n", 0, 1, { delimiter: " " }],
      ],
      [
        "Invalid vocab_size in words.txt: expected 5 but got 1",
        ["a\n", WHOLE_LINE, LINE_NUMBER, { vocabSize: 5 }],
      ],
      ["delimiter should be only 1 char", ["a\n", WHOLE_LINE, LINE_NUMBER, { delimiter: "ab" }]],
    ];
    for (const [sentence, args] of cases)
      expect(await failure(fill(...args))).toBe(`INVALID_ARGUMENT: ${sentence}`);
  });

  it("are read through the session's files, of which a program's own are open to its graph and no others", async () => {
    const def = await tf.train.exportMetaGraph({
      graph: new tf.Graph().asDefault(() => {
        tf.lookup.indexTableFromFile("/nowhere/secret.txt");
        return tf.getDefaultGraph();
      }),
    });
    const graph = new tf.Graph();
    await tf.train.importMetaGraph(def, { graph });
    const stranger = new tf.Session({ graph, backends: ["evaluator"] });
    const init = graph.asDefault(() => tf.tablesInitializer());
    expect(await failure(stranger.run(init))).toBe(
      "PERMISSION_DENIED: /nowhere/secret.txt; Permission denied",
    );
    const table = tf.lookup.indexTableFromFile("/nowhere/words.txt");
    const own = new tf.Session({ backends: ["evaluator"] });
    expect(await failure(own.run(table.initializer))).toBe(
      "NOT_FOUND: /nowhere/words.txt; No such file or directory",
    );
    expect(await failure(session().run(tf.lookup.indexTableFromFile("nowhere.txt").initializer))).toBe(
      "NOT_FOUND: nowhere.txt; No such file or directory",
    );
    expect(tf.getCollection("asset_filepaths").map(({ name }) => name)).toEqual([
      "string_to_index/hash_table/asset_path:0",
      "string_to_index_1/hash_table/asset_path:0",
    ]);
  });
});

describe("vocabularies", () => {
  it("put unknown words into buckets, by the same hash as TensorFlow", async () => {
    await atomicWrite(fs, "v.txt", "a\nb\r\nc\n");
    const found = [
      tf.lookup.indexTableFromFile("v.txt", { numOovBuckets: 2 }).lookup(words(["a", "zz"])),
      tf.lookup
        .indexTableFromTensor(tf.constant([5, 6, 7], "int32"), { numOovBuckets: 2, dtype: "int32" })
        .lookup(tf.constant([5, 9], "int32")),
      new tf.lookup.StaticVocabularyTable(null, 3).lookup(words(["x"])),
    ];
    const back = tf.lookup.indexToStringTableFromFile("v.txt", { vocabSize: 2 }).lookup(int64([1, 2]));
    const run = session();
    await run.run(tf.tablesInitializer());
    const values = await run.run(found);
    expect(values.map((value) => tf.toNumbers(value))).toEqual([[0, 3], [0, 4], [2]]);
    expect(tf.toStrings(await run.run(back))).toEqual(["b", "UNK"]);
  });

  it("have sizes with their buckets", async () => {
    const table = tf.lookup.indexTableFromTensor(["a", "b"], { numOovBuckets: 3 });
    const run = session();
    await run.run(table.initializer);
    expect(tf.toArray(await run.run(table.size()))).toBe(5n);
    expect(() => new tf.lookup.StaticVocabularyTable(null, 0)).toThrow("oov_buckets must be > 0.");
    expect(() => tf.lookup.indexTableFromFile("")).toThrow("vocabulary_file must be specified");
  });
});

it("an imported graph's tables are filled by its collection", async () => {
  const table = tf.lookup.indexTableFromTensor(["red", "green"], { name: "colors" });
  tf.identity(table.lookup(["green", "blue"]), { name: "ids" });
  const def = await tf.train.exportMetaGraph();
  const { graph } = importMetaGraph(def, { importScope: "again", graph: new tf.Graph() });
  const run = new tf.Session({ graph, backends: ["evaluator"] });
  await run.run(graph.asDefault(() => tf.tablesInitializer()));
  expect(tf.toNumbers(await run.run("again/ids:0"))).toEqual([1, -1]);
});

it("strings are hashed as TensorFlow hashes them", async () => {
  // What TensorFlow 1.15.5's op gave for bytes 0, 1, 2 ... (modulo 256) of each length.
  const recorded: Record<number, bigint> = {
    0: 1936946117179621455n,
    1: 4494688008148699988n,
    3: 1486536572171691162n,
    4: 198155675784242496n,
    7: 2513219638405408417n,
    8: 3267946340606884760n,
    16: 1080060857502750420n,
    17: 4302810082142134044n,
    32: 1917831512995979081n,
    33: 2915358112413471310n,
    64: 3856493858525203531n,
    65: 478270155923209662n,
    127: 3065801231394487733n,
    128: 2037963038260878803n,
    129: 1048111057192683582n,
    300: 3055356305677081123n,
  };
  const strings = Object.keys(recorded).map((length) =>
    Uint8Array.from({ length: Number(length) }, (_, i) => i % 256),
  );
  const hashed = applyOne("StringToHashBucketFast", [tf.constant(tf.ndArray("string", [16], strings))], {
    attrs: { num_buckets: 2n ** 62n },
  });
  expect(tf.toElements(await session().run(hashed))).toEqual(Object.values(recorded));
});
