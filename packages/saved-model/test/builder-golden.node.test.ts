// What the builder writes against what TensorFlow's wrote: TensorFlow's graphs, imported, are saved again with the options of the program
// that made them; message, assets and checkpoint are the same, but for the version that is stated.

import {
  constantValue,
  createOpRegistry,
  Graph,
  type Operation,
  registryOfOpList,
  type Tensor,
} from "@org/graph";
import { joinPath, readFile } from "@org/io";
import { standardOps } from "@org/ops";
import {
  CollectionDef,
  decode,
  encode,
  equals,
  type ICollectionDef,
  MetaGraphDef,
  NodeDef,
  OpDef,
  VariableDef,
} from "@org/proto";
import { toStrings } from "@org/tensor";
import { describe, expect, it } from "vitest";
import { constants, getInitOp, parseSavedModel, SavedModelBuilder, SavedModelLoader } from "../src/index.ts";
import { goldenModels, inMemory } from "./golden-models.ts";
import { filesBelow, withSession, writeText } from "./models.ts";

/** What a builder adds itself; the graphs come without. (`legacy_init_op` of 1.0.1 comes along: builders since write the other.) */
const addedByBuilder: ReadonlySet<string> = new Set([constants.ASSETS_KEY, constants.MAIN_OP_KEY]);

const models = goldenModels().filter(({ name }) => name !== "object");

describe.skipIf(models.length === 0)(
  "building TensorFlow's models again (skipped: the golden files are not there)",
  () => {
    it.each(models.map((model) => [`${model.version}/${model.name}`, model] as const))(
      "%s",
      async (_, model) => {
        const fs = inMemory(model);
        const loader = await SavedModelLoader.open("model", { fs });
        const builder = new SavedModelBuilder("again", { fs });
        for (const [i, def] of loader.savedModel.metaGraphs.entries()) {
          const { tags, strippedDefaultAttrs } = def.metaInfoDef!;
          // OpDefs of the TensorFlow that wrote it: attributes that this one lacks are not added.
          const fileOps = registryOfOpList(def.metaInfoDef!.strippedOpList!);
          const ownGraph = new Graph({ ops: createOpRegistry(fileOps, { fallback: standardOps }) });
          await withSession(
            fs,
            async (session, graph) => {
              const { saver } = loader.loadGraph(graph, tags, {
                restoreCollectionsPredicate: (key) => !addedByBuilder.has(key),
              });
              const assets = graph.getCollection("asset_filepaths") as Tensor[];
              for (const asset of assets) {
                const [path] = toStrings(constantValue(asset)!);
                const name = path!.slice(path!.lastIndexOf("/") + 1);
                await writeText(fs, path!, await readFile(fs, `model/assets/${name}`));
              }
              const options = {
                signatureDefMap: def.signatureDef,
                assetsCollection: assets,
                mainOp:
                  constants.MAIN_OP_KEY in def.collectionDef
                    ? (getInitOp(def, graph) as Operation)
                    : undefined,
                stripDefaultAttrs: strippedDefaultAttrs,
                saver: saver!,
              };
              if (i === 0) {
                await loader.restoreVariables(session, saver);
                await builder.addMetaGraphAndVariables(session, tags, options);
              } else await builder.addMetaGraph(tags, { ...options, graph });
            },
            ownGraph,
          );
        }
        await builder.save({ asText: model.file.endsWith("pbtxt") });
        expect(await filesBelow(fs, "again")).toEqual(
          model.files.filter((name) => name !== "fingerprint.pb").sort(),
        );
        for (const name of model.files.filter((file) => /^(assets|variables)\//.test(file)))
          expect(await readFile(fs, joinPath("again", name)), name).toEqual(
            await readFile(fs, joinPath("model", name)),
          );
        const again = await parseSavedModel("again", { fs });
        expect(again.savedModelSchemaVersion).toBe(1n);
        for (const [i, def] of loader.savedModel.metaGraphs.entries())
          expect(differences(def, again.metaGraphs[i]!)).toEqual([]);
      },
    );
  },
);

/** What differs between two MetaGraphDefs, a line each; the stated versions do. */
function differences(before: MetaGraphDef, after: MetaGraphDef): string[] {
  const found: string[] = [];
  const info = (def: MetaGraphDef) => ({
    ...def.metaInfoDef!,
    strippedOpList: null,
    tensorflowVersion: "",
    tensorflowGitVersion: "",
  });
  expect(info(after)).toEqual(info(before));
  for (const key of ["saverDef", "signatureDef", "assetFileDef"] as const) {
    const only = (def: MetaGraphDef) => new MetaGraphDef({ [key]: def[key] });
    if (!equals(MetaGraphDef, only(before), only(after))) found.push(key);
  }
  const nodes = new Map(after.graphDef!.node.map((node) => [node.name, node]));
  expect([...nodes.keys()].sort()).toEqual(before.graphDef!.node.map(({ name }) => name).sort());
  for (const node of before.graphDef!.node)
    if (!equals(NodeDef, node, nodes.get(node.name)!)) found.push(`node ${node.name}`);
  const opsOf = (def: MetaGraphDef) => def.metaInfoDef!.strippedOpList!.op;
  expect(opsOf(after).map(({ name }) => name)).toEqual(opsOf(before).map(({ name }) => name));
  for (const [i, op] of opsOf(before).entries())
    if (!equals(OpDef, op, opsOf(after)[i]!)) found.push(`op ${op.name}`);
  const keys = Object.keys(before.collectionDef).sort();
  expect(Object.keys(after.collectionDef).sort()).toEqual(keys);
  for (const key of keys)
    if (
      !equals(
        CollectionDef,
        untrained(before.collectionDef[key]!, key),
        untrained(after.collectionDef[key]!, key),
      )
    )
      found.push(`collection ${key}`);
  return found;
}

/** Variables without `trainable`, a field that TensorFlow 1.0 did not have: an import tells it from the collections. */
function untrained(def: CollectionDef, key: string): ICollectionDef {
  if (!/variables$/.test(key)) return def;
  const value = def.bytesList!.value.map((bytes) =>
    encode(VariableDef, { ...decode(VariableDef, bytes), trainable: false }),
  );
  return { bytesList: { value } };
}
