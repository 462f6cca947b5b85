// A graph and a checkpoint into one frozen graph, file to file; nothing is run. Source: python/tools/freeze_graph.py.
// Unlike TensorFlow: binary or text is told from the file, a meta graph's Saver says where renamed and partitioned variables lie, and what fills
// tables stays in the graph, since a frozen graph has to fill them, too.
import { checkpointExists, openCheckpoint } from "@org/checkpoint";
import { TfError } from "@org/errors";
import { defaultFileSystem, type FileSystem } from "@org/io";
import type { IGraphDef, IMetaGraphDef, ISaverDef } from "@org/proto";
import { objectGraphKeys, writeGraphDef } from "@org/saver";
import type { CheckpointKey, ValueReader } from "./checkpoint-values.ts";
import { convertVariablesToConstants, type FreezeProgress } from "./convert-variables-to-constants.ts";
import { extractSubGraph } from "./extract-sub-graph.ts";
import { commaSeparated, type FreezeInputs, freezeInputs, withoutDevices } from "./freeze-inputs.ts";
import { isVariableNode } from "./frozen-variable.ts";
import { type NodeGraph, nodesOf } from "./graph-nodes.ts";
import { initializersOf, initialValues } from "./initial-values.ts";
import { nodeNameFromInput } from "./node-names.ts";
import { restoredKeys } from "./restored-keys.ts";
import type { FreezeSession } from "./session-values.ts";

/** Names in these options are lists, or one string with commas, as the flags of freeze_graph are. */
export interface FreezeGraphOptions {
  /** A GraphDef, or the file of one. */
  readonly inputGraph?: string | IGraphDef | null | undefined;
  /** A MetaGraphDef, or the file of one; goes before `inputGraph`. */
  readonly inputMetaGraph?: string | IMetaGraphDef | null | undefined;
  /** The directory of a SavedModel; goes before the others, and brings its own checkpoint. */
  readonly inputSavedModelDir?: string | null | undefined;
  /** Tags of the MetaGraphDef in the SavedModel: all of them. Default "serve". */
  readonly savedModelTags?: string | Iterable<string> | undefined;
  /** A SaverDef, or the file of one; default: the MetaGraphDef's. */
  readonly inputSaver?: string | ISaverDef | null | undefined;
  /** Whether files are binary; default: told from each. */
  readonly inputBinary?: boolean | undefined;
  /** The prefix of a checkpoint, V2 or V1. */
  readonly inputCheckpoint?: string | null | undefined;
  /** Checked to be 1 or 2, and not needed: the version is told from the files. */
  readonly checkpointVersion?: number | undefined;
  /** Nodes that the frozen graph is to compute. */
  readonly outputNodeNames: string | Iterable<string>;
  /** Where to write the frozen GraphDef, binary; default: nowhere. */
  readonly outputGraph?: string | null | undefined;
  /** Drops the devices that nodes were placed on. Default true. */
  readonly clearDevices?: boolean | undefined;
  /** Initializers of variables, whose initial values are frozen, and of tables, which stay in the graph. */
  readonly initializerNodes?: string | Iterable<string> | undefined;
  readonly variableNamesWhitelist?: string | Iterable<string> | undefined;
  readonly variableNamesBlacklist?: string | Iterable<string> | undefined;
  /** Not used, as in TensorFlow: the SaverDef says it. */
  readonly restoreOpName?: string | null | undefined;
  /** Not used, as in TensorFlow. */
  readonly filenameTensorName?: string | null | undefined;
  /** Computes initial values that constants do not tell: a session over the graph. */
  readonly session?: FreezeSession | undefined;
  /** Default: the machine's files in Node; none in browsers. */
  readonly fs?: FileSystem | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FreezeProgress) => void) | undefined;
}

/**
 * The part of a graph that `outputNodeNames` need, with the variables of a checkpoint as constants; written to `outputGraph`, if that is given. Variables are
 * read one at a time, and nothing else of the checkpoint. As freeze_graph.
 *
 * Throws TfError INVALID_ARGUMENT "Input checkpoint '<prefix>' doesn't exist!", "You need to supply the name of a node to --output_node_names.",
 * "No variables were found in this model. ...", "Models containing partition variables cannot be converted from checkpoint files. ..." (a GraphDef alone does
 * not say which slice is where); NOT_FOUND for files, nodes and keys that are missing; FAILED_PRECONDITION for an initial value that only a session can
 * compute; as `convertVariablesToConstants` and the readers do.
 */
export async function freezeGraph(options: FreezeGraphOptions): Promise<NodeGraph> {
  const fs = options.fs ?? (await defaultFileSystem());
  const outputs = commaSeparated(options.outputNodeNames);
  const { checkpointVersion = 2, signal } = options;
  if (checkpointVersion !== 1 && checkpointVersion !== 2)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Invalid checkpoint version (must be '1' or '2'): ${checkpointVersion}`,
    );
  if (!options.inputSavedModelDir && !(await checkpointExists(options.inputCheckpoint ?? "", { fs })))
    throw new TfError(
      "INVALID_ARGUMENT",
      `Input checkpoint '${options.inputCheckpoint ?? ""}' doesn't exist!`,
      {
        file: options.inputCheckpoint ?? "",
      },
    );
  if (outputs.length === 0)
    throw new TfError("INVALID_ARGUMENT", "You need to supply the name of a node to --output_node_names.");

  const inputs = await freezeInputs({ ...options, fs });
  const graphDef = (options.clearDevices ?? true) ? withoutDevices(inputs.graphDef) : inputs.graphDef;
  const variables = nodesOf(graphDef).filter(isVariableNode);
  if (variables.length === 0 && inputs.kind !== "SavedModel")
    throw new TfError(
      "INVALID_ARGUMENT",
      "No variables were found in this model. It is likely the model was frozen previously. You cannot freeze a graph twice.",
    );
  const { kept, values } = await initialized(graphDef, inputs, outputs, options);
  const convert = async (reader: ValueReader, checkpointKeys: ReadonlyMap<string, CheckpointKey>) =>
    convertVariablesToConstants(reader, graphDef, [...outputs, ...kept], {
      variableNamesWhitelist: listOrAll(options.variableNamesWhitelist),
      variableNamesBlacklist: listOrAll(options.variableNamesBlacklist),
      checkpointKeys,
      values,
      signal,
      onProgress: options.onProgress,
    });
  const frozen =
    variables.length === 0
      ? extractSubGraph(graphDef, [...outputs, ...kept])
      : await withCheckpoint(inputs, graphDef, fs, signal, convert);
  if (options.outputGraph) await writeGraphDef(options.outputGraph, frozen, { fs });
  return frozen;
}

const listOrAll = (names: string | Iterable<string> | undefined): string[] | undefined => {
  const list = commaSeparated(names);
  return list.length > 0 ? list : undefined;
};

/** Runs `body` on the open checkpoint and what is known of its keys. */
async function withCheckpoint(
  { checkpoint, saverDef }: FreezeInputs,
  graphDef: IGraphDef,
  fs: FileSystem,
  signal: AbortSignal | undefined,
  body: (reader: ValueReader, keys: ReadonlyMap<string, CheckpointKey>) => Promise<NodeGraph>,
): Promise<NodeGraph> {
  const prefix = checkpoint ?? "";
  const reader = await openCheckpoint(prefix, { fs, ...(signal ? { signal } : {}) });
  try {
    if (!saverDef) refusePartitions(graphDef, reader);
    const keys = new Map<string, CheckpointKey>();
    for (const [name, key] of (await objectGraphKeys(prefix, fs)) ?? []) keys.set(name, { key });
    for (const [name, key] of saverDef ? restoredKeys(graphDef, saverDef) : [])
      if (reader.has(key.key) || !keys.has(name)) keys.set(name, key);
    return await body(reader, keys);
  } finally {
    await reader.close();
  }
}

/** A GraphDef without its Saver does not say how a key is cut into the parts of a partitioned variable. */
function refusePartitions(graphDef: IGraphDef, reader: ValueReader): void {
  const nodes = nodesOf(graphDef);
  const parts = nodes.filter((node) => isVariableNode(node) && /\/part_\d+$/.test(node.name ?? ""));
  if (parts.length === 0) return;
  for (const part of parts) {
    const whole = part.name!.replace(/\/part_\d+$/, "");
    if (reader.has(part.name!) || !reader.has(whole)) continue;
    throw new TfError(
      "INVALID_ARGUMENT",
      "Models containing partition variables cannot be converted from checkpoint files. Please pass in a SavedModel using the flag --input_saved_model_dir.",
      {
        node: part.name!,
        op: part.op ?? "",
        key: whole,
        hint: "Or pass inputMetaGraph, or inputSaver: a Saver's ops say which slice is where.",
      },
    );
  }
}

/** What initializers leave: nodes to keep for tables, and values of variables that are needed. */
async function initialized(
  graphDef: IGraphDef,
  { tableInitializers }: FreezeInputs,
  outputs: readonly string[],
  options: FreezeGraphOptions,
) {
  const { assigned, tables } = initializersOf(graphDef, commaSeparated(options.initializerNodes));
  const needed = extractSubGraph(graphDef, outputs).node;
  const names = new Set(needed.map((node) => node.name ?? ""));
  const kept = new Set(tables);
  // What fills a table that the outputs read, whether it was named or not.
  if (tableInitializers.length > 0) {
    const known = initializersOf(graphDef, tableInitializers);
    const byName = new Map(nodesOf(graphDef).map((node) => [node.name ?? "", node]));
    for (const table of known.tables)
      if (names.has(nodeNameFromInput(byName.get(table)!.input?.[0] ?? ""))) kept.add(table);
  }
  const wanted = [...assigned.keys()].filter((name) => names.has(name));
  return { kept, values: await initialValues(graphDef, assigned, wanted, options.session) };
}
