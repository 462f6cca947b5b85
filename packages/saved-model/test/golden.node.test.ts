// SavedModels that TensorFlow 1.0.1, 1.15.5 and 2.21 wrote: what is in them, and what they compute when loaded.
import { createHash } from "node:crypto";
import { collectionKind } from "@org/collections";
import { readFile } from "@org/io";
import { standardOps } from "@org/ops";
import {
  AssetFileDef,
  decode,
  encode,
  equals,
  type MetaGraphDef,
  SavedModel,
  type TensorInfo,
} from "@org/proto";
import { dtypeFromProto, type NdArray, toNumbers, toStrings } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { deterministic } from "../../proto/test/deterministic.ts";
import { constants, describeSavedModel, load, parseSavedModel, writeSavedModel } from "../src/index.ts";
import {
  type ExpectedMetaGraph,
  type ExpectedRun,
  type GoldenModel,
  goldenModels,
  inMemory,
  recorded,
} from "./golden-models.ts";
import { filesBelow, withSession } from "./models.ts";

const models = goldenModels();

/** Types of the ops that fetches need and that do not run here. */
function missingOps(def: MetaGraphDef, fetches: readonly string[]): string[] {
  const nodes = new Map(def.graphDef!.node.map((node) => [node.name, node]));
  const missing = new Set<string>();
  const seen = new Set<string>();
  const open = fetches.map((name) => name.replace(/:\d+$/, ""));
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const node = nodes.get(name)!;
    if (!standardOps.get(node.op)) missing.add(node.op);
    open.push(...node.input.map((input) => input.replace(/^\^/, "").replace(/:\d+$/, "")));
  }
  return [...missing].sort();
}

function shownInfo({ name, dtype, tensorShape }: TensorInfo) {
  return {
    name: name!,
    dtype: dtypeFromProto(dtype)?.dtype ?? "invalid",
    shape: tensorShape!.unknownRank ? null : tensorShape!.dim.map(({ size }) => Number(size)),
  };
}

const mapped = <T, R>(record: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

const shownAsset = ({ tensorInfo, filename }: AssetFileDef) => ({ tensor: tensorInfo!.name!, filename });

/** A MetaGraphDef in the words of expect.json. */
function shown(def: MetaGraphDef): Omit<ExpectedMetaGraph, "runs"> {
  const { metaInfoDef, graphDef, saverDef, collectionDef } = def;
  return {
    tags: metaInfoDef!.tags,
    nodes: graphDef!.node.length,
    functions: graphDef!.library?.function.length ?? 0,
    tensorflow_version: metaInfoDef!.tensorflowVersion,
    stripped_default_attrs: metaInfoDef!.strippedDefaultAttrs,
    attrs: graphDef!.node.reduce((sum, { attr }) => sum + Object.keys(attr).length, 0),
    saver: {
      restore: saverDef!.restoreOpName,
      filename: saverDef!.filenameTensorName,
      sharded: saverDef!.sharded,
      version: saverDef!.version,
    },
    object_graph_nodes: def.objectGraphDef?.nodes.length ?? 0,
    collections: mapped(collectionDef, (collection) => collectionKind(collection)!),
    asset_file_def: def.assetFileDef.map(shownAsset),
    saved_model_assets: (collectionDef[constants.ASSETS_KEY]?.anyList?.value ?? []).map(({ value }) =>
      shownAsset(decode(AssetFileDef, value)),
    ),
    signatures: mapped(def.signatureDef, ({ methodName, inputs, outputs }) => ({
      method_name: methodName,
      inputs: mapped(inputs, shownInfo),
      outputs: mapped(outputs, shownInfo),
    })),
  };
}

describe.skipIf(models.length === 0)(
  "SavedModels of TensorFlow (skipped: the golden files are not there)",
  () => {
    describe.each(models.map((model) => [`${model.version}/${model.name}`, model] as const))(
      "%s",
      (_, model) => {
        it("reads as it was written", async () => {
          const fs = inMemory(model);
          expect((await filesBelow(fs, "model")).filter((name) => name !== "fingerprint.pb").sort()).toEqual(
            model.files.filter((name) => name !== "fingerprint.pb"),
          );
          for (const [name, hex] of Object.entries(model.assets))
            expect(Buffer.from(await readFile(fs, `model/assets/${name}`)).toString("hex")).toBe(hex);
          const read = await parseSavedModel("model", { fs });
          expect(Number(read.savedModelSchemaVersion)).toBe(model.schema_version);
          expect(read.metaGraphs.map(shown)).toEqual(
            model.meta_graphs.map(({ runs: _runs, ...rest }) => rest),
          );
          // TensorFlow 2's protobuf sorts in an order of its own.
          if (model.version !== "2.21.0")
            expect(
              createHash("sha256")
                .update(encode(SavedModel, deterministic(read)))
                .digest("hex"),
            ).toBe(model.deterministic_sha256);
        });

        it("is written again the same, object graph and all", async () => {
          const fs = inMemory(model);
          const read = await parseSavedModel("model", { fs });
          await writeSavedModel("again", read, { fs });
          await writeSavedModel("text", read, { fs, asText: true });
          if (model.file.endsWith(".pb"))
            expect(await readFile(fs, "again/saved_model.pb")).toEqual(
              await readFile(fs, "model/saved_model.pb"),
            );
          for (const other of ["again", "text"])
            expect(equals(SavedModel, await parseSavedModel(other, { fs }), read)).toBe(true);
        });

        it("is described", async () => {
          const { schemaVersion, metaGraphs } = describeSavedModel(
            await parseSavedModel("model", { fs: inMemory(model) }),
          );
          expect(schemaVersion).toBe(1n);
          for (const [i, expected] of model.meta_graphs.entries()) {
            const { signatures, assets, objectGraphNodes, initOp } = metaGraphs[i]!;
            expect(signatures.map(({ key }) => key).sort()).toEqual(
              Object.keys(expected.signatures)
                .filter((key) => !key.startsWith("__saved_model"))
                .sort(),
            );
            const filenames = [...expected.asset_file_def, ...expected.saved_model_assets];
            expect(assets.map(({ tensorName, filename }) => ({ tensor: tensorName, filename }))).toEqual(
              filenames,
            );
            expect(objectGraphNodes).toBe(expected.object_graph_nodes);
            expect(initOp === undefined).toBe(filenames.length === 0);
          }
        });

        describe.each(model.meta_graphs.map((graph) => [graph.tags.join(), graph] as const))(
          "%s",
          (_tags, graph) => {
            for (const run of graph.runs)
              it(`computes ${run.signature}`, async () => {
                const fs = inMemory(model);
                const def = (await parseSavedModel("model", { fs })).metaGraphs.find(
                  ({ metaInfoDef }) => metaInfoDef!.tags.join() === graph.tags.join(),
                )!;
                const missing = missingOps(def, [...Object.keys(run.fetch), def.saverDef!.restoreOpName]);
                expect(missing).toEqual([]);
                await expectRun(model, graph, run);
              });
          },
        );
      },
    );
  },
);

async function expectRun(model: GoldenModel, graph: ExpectedMetaGraph, run: ExpectedRun): Promise<void> {
  await withSession(inMemory(model), async (session) => {
    await load(session, graph.tags, "model");
    const feeds = mapped(run.feed, (tensor) => recorded(model, tensor));
    const names = Object.keys(run.fetch);
    const values = (await session.run(names, { feeds })) as unknown as NdArray[];
    for (const [i, name] of names.entries()) {
      const want = recorded(model, run.fetch[name]!);
      const got = values[i]!;
      expect([got.dtype, got.shape], name).toEqual([want.dtype, want.shape]);
      if (want.dtype === "string") expect(toStrings(got)).toEqual(toStrings(want));
      else {
        const [a, b] = [toNumbers(got), toNumbers(want)];
        for (const [j, value] of a.entries())
          expect(Math.abs(value - b[j]!), `${name}[${j}]`).toBeLessThanOrEqual(
            model.tol * Math.max(1, Math.abs(b[j]!)),
          );
      }
    }
  });
}
