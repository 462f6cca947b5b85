// What is done with broken files: everything that a program does with a stranger's, through the public doors.
import { getCheckpointState, latestCheckpoint, listVariables, openCheckpoint } from "@org/checkpoint";
import { isTfError } from "@org/errors";
import { extractSubGraph, removeTrainingNodes } from "@org/graph-util";
import { type FileSystem, memoryFileSystem, recordIterator } from "@org/io";
import {
  describe,
  exportMetaGraph,
  Graph,
  importGraphDef,
  importMetaGraph,
  readGraphDef,
  readMetaGraph,
} from "@org/metagraph";
import {
  decode,
  encode,
  equals,
  GraphDef,
  type IGraphDef,
  type IMetaGraphDef,
  type MessageType,
  MetaGraphDef,
} from "@org/proto";
import { fromText, toText } from "@org/proto/text";
import { describeSavedModel, parseSavedModel, SavedModelLoader } from "@org/saved-model";
import { readEvents } from "@org/summary";
import { openNpz } from "../../packages/cli/src/tensors/npz.ts";
import { openSafetensors } from "../../packages/cli/src/tensors/safetensors.ts";
import type { TensorSource } from "../../packages/cli/src/tensors/tensor-file.ts";
import type { Kind } from "./sample.ts";

/** Reads what lies at `path`. Throws a TfError for what is broken; any other error is a defect. */
type FileReader = (path: string, fs: FileSystem) => Promise<void>;

const quiet = { onWarning: () => {} };

/** A property of all messages that was found not to hold. */
export class WrongAnswer extends Error {}

/** Decodes all that was left for later, and holds that writing and reading again gives the same message. */
function rewrite<T extends object>(type: MessageType<T>, message: T): void {
  const bytes = encode(type, message);
  const again = decode(type, bytes);
  if (!equals(type, message, again)) throw new WrongAnswer(`${type.typeName}: encode and decode differ`);
  let text: string;
  try {
    text = toText(type, again);
  } catch (error) {
    // Text cannot hold everything: unknown fields, strings that are no UTF-8.
    if (isTfError(error)) return;
    throw error;
  }
  fromText(type, text);
}

/** `action` may refuse the file with a TfError; what comes after is tried nevertheless. */
async function attempt(action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!isTfError(error)) throw error;
  }
}

async function useGraphDef(def: IGraphDef): Promise<void> {
  const names = (def.node ?? []).map((node) => node.name ?? "");
  await attempt(() => importGraphDef(def, { graph: new Graph(), name: "" }));
  await attempt(() => extractSubGraph(def, names.slice(-1)));
  await attempt(() => removeTrainingNodes(def));
}

async function useMetaGraph(def: IMetaGraphDef): Promise<void> {
  await attempt(() => describe(def));
  if (def.graphDef) await useGraphDef(def.graphDef);
  await attempt(() => importMetaGraph(def, { importScope: "again", clearDevices: true, ...quiet }));
  const { graph } = importMetaGraph(def, quiet);
  const exported = exportMetaGraph(graph, quiet);
  describe(graph);
  importMetaGraph(exported, quiet);
}

async function useTensors(source: TensorSource): Promise<void> {
  for (const { name } of source.entries) await attempt(() => source.get(name));
  await source[Symbol.asyncDispose]();
}

/** By kind of sample. */
export const readers: Readonly<Record<Kind, FileReader>> = {
  async metaGraph(path, fs) {
    const def = await readMetaGraph(path, { fs });
    await attempt(() => rewrite(MetaGraphDef, def));
    await useMetaGraph(def);
  },
  async graphDef(path, fs) {
    const def = await readGraphDef(path, { fs });
    await attempt(() => rewrite(GraphDef, def));
    await useGraphDef(def);
  },
  async checkpoint(path, fs) {
    await attempt(() => listVariables(path, { fs }));
    const reader = await openCheckpoint(path, { fs });
    reader.debugString();
    for (const name of reader.names()) {
      await attempt(() => reader.get(name));
      for (const slice of reader.slices(name)) await attempt(() => reader.get(name, { slice }));
    }
    await reader.close();
  },
  async savedModel(path, fs) {
    const model = await parseSavedModel(path, { fs });
    await attempt(() => describeSavedModel(model));
    const loader = new SavedModelLoader(path, model);
    for (const def of model.metaGraphs) {
      await attempt(() => loader.loadGraph(new Graph(), def.metaInfoDef?.tags ?? [], quiet));
      await attempt(() => useMetaGraph(def));
    }
    await attempt(async () => {
      const reader = await openCheckpoint(loader.variablesPath, { fs });
      for (const name of reader.names()) await attempt(() => reader.get(name));
    });
  },
  async events(path, fs) {
    for (const tornTail of ["stop", "error"] as const)
      await attempt(async () => {
        for await (const { event } of readEvents(path, { fs, tornTail, onCorrupted: () => {} }))
          if (event.metaGraphDef) decode(MetaGraphDef, event.metaGraphDef);
          else if (event.graphDef) decode(GraphDef, event.graphDef);
      });
  },
  async records(path, fs) {
    const compression = path.includes("gzip") ? "GZIP" : path.includes("zlib") ? "ZLIB" : "";
    for (const tornTail of ["stop", "error"] as const)
      await attempt(async () => {
        for await (const _ of recordIterator(path, { fs, compression, tornTail, onCorrupted: () => {} }));
      });
  },
  async state(path, fs) {
    await attempt(() => getCheckpointState(path, { fs, ...quiet }));
    const prefix = await latestCheckpoint(path, { fs, ...quiet });
    if (prefix !== undefined) await (await openCheckpoint(prefix, { fs })).close();
  },
  async npz(path, fs) {
    await useTensors(await openNpz(path, await fs.open(path)));
  },
  async safetensors(path, fs) {
    await useTensors(await openSafetensors(path, await fs.open(path)));
  },
};

/** "ok", or the code of the error that refused the files. Throws what is neither. */
export async function outcomeOf(
  kind: Kind,
  path: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<string> {
  try {
    await readers[kind](path, memoryFileSystem(files));
    return "ok";
  } catch (error) {
    if (isTfError(error)) return error.code;
    throw error;
  }
}
