// The cases of TensorFlow's saved_model_test.py. Upstream's public builder and its internal one (assets_list, init_op, train_op) are one here.
import { asTensor, type Graph, isOperation, isTensor, type Operation, type Tensor } from "@org/graph";
import { type FileSystem, fileExists, memoryFileSystem } from "@org/io";
import { add, assign, assignAdd, constant, group, multiply, noOp } from "@org/ops";
import { AssetFileDef, decode, type MetaGraphDef, TensorInfo } from "@org/proto";
import { Saver } from "@org/saver";
import type { Session } from "@org/session";
import { toNumbers, toStrings } from "@org/tensor";
import {
  globalVariables,
  globalVariablesInitializer,
  localVariablesInitializer,
  tableSaveable,
  Variable,
  type VariableBase,
} from "@org/variables";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type AddMetaGraphOptions,
  buildSignatureDef,
  buildTensorInfo,
  constants,
  getTrainOp,
  load,
  maybeSavedModelDirectory,
  parseSavedModel,
  SavedModelBuilder,
  tagConstants,
} from "../../src/index.ts";
import {
  addAsset,
  failure,
  globalValues,
  initialize,
  intVariable,
  newGraph,
  numberOf,
  textOf,
  withSession,
  withVariables,
  writeText,
} from "../models.ts";

const dir = "export/model";
let fs: FileSystem;
let builder: SavedModelBuilder;

beforeEach(() => {
  fs = memoryFileSystem();
  builder = new SavedModelBuilder(dir, { fs });
});

const loaded = <R>(
  tags: readonly string[],
  body: (session: Session, def: MetaGraphDef) => Promise<R> | R,
  options: { readonly importScope?: string } = {},
): Promise<R> => withSession(fs, async (session) => body(session, await load(session, tags, dir, options)));

/** Adds a graph with one variable `v`, without saving its value. */
const addGraph = (value: number, tags: readonly string[], options: AddMetaGraphOptions = {}) =>
  withVariables(fs, { v: value }, (_, graph) => builder.addMetaGraph(tags, { ...options, graph }));

const saveGraph = (value: number, tags: readonly string[], options: AddMetaGraphOptions = {}) =>
  withVariables(fs, { v: value }, (session) => builder.addMetaGraphAndVariables(session, tags, options));

describe("finding and reading", () => {
  it("[saved_model_test/SavedModelTest.testMaybeSavedModelDir] a directory holds a SavedModel or not", async () => {
    await writeText(fs, "half_plus_two/00000123/saved_model.pb", "x");
    await writeText(fs, "half_plus_two/text/saved_model.pbtxt", "x");
    expect(await maybeSavedModelDirectory("half_plus_two", { fs })).toBe(false);
    expect(await maybeSavedModelDirectory("half_plus_two/00000123", { fs })).toBe(true);
    expect(await maybeSavedModelDirectory("half_plus_two/text", { fs })).toBe(true);
    expect(await maybeSavedModelDirectory("complete_garbage", { fs })).toBe(false);
  });

  it("[saved_model_test/SavedModelTest.testBadSavedModelFileFormat] missing and broken files are named", async () => {
    const loading = () => failure(loaded(["foo"], () => {}));
    expect(await loading()).toBe(
      `NOT_FOUND: SavedModel file does not exist at: ${dir}/{saved_model.pbtxt|saved_model.pb}`,
    );
    await writeText(fs, `${dir}/saved_model.pb`, "invalid content");
    expect(await loading()).toMatch(new RegExp(`^DATA_LOSS: Cannot parse file ${dir}/saved_model.pb: `));
    await fs.remove(`${dir}/saved_model.pb`);
    await writeText(fs, `${dir}/saved_model.pbtxt`, "invalid content");
    expect(await loading()).toMatch(new RegExp(`^DATA_LOSS: Cannot parse file ${dir}/saved_model.pbtxt: `));
  });
});

describe("adding graphs", () => {
  it("[saved_model_test/SavedModelTest.testVerifySessionGraphUsage] a load goes into the session's graph", async () => {
    await saveGraph(42, [tagConstants.TRAINING]);
    await builder.save();
    await withSession(fs, async (session, graph) => {
      await newGraph().asDefault(() => load(session, [tagConstants.TRAINING], dir));
      expect(globalVariables(graph).map(({ name }) => name)).toEqual(["v:0"]);
      expect(await globalValues(session)).toEqual([42]);
    });
  });

  it("[saved_model_test/SavedModelTest.testSequence] variables first, and once", async () => {
    expect(await failure(builder.addMetaGraph(["foo"], { graph: newGraph() }))).toBe(
      "FAILED_PRECONDITION: Graph state including variables and assets has not been saved yet. Please invoke `add_meta_graph_and_variables()` first.",
    );
    await withVariables(fs, { v: 42 }, async (session) => {
      await builder.addMetaGraphAndVariables(session, ["bar"]);
      expect(await failure(builder.addMetaGraphAndVariables(session, ["baz"]))).toBe(
        "FAILED_PRECONDITION: Graph state including variables and assets has already been saved. Please invoke `add_meta_graph()` instead.",
      );
    });
  });

  it("[saved_model_test/SavedModelTest.testTags] tags match as sets, whole", async () => {
    const { TRAINING, SERVING, GPU, TPU } = tagConstants;
    await saveGraph(42, [TRAINING]);
    await addGraph(43, [SERVING]);
    await addGraph(45, [SERVING, GPU]);
    await addGraph(45, [SERVING, TPU]);
    await addGraph(44, ["foo", "bar"]);
    await builder.save();
    for (const tags of [[TRAINING], [SERVING], [SERVING, GPU], [SERVING, TPU], ["foo", "bar", "foo"]])
      expect(await loaded(tags, globalValues), tags.join()).toEqual([42]);
    for (const tags of [["INVALID"], ["foo", "baz"]])
      expect(await failure(loaded(tags, () => {}))).toMatch(
        /^NOT_FOUND: MetaGraphDef associated with tags '.*' could not be found in SavedModel\./,
      );
  });

  it("[saved_model_test/SavedModelTest.testVariables] graphs take their variables from one checkpoint", async () => {
    await withVariables(fs, { v1: 1, v2: 2 }, (session) =>
      builder.addMetaGraphAndVariables(session, ["foo"]),
    );
    await withVariables(fs, { v2: 3 }, (_, graph) => builder.addMetaGraph(["bar"], { graph }));
    await withVariables(fs, { v3: 4 }, (_, graph) => builder.addMetaGraph(["baz"], { graph }));
    await builder.save();
    expect(await loaded(["foo"], globalValues)).toEqual([1, 2]);
    expect(await loaded(["bar"], globalValues)).toEqual([2]);
    expect(await failure(loaded(["baz"], () => {}))).toMatch(/^NOT_FOUND: /);
  });

  it("[saved_model_test/SavedModelTest.testGraphWithoutVariables] a graph needs none", async () => {
    const names: string[] = [];
    await withSession(fs, (session, graph) => {
      names.push(constant(5, "float32", { graph }).name);
      return builder.addMetaGraphAndVariables(session, ["foo"]);
    });
    await withSession(fs, (_, graph) => {
      names.push(constant(6, "float32", { graph }).name);
      return builder.addMetaGraph(["bar"], { graph });
    });
    await builder.save();
    for (const [i, tag] of ["foo", "bar"].entries())
      await loaded([tag], async (session) => {
        const a = session.graph.getTensorByName(names[i]!);
        const b = constant(i === 0 ? 6 : 5, "float32", { graph: session.graph });
        expect(await numberOf(session, multiply(a, b))).toBe(30);
      });
  });

  it("[saved_model_test/SavedModelTest.testNoOverwrite] a directory that is in use is left alone", async () => {
    await saveGraph(42, ["foo"]);
    await builder.save({ asText: true });
    expect(await loaded(["foo"], globalValues)).toEqual([42]);
    const second = new SavedModelBuilder(dir, { fs });
    const sentence = `ALREADY_EXISTS: Export directory already exists, and isn't empty. Please choose a different export directory, or delete all the contents of the specified directory: ${dir}`;
    await withVariables(fs, { v: 1 }, async (session) => {
      expect(await failure(second.addMetaGraphAndVariables(session, ["foo"]))).toBe(sentence);
    });
    expect(await failure(second.save())).toBe(sentence);
    expect(await loaded(["foo"], globalValues)).toEqual([42]);
  });

  it("[saved_model_test/SavedModelTest.testSaveAsText] a text file loads as a binary one", async () => {
    await saveGraph(42, ["foo"]);
    await addGraph(43, ["bar"]);
    expect(await builder.save({ asText: true })).toBe(`${dir}/saved_model.pbtxt`);
    expect(await fileExists(fs, `${dir}/saved_model.pb`)).toBe(false);
    expect(await loaded(["foo"], globalValues)).toEqual([42]);
    expect(await loaded(["bar"], globalValues)).toEqual([42]);
  });

  it("[saved_model_test/SavedModelTest.testCollections] each graph has its own collections", async () => {
    await withVariables(fs, { v: 42 }, (session, graph, [v]) => {
      graph.addToCollection("foo_vars", v);
      return builder.addMetaGraphAndVariables(session, ["foo"]);
    });
    await withVariables(fs, { v: 43 }, (_, graph, [v]) => {
      graph.addToCollection("bar_vars", v);
      return builder.addMetaGraph(["bar"], { graph });
    });
    await builder.save();
    for (const [tag, here, elsewhere] of [
      ["foo", "foo_vars", "bar_vars"],
      ["bar", "bar_vars", "foo_vars"],
    ] as const)
      await loaded([tag], async (session) => {
        const items = session.graph.getCollection(here) as VariableBase[];
        expect(items).toHaveLength(1);
        expect(await numberOf(session, items[0]!)).toBe(42);
        expect(session.graph.getCollection(elsewhere)).toEqual([]);
      });
  });

  it("[saved_model_test/SavedModelTest.testClearDevices] devices can be left out", async () => {
    await withSession(fs, async (session, graph) => {
      graph.device("/cpu:0", () => intVariable(graph, "v", 42));
      expect(graph.getOperationByName("v").device).toBe("/device:CPU:0");
      await initialize(session);
      await builder.addMetaGraphAndVariables(session, [tagConstants.TRAINING], { clearDevices: true });
    });
    await builder.save();
    await loaded([tagConstants.TRAINING], async (session) => {
      expect(session.graph.getOperations().filter(({ device }) => device !== "")).toEqual([]);
      expect(await globalValues(session)).toEqual([42]);
    });
  });

  it("[saved_model_test/SavedModelTest.testOp] an op that a collection names can be run after a load", async () => {
    await withSession(fs, async (session, graph) => {
      const v1 = graph.device("/cpu:0", () => intVariable(graph, "v1", 1));
      const v2 = graph.device("/cpu:1", () => intVariable(graph, "v2", 2));
      const v3 = unsavedVariable(graph, "v3", 1);
      const initOp = group([assign(v3, add(v1, v2))], { name: "init_op" });
      graph.addToCollection("init_op", initOp);
      for (const v of [v1, v2, v3]) graph.addToCollection("v", v);
      await initialize(session);
      expect(await numberOf(session, v1)).toBe(1);
      expect(await numberOf(session, v2)).toBe(2);
      await builder.addMetaGraphAndVariables(session, ["foo"]);
    });
    await builder.save();
    await loaded(["foo"], async (session) => {
      expect(await valuesOf(session, ["v1", "v2"])).toEqual([1, 2]);
      const [op] = session.graph.getCollection("init_op") as Operation[];
      await session.run([], { targets: [op!] });
      expect(await valuesOf(session, ["v1", "v2", "v3"])).toEqual([1, 2, 3]);
    });
  });

  it("[saved_model_test/SavedModelTest.testImportScope] a scope goes in front of names, not into the message", async () => {
    await withVariables(fs, { v: 42 }, async (session, graph) => {
      const assetsList = await addAsset(graph, fs, "source/foo.txt", "content_foo", "asset_file_tensor");
      constant("constant value", "string", { graph, name: "constant_tensor_name" });
      await builder.addMetaGraphAndVariables(session, ["tag_name"], { assetsList });
    });
    await builder.save();
    await loaded(
      ["tag_name"],
      async (session, def) => {
        const { graph } = session;
        expect(globalVariables(graph).map(({ name }) => name)).toEqual(["scope_name/v:0"]);
        expect(await globalValues(session)).toEqual([42]);
        const assets = graph.getCollection("asset_filepaths") as { name: string }[];
        expect(assets.map(({ name }) => name)).toEqual(["scope_name/asset_file_tensor:0"]);
        const path = await session.run("scope_name/asset_file_tensor:0");
        expect(toStrings(path)).toEqual(["source/foo.txt"]);
        await expectAsset(def.assetFileDef[0], "foo.txt", "content_foo", "asset_file_tensor:0");
        const text = await session.run("scope_name/constant_tensor_name:0");
        expect(toStrings(text)).toEqual(["constant value"]);
      },
      { importScope: "scope_name" },
    );
  });
});

describe("signatures", () => {
  it("[saved_model_test/SavedModelTest.testSignatureDefs] each graph has its own", async () => {
    await saveGraph(42, ["foo"], { signatureDefMap: { foo_key: buildSignatureDef({}, {}, "foo") } });
    await addGraph(43, ["bar"], {
      signatureDefMap: {
        bar_key: buildSignatureDef({}, {}, "bar"),
        foo_key: buildSignatureDef({}, {}, "foo_new"),
      },
    });
    await builder.save();
    const methods = (tag: string) =>
      loaded([tag], async (session, { signatureDef }) => {
        expect(await globalValues(session)).toEqual([42]);
        return Object.entries(signatureDef)
          .map(([key, { methodName }]) => [key, methodName])
          .sort();
      });
    expect(await methods("foo")).toEqual([["foo_key", "foo"]]);
    expect(await methods("bar")).toEqual([
      ["bar_key", "bar"],
      ["foo_key", "foo_new"],
    ]);
  });

  const float = 1;
  const whole = new TensorInfo({ name: "foo", dtype: float });
  const withSignature = (key: string, info: TensorInfo, side: "inputs" | "outputs") =>
    failure(
      saveGraph(42, ["foo"], {
        signatureDefMap: {
          [key]: buildSignatureDef(
            side === "inputs" ? { foo_inputs: info } : {},
            side === "outputs" ? { foo_outputs: info } : {},
            "foo",
          ),
        },
      }),
    );

  it("[saved_model_test/SavedModelTest.testSignatureDefValidationFails] [saved_model_test/SavedModelTest.testSignatureDefValidation] names, types and keys are looked at before anything is written", async () => {
    for (const side of ["inputs", "outputs"] as const) {
      expect(await withSignature("foo_key", new TensorInfo({ dtype: float }), side)).toBe(
        "INVALID_ARGUMENT: All TensorInfo protos used in the SignatureDefs must have one of the 'encoding' fields (e.g., name or coo_sparse) set: dtype: DT_FLOAT\n",
      );
      expect(await withSignature("foo_key", new TensorInfo({ name: "x" }), side)).toBe(
        'INVALID_ARGUMENT: All TensorInfo protos used in the SignatureDefs must have the dtype field set: name: "x"\n',
      );
      expect(await withSignature("foo_key", new TensorInfo({}), side)).toMatch(
        /^INVALID_ARGUMENT: .*encoding/,
      );
    }
    expect(await withSignature(constants.INIT_OP_SIGNATURE_KEY, whole, "outputs")).toBe(
      'INVALID_ARGUMENT: SignatureDef map key "__saved_model_init_op" is reserved for initialization. Please use a different key.',
    );
    expect(await withSignature(constants.TRAIN_OP_SIGNATURE_KEY, whole, "outputs")).toBe(
      'INVALID_ARGUMENT: SignatureDef map key "__saved_model_train_op" is reserved for the train op. Please use a different key.',
    );
    expect(await fileExists(fs, dir)).toBe(false);
  });

  const ragged = () => {
    const graph = newGraph();
    return buildTensorInfo({
      values: constant([1, 2, 3], "int32", { graph }),
      rowSplits: constant([0, 2, 3], "int64", { graph }),
    });
  };

  it.each([
    ["WithName", () => whole],
    ["WithCoo", () => new TensorInfo({ cooSparse: { valuesTensorName: "foo" } as never, dtype: float })],
    ["WithRagged", ragged],
  ] as const)(
    "[saved_model_test/SavedModelTest.testSignatureDefValidationSucceeds%s] a tensor can be named so",
    async (_, info) => {
      expect(await withSignature("foo_key", info(), "inputs")).toBe("no error");
      builder = new SavedModelBuilder("export/second", { fs });
      expect(await withSignature("foo_key", info(), "outputs")).toBe("no error");
    },
  );
});

describe("assets", () => {
  it("[saved_model_test/SavedModelTest.testAssets] those of the list are copied and named, no others", async () => {
    await writeText(fs, "source/ignored.txt", "will be ignored");
    await withVariables(fs, { v: 42 }, async (session, graph) => {
      const assetsList = await addAsset(graph, fs, "source/hello42.txt", "foo bar baz", "asset_file_tensor");
      await builder.addMetaGraphAndVariables(session, ["foo"], { assetsList });
    });
    await builder.save();
    await loaded(["foo"], async (_, { assetFileDef }) => {
      await expectAsset(assetFileDef[0], "hello42.txt", "foo bar baz", "asset_file_tensor:0");
    });
    expect(await fs.list(`${dir}/assets`)).toEqual(["hello42.txt"]);
  });

  it("[saved_model_test/SavedModelV1Test.testWritingAssetsToCollection] those of the collection are named in a collection", async () => {
    await writeText(fs, "source/ignored.txt", "will be ignored");
    await withVariables(fs, { v: 42 }, async (session, graph) => {
      const assetsCollection = await addAsset(
        graph,
        fs,
        "source/hello42.txt",
        "foo bar baz",
        "asset_file_tensor",
      );
      await builder.addMetaGraphAndVariables(session, ["foo"], { assetsCollection });
    });
    await builder.save();
    await loaded(["foo"], async (_, { collectionDef, assetFileDef }) => {
      const [any] = collectionDef[constants.ASSETS_KEY]!.anyList!.value;
      expect(any!.typeUrl).toBe("type.googleapis.com/tensorflow.AssetFileDef");
      await expectAsset(
        decode(AssetFileDef, any!.value),
        "hello42.txt",
        "foo bar baz",
        "asset_file_tensor:0",
      );
      expect(assetFileDef).toEqual([]);
    });
    expect(await fs.list(`${dir}/assets`)).toEqual(["hello42.txt"]);
  });

  /** Saves a graph whose assets are of these files; yields what the loaded message says of them. */
  async function savedWithAssets(files: readonly (readonly [string, string])[]): Promise<MetaGraphDef> {
    await withVariables(fs, { v: 42 }, async (session, graph) => {
      for (const [i, [path, content]] of files.entries())
        await addAsset(graph, fs, path, content, `asset_file_tensor_${i}`);
      const assetsList = graph.getCollection("asset_filepaths") as never;
      await builder.addMetaGraphAndVariables(session, ["foo"], { assetsList });
    });
    await builder.save();
    return loaded(["foo"], (_, def) => def);
  }

  it("[saved_model_test/SavedModelTest.testAssetsNameCollisionDiffFile] other content under one name is numbered", async () => {
    const { assetFileDef } = await savedWithAssets([
      ["1/hello42.txt", "foo bar bak"],
      ["2/hello42.txt", "foo bar baz"],
    ]);
    await expectAsset(assetFileDef[0], "hello42.txt", "foo bar bak", "asset_file_tensor_0:0");
    await expectAsset(assetFileDef[1], "hello42.txt_1", "foo bar baz", "asset_file_tensor_1:0");
  });

  it.each([
    ["SameFilepath", ["a/hello42.txt", "a/hello42.txt"]],
    ["SameFile", ["1/hello42.txt", "2/hello42.txt"]],
  ] as const)(
    "[saved_model_test/SavedModelTest.testAssetsNameCollision%s] one content is one file for two tensors",
    async (_, [one, two]) => {
      const { assetFileDef } = await savedWithAssets([
        [one, "foo bar baz"],
        [two, "foo bar baz"],
      ]);
      await expectAsset(assetFileDef[0], "hello42.txt", "foo bar baz", "asset_file_tensor_0:0");
      await expectAsset(assetFileDef[1], "hello42.txt", "foo bar baz", "asset_file_tensor_1:0");
      expect(await fs.list(`${dir}/assets`)).toEqual(["hello42.txt"]);
    },
  );

  it("[saved_model_test/SavedModelTest.testAssetsNameCollisionManyFiles] five of them are all there", async () => {
    const files = [0, 1, 2, 3, 4].map((i) => [`${i}/hello42.txt`, `foo bar baz ${i}`] as const);
    const { assetFileDef } = await savedWithAssets(files);
    for (const [i, [, content]] of files.entries())
      await expectAsset(
        assetFileDef[i],
        i === 0 ? "hello42.txt" : `hello42.txt_${i}`,
        content,
        `asset_file_tensor_${i}:0`,
      );
  });

  /** Two graphs with an asset each; yields what each loaded message says of its own. */
  async function twoGraphs(first: string, second: string): Promise<(AssetFileDef | undefined)[]> {
    for (const [tag, path, save] of [
      ["foo", first, true],
      ["bar", second, false],
    ] as const)
      await withVariables(fs, { v: 42 }, async (session, graph) => {
        const assetsList = await addAsset(graph, fs, path, `content_${tag}`, "asset_file_tensor");
        if (save) await builder.addMetaGraphAndVariables(session, [tag], { assetsList });
        else await builder.addMetaGraph([tag], { assetsList, graph });
      });
    await builder.save();
    const defs: (AssetFileDef | undefined)[] = [];
    for (const tag of ["foo", "bar"]) defs.push(await loaded([tag], (_, def) => def.assetFileDef[0]));
    return defs;
  }

  it("[saved_model_test/SavedModelTest.testMultipleAssets] graphs have their own", async () => {
    const [foo, bar] = await twoGraphs("source/foo.txt", "source/bar.txt");
    await expectAsset(foo, "foo.txt", "content_foo", "asset_file_tensor:0");
    await expectAsset(bar, "bar.txt", "content_bar", "asset_file_tensor:0");
  });

  it("[saved_model_test/SavedModelTest.testDuplicateAssets] of one name in two graphs, the first is kept", async () => {
    const [foo, bar] = await twoGraphs("source/foo.txt", "source/foo.txt");
    await expectAsset(foo, "foo.txt", "content_foo", "asset_file_tensor:0");
    await expectAsset(bar, "foo.txt", "content_foo", "asset_file_tensor:0");
  });
});

describe("init and train ops", () => {
  /** v1 = 1, v2 = 2, v3 = 42, and an op that assigns v1 + v2 to v3, after the initializers if asked. */
  async function sumGraph(
    add1: (session: Session, initOp: Operation) => Promise<void>,
    options: { readonly afterMainOp: boolean },
  ): Promise<void> {
    await withSession(fs, async (session, graph) => {
      const [v1, v2] = [intVariable(graph, "v1", 1), intVariable(graph, "v2", 2)];
      const v3 = options.afterMainOp ? intVariable(graph, "v3", 42) : unsavedVariable(graph, "v3", 42);
      for (const v of [v1, v2, v3]) graph.addToCollection("v", v);
      const assignment = () => group([assign(v3, add(v1.asRef(), v2.asRef()))]);
      const initOp = options.afterMainOp
        ? graph.controlDependencies(
            [group([globalVariablesInitializer(graph), localVariablesInitializer(graph)])],
            assignment,
          )
        : assignment();
      if (options.afterMainOp) await session.run([], { targets: [initOp] });
      else await initialize(session);
      await add1(session, initOp);
    });
    await builder.save();
    await loaded(["foo"], async (session) => {
      expect(await valuesOf(session, ["v1", "v2", "v3"])).toEqual([1, 2, 3]);
    });
  }

  it("[saved_model_test/SavedModelTest.testCustomInitOp] the op of the signature runs after a load", () =>
    sumGraph((session, initOp) => builder.addMetaGraphAndVariables(session, ["foo"], { initOp }), {
      afterMainOp: true,
    }));

  it("[saved_model_test/SavedModelTest.testCustomMainOp] the op of the collection runs after a load", () =>
    sumGraph((session, mainOp) => builder.addMetaGraphAndVariables(session, ["foo"], { mainOp }), {
      afterMainOp: true,
    }));

  it("[saved_model_test/SavedModelV1Test.testLegacyInitOp] [saved_model_test/SavedModelTest.testLegacyInitOp] the legacy option is the same", () =>
    sumGraph(
      (session, legacyInitOp) => builder.addMetaGraphAndVariables(session, ["foo"], { legacyInitOp }),
      {
        afterMainOp: false,
      },
    ));

  it.each([
    ["LegacyInitOp", constants.LEGACY_INIT_OP_KEY],
    ["MainOp", constants.MAIN_OP_KEY],
  ])(
    "[saved_model_test/SavedModelV1Test.test%sWithNonEmptyCollection] a graph has one main op at most",
    async (_, key) => {
      await withSession(fs, async (session, graph) => {
        const v1 = intVariable(graph, "v1", 1);
        const v2 = unsavedVariable(graph, "v2", 42);
        const initOp = group([assign(v2, v1)], { name: "init_op" });
        await initialize(session);
        graph.addToCollection(key, noOp({ graph }));
        for (const options of [{ legacyInitOp: initOp }, { mainOp: initOp }])
          expect(await failure(builder.addMetaGraphAndVariables(session, ["foo"], options))).toBe(
            `INVALID_ARGUMENT: Graph already contains one or more main ops under the collection ${key}.`,
          );
      });
    },
  );

  it("[saved_model_test/SavedModelTest.testTrainOp] a train op that is a tensor is found again", async () => {
    await withVariables(fs, { v1: 1, v2: 2 }, async (session, _, [v1, v2]) => {
      const trainOp = assignAdd(v1!, v2!);
      await session.run(trainOp);
      await builder.addMetaGraphAndVariables(session, ["foo"], { trainOp });
    });
    await builder.save();
    await loaded(["foo"], async (session, def) => {
      expect(await globalValues(session)).toEqual([3, 2]);
      expect(isTensor(getTrainOp(def, session.graph))).toBe(true);
    });
  });

  it("[saved_model_test/SavedModelTest.testTrainOpGroup] one that is an operation, too", async () => {
    await withVariables(fs, { v1: 1, v2: 2 }, async (session, graph) => {
      const trainOp = group([], { graph });
      await session.run([], { targets: [trainOp] });
      await builder.addMetaGraphAndVariables(session, ["foo"], { trainOp });
    });
    await builder.save();
    await loaded(["foo"], async (session, def) => {
      expect(await globalValues(session)).toEqual([1, 2]);
      expect(isOperation(getTrainOp(def, session.graph))).toBe(true);
    });
  });

  it("[saved_model_test/SavedModelTest.testTrainOpAfterVariables] it belongs to the graph that it was given for", async () => {
    await withVariables(fs, { v1: 1, v2: 2 }, async (session, graph, [v1, v2]) => {
      await builder.addMetaGraphAndVariables(session, ["pre_foo"]);
      const trainOp = assignAdd(v1!, v2!);
      await session.run(trainOp);
      await builder.addMetaGraph(["foo"], { graph, trainOp });
    });
    await builder.save();
    await loaded(["foo"], (session, def) => {
      expect(isTensor(getTrainOp(def, session.graph))).toBe(true);
    });
    await loaded(["pre_foo"], (session, def) => {
      expect(session.graph.getCollection(constants.TRAIN_OP_KEY)).toEqual([]);
      expect(getTrainOp(def, session.graph)).toBeUndefined();
    });
  });
});

describe("Savers", () => {
  it("[saved_model_test/SavedModelTest.testCustomSaver] one's own takes the place of the default", async () => {
    await withVariables(fs, { v1: 1 }, async (session, graph) => {
      const saver = new Saver(null, { graph, name: "my_saver" });
      await builder.addMetaGraphAndVariables(session, ["tag"], { saver });
    });
    await builder.save();
    await loaded(["tag"], ({ graph }, { saverDef }) => {
      expect(graph.findOperation("my_saver/restore_all")).toBeDefined();
      expect(graph.findOperation("save/restore_all")).toBeUndefined();
      expect(saverDef!.restoreOpName).toBe("my_saver/restore_all");
    });
  });

  it("[saved_model_test/SavedModelTest.testNoCustomSaver] another that the graph has is not taken", async () => {
    await withVariables(fs, { v1: 1 }, async (session, graph) => {
      new Saver(null, { graph, name: "my_saver" });
      await builder.addMetaGraphAndVariables(session, ["tag"]);
    });
    await builder.save();
    await loaded(["tag"], ({ graph }, { saverDef }) => {
      expect(graph.findOperation("my_saver/restore_all")).toBeDefined();
      expect(graph.findOperation("save/restore_all")).toBeDefined();
      expect(saverDef!.restoreOpName).toBe("save/restore_all");
    });
  });

  it("[saved_model_test/SavedModelTest.testMultipleCustomSavers] each graph names its own", async () => {
    await withVariables(fs, { v1: 1 }, async (session, graph) => {
      await builder.addMetaGraphAndVariables(session, ["tag_0"]);
      await builder.addMetaGraph(["tag_1"], { graph, saver: new Saver(null, { graph }) });
      await builder.addMetaGraph(["tag_2"], { graph, saver: new Saver(null, { graph }) });
    });
    await builder.save();
    for (const [tag, op] of [
      ["tag_0", "save/restore_all"],
      ["tag_1", "save_1/restore_all"],
      ["tag_2", "save_2/restore_all"],
    ] as const)
      await loaded([tag], (_, { saverDef }) => expect(saverDef!.restoreOpName).toBe(op));
  });
});

describe("tables", () => {
  it("[saved_model_test/SavedModelTest.testCustomSaveable] a table that says how it is saved comes back", async () => {
    const entries = (table: Tensor) =>
      table.graph.createOp("LookupTableExportV2", [table], { attrs: { Tkeys: "string", Tvalues: "float32" } })
        .outputs;
    await withSession(fs, async (session, graph) => {
      const [table] = graph.createOp("MutableHashTableV2", [], {
        name: "v1",
        attrs: { key_dtype: "string", value_dtype: "float32" },
      }).outputs;
      graph.addToCollection("saveable_objects", tableSaveable(table!, "v1"));
      const [key, value] = [constant("k1", "string", { graph }), constant(3, "float32", { graph })];
      const insert = graph.createOp("LookupTableInsertV2", [table!, key, value]);
      await initialize(session);
      await session.run([], { targets: [insert] });
      graph.addToCollection("table_ref", table);
      await builder.addMetaGraphAndVariables(session, ["foo"]);
    });
    await builder.save();
    await loaded(["foo"], async (session) => {
      const [table] = session.graph.getCollection("table_ref") as Tensor[];
      const [keys, values] = await session.run([...entries(table!)]);
      expect(toStrings(keys!)).toEqual(["k1"]);
      expect(toNumbers(values!)).toEqual([3]);
    });
  });
});

describe("attributes", () => {
  it("[saved_model_test/SavedModelV1Test.testStripDefaultAttrs] defaults are left out where asked, and come back on import", async () => {
    const complexGraph = (body: (session: Session, graph: Graph) => Promise<void>) =>
      withSession(fs, async (session, graph) => {
        const real = new Variable(1, { graph, name: "real", dtype: "float32" });
        const imag = new Variable(2, { graph, name: "imag", dtype: "float32" });
        graph.createOp("Complex", [asTensor(real), asTensor(imag)], { name: "complex" });
        await initialize(session);
        return body(session, graph);
      });
    await complexGraph((session) =>
      builder.addMetaGraphAndVariables(session, ["foo"], { stripDefaultAttrs: true }),
    );
    await complexGraph((_, graph) => builder.addMetaGraph(["bar"], { graph, stripDefaultAttrs: false }));
    await builder.save({ asText: true });
    // TensorFlow's import puts the defaults into the caller's message; here they are in the graph alone.
    await loaded(["foo"], ({ graph }) => {
      const { attrs } = graph.getOperationByName("complex");
      expect(attrs.type("T")).toBe("float32");
      expect(attrs.type("Tout")).toBe("complex64");
    });
    const attrsOf = (def: MetaGraphDef) =>
      Object.keys(def.graphDef!.node.find(({ name }) => name === "complex")!.attr);
    const { metaGraphs } = await parseSavedModel(dir, { fs });
    const [foo, bar] = ["foo", "bar"].map(
      (tag) => metaGraphs.find(({ metaInfoDef }) => metaInfoDef!.tags.includes(tag))!,
    );
    expect(attrsOf(foo!)).not.toContain("T");
    expect(attrsOf(foo!)).not.toContain("Tout");
    expect(attrsOf(bar!)).toEqual(expect.arrayContaining(["T", "Tout"]));
    expect(foo!.metaInfoDef!.strippedDefaultAttrs).toBe(true);
  });
});

/** A variable in no collection, which a Saver does not find. */
const unsavedVariable = (graph: Graph, name: string, value: number): Variable =>
  new Variable(value, { graph, name, dtype: "int32", trainable: false, collections: [] });

const valuesOf = (session: Session, names: readonly string[]): Promise<number[]> =>
  Promise.all(names.map((name) => numberOf(session, `${name}:0`)));

async function expectAsset(
  asset: AssetFileDef | undefined,
  filename: string,
  content: string,
  tensor: string,
): Promise<void> {
  expect(asset?.filename).toBe(filename);
  expect(asset?.tensorInfo?.name).toBe(tensor);
  expect(await textOf(fs, `${dir}/assets/${filename}`)).toBe(content);
}
