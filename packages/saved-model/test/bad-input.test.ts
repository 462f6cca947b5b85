// Damaged and hostile SavedModels, and wrong calls: a typed error or a right answer.
import { isTfError, TfError } from "@org/errors";
import { type Graph, isTensor } from "@org/graph";
import { type FileSystem, memoryFileSystem, readFile } from "@org/io";
import { assign, constant, group, noOp, placeholder } from "@org/ops";
import {
  AssetFileDef,
  create,
  encode,
  equals,
  type ISavedModel,
  type MetaGraphDef,
  SavedModel,
} from "@org/proto";
import { beforeEach, describe, expect, it } from "vitest";
import {
  assetPath,
  constants,
  describeSavedModel,
  getAssetTensors,
  getInitOp,
  load,
  parseSavedModel,
  SavedModelBuilder,
  SavedModelLoader,
  simpleSave,
  writeSavedModel,
} from "../src/index.ts";
import {
  addAsset,
  failure,
  filesBelow,
  globalValues,
  initialize,
  intVariable,
  newGraph,
  numberOf,
  textOf,
  withSession,
  withVariables,
  writeText,
} from "./models.ts";

let fs: FileSystem;

beforeEach(() => {
  fs = memoryFileSystem();
});

/** A saved model with one variable, an asset and a main op that sets v to 7. */
async function saved(dir = "model"): Promise<SavedModel> {
  await withSession(fs, async (session, graph) => {
    const v = intVariable(graph, "v", 42);
    const mainOp = group([assign(v, 7)], { name: "main" });
    await initialize(session);
    const assetsCollection = await addAsset(graph, fs, "source/words.txt", "one", "asset");
    const builder = new SavedModelBuilder(dir, { fs });
    await builder.addMetaGraphAndVariables(session, ["serve"], { assetsCollection, mainOp });
    await builder.save();
  });
  return parseSavedModel(dir, { fs });
}

const loading = (model?: SavedModel) =>
  failure(
    withSession(fs, async (session) => {
      if (model) await new SavedModelLoader("model", model).load(session, ["serve"]);
      else await load(session, ["serve"], "model");
    }),
  );

const hintOf = (action: Promise<unknown>): Promise<string | undefined> =>
  action.then(
    () => "no error",
    (error: unknown) => (isTfError(error) ? error.hint : String(error)),
  );

describe("files", () => {
  it("every truncation and every changed byte is a typed error, or another model", async () => {
    const graph = newGraph();
    graph.asDefault(() => placeholder("float32", [null], { name: "x" }));
    await withSession(
      fs,
      (session) =>
        simpleSave(
          session,
          "small",
          { x: graph.getTensorByName("x:0") },
          { x: graph.getTensorByName("x:0") },
        ),
      graph,
    );
    const bytes = await readFile(fs, "small/saved_model.pb");
    let errors = 0;
    const check = async (changed: Uint8Array) => {
      await writeText(fs, "changed/saved_model.pb", changed);
      try {
        const model = await parseSavedModel("changed", { fs });
        describeSavedModel(model);
        new SavedModelLoader("changed", model).loadGraph(
          newGraph(),
          model.metaGraphs[0]?.metaInfoDef?.tags ?? [],
        );
      } catch (error) {
        if (!isTfError(error)) throw error;
        errors++;
      }
    };
    for (let length = 0; length < bytes.length; length++) await check(bytes.subarray(0, length));
    expect(errors).toBeGreaterThan(bytes.length / 2);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = changed[at]! ^ (1 << (at % 8));
      await check(changed);
    }
  });

  it("what is there in place of a SavedModel is told", async () => {
    await writeText(fs, "models/1/saved_model.pb", "x");
    await writeText(fs, "trained/model.meta", "x");
    await writeText(fs, "stopped/variables/variables.index", "x");
    await writeText(fs, "text/saved_model.pb", "saved_model_schema_version: 1\n");
    const hint = (dir: string) => hintOf(parseSavedModel(dir, { fs }));
    expect(await hint("models")).toBe('There is one in "models/1".');
    expect(await hint("models/1/saved_model.pb")).toBe('Pass the directory "models/1".');
    expect(await hint("trained/model.meta")).toBe('"trained/model.meta" is a file.');
    expect(await hint("trained")).toBe('There is a MetaGraph, "model.meta": importMetaGraph reads it.');
    expect(await hint("stopped")).toMatch(/^There are variables, but no graph/);
    expect(await hint("nowhere")).toBe('There is no directory "nowhere".');
    expect(await hint("")).toBe("The path is empty.");
    expect(await hint("text")).toBe("It is text: name it saved_model.pbtxt.");
    await writeText(fs, "empty/saved_model.pb", "");
    expect(await failure(parseSavedModel("empty", { fs }))).toBe(
      "DATA_LOSS: Cannot parse file empty/saved_model.pb: the file is empty.",
    );
    await writeText(fs, "latin1/saved_model.pbtxt", Uint8Array.of(0x23, 0xe9));
    expect(await failure(parseSavedModel("latin1", { fs }))).toBe(
      "DATA_LOSS: Cannot parse file latin1/saved_model.pbtxt: it is not UTF-8.",
    );
    expect(await failure(parseSavedModel(5 as never, { fs }))).toMatch(/^TypeError: /);
  });

  it("a binary file is read before a text one", async () => {
    const model = await saved();
    await writeText(fs, "model/saved_model.pbtxt", "not a model");
    expect(equals(SavedModel, await parseSavedModel("model", { fs }), model)).toBe(true);
  });

  it("map keys that objects have are keys as others", async () => {
    const model = await saved();
    const hostile = ["__proto__", "constructor", "toString"];
    const def = model.metaGraphs[0]!;
    const changed = create(SavedModel, {
      ...model,
      metaGraphs: [
        {
          ...def,
          signatureDef: Object.fromEntries(hostile.map((key) => [key, { methodName: key }])),
          collectionDef: Object.fromEntries(hostile.map((key) => [key, { int64List: { value: [1n] } }])),
        },
      ],
    } as ISavedModel);
    await writeSavedModel("hostile", changed, { fs });
    const back = await parseSavedModel("hostile", { fs });
    expect(equals(SavedModel, back, changed)).toBe(true);
    const [described] = describeSavedModel(back).metaGraphs;
    expect(described!.signatures.map(({ key, servable }) => [key, servable]).sort()).toEqual(
      hostile.map((key) => [key, false]).sort(),
    );
    expect(described!.initOp).toBeUndefined();
    expect(getInitOp(back.metaGraphs[0]!, newGraph())).toBeUndefined();
  });

  it("reading can be cancelled", async () => {
    await saved();
    const signal = AbortSignal.abort();
    expect(await failure(parseSavedModel("model", { fs, signal }))).toBe("CANCELLED: Reading was cancelled.");
  });
});

/** The model with the assets of its collection changed. */
function withAssets(
  model: SavedModel,
  assets: readonly { typeUrl: string; value: Uint8Array }[],
): SavedModel {
  const def = model.metaGraphs[0]!;
  def.collectionDef[constants.ASSETS_KEY]!.anyList!.value = assets as never;
  return model;
}

const asset = (filename: string, name = "asset:0") => ({
  typeUrl: "type.googleapis.com/tensorflow.AssetFileDef",
  value: encode(AssetFileDef, { filename, tensorInfo: { name } }),
});

describe("assets of a stranger's model", () => {
  it("a model loads with its asset and main op", async () => {
    await saved();
    await withSession(fs, async (session) => {
      await load(session, ["serve"], "model");
      expect(await globalValues(session)).toEqual([7]);
    });
  });

  it.each([
    "../secret",
    "a/../../secret",
    "/etc/passwd",
    "..\\secret",
    "C:\\secret",
    "..",
    ".",
    "",
    "a//b",
    "a\0b",
    "\\\\host\\share",
  ])("a name that leads out of the assets directory is refused: %j", async (filename) => {
    const sentence = `INVALID_ARGUMENT: Asset file name ${JSON.stringify(filename)} does not stay in the assets directory`;
    expect(await failure(() => assetPath("model", filename))).toBe(sentence);
    await writeText(fs, "secret", "s");
    expect(await loading(withAssets(await saved(), [asset(filename)]))).toBe(sentence);
  });

  it("names below the directory, and odd ones, are fine", () => {
    for (const name of ["a/b.txt", "..a", "a..", "vocab:1.txt", "é", "a b"])
      expect(assetPath("model", name)).toBe(`model/assets/${name}`);
  });

  it("a missing file is told before the init op runs", async () => {
    expect(await loading(withAssets(await saved(), [asset("other.txt")]))).toBe(
      "NOT_FOUND: model/assets/other.txt; No such file or directory",
    );
  });

  it("an Any of another type is no asset, a damaged one is damage", async () => {
    const model = withAssets(await saved(), [{ typeUrl: "x/tensorflow.Other", value: Uint8Array.of(1, 2) }]);
    expect(getAssetTensors("model", model.metaGraphs[0]!).size).toBe(0);
    expect(await loading(model)).toBe("no error");
    withAssets(model, [{ typeUrl: "x/tensorflow.AssetFileDef", value: Uint8Array.of(0x0a, 0x7f) }]);
    expect(await loading(model)).toBe("DATA_LOSS: Error parsing message with type 'tensorflow.AssetFileDef'");
  });
});

describe("init ops of a stranger's model", () => {
  const mainOps = (model: SavedModel): string[] =>
    model.metaGraphs[0]!.collectionDef[constants.MAIN_OP_KEY]!.nodeList!.value;

  it("there is one at most", async () => {
    const model = await saved();
    mainOps(model).push("v/Assign");
    expect(await loading(model)).toBe(
      "INVALID_ARGUMENT: Expected exactly one SavedModel init op. Found: ['main', 'v/Assign']",
    );
    expect(await failure(() => describeSavedModel(model))).toMatch(/^INVALID_ARGUMENT: Expected exactly one/);
  });

  it("one that the graph lacks is an error", async () => {
    const model = await saved();
    mainOps(model)[0] = "nowhere";
    expect(await loading(model)).toMatch(/^NOT_FOUND: /);
  });

  it("two models in one graph run their own", async () => {
    await saved();
    await withSession(fs, async (session, graph) => {
      await load(session, ["serve"], "model", { importScope: "a" });
      const raised = assign(graph.getTensorByName("a/v:0"), 1);
      await session.run(raised);
      await load(session, ["serve"], "model", { importScope: "b" });
      await load(session, ["serve"], "model", { importScope: "b" });
      expect(await numberOf(session, "a/v:0")).toBe(1);
      expect(await numberOf(session, "b/v:0")).toBe(7);
      expect(await numberOf(session, "b_1/v:0")).toBe(7);
    });
  });
});

describe("wrong calls of the builder", () => {
  const adding = (options: object, tags: unknown = ["t"], dir = "wrong") =>
    failure(
      withVariables(fs, { v: 1 }, (session, graph) =>
        new SavedModelBuilder(dir, { fs }).addMetaGraphAndVariables(
          session,
          tags as string[],
          typeof options === "function" ? options(graph) : options,
        ),
      ),
    );
  const withAsset = (make: (graph: Graph) => unknown) =>
    adding((graph: Graph) => ({ assetsCollection: [make(graph)] }));

  it("asset tensors are constant strings that name a file", async () => {
    const tensor = (value: string) => (graph: Graph) => constant(value, "string", { graph, name: "path" });
    expect(await withAsset(() => "a")).toBe("TypeError: Asset path tensor must be a Tensor.");
    expect(await withAsset((graph) => graph.asDefault(() => placeholder("string")))).toBe(
      "TypeError: Asset path tensor must be of type constant.",
    );
    expect(await withAsset((graph) => constant(3, "int32", { graph }))).toBe(
      "TypeError: Asset path tensor must be of dtype string.",
    );
    expect(await withAsset((graph) => constant(["a", "b"], "string", { graph }))).toBe(
      "TypeError: Asset path tensor must be a scalar.",
    );
    for (const path of ["", "a/", "a/..", "."])
      expect(await withAsset(tensor(path))).toBe(
        'INVALID_ARGUMENT: Invalid asset filepath tensor Tensor("path:0", shape=(), dtype=string)',
      );
    expect(await withAsset(tensor("source/missing.txt"))).toBe(
      "NOT_FOUND: source/missing.txt; No such file or directory",
    );
    await fs.makeDirectory("source/folder");
    expect(await withAsset(tensor("source/folder"))).toBe(
      "FAILED_PRECONDITION: source/folder; Is a directory",
    );
  });

  it("ops, tags and directories are looked at", async () => {
    expect(await adding({ mainOp: 3 })).toBe("TypeError: main_op needs to be an Operation: 3");
    expect(await adding({ trainOp: 3 })).toBe("TypeError: train_op needs to be a Tensor or Op: 3");
    expect(await adding({ initOp: "x" })).toBe("TypeError: init_op needs to be a Tensor or Op: x");
    expect(await adding({}, "serve")).toBe("TypeError: Tags are a list of strings, not serve");
    expect(await adding({}, [1])).toMatch(/^TypeError: Tags are a list of strings/);
    await writeText(fs, "file", "x");
    expect(await adding({}, ["t"], "file")).toBe("FAILED_PRECONDITION: file; Not a directory");
    expect(await failure(() => new SavedModelBuilder(5 as never))).toMatch(/^TypeError: /);
    expect(() => new SavedModelLoader("x", new SavedModel()).getMetaGraphDefFromTags("serve")).toThrow(
      TypeError,
    );
  });

  it("variables without a value end a save, which can be made again", async () => {
    await withSession(fs, async (session, graph) => {
      intVariable(graph, "v", 42);
      const builder = new SavedModelBuilder("again", { fs });
      const mainOp = noOp({ graph });
      const add = () => builder.addMetaGraphAndVariables(session, ["t"], { mainOp });
      expect(await failure(add())).toMatch(/^FAILED_PRECONDITION: Attempting to use uninitialized value v/);
      expect(graph.getCollection(constants.MAIN_OP_KEY)).toEqual([]);
      await initialize(session);
      expect(await failure(add())).toBe("no error");
      await builder.save();
    });
    expect(await filesBelow(fs, "again")).toEqual([
      "saved_model.pb",
      "variables/variables.data-00000-of-00001",
      "variables/variables.index",
    ]);
  });

  it("assets of the collection and of the list share the directory", async () => {
    await withVariables(fs, { v: 1 }, async (session, graph) => {
      const tensors = await addAsset(graph, fs, "1/a.txt", "one", "first");
      await addAsset(graph, fs, "2/a.txt", "two", "second");
      const second = graph.getTensorByName("second:0");
      const builder = new SavedModelBuilder("both", { fs });
      await builder.addMetaGraphAndVariables(session, ["t"], {
        assetsCollection: tensors,
        assetsList: [second],
      });
      await builder.save();
    });
    expect(await textOf(fs, "both/assets/a.txt")).toBe("one");
    expect(await textOf(fs, "both/assets/a.txt_1")).toBe("two");
    const [def] = (await parseSavedModel("both", { fs })).metaGraphs;
    expect(def!.assetFileDef.map(({ filename }) => filename)).toEqual(["a.txt_1"]);
    expect(def!.collectionDef[constants.ASSETS_KEY]!.anyList!.value).toHaveLength(1);
  });

  it("what another builder left is named as such", async () => {
    await writeText(fs, "left/variables/variables.index", "x");
    const builder = new SavedModelBuilder("left", { fs });
    expect(await hintOf(builder.save())).toMatch(/^It holds no SavedModel/);
  });
});

describe("graphs without a Saver", () => {
  it("get one of the variables that they bring, under their names in the file", async () => {
    const model = await saved();
    const def: MetaGraphDef = model.metaGraphs[0]!;
    def.saverDef = null;
    await withSession(fs, async (session, graph) => {
      intVariable(graph, "mine", 3);
      await initialize(session);
      await new SavedModelLoader("model", model).load(session, ["serve"], { importScope: "s" });
      expect(await numberOf(session, "s/v:0")).toBe(7);
      expect(await numberOf(session, "mine:0")).toBe(3);
      expect(isTensor(graph.getTensorByName("s/v:0"))).toBe(true);
    });
  });
});

it("errors carry the file", async () => {
  const error = await parseSavedModel("nowhere", { fs }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(TfError);
  expect((error as TfError).place.file).toBe("nowhere");
});

describe("calls that are not awaited", () => {
  it("run one after another, and none writes over another", async () => {
    await withVariables(fs, { v: 42 }, async (session, graph) => {
      const builder = new SavedModelBuilder("turns", { fs });
      const outcomes = await Promise.all([
        failure(builder.addMetaGraphAndVariables(session, ["a"])),
        failure(builder.addMetaGraphAndVariables(session, ["b"])),
        failure(builder.addMetaGraph(["c"], { graph })),
        failure(builder.save()),
      ]);
      expect(outcomes.map((outcome) => outcome.slice(0, 19))).toEqual([
        "no error",
        "FAILED_PRECONDITION",
        "no error",
        "no error",
      ]);
    });
    const { metaGraphs } = await parseSavedModel("turns", { fs });
    expect(metaGraphs.map(({ metaInfoDef }) => metaInfoDef!.tags)).toEqual([["a"], ["c"]]);
  });

  it("a form that was written before does not go stale", async () => {
    await withVariables(fs, { v: 42 }, async (session, graph) => {
      const builder = new SavedModelBuilder("forms", { fs });
      await builder.addMetaGraphAndVariables(session, ["a"]);
      await builder.save();
      await builder.addMetaGraph(["b"], { graph });
      await builder.save({ asText: true });
    });
    expect((await parseSavedModel("forms", { fs })).metaGraphs).toHaveLength(2);
    await fs.remove("forms/saved_model.pb");
    expect((await parseSavedModel("forms", { fs })).metaGraphs).toHaveLength(2);
  });
});

it("describes no path", () => {
  expect(() => describeSavedModel("export/1" as never)).toThrow(
    new TypeError("describeSavedModel takes a SavedModel, not a string: read one with parseSavedModel"),
  );
});
