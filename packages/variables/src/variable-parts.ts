// What a variable is made of, as its constructor gets it: built anew, or found in a graph from a VariableDef.
import { TfError } from "@org/errors";
import { currentGraph, Graph, type Operation, prependNameScope, Tensor } from "@org/graph";
import type { IVariableDef } from "@org/proto";
import { SaveSliceInfo } from "./save-slice-info.ts";
import { type InitialValue, type VariableOptions, variableSynchronization } from "./variable-options.ts";

export interface VariableSettings {
  readonly trainable: boolean;
  readonly synchronization: number;
  readonly aggregation: number;
  /** What the constructor adds the variable to. */
  readonly collections: readonly string[];
}

/** The nodes and settings of a variable. `variable` is the ref, or the resource handle. */
export interface VariableParts extends VariableSettings {
  readonly variable: Tensor;
  readonly initializer: Operation;
  readonly initialValue: Tensor | undefined;
  readonly snapshot: Tensor;
  readonly saveSliceInfo: SaveSliceInfo | undefined;
}

/** Parts that are there already, where a constructor else takes an initial value. Not exported from the package. */
export class VariableSource {
  readonly parts: VariableParts;
  constructor(parts: VariableParts) {
    this.parts = parts;
  }
}

/** The graph to build in, and the settings with their defaults. Throws TypeErrors for misuse. */
export function checkOptions(
  initialValue: InitialValue,
  options: VariableOptions,
): { readonly graph: Graph; readonly settings: VariableSettings } {
  if (initialValue === undefined || initialValue === null)
    throw new TypeError("initial_value must be specified.");
  if (options.constraint !== undefined && typeof options.constraint !== "function")
    throw new TypeError("The `constraint` argument must be a callable.");
  if (options.collections !== undefined && !Array.isArray(options.collections))
    throw new TypeError("collections argument to Variable constructor must be a list");
  const synchronization = options.synchronization ?? variableSynchronization.AUTO;
  const aggregation = options.aggregation ?? 0;
  if (!isEnum(synchronization))
    throw new TypeError(
      `Invalid variable synchronization mode: ${synchronization} for variable: ${options.name}`,
    );
  if (!isEnum(aggregation))
    throw new TypeError(`Invalid variable aggregation mode: ${aggregation} for variable: ${options.name}`);
  const trainable = options.trainable ?? synchronization !== variableSynchronization.ON_READ;
  const collections = [...(options.collections ?? ["variables"])];
  if (trainable && !collections.includes("trainable_variables")) collections.push("trainable_variables");
  return {
    graph: graphOf(initialValue, options),
    settings: { trainable, synchronization, aggregation, collections },
  };
}

const isEnum = (value: number) => Number.isInteger(value) && value >= 0 && value <= 3;

function graphOf(initialValue: InitialValue, options: VariableOptions): Graph {
  const own = (initialValue as { graph?: unknown }).graph;
  const graph = options.graph ?? (own instanceof Graph ? own : undefined) ?? currentGraph();
  if (graph === undefined)
    throw new TypeError(
      "A variable needs a graph: pass { graph }, or build inside graph.asDefault(() => ...)",
    );
  return graph;
}

/** The parts that `def` names in `graph`, under `importScope`. Throws TfError NOT_FOUND where a node is missing. */
export function findParts(
  def: IVariableDef,
  options: { readonly graph: Graph; readonly importScope?: string | undefined },
  defaultSnapshot?: (variable: Tensor) => string,
): VariableSource {
  const { graph, importScope } = options;
  const find = (name: string | null | undefined) =>
    graph.asGraphElement(prependNameScope(name ?? "", importScope));
  const variable = asTensor(find(def.variableName), def);
  return new VariableSource({
    variable,
    initializer: asOperation(find(def.initializerName)),
    initialValue: def.initialValueName ? asTensor(find(def.initialValueName), def) : undefined,
    snapshot:
      !def.snapshotName && defaultSnapshot
        ? graph.getTensorByName(defaultSnapshot(variable))
        : asTensor(find(def.snapshotName), def),
    trainable: def.trainable ?? false,
    synchronization: def.synchronization ?? 0,
    aggregation: def.aggregation ?? 0,
    saveSliceInfo: def.saveSliceInfoDef
      ? SaveSliceInfo.fromProto(def.saveSliceInfoDef, importScope)
      : undefined,
    collections: [],
  });
}

function asTensor(element: Tensor | Operation, def: IVariableDef): Tensor {
  if (element instanceof Tensor) return element;
  throw new TfError(
    "INVALID_ARGUMENT",
    `VariableDef of ${def.variableName} names an operation where a tensor belongs`,
    {
      node: element.name,
      op: element.type,
    },
  );
}

function asOperation(element: Tensor | Operation): Operation {
  return element instanceof Tensor ? element.op : element;
}
