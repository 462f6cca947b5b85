// tf.nn.rnn_cell.MultiRNNCell, DropoutWrapper, ResidualWrapper, DeviceWrapper: cells made of cells.
// Source: python/ops/rnn_cell_impl.py, rnn_cell_wrapper_impl.py of TensorFlow 1.15.
import {
  constantValue,
  currentGraph,
  type DeviceOrFunction,
  type Graph,
  isTensor,
  type Tensor,
} from "@org/graph";
import {
  concat,
  convertToTensor,
  div,
  dropout,
  floor,
  operator,
  randomUniform,
  slice,
  type VariableScope,
  variableScope,
} from "@org/ops";
import { type DType, toNumbers } from "@org/tensor";
import { mustFit } from "../squeeze-dimensions.ts";
import { assertLikeCell, type CellResult, CompositeCell, type RnnCell, zeroStateOf } from "./cell.ts";
import { md5 } from "./md5.ts";
import { type BatchSize, type Form, mapForm, type Size, type State, type StateSize } from "./state.ts";

export interface MultiRNNCellOptions {
  /** false: the cells' states (tensors then) as one. Default true. */
  readonly stateIsTuple?: boolean | undefined;
}

/** tf.nn.rnn_cell.MultiRNNCell: each cell's output is the next one's input. */
export class MultiRNNCell extends CompositeCell {
  readonly cells: readonly RnnCell[];
  readonly stateSize: StateSize;
  readonly outputSize: number;
  readonly #tuple: boolean;

  /** Throws a TypeError where there is no cell, or states of several tensors are to be one. */
  constructor(cells: readonly RnnCell[], options: MultiRNNCellOptions = {}) {
    super("multi_rnn_cell", "MultiRNNCell");
    if (cells.length === 0) throw new TypeError("Must specify at least one cell for MultiRNNCell.");
    for (const cell of cells) assertLikeCell("cells", cell);
    this.cells = cells;
    this.#tuple = options.stateIsTuple ?? true;
    const sizes = cells.map((cell) => cell.stateSize);
    if (!this.#tuple && !sizes.every((size) => typeof size === "number"))
      throw new TypeError(
        `Some cells return tuples of states, but the flag state_is_tuple is not set.  State sizes are: ${JSON.stringify(sizes)}`,
      );
    this.stateSize = this.#tuple ? sizes : (sizes as number[]).reduce((sum, size) => sum + size, 0);
    this.outputSize = cells.at(-1)!.outputSize;
  }

  override zeroState(batchSize: BatchSize, dtype: DType): State {
    if (!this.#tuple) return super.zeroState(batchSize, dtype);
    return zeroStateOf("MultiRNNCell", batchSize, () =>
      this.cells.map((cell) => cell.zeroState(batchSize, dtype)),
    );
  }

  protected step(inputs: Tensor, state: State): CellResult {
    if (this.#tuple && !Array.isArray(state))
      throw new TypeError(
        `Expected state to be a tuple of length ${this.cells.length}, but received: ${state}`,
      );
    let current = inputs;
    let at = 0;
    const next = this.cells.map((cell, i) =>
      variableScope(`cell_${i}`, () => {
        let own: State;
        if (this.#tuple) own = (state as readonly State[])[i]!;
        else {
          own = slice(state as Tensor, [0, at], [-1, cell.stateSize as number]);
          at += cell.stateSize as number;
        }
        const [output, after] = cell.apply(current, own);
        current = output;
        return after;
      }),
    );
    return [current, this.#tuple ? next : concat(next as Tensor[], 1)];
  }
}

function graphOf(...values: readonly unknown[]): Graph {
  const given = values.find(isTensor) as Tensor | undefined;
  const graph = given?.graph ?? currentGraph();
  if (!graph) throw new TypeError("No graph: build inside graph.asDefault(() => ...)");
  return graph;
}

/** A cell that does something to another one: it has no variables, and no scope. */
abstract class Wrapper implements RnnCell {
  readonly cell: RnnCell;
  readonly #className: string;

  constructor(className: string, cell: RnnCell) {
    assertLikeCell("cell", cell);
    this.cell = cell;
    this.#className = className;
  }

  get stateSize(): StateSize {
    return this.cell.stateSize;
  }
  get outputSize(): number {
    return this.cell.outputSize;
  }

  zeroState(batchSize: BatchSize, dtype: DType): State {
    return zeroStateOf(this.#className, batchSize, () => this.cell.zeroState(batchSize, dtype));
  }

  abstract apply(
    inputs: Tensor,
    state: State,
    options?: { readonly scope?: string | VariableScope },
  ): CellResult;
}

type Probability = number | Tensor;

export interface DropoutWrapperOptions {
  /** What share of inputs, states and outputs stays; default 1. */
  readonly inputKeepProb?: Probability | undefined;
  readonly outputKeepProb?: Probability | undefined;
  readonly stateKeepProb?: Probability | undefined;
  /** The same elements at each step. Needs `dtype`, and `inputSize` where inputs are dropped. */
  readonly variationalRecurrent?: boolean | undefined;
  readonly inputSize?: Size | undefined;
  readonly dtype?: DType | undefined;
  readonly seed?: number | undefined;
}

/** What variational dropout drops by at each step. */
interface Noise {
  readonly input?: Tensor;
  readonly state: Form<Tensor>;
  readonly output: Tensor;
}

/** tf.nn.rnn_cell.DropoutWrapper: inputs, states (an LSTM's output, not its memory) and outputs become 0 at random. */
export class DropoutWrapper extends Wrapper {
  readonly #keep: Readonly<Record<"input" | "state" | "output", Probability>>;
  readonly #seed: number | undefined;
  readonly #noise: Noise | undefined;

  /** Throws a TypeError where a probability is none, or what variational dropout needs is not given. */
  constructor(cell: RnnCell, options: DropoutWrapperOptions = {}) {
    super("DropoutWrapper", cell);
    const { inputKeepProb = 1, stateKeepProb = 1, outputKeepProb = 1, dtype, inputSize } = options;
    this.#seed = options.seed;
    const graph = graphOf(inputKeepProb, stateKeepProb, outputKeepProb);
    const kept = graph.asDefault(() =>
      graph.nameScope("DropoutWrapperInit", () => {
        const of = (value: Probability, name: string): Probability => {
          const tensor = convertToTensor(value, { graph });
          const known = constantValue(tensor);
          if (known === undefined) return tensor;
          const number = typeof value === "number" ? value : toNumbers(known)[0]!;
          if (!(number >= 0 && number <= 1))
            throw new TypeError(`Parameter ${name} must be between 0 and 1: ${number}`);
          return number;
        };
        const input = of(inputKeepProb, "input_keep_prob");
        const state = of(stateKeepProb, "state_keep_prob");
        const keep = { input, state, output: of(outputKeepProb, "output_keep_prob") };
        return {
          keep,
          noise: options.variationalRecurrent ? this.#makeNoise(keep.input, inputSize, dtype) : undefined,
        };
      }),
    );
    this.#keep = kept.keep;
    this.#noise = kept.noise;
  }

  #makeNoise(inputKeep: Probability, inputSize: Size | undefined, dtype: DType | undefined): Noise {
    if (dtype === undefined) throw new TypeError("When variational_recurrent=True, dtype must be provided");
    const drops = inputKeep !== 1;
    if (drops && inputSize === undefined)
      throw new TypeError(
        "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size must be provided",
      );
    const noise = (size: Size, seed: number | undefined): Tensor => {
      const dims = typeof size === "number" ? [size] : size.toNumbers();
      const shape = concat([Int32Array.of(1), Int32Array.from(dims)], 0);
      return randomUniform(shape, { dtype, ...(seed === undefined ? {} : { seed }) });
    };
    const input = drops ? noise(inputSize!, this.#seedOf("input", 0)) : undefined;
    let i = 0;
    const state = mapForm(this.cell.stateSize, (size) => noise(size, this.#seedOf("state", i++)));
    const output = noise(this.cell.outputSize, this.#seedOf("output", 0));
    return { ...(input ? { input } : {}), state, output };
  }

  /** A seed of its own for each part, made of the wrapper's. */
  #seedOf(part: string, index: number): number | undefined {
    if (this.#seed === undefined) return undefined;
    const digest = md5(new TextEncoder().encode(`${this.#seed}${part}_${index}`));
    return new DataView(digest.buffer).getUint32(0) & 0x7fffffff;
  }

  #drop(value: Tensor, keep: Probability, part: string, index: number, noise: Tensor | undefined): Tensor {
    if (noise) {
      const mask = floor(operator.add(keep, noise));
      const kept = operator.mul(div(value, keep), mask);
      kept.setShape(value.shape);
      return kept;
    }
    const seed = this.#seedOf(part, index);
    const rate = typeof keep === "number" ? 1 - keep : operator.sub(1, keep);
    return dropout(value, { rate, ...(seed === undefined ? {} : { seed }) });
  }

  apply(inputs: Tensor, state: State, options: { readonly scope?: string | VariableScope } = {}): CellResult {
    return inputs.graph.asDefault(() => {
      const { input, state: stateKeep, output: outputKeep } = this.#keep;
      const given = input === 1 ? inputs : this.#drop(inputs, input, "input", 0, this.#noise?.input);
      const [output, next] = this.cell.apply(given, state, options);
      const after = stateKeep === 1 ? next : this.#dropState(next, stateKeep);
      const last =
        outputKeep === 1 ? output : this.#drop(output, outputKeep, "output", 0, this.#noise?.output);
      return [last, after];
    });
  }

  #dropState(state: State, keep: Probability): State {
    let index = 0;
    const walk = (form: State, noise: Form<Tensor> | undefined): State => {
      const drop = (value: Tensor, own: Form<Tensor> | undefined): Tensor =>
        this.#drop(value, keep, "state", index++, own as Tensor | undefined);
      if (Array.isArray(form))
        return form.map((one, i) => walk(one, (noise as readonly Form<Tensor>[] | undefined)?.[i]));
      if (isTensor(form)) return drop(form, noise);
      // The memory of an LSTM stays; it counts all the same.
      index++;
      const { c, h } = form as { c: Tensor; h: Tensor };
      return { c, h: drop(h, (noise as { h: Tensor } | undefined)?.h) };
    };
    return walk(state, this.#noise?.state);
  }
}

/** tf.nn.rnn_cell.ResidualWrapper: inputs and outputs are added. */
export class ResidualWrapper extends Wrapper {
  readonly #combine: (inputs: Tensor, outputs: Tensor) => Tensor;

  constructor(cell: RnnCell, residualFn?: (inputs: Tensor, outputs: Tensor) => Tensor) {
    super("ResidualWrapper", cell);
    this.#combine =
      residualFn ??
      ((inputs, outputs) => {
        mustFit(inputs, outputs);
        return operator.add(inputs, outputs);
      });
  }

  apply(inputs: Tensor, state: State, options: { readonly scope?: string | VariableScope } = {}): CellResult {
    return inputs.graph.asDefault(() => {
      const [outputs, next] = this.cell.apply(inputs, state, options);
      return [this.#combine(inputs, outputs), next];
    });
  }
}

/** tf.nn.rnn_cell.DeviceWrapper: the cell's ops are on a device. */
export class DeviceWrapper extends Wrapper {
  readonly #device: DeviceOrFunction;

  constructor(cell: RnnCell, device: DeviceOrFunction) {
    super("DeviceWrapper", cell);
    this.#device = device;
  }

  override zeroState(batchSize: BatchSize, dtype: DType): State {
    return zeroStateOf("DeviceWrapper", batchSize, () =>
      graphOf(batchSize).device(this.#device, () => this.cell.zeroState(batchSize, dtype)),
    );
  }

  apply(inputs: Tensor, state: State, options: { readonly scope?: string | VariableScope } = {}): CellResult {
    return inputs.graph.device(this.#device, () => this.cell.apply(inputs, state, options));
  }
}
