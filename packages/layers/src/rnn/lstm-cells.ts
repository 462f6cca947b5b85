// tf.nn.rnn_cell.BasicLSTMCell and LSTMCell. Source: python/ops/rnn_cell_impl.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import {
  type AnyVariable,
  add,
  clipByValue,
  concat,
  constant,
  type Initializer,
  matmul,
  multiply,
  operator,
  sigmoid,
  slice,
  split,
  tanh,
  zerosInitializer,
} from "@org/ops";
import type { Shape } from "@org/tensor";
import type { Activation } from "../layer.ts";
import { affine, depthOf } from "./basic-cells.ts";
import { type CellOptions, type CellResult, LayerCell } from "./cell.ts";
import type { LSTMStateTuple, State, StateSize } from "./state.ts";

export interface BasicLSTMCellOptions extends CellOptions {
  /** Added to the forget gate; default 1. */
  readonly forgetBias?: number | undefined;
  /** false: memory and output as one tensor. Default true. */
  readonly stateIsTuple?: boolean | undefined;
  /** Default tanh. */
  readonly activation?: Activation | undefined;
}

/** tf.nn.rnn_cell.BasicLSTMCell: an LSTM without clipping, projection or peepholes. */
export class BasicLSTMCell extends LayerCell {
  readonly outputSize: number;
  readonly stateSize: StateSize;
  readonly #options: BasicLSTMCellOptions;
  #kernel!: AnyVariable;
  #bias!: AnyVariable;

  constructor(units: number, options: BasicLSTMCellOptions = {}) {
    super("basic_lstm_cell", "BasicLSTMCell", options);
    this.outputSize = units;
    this.stateSize = (options.stateIsTuple ?? true) ? { c: units, h: units } : 2 * units;
    this.#options = options;
  }

  protected override build(shape: Shape): void {
    const units = this.outputSize;
    this.#kernel = this.addWeight("kernel", { shape: [depthOf(shape) + units, 4 * units] });
    this.#bias = this.addWeight("bias", { shape: [4 * units], initializer: zerosInitializer() });
  }

  protected step(inputs: Tensor, state: State): CellResult {
    const { forgetBias = 1, stateIsTuple = true, activation = tanh } = this.#options;
    const one = constant(1, "int32");
    const [c, h] = stateIsTuple
      ? [(state as LSTMStateTuple).c, (state as LSTMStateTuple).h]
      : (split(state as Tensor, 2, one) as [Tensor, Tensor]);
    const gates = affine(inputs, h, this.#kernel, this.#bias);
    const [i, j, f, o] = split(gates, 4, one) as [Tensor, Tensor, Tensor, Tensor];
    const bias = constant(forgetBias, f.dtype);
    const memory = add(multiply(c, sigmoid(add(f, bias))), multiply(sigmoid(i), activation(j)));
    const output = multiply(activation(memory), sigmoid(o));
    return [output, stateIsTuple ? { c: memory, h: output } : concat([memory, output], 1)];
  }
}

export interface LSTMCellOptions extends BasicLSTMCellOptions {
  /** Let gates see the memory; default false. */
  readonly usePeepholes?: boolean | undefined;
  /** The memory stays within so far of 0. */
  readonly cellClip?: number | undefined;
  readonly initializer?: Initializer | undefined;
  /** Project the output to so many elements. */
  readonly numProj?: number | undefined;
  /** Projected outputs stay within so far of 0. */
  readonly projClip?: number | undefined;
}

/** tf.nn.rnn_cell.LSTMCell: an LSTM with clipping, projection and peepholes. */
export class LSTMCell extends LayerCell {
  readonly outputSize: number;
  readonly stateSize: StateSize;
  readonly #units: number;
  readonly #options: LSTMCellOptions;
  #kernel!: AnyVariable;
  #bias!: AnyVariable;
  #peepholes: { readonly f: AnyVariable; readonly i: AnyVariable; readonly o: AnyVariable } | undefined;
  #projection: AnyVariable | undefined;

  constructor(units: number, options: LSTMCellOptions = {}) {
    super("lstm_cell", "LSTMCell", options);
    this.#units = units;
    this.#options = options;
    this.outputSize = options.numProj ?? units;
    const own = { c: units, h: this.outputSize };
    this.stateSize = (options.stateIsTuple ?? true) ? own : own.c + own.h;
  }

  protected override build(shape: Shape): void {
    const { initializer, usePeepholes, numProj } = this.#options;
    const units = this.#units;
    const rows = depthOf(shape) + this.outputSize;
    this.#kernel = this.addWeight("kernel", { shape: [rows, 4 * units], initializer });
    this.#bias = this.addWeight("bias", { shape: [4 * units], initializer: zerosInitializer() });
    if (usePeepholes) {
      const peephole = (name: string): AnyVariable => this.addWeight(name, { shape: [units], initializer });
      this.#peepholes = { f: peephole("w_f_diag"), i: peephole("w_i_diag"), o: peephole("w_o_diag") };
    }
    if (numProj !== undefined)
      this.#projection = this.addWeight("projection/kernel", { shape: [units, numProj], initializer });
  }

  protected step(inputs: Tensor, state: State): CellResult {
    const { stateIsTuple = true, activation = tanh, cellClip, projClip, forgetBias = 1 } = this.#options;
    const [cPrev, mPrev] = stateIsTuple
      ? [(state as LSTMStateTuple).c, (state as LSTMStateTuple).h]
      : [
          slice(state as Tensor, [0, 0], [-1, this.#units]),
          slice(state as Tensor, [0, this.#units], [-1, this.outputSize]),
        ];
    const { add: plus, mul } = operator;
    const gates = affine(inputs, mPrev, this.#kernel, this.#bias);
    const [i, j, f, o] = split(gates, 4, 1) as [Tensor, Tensor, Tensor, Tensor];
    const see = this.#peepholes;
    const kept = plus(f, forgetBias);
    let c = see
      ? plus(
          mul(sigmoid(plus(kept, mul(see.f, cPrev))), cPrev),
          mul(sigmoid(plus(i, mul(see.i, cPrev))), activation(j)),
        )
      : plus(mul(sigmoid(kept), cPrev), mul(sigmoid(i), activation(j)));
    if (cellClip !== undefined) c = clipByValue(c, -cellClip, cellClip);
    let m = mul(sigmoid(see ? plus(o, mul(see.o, c)) : o), activation(c));
    if (this.#projection) {
      m = matmul(m, this.#projection);
      if (projClip !== undefined) m = clipByValue(m, -projClip, projClip);
    }
    return [m, stateIsTuple ? { c, h: m } : concat([c, m], 1)];
  }
}
