// What layers with a kernel share: the kernel and a bias as variables, what initializes, regularizes and constrains them, the activation.
// Source: python/keras/layers/core.py (Dense) and convolutional.py (Conv) of TensorFlow 1.15, which have it twice.
import type { Tensor } from "@org/graph";
import { type AnyVariable, type Initializer, type TensorLike, zerosInitializer } from "@org/ops";
import {
  type Activation,
  type Constraint,
  inputOf,
  Layer,
  type LayerOptions,
  type Regularizer,
} from "./layer.ts";

export interface KernelLayerOptions extends LayerOptions {
  readonly activation?: Activation | undefined;
  /** Default true. */
  readonly useBias?: boolean | undefined;
  /** Glorot's uniform numbers unless given. */
  readonly kernelInitializer?: Initializer | undefined;
  /** Zeros unless given. */
  readonly biasInitializer?: Initializer | undefined;
  readonly kernelRegularizer?: Regularizer | undefined;
  readonly biasRegularizer?: Regularizer | undefined;
  readonly kernelConstraint?: Constraint | undefined;
  readonly biasConstraint?: Constraint | undefined;
}

/** A layer whose result is linear in a kernel, with a bias (unless told otherwise) for each of the kernel's last dimension. */
export abstract class KernelLayer extends Layer {
  readonly #options: KernelLayerOptions;
  #kernel!: AnyVariable;
  #bias: AnyVariable | undefined;

  constructor(kind: string, options: KernelLayerOptions) {
    super(kind, options);
    this.#options = options;
  }

  get kernel(): AnyVariable {
    return this.#kernel;
  }
  get bias(): AnyVariable | undefined {
    return this.#bias;
  }

  /** Makes the variables. */
  protected addKernel(shape: readonly number[]): void {
    const { useBias = true, biasInitializer = zerosInitializer() } = this.#options;
    this.#kernel = this.addWeight("kernel", {
      shape,
      initializer: this.#options.kernelInitializer,
      regularizer: this.#options.kernelRegularizer,
      constraint: this.#options.kernelConstraint,
    });
    if (useBias)
      this.#bias = this.addWeight("bias", {
        shape: shape.slice(-1),
        initializer: biasInitializer,
        regularizer: this.#options.biasRegularizer,
        constraint: this.#options.biasConstraint,
      });
  }

  /** Throws TfError INVALID_ARGUMENT where the input does not fit. */
  apply(inputs: TensorLike): Tensor {
    const x = inputOf(inputs);
    this.checkInput(x);
    return this.within(x, () => {
      const { activation } = this.#options;
      let result = this.multiply(x);
      if (this.#bias) result = this.addBias(result, this.#bias);
      return activation ? activation(result) : result;
    });
  }

  protected checkInput(_x: Tensor): void {}
  /** The input with the kernel. */
  protected abstract multiply(x: Tensor): Tensor;
  protected abstract addBias(x: Tensor, bias: AnyVariable): Tensor;
}
