// What recurrent cells share: sizes, zero states, being applied. Cells themselves: basic-cells.ts, lstm-cells.ts, wrappers.ts.
// Source: python/ops/rnn_cell_impl.py of TensorFlow 1.15.
import { currentGraph, type Graph, isTensor, type Tensor } from "@org/graph";
import { getVariableScope, type VariableScope, variableScope } from "@org/ops";
import { type DType, dtypes } from "@org/tensor";
import { Layer, type LayerOptions } from "../layer.ts";
import { type BatchSize, leavesOf, type State, type StateSize, zeroStates } from "./state.ts";

/** A cell's output and its next state. */
export type CellResult = readonly [output: Tensor, state: State];

export interface CellOptions extends Pick<LayerOptions, "name" | "dtype" | "reuse" | "trainable"> {}

/** What dynamicRnn and its kin apply at each step. */
export interface RnnCell {
  readonly stateSize: StateSize;
  readonly outputSize: number;
  apply(inputs: Tensor, state: State, options?: { readonly scope?: string | VariableScope }): CellResult;
  zeroState(batchSize: BatchSize, dtype: DType): State;
}

function graphFor(batch: BatchSize): Graph {
  const graph = isTensor(batch) ? batch.graph : currentGraph();
  if (!graph) throw new TypeError("No graph: build inside graph.asDefault(() => ...)");
  return graph;
}

/** Throws a TypeError where what is no cell is given for one. */
export function assertLikeCell(name: string, cell: unknown): void {
  const own = Object(cell) as Partial<RnnCell>;
  const missing = [
    own.outputSize === undefined && "'output_size' property is missing",
    own.stateSize === undefined && "'state_size' property is missing",
    typeof own.zeroState !== "function" && "either 'zero_state' or 'get_initial_state' method is required",
    typeof own.apply !== "function" && "is not callable",
  ].filter(Boolean);
  if (missing.length > 0)
    throw new TypeError(`The argument '${name}' (${cell}) is not an RNNCell: ${missing.join(", ")}.`);
}

/** A cell that is a layer: its variables are in a scope of its own. `kind` names the scope, `className` the zero states. */
export abstract class LayerCell extends Layer implements RnnCell {
  abstract readonly stateSize: StateSize;
  abstract readonly outputSize: number;
  readonly #className: string;

  constructor(kind: string, className: string, options: CellOptions = {}) {
    super(kind, options);
    this.#className = className;
    if (options.dtype !== undefined) checkType(options.dtype);
  }

  /** One step. */
  protected abstract step(inputs: Tensor, state: State): CellResult;

  /** Throws TfError INVALID_ARGUMENT where the inputs' last dimension is not known, a TypeError for types that are no floats. */
  apply(inputs: Tensor, state: State, options: { readonly scope?: string | VariableScope } = {}): CellResult {
    for (const { dtype } of [inputs, ...leavesOf(state)]) checkType(dtype);
    return this.within(inputs, () => this.step(inputs, state), options.scope);
  }

  /** Zeros to begin with. */
  zeroState(batchSize: BatchSize, dtype: DType): State {
    const graph = graphFor(batchSize);
    return graph.asDefault(() =>
      graph.nameScope(`${this.#className}ZeroState`, () =>
        zeroStates(this.stateSize, batchSize, dtype, graph),
      ),
    );
  }
}

function checkType(dtype: DType): void {
  const { kind } = dtypes[dtype];
  if (kind !== "float" && kind !== "complex")
    throw new TypeError(`RNN cell only supports floating point inputs, but saw dtype: ${dtype}`);
}

/** A cell of other cells: entered through the variable scope in which it was first applied. Source: RNNCell.__call__. */
export abstract class CompositeCell extends LayerCell {
  #outer: VariableScope | undefined;

  override apply(
    inputs: Tensor,
    state: State,
    options: { readonly scope?: string | VariableScope } = {},
  ): CellResult {
    const { graph } = inputs;
    return graph.asDefault(() => {
      this.#outer ??= getVariableScope(graph);
      return variableScope(options.scope ?? this.#outer, (scope) =>
        super.apply(inputs, state, options.scope === undefined ? {} : { scope }),
      );
    });
  }
}

/** Runs in the name scope of a class's zero states. */
export function zeroStateOf(className: string, batchSize: BatchSize, make: () => State): State {
  const graph = graphFor(batchSize);
  return graph.asDefault(() => graph.nameScope(`${className}ZeroState`, make));
}
