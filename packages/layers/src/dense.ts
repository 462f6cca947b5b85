// tf.layers.Dense: x W + b. Source: python/layers/core.py and python/keras/layers/core.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import {
  type AnyVariable,
  applyOne,
  biasAdd,
  cast,
  type Initializer,
  type TensorLike,
  tensordot,
  zerosInitializer,
} from "@org/ops";
import { dtypes, type Shape } from "@org/tensor";
import {
  type Activation,
  type Constraint,
  inputOf,
  Layer,
  type LayerOptions,
  type Regularizer,
} from "./layer.ts";

export interface DenseOptions extends LayerOptions {
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

/** tf.layers.Dense: all inputs with all outputs. */
export class Dense extends Layer {
  readonly units: number;
  readonly #options: DenseOptions;
  #kernel!: AnyVariable;
  #bias: AnyVariable | undefined;

  constructor(units: number, options: DenseOptions = {}) {
    super("dense", options);
    this.units = units;
    this.#options = options;
  }

  /** [inputs, units]. */
  get kernel(): AnyVariable {
    return this.#kernel;
  }
  get bias(): AnyVariable | undefined {
    return this.#bias;
  }

  protected override build(shape: Shape): void {
    const dtype = this.dtype ?? "float32";
    if (dtypes[dtype].kind !== "float" && dtypes[dtype].kind !== "complex")
      throw new TypeError(`Unable to build \`Dense\` layer with non-floating point dtype ${dtype}`);
    const last = shape.dims?.at(-1) ?? null;
    if (last === null)
      throw new TfError(
        "INVALID_ARGUMENT",
        "The last dimension of the inputs to `Dense` should be defined. Found `None`.",
      );
    const { kernelInitializer, kernelRegularizer, kernelConstraint } = this.#options;
    const {
      useBias = true,
      biasInitializer = zerosInitializer(),
      biasRegularizer,
      biasConstraint,
    } = this.#options;
    this.#kernel = this.addWeight("kernel", {
      shape: [last, this.units],
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    });
    if (useBias)
      this.#bias = this.addWeight("bias", {
        shape: [this.units],
        initializer: biasInitializer,
        regularizer: biasRegularizer,
        constraint: biasConstraint,
      });
  }

  /** [..., inputs] to [..., units]. Throws TfError INVALID_ARGUMENT where the last dimension is not known. */
  apply(inputs: TensorLike): Tensor {
    const x = inputOf(inputs);
    return this.within(x, () => {
      const { activation } = this.#options;
      let result = this.#multiply(x);
      if (this.#bias) result = biasAdd(result, this.#bias);
      return activation ? activation(result) : result;
    });
  }

  #multiply(x: Tensor): Tensor {
    const { rank, dims } = x.shape;
    if (rank === null || rank <= 2) return applyOne("MatMul", [cast(x, this.#kernel.dtype), this.#kernel]);
    const result = tensordot(x, this.#kernel as never, [[rank - 1], [0]]);
    result.setShape([...dims!.slice(0, -1), this.units]);
    return result;
  }
}

/** tf.layers.dense: a new Dense layer (or with `reuse` one of that name again), applied. */
export function dense(inputs: TensorLike, units: number, options: DenseOptions = {}): Tensor {
  return new Dense(units, { ...options, scope: options.name }).apply(inputs);
}
