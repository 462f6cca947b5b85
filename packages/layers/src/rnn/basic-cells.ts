// tf.nn.rnn_cell.BasicRNNCell and GRUCell. Source: python/ops/rnn_cell_impl.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import {
  type AnyVariable,
  biasAdd,
  concat,
  constantInitializer,
  type Initializer,
  matmul,
  operator,
  sigmoid,
  split,
  tanh,
  zerosInitializer,
} from "@org/ops";
import type { Shape } from "@org/tensor";
import type { Activation } from "../layer.ts";
import { type CellOptions, type CellResult, LayerCell } from "./cell.ts";
import type { State } from "./state.ts";

/** Elements of an input. Throws TfError INVALID_ARGUMENT where it is not known. */
export function depthOf(shape: Shape): number {
  const depth = shape.dims?.at(-1) ?? null;
  if (depth === null)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Expected inputs.shape[-1] to be known, saw shape: ${shape.toTuple()}`,
    );
  return depth;
}

/** [a, b] W + bias. */
export function affine(a: Tensor, b: Tensor, kernel: AnyVariable, bias: AnyVariable): Tensor {
  return biasAdd(matmul(concat([a, b], 1), kernel), bias);
}

export interface BasicRNNCellOptions extends CellOptions {
  /** Default tanh. */
  readonly activation?: Activation | undefined;
}

/** tf.nn.rnn_cell.BasicRNNCell: output = new state = activation([input, state] W + b). */
export class BasicRNNCell extends LayerCell {
  readonly stateSize: number;
  readonly outputSize: number;
  readonly #activation: Activation;
  #kernel!: AnyVariable;
  #bias!: AnyVariable;

  constructor(units: number, options: BasicRNNCellOptions = {}) {
    super("basic_rnn_cell", "BasicRNNCell", options);
    this.stateSize = units;
    this.outputSize = units;
    this.#activation = options.activation ?? tanh;
  }

  protected override build(shape: Shape): void {
    const units = this.outputSize;
    this.#kernel = this.addWeight("kernel", { shape: [depthOf(shape) + units, units] });
    this.#bias = this.addWeight("bias", { shape: [units], initializer: zerosInitializer() });
  }

  protected step(inputs: Tensor, state: State): CellResult {
    const output = this.#activation(affine(inputs, state as Tensor, this.#kernel, this.#bias));
    return [output, output];
  }
}

export interface GRUCellOptions extends BasicRNNCellOptions {
  readonly kernelInitializer?: Initializer | undefined;
  /** Ones for the gates and zeros for candidates unless given. */
  readonly biasInitializer?: Initializer | undefined;
}

/** tf.nn.rnn_cell.GRUCell: a gated recurrent unit. */
export class GRUCell extends LayerCell {
  readonly stateSize: number;
  readonly outputSize: number;
  readonly #options: GRUCellOptions;
  #gateKernel!: AnyVariable;
  #gateBias!: AnyVariable;
  #candidateKernel!: AnyVariable;
  #candidateBias!: AnyVariable;

  constructor(units: number, options: GRUCellOptions = {}) {
    super("gru_cell", "GRUCell", options);
    this.stateSize = units;
    this.outputSize = units;
    this.#options = options;
  }

  protected override build(shape: Shape): void {
    const units = this.outputSize;
    const rows = depthOf(shape) + units;
    const { kernelInitializer: initializer, biasInitializer } = this.#options;
    this.#gateKernel = this.addWeight("gates/kernel", { shape: [rows, 2 * units], initializer });
    this.#gateBias = this.addWeight("gates/bias", {
      shape: [2 * units],
      initializer: biasInitializer ?? constantInitializer(1),
    });
    this.#candidateKernel = this.addWeight("candidate/kernel", { shape: [rows, units], initializer });
    this.#candidateBias = this.addWeight("candidate/bias", {
      shape: [units],
      initializer: biasInitializer ?? zerosInitializer(),
    });
  }

  protected step(inputs: Tensor, given: State): CellResult {
    const state = given as Tensor;
    const { add, mul, sub } = operator;
    const gates = sigmoid(affine(inputs, state, this.#gateKernel, this.#gateBias));
    const [r, u] = split(gates, 2, 1) as [Tensor, Tensor];
    const reset = mul(r, state);
    const candidate = affine(inputs, reset, this.#candidateKernel, this.#candidateBias);
    const c = (this.#options.activation ?? tanh)(candidate);
    const next = add(mul(u, state), mul(sub(1, u), c));
    return [next, next];
  }
}
