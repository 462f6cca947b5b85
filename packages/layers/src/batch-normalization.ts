// tf.layers.BatchNormalization: each channel made of mean 0 and variance 1 over the batch, with moving averages for later.
// Not renorm, virtual batches or adjustment. Source: python/layers/normalization.py and python/keras/layers/normalization.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Operation, Tensor } from "@org/graph";
import {
  type AnyVariable,
  assignSub,
  cast,
  constant,
  convertToTensor,
  fusedBatchNorm,
  type Initializer,
  moments,
  batchNormalization as normalize,
  onesInitializer,
  operator,
  reshape,
  type TensorLike,
  zerosInitializer,
} from "@org/ops";
import type { DType, Shape } from "@org/tensor";
import { variableAggregation, variableSynchronization } from "@org/variables";
import { type Constraint, inputOf, Layer, type LayerOptions, type Regularizer } from "./layer.ts";
import { knownValue, type Switchable, smartCond } from "./smart-cond.ts";

export interface BatchNormalizationOptions extends LayerOptions {
  /** The channels' dimension, or dimensions; the last unless given. */
  readonly axis?: number | readonly number[] | undefined;
  /** How slowly the moving averages move; default 0.99. */
  readonly momentum?: number | undefined;
  /** Added to the variance; default 0.001. */
  readonly epsilon?: number | undefined;
  /** Add beta; default true. */
  readonly center?: boolean | undefined;
  /** Multiply by gamma; default true. */
  readonly scale?: boolean | undefined;
  readonly betaInitializer?: Initializer | undefined;
  readonly gammaInitializer?: Initializer | undefined;
  readonly movingMeanInitializer?: Initializer | undefined;
  readonly movingVarianceInitializer?: Initializer | undefined;
  readonly betaRegularizer?: Regularizer | undefined;
  readonly gammaRegularizer?: Regularizer | undefined;
  readonly betaConstraint?: Constraint | undefined;
  readonly gammaConstraint?: Constraint | undefined;
  /** One op for all of it where that can be: 4 dimensions, channels second or last. Default true. */
  readonly fused?: boolean | undefined;
}

/** A value that an update moves a variable towards, built where it is used. */
type Move = (variable: AnyVariable, value: Tensor, momentum: number | Tensor) => Tensor;

const moveTowards: Move = (variable, value, momentum) => {
  const { graph, dtype } = variable;
  const { mul, sub } = operator;
  return graph.nameScope("AssignMovingAvg", (scope) =>
    graph.colocateWith(variable, () => {
      const rest = typeof momentum === "number" ? 1 - momentum : sub(1, momentum);
      const decay = cast(convertToTensor(rest, { name: "decay", graph }), dtype);
      const delta = mul(sub(variable, cast(value, dtype)), decay);
      return assignSub(variable, delta, { name: scope });
    }),
  );
};

/** tf.layers.BatchNormalization. Its updates are in the collection update_ops: run them with each training step. */
export class BatchNormalization extends Layer {
  readonly #options: BatchNormalizationOptions;
  #axes: readonly number[] = [];
  #fused = false;
  #gamma: AnyVariable | undefined;
  #beta: AnyVariable | undefined;
  #gammaConstant: Tensor | undefined;
  #betaConstant: Tensor | undefined;
  #movingMean!: AnyVariable;
  #movingVariance!: AnyVariable;

  constructor(options: BatchNormalizationOptions = {}) {
    super("batch_normalization", options);
    this.#options = options;
  }

  get gamma(): AnyVariable | undefined {
    return this.#gamma;
  }
  get beta(): AnyVariable | undefined {
    return this.#beta;
  }
  get movingMean(): AnyVariable {
    return this.#movingMean;
  }
  get movingVariance(): AnyVariable {
    return this.#movingVariance;
  }

  /** Narrow floats are normalized with parameters of float32. */
  get #paramDType(): DType {
    const own = this.dtype ?? "float32";
    return own === "float16" || own === "bfloat16" ? "float32" : own;
  }

  protected override build(shape: Shape): void {
    const { dims } = shape;
    if (dims === null || dims.length === 0) invalid(`Input has undefined rank: ${shape}`);
    const rank = dims!.length;
    const { axis = -1, fused = true, scale = true, center = true } = this.#options;
    const given = typeof axis === "number" ? [axis] : axis;
    this.#axes = given.map((one) => (one < 0 ? one + rank : one));
    for (const one of this.#axes) if (one < 0 || one >= rank) invalid(`Invalid axis: ${one}`);
    if (new Set(this.#axes).size !== this.#axes.length) invalid(`Duplicate axis: ${this.#axes}`);
    this.#fused = fused && rank === 4 && this.#axes.length === 1 && [1, 3].includes(this.#axes[0]!);
    for (const one of this.#axes)
      if (dims![one] === null)
        invalid(`Input has undefined \`axis\` dimension. Input shape: ${shape.toTuple()}`);
    const own =
      this.#axes.length === 1
        ? [dims![this.#axes[0]!]!]
        : dims!.map((dim, i) => (this.#axes.includes(i) ? dim! : 1));
    const dtype = this.#paramDType;
    const { gammaInitializer, gammaRegularizer, gammaConstraint } = this.#options;
    const { betaInitializer, betaRegularizer, betaConstraint } = this.#options;
    if (scale)
      this.#gamma = this.addWeight("gamma", {
        shape: own,
        dtype,
        initializer: gammaInitializer ?? onesInitializer(),
        regularizer: gammaRegularizer,
        constraint: gammaConstraint,
      });
    else if (this.#fused) this.#gammaConstant = constant(1, dtype, { shape: own });
    if (center)
      this.#beta = this.addWeight("beta", {
        shape: own,
        dtype,
        initializer: betaInitializer ?? zerosInitializer(),
        regularizer: betaRegularizer,
        constraint: betaConstraint,
      });
    else if (this.#fused) this.#betaConstant = constant(0, dtype, { shape: own });
    const moving = (name: string, initializer: Initializer): AnyVariable =>
      this.addWeight(name, {
        shape: own,
        dtype,
        initializer,
        synchronization: variableSynchronization.ON_READ,
        aggregation: variableAggregation.MEAN,
        trainable: false,
      });
    this.#movingMean = moving("moving_mean", this.#options.movingMeanInitializer ?? zerosInitializer());
    this.#movingVariance = moving(
      "moving_variance",
      this.#options.movingVarianceInitializer ?? onesInitializer(),
    );
  }

  /**
   * The normalized input: by the batch's own mean and variance while `training`, else by the moving ones.
   * Throws TfError INVALID_ARGUMENT for axes that are none, and where their extents are not known.
   */
  apply(inputs: TensorLike, options: { readonly training?: Switchable | undefined } = {}): Tensor {
    const x = inputOf(inputs);
    const training = options.training ?? false;
    return this.within(x, () => (this.#fused ? this.#fusedCall(x, training) : this.#call(x, training)));
  }

  #fusedCall(x: Tensor, training: Switchable): Tensor {
    const { epsilon = 0.001, momentum = 0.99 } = this.#options;
    const gamma = this.#gamma ?? this.#gammaConstant!;
    const beta = this.#beta ?? this.#betaConstant!;
    const own = { epsilon, dataFormat: this.#axes[0] === 1 ? "NCHW" : "NHWC" } as const;
    const of = (made: ReturnType<typeof fusedBatchNorm>): readonly [Tensor, Tensor, Tensor] => [
      made.y,
      made.batchMean,
      made.batchVariance,
    ];
    const [output, mean, variance] = smartCond(
      training,
      () => of(fusedBatchNorm(x, gamma, beta, own)),
      () =>
        of(
          fusedBatchNorm(x, gamma, beta, {
            ...own,
            mean: this.#movingMean,
            variance: this.#movingVariance,
            isTraining: false,
          }),
        ),
    );
    const known = knownValue(training);
    const moves =
      known === undefined
        ? smartCond(
            training,
            () => constant(momentum),
            () => constant(1),
          )
        : convertToTensor(momentum, { graph: x.graph });
    if (known !== false) {
      this.addUpdate(moveTowards(this.#movingMean, mean, moves));
      this.addUpdate(moveTowards(this.#movingVariance, variance, moves));
    }
    return output;
  }

  #call(x: Tensor, training: Switchable): Tensor {
    const { epsilon = 0.001, momentum = 0.99 } = this.#options;
    const { dims } = x.shape;
    const rank = dims!.length;
    const reduced = dims!.map((_, i) => i).filter((i) => !this.#axes.includes(i));
    const atEnd = reduced.every((axis, i) => axis === i) && reduced.length === rank - 1;
    const stretched = dims!.map((dim, i) => (i === this.#axes[0] ? dim! : 1));
    const stretch = <V extends Tensor | AnyVariable | undefined>(value: V): V | Tensor =>
      value !== undefined && value.shape.rank !== rank && !atEnd
        ? reshape(value, Int32Array.from(stretched))
        : value;
    const [scale, offset] = [stretch(this.#gamma), stretch(this.#beta)];
    let mean: Tensor | AnyVariable = this.#movingMean;
    let variance: Tensor | AnyVariable = this.#movingVariance;
    if (knownValue(training) !== false) {
      const batch = moments(cast(x, this.#paramDType), reduced, { keepdims: this.#axes.length > 1 });
      const either = (own: Tensor, moving: AnyVariable): Tensor =>
        smartCond(
          training,
          () => own,
          () => convertToTensor(moving),
        );
      const newMean = either(batch.mean, this.#movingMean);
      const newVariance = either(batch.variance, this.#movingVariance);
      const update = (moving: AnyVariable, value: Tensor): Operation | Tensor =>
        smartCond<Tensor>(
          training,
          () => moveTowards(moving, value, momentum),
          () => convertToTensor(moving),
        );
      this.addUpdate(update(this.#movingMean, newMean));
      this.addUpdate(update(this.#movingVariance, newVariance));
      [mean, variance] = [newMean, newVariance];
    }
    const like = (value: Tensor | AnyVariable | undefined): TensorLike | null =>
      value === undefined ? null : value.dtype === x.dtype ? value : cast(value, x.dtype);
    const result = normalize(
      x,
      stretch(like(mean) as Tensor),
      stretch(like(variance) as Tensor),
      like(offset),
      like(scale),
      epsilon,
    );
    result.setShape(x.shape);
    return result;
  }
}

function invalid(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}

/** tf.layers.batch_normalization: a new BatchNormalization layer, applied. */
export function batchNormalization(
  inputs: TensorLike,
  options: BatchNormalizationOptions & { readonly training?: Switchable | undefined } = {},
): Tensor {
  const { training, ...own } = options;
  const x = inputOf(inputs);
  return new BatchNormalization({ ...own, dtype: own.dtype ?? x.dtype, scope: own.name }).apply(x, {
    training,
  });
}
