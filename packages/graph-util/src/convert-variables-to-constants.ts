// Freezing: a graph whose variables are constants. Source: python/framework/graph_util_impl.py (convert_variables_to_constants).
// Unlike TensorFlow: versions stay, with refs and handles nothing is left that takes a constant for a variable, and a checkpoint will do for a session.
import type { IGraphDef, INodeDef } from "@org/proto";
import type { NdArray } from "@org/tensor";
import { type CheckpointKey, checkpointValues, type ValueReader } from "./checkpoint-values.ts";
import { constNode } from "./const-node.ts";
import { extractSubGraph } from "./extract-sub-graph.ts";
import { freezeReaders } from "./freeze-readers.ts";
import { checkedValue, type FrozenVariable, frozenVariable, isVariableNode } from "./frozen-variable.ts";
import { type NodeGraph, nameList, nodesOf, withNodes } from "./graph-nodes.ts";
import { nodeNameFromInput } from "./node-names.ts";
import { type FreezeSession, sessionValues } from "./session-values.ts";

/** How far freezing is: variables read. */
export interface FreezeProgress {
  readonly loaded: number;
  readonly total: number;
  readonly name: string;
}

export interface ConvertOptions {
  /** Variables to convert; default: all. */
  readonly variableNamesWhitelist?: Iterable<string> | null | undefined;
  /** Variables to leave alone. */
  readonly variableNamesBlacklist?: Iterable<string> | null | undefined;
  /** Where variables lie in a checkpoint, by their names; default: under their names. */
  readonly checkpointKeys?: ReadonlyMap<string, CheckpointKey> | undefined;
  /** Values of variables that are not to be asked for, by names. */
  readonly values?: ReadonlyMap<string, NdArray> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FreezeProgress) => void) | undefined;
}

/**
 * What `outputNodeNames` need of a graph, with its variables (Variable, VariableV2, VarHandleOp) as Const nodes of their values, which come from
 * a session or an open checkpoint. Nodes that took a variable by ref or handle become what takes a value: ReadVariableOp an Identity, ResourceGather a
 * GatherV2, RefSwitch a Switch, AssignSub a Sub, an AssignVariableOp a NoOp. All other nodes are shared with `inputGraphDef`; constants share the memory
 * of the values read. As convert_variables_to_constants.
 *
 * Throws a TypeError for arguments of other types; TfError NOT_FOUND "<name> is not in graph", "Key <name> not found in checkpoint"; FAILED_PRECONDITION
 * "Attempting to use uninitialized value <name>" (a session); INVALID_ARGUMENT where a value does not fit its variable, a node cannot do
 * with a constant, or a read has no variable; CANCELLED.
 */
export async function convertVariablesToConstants(
  source: FreezeSession | ValueReader,
  inputGraphDef: IGraphDef,
  outputNodeNames: Iterable<string>,
  options: ConvertOptions = {},
): Promise<NodeGraph> {
  const graph = extractSubGraph(inputGraphDef, outputNodeNames);
  const variables = graph.node.filter(isVariableNode).map(frozenVariable).filter(selector(options));
  const replacements = freezeReaders(graph.node, variables);
  const constants = await constantsOf(source, variables, nodesOf(inputGraphDef), options);

  let dropsInputs = false;
  const nodes: INodeDef[] = [];
  for (const node of graph.node) {
    const constant = constants.get(node.name ?? "");
    const replacement = replacements.get(node.name ?? "");
    if (constant) nodes.push(constant);
    else if (replacement) {
      nodes.push(...(replacement.needs ?? []), replacement.node);
      dropsInputs ||= (replacement.node.input?.length ?? 0) < (node.input?.length ?? 0);
    } else nodes.push(node);
  }
  const frozen = withNodes(graph, nodes);
  return dropsInputs ? extractSubGraph(frozen, outputNodeNames) : frozen;
}

function selector({ variableNamesWhitelist: white, variableNamesBlacklist: black }: ConvertOptions) {
  const only = white
    ? new Set(nameList(white, "variable_names_whitelist").map(nodeNameFromInput))
    : undefined;
  const not = new Set(black ? nameList(black, "variable_names_blacklist").map(nodeNameFromInput) : []);
  return ({ name }: FrozenVariable): boolean => (only === undefined || only.has(name)) && !not.has(name);
}

/** The Const node of each variable, by name. */
async function constantsOf(
  source: FreezeSession | ValueReader,
  variables: readonly FrozenVariable[],
  nodes: readonly INodeDef[],
  { checkpointKeys, values = new Map(), signal, onProgress }: ConvertOptions,
): Promise<Map<string, INodeDef>> {
  const constants = new Map<string, INodeDef>();
  const add = (variable: FrozenVariable, value: NdArray): void => {
    constants.set(variable.name, constNode(variable.name, value, { device: variable.node.device }));
    onProgress?.({ loaded: constants.size, total: variables.length, name: variable.name });
  };
  const asked = variables.filter(({ name }) => !values.has(name));
  for (const variable of variables) {
    const value = values.get(variable.name);
    if (value) add(variable, checkedValue(variable, value, variable.name));
  }
  if (isReader(source)) {
    for await (const [variable, value] of checkpointValues(source, asked, checkpointKeys, signal))
      add(variable, value);
    return constants;
  }
  if (typeof source?.run !== "function")
    throw new TypeError("Values of variables come from a session or a CheckpointReader");
  const found = await sessionValues(source, asked, nodes, signal);
  for (const variable of asked) add(variable, found.get(variable.name)!);
  return constants;
}

const isReader = (source: FreezeSession | ValueReader): source is ValueReader =>
  typeof (source as Partial<ValueReader> | undefined)?.has === "function" &&
  typeof (source as Partial<ValueReader>).get === "function";
