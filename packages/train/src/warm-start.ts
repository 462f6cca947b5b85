// Warm starting: variables of a new model begin with the values of an old one's checkpoint, by name, and where a vocabulary stands behind
// a variable, word by word. Source: python/training/warm_starting_util.py.
import { checkpointPrefix, type LoadOptions, loadCheckpoint } from "@org/checkpoint";
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { currentGraph, type Graph, type Operation } from "@org/graph";
import { type Assignable, assign, type Initializer, PartitionInfo } from "@org/ops";
import { objectGraphKeys } from "@org/saver";
import { isVariable, overrideInitializer, type VariableBase } from "@org/variables";
import { initFromCheckpoint, type VariableOrParts } from "./init-from-checkpoint.ts";
import { loadAndRemapMatrixInitializer } from "./load-and-remap.ts";

/** Arguments of tf.train.VocabInfo. */
export interface VocabInfoOptions {
  /** File of the vocabulary of the model that is to start: text, a word a line. */
  readonly newVocab: string;
  /** How many of its words the model uses. */
  readonly newVocabSize: number;
  /** Out-of-vocabulary buckets of the model, after the words. */
  readonly numOovBuckets: number;
  /** File of the vocabulary of the checkpoint. */
  readonly oldVocab: string;
  /** How many of its words the checkpoint used. Default -1: all. */
  readonly oldVocabSize?: number | undefined;
  /** Makes the values of new words and buckets. Default: zeros. */
  readonly backupInitializer?: Initializer | undefined;
  /** Whether words are rows (0, the default) or columns (1). */
  readonly axis?: 0 | 1 | undefined;
}

/** What vocabularies stand behind a variable: tf.train.VocabInfo. */
export class VocabInfo {
  readonly newVocab: string;
  readonly newVocabSize: number;
  readonly numOovBuckets: number;
  readonly oldVocab: string;
  readonly oldVocabSize: number;
  readonly backupInitializer: Initializer | undefined;
  readonly axis: 0 | 1;

  /** Throws TfError INVALID_ARGUMENT for another axis than 0 and 1. */
  constructor(options: VocabInfoOptions) {
    const { axis = 0 } = options;
    if (axis !== 0 && axis !== 1)
      throw new TfError(
        "INVALID_ARGUMENT",
        `The only supported values for the axis argument are 0 and 1.  Provided axis: ${String(axis)}`,
      );
    this.newVocab = options.newVocab;
    this.newVocabSize = options.newVocabSize;
    this.numOovBuckets = options.numOovBuckets;
    this.oldVocab = options.oldVocab;
    this.oldVocabSize = options.oldVocabSize ?? -1;
    this.backupInitializer = options.backupInitializer;
    this.axis = axis;
  }
}

export interface WarmStartOptions extends LoadOptions {
  /**
   * A regular expression of names, matched from their start, among the trainable variables (the default is all of these); a list of such
   * expressions among the global variables; a list of variables; or null: only the trainable ones that have a VocabInfo.
   */
  readonly varsToWarmStart?: string | readonly string[] | readonly VariableBase[] | null | undefined;
  /** By names of whole variables, not of parts. */
  readonly varNameToVocabInfo?: Readonly<Record<string, VocabInfo | VocabInfoOptions>> | undefined;
  /** Names in the checkpoint of variables that are called otherwise there. Default: told by the checkpoint itself, if it is object-based. */
  readonly varNameToPrevVarName?: Readonly<Record<string, string>> | undefined;
  /** Default: the graph of the variables that are given, else the current one. */
  readonly graph?: Graph | undefined;
}

/** What `warmStart` did. */
export interface WarmStarted {
  /** The checkpoint that is loaded from. */
  readonly prefix: string;
  /** Names of the variables that start from it. */
  readonly variables: readonly string[];
  /** Vocabularies that the initializers read; the session must be able to reach them. */
  readonly vocabularies: readonly string[];
}

/**
 * Lets variables start from a checkpoint's values: replaces their initializers, so call it before globalVariablesInitializer. A variable
 * with a VocabInfo must be a float32 matrix; its rows or columns go by word. New ops stand in the name scope of the call. As tf.train.warm_start.
 * Throws TfError INVALID_ARGUMENT for settings of variables that are not to be started, values that are neither names nor variables, an object-based
 * checkpoint that lacks some; else as `initFromCheckpoint`. A setting that is not used changes nothing.
 */
export async function warmStart(
  directoryOrPrefix: string,
  options: WarmStartOptions = {},
): Promise<WarmStarted> {
  const { varsToWarmStart = ".*" } = options;
  const graph = graphFor(options);
  const scope = graph.currentNameScope;
  const grouped = groupVariables(graph, varsToWarmStart);
  const vocabInfos = Object.entries(options.varNameToVocabInfo ?? {});
  checkUsed("var_name_to_vocab_info", vocabInfos, grouped);
  checkUsed("var_name_to_prev_var_name", Object.entries(options.varNameToPrevVarName ?? {}), grouped);

  const prefix = await prefixOf(directoryOrPrefix, options);
  const given = Object.keys(options.varNameToPrevVarName ?? {}).length > 0;
  const renames = new Map(
    given
      ? Object.entries(options.varNameToPrevVarName!)
      : await objectRenames(prefix, options, [...grouped.keys()]),
  );
  const infos = new Map(vocabInfos.map(([name, info]) => [name, new VocabInfo(info)] as const));
  const named = new Map<string, VariableOrParts>();
  const started: string[] = [];
  const withVocabulary: (() => void)[] = [];
  for (const [name, parts] of grouped) {
    const info = infos.get(name);
    const previous = renames.get(name) ?? name;
    if (info) withVocabulary.push(() => startWithVocabulary(parts, info, prefix, previous));
    else if (varsToWarmStart === null) continue;
    else named.set(previous, parts.length === 1 && !parts[0]!.saveSliceInfo ? parts[0]! : parts);
    started.push(name);
  }
  const within = <R>(build: () => R): R =>
    graph.asDefault(() => graph.nameScope(scope === "" ? null : `${scope}/`, build));
  within(() => {
    for (const build of withVocabulary) build();
  });
  await within(() => initFromCheckpoint(prefix, Object.fromEntries(named), { ...options, graph }));
  const vocabularies = new Set([...infos.values()].flatMap(({ newVocab, oldVocab }) => [newVocab, oldVocab]));
  return { prefix, variables: started, vocabularies: [...vocabularies] };
}

function graphFor({ graph, varsToWarmStart }: WarmStartOptions): Graph {
  const first = Array.isArray(varsToWarmStart) ? (varsToWarmStart[0] as unknown) : undefined;
  const found = graph ?? (isVariable(first) ? first.graph : undefined) ?? currentGraph();
  if (!found) throw new TypeError("No graph: pass { graph }, or build inside graph.asDefault(() => ...)");
  return found;
}

/** The prefix, once it is sure that there is a checkpoint. */
async function prefixOf(directoryOrPrefix: string, options: LoadOptions): Promise<string> {
  const prefix = await checkpointPrefix(directoryOrPrefix, options);
  const reader = await loadCheckpoint(prefix ?? directoryOrPrefix, options);
  await reader.close();
  return reader.prefix;
}

/** The variables to start, by the names that checkpoints know them under; the parts of one together. */
function groupVariables(
  graph: Graph,
  which: NonNullable<WarmStartOptions["varsToWarmStart"]> | null,
): Map<string, VariableBase[]> {
  const grouped = new Map<string, VariableBase[]>();
  for (const variable of listVariables(graph, which)) {
    const name = variable.saveSliceInfo?.fullName ?? variable.op.name;
    const parts = grouped.get(name);
    if (!parts) grouped.set(name, [variable]);
    else if (!parts.includes(variable)) parts.push(variable);
  }
  return grouped;
}

function listVariables(
  graph: Graph,
  which: NonNullable<WarmStartOptions["varsToWarmStart"]> | null,
): readonly VariableBase[] {
  const collected = (key: string, scope: string | null) =>
    graph.getCollection(key, scope).filter((item): item is VariableBase => isVariable(item));
  if (which === null || typeof which === "string") return collected(GraphKeys.TRAINABLE_VARIABLES, which);
  if (!Array.isArray(which))
    throw new TfError(
      "INVALID_ARGUMENT",
      `\`vars_to_warm_start must be a \`list\` or \`str\`.  Given type is ${typeof which}`,
    );
  if (which.every((item) => typeof item === "string"))
    return which.flatMap((pattern) => collected(GraphKeys.GLOBAL_VARIABLES, pattern));
  if (which.every((item) => isVariable(item))) return which as readonly VariableBase[];
  throw new TfError(
    "INVALID_ARGUMENT",
    `If \`vars_to_warm_start\` is a list, it must be all \`Variable\` or all \`str\`.  Given types are [${which.map((item) => (isVariable(item) ? "Variable" : typeof item)).join(", ")}]`,
  );
}

function checkUsed(
  argument: string,
  settings: readonly (readonly [string, unknown])[],
  grouped: ReadonlyMap<string, unknown>,
): void {
  const unused = settings.flatMap(([name]) => (grouped.has(name) ? [] : [name]));
  if (unused.length === 0) return;
  throw new TfError(
    "INVALID_ARGUMENT",
    `You provided the following variables in ${argument} that were not used: {${unused.map((name) => `'${name}'`).join(", ")}}.  Perhaps you misspelled them?  Here is the list of viable variable names: [${[...grouped.keys()].map((name) => `'${name}'`).join(", ")}]`,
    { key: unused[0]! },
  );
}

/** Names of variables with their keys, for a checkpoint of tf.train.Checkpoint; nothing for others. */
async function objectRenames(
  prefix: string,
  options: LoadOptions,
  names: readonly string[],
): Promise<[string, string][]> {
  const keys = await objectGraphKeys(prefix, options.fs);
  if (!keys) return [];
  const missing = names.filter((name) => !keys.has(name));
  if (missing.length > 0)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Attempting to warm-start from an object-based checkpoint, but found that the checkpoint did not contain values for all variables. The following variables were missing: {${missing.map((name) => `'${name}'`).join(", ")}}`,
      { file: prefix, key: missing[0]! },
    );
  return names.map((name) => [name, keys.get(name)!]);
}

/** Gives the parts of a variable initializers that load by word. */
function startWithVocabulary(
  parts: readonly VariableBase[],
  info: VocabInfo,
  ckptPath: string,
  oldTensorName: string,
): void {
  if (!(info.newVocab && info.newVocabSize && info.oldVocab))
    throw new TfError(
      "INVALID_ARGUMENT",
      "Invalid args: Must provide all of [current_vocab_path, current_vocab_size, prev_ckpt, prev_vocab_path}.",
    );
  const shapes = parts.map((part) => part.shape.toNumbers());
  const [first] = shapes;
  if (first!.length !== 2)
    throw new TfError("INVALID_ARGUMENT", `Expected 2-dim shape, but received: [${first}]`, {
      node: parts[0]!.op.name,
      hint: "Only matrices can be started word by word: give a bias the shape [classes, 1].",
    });
  // Along the columns a variable is never cut; along the rows, a part knows no more than its own.
  const rows = shapes.reduce((sum, shape) => sum + shape[0]!, 0);
  for (const [i, part] of parts.entries()) {
    const slice = part.saveSliceInfo;
    const partition = slice ? new PartitionInfo(slice.fullShape, slice.varOffset) : undefined;
    const initializer = loadAndRemapMatrixInitializer({
      ckptPath,
      oldTensorName,
      initializer: info.backupInitializer,
      ...(info.axis === 0
        ? {
            newRowVocabSize: info.newVocabSize,
            newColVocabSize: shapes[i]![1]!,
            oldRowVocabSize: info.oldVocabSize,
            oldRowVocabFile: info.oldVocab,
            newRowVocabFile: info.newVocab,
            numRowOovBuckets: info.numOovBuckets,
          }
        : {
            newRowVocabSize: rows,
            newColVocabSize: info.newVocabSize,
            oldColVocabFile: info.oldVocab,
            newColVocabFile: info.newVocab,
            numColOovBuckets: info.numOovBuckets,
          }),
    });
    const value = initializer(shapes[i]!, "float32", partition);
    overrideInitializer(part, writeOf(part, assign(part as Assignable & VariableBase, value).op), value);
  }
}

/** The operation that writes: of a resource variable, what its read waits for. */
function writeOf(variable: VariableBase, assigned: Operation): Operation {
  return variable.isResource ? assigned.controlInputs[0]! : assigned;
}
