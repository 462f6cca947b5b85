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
import { decode, encode, equals, GraphDef, type MessageType, MetaGraphDef, SavedModel } from "@org/proto";
import { fromText, toText } from "@org/proto/text";
import { describeSavedModel, parseSavedModel, SavedModelLoader } from "@org/saved-model";
import { readEvents } from "@org/summary";
import { openNpz } from "../../packages/cli/src/tensors/npz.ts";
import { openSafetensors } from "../../packages/cli/src/tensors/safetensors.ts";
import type { TensorSource } from "../../packages/cli/src/tensors/tensor-file.ts";
import type { Random } from "./random.ts";
import type { Kind } from "./sample.ts";

/** Reads what lies at `path`, and does one of the things that are done with it, drawn. Throws a TfError for what is broken; any other error is a defect. */
type FileReader = (path: string, fs: FileSystem, random: Random) => Promise<void>;

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

const graphDefUses: readonly ((def: GraphDef) => void)[] = [
  (def) => rewrite(GraphDef, def),
  (def) => importGraphDef(def, { graph: new Graph(), name: "" }),
  (def) =>
    extractSubGraph(
      def,
      def.node.slice(-1).map(({ name }) => name),
    ),
  (def) => removeTrainingNodes(def),
  (def) => describe({ graphDef: def }),
];

const metaGraphUses: readonly ((def: MetaGraphDef) => void)[] = [
  (def) => rewrite(MetaGraphDef, def),
  (def) => describe(def),
  (def) => importMetaGraph(def, { importScope: "again", clearDevices: true, ...quiet }),
  (def) => {
    const { graph } = importMetaGraph(def, quiet);
    importMetaGraph(exportMetaGraph(graph, quiet), quiet);
  },
  (def) => describe(importMetaGraph(def, quiet).graph),
];

async function useTensors(source: TensorSource): Promise<void> {
  for (const { name } of source.entries) await attempt(() => source.get(name));
  await source[Symbol.asyncDispose]();
}

/** How damaged records are met: as errors, or passed over where that is asked for. */
const passingOver = (random: Random) => ({
  tornTail: random.pick(["stop", "error"] as const),
  ...(random.oneIn(2) ? { onCorrupted: () => {} } : {}),
});

/** By kind of sample. */
export const readers: Readonly<Record<Kind, FileReader>> = {
  async metaGraph(path, fs, random) {
    random.pick(metaGraphUses)(await readMetaGraph(path, { fs }));
  },
  async graphDef(path, fs, random) {
    random.pick(graphDefUses)(await readGraphDef(path, { fs }));
  },
  async checkpoint(path, fs, random) {
    if (random.oneIn(4)) await attempt(() => listVariables(path, { fs }));
    const reader = await openCheckpoint(path, { fs });
    reader.debugString();
    for (const name of reader.names()) {
      await attempt(() => reader.get(name));
      for (const slice of reader.slices(name)) await attempt(() => reader.get(name, { slice }));
    }
    await reader.close();
  },
  async savedModel(path, fs, random) {
    const model = await parseSavedModel(path, { fs });
    const loader = new SavedModelLoader(path, model);
    const [def] = model.metaGraphs;
    const uses: readonly (() => unknown)[] = [
      () => rewrite(SavedModel, model),
      () => describeSavedModel(model),
      () => loader.loadGraph(new Graph(), def?.metaInfoDef?.tags ?? [], quiet),
      () => def && random.pick(metaGraphUses)(def),
      async () => {
        const reader = await openCheckpoint(loader.variablesPath, { fs });
        for (const name of reader.names()) await attempt(() => reader.get(name));
      },
    ];
    await random.pick(uses)();
  },
  async events(path, fs, random) {
    for await (const { event } of readEvents(path, { fs, ...passingOver(random) }))
      if (event.metaGraphDef) await attempt(() => decode(MetaGraphDef, event.metaGraphDef!));
      else if (event.graphDef) await attempt(() => decode(GraphDef, event.graphDef!));
  },
  async records(path, fs, random) {
    const compression = path.includes("gzip") ? "GZIP" : path.includes("zlib") ? "ZLIB" : "";
    for await (const _ of recordIterator(path, { fs, compression, ...passingOver(random) }));
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
  random: Random,
): Promise<string> {
  try {
    await readers[kind](path, memoryFileSystem(files), random);
    return "ok";
  } catch (error) {
    if (isTfError(error)) return error.code;
    throw error;
  }
}
