// Optimizers that are one training op: its rule, its slots, its hyperparameters. Adam is apart (its sparse form is
// several ops). Sources: python/training/{momentum,adagrad,rmsprop,adadelta,ftrl,proximal_adagrad,
// proximal_gradient_descent,adagrad_da}.py.
import type { Graph, IndexedSlices, Operation, Tensor } from "@org/graph";
import {
  type AnyVariable,
  cast,
  constant,
  constantInitializer,
  identity,
  onesInitializer,
  onesLike,
  operator,
  type TensorLike,
} from "@org/ops";
import { type Hyperparameter, Optimizer, type OptimizerOptions } from "./optimizer.ts";
import { updateOp } from "./update-op.ts";

/** A hyperparameter: the op's argument, the name of its node, its value. */
type Scalar = readonly [argument: string, node: string, value: Hyperparameter];

/** What a subclass says of itself; `slots` are the op's arguments and the slots' names. */
interface Rule {
  readonly rule: string;
  readonly slots: readonly (readonly [argument: string, slot: string])[];
  readonly scalars: readonly Scalar[];
  readonly attrs?: Readonly<Record<string, boolean>>;
}

/** An optimizer whose update is one op. */
abstract class RuleOptimizer extends Optimizer {
  readonly #rule: Rule;
  #tensors: Readonly<Record<string, Tensor>> = {};

  constructor(defaultName: string, options: OptimizerOptions, rule: Rule) {
    super(defaultName, options);
    this.#rule = rule;
  }

  protected override prepare(graph: Graph): void {
    this.#tensors = Object.fromEntries(
      this.#rule.scalars.map(([argument, node, value]) => [argument, this.tensorOf(value, node, graph)]),
    );
  }

  /** Scalars that are made anew for each update. */
  protected scalarsFor(_variable: AnyVariable): Readonly<Record<string, Tensor>> {
    return this.#tensors;
  }

  protected hyperparameter(argument: string): Tensor {
    return this.#tensors[argument]!;
  }

  protected override applyDense(gradient: Tensor, variable: AnyVariable): Operation {
    return this.#apply(gradient, variable);
  }
  protected override applySparse(gradient: IndexedSlices, variable: AnyVariable): Operation {
    return this.#apply(gradient, variable);
  }

  #apply(gradient: Tensor | IndexedSlices, variable: AnyVariable): Operation {
    const { rule, slots, attrs } = this.#rule;
    return updateOp(rule, gradient, {
      variable,
      slots: Object.fromEntries(slots.map(([argument, slot]) => [argument, this.slot(variable, slot)])),
      scalars: this.scalarsFor(variable),
      attrs: { use_locking: this.useLocking, ...attrs },
    });
  }

  /** A slot that starts as a number all over, by a constant beside the variable. */
  protected filledSlot(variable: AnyVariable, value: number, slot: string, opName: string): void {
    this.slotFrom(variable, this.filled(variable, value), slot, opName);
  }

  protected filled(variable: AnyVariable, value: number): Tensor {
    const { graph, dtype, shape } = variable;
    return graph.colocateWith(variable, () => constant(value, dtype, { shape, graph }));
  }
}

function mustBePositive(name: string, value: number): void {
  if (!(value > 0)) throw new TypeError(`${name} must be positive: ${value}`);
}

/** tf.train.MomentumOptimizer: accum = momentum * accum + gradient; variable -= learningRate * accum. */
export class MomentumOptimizer extends RuleOptimizer {
  constructor(
    learningRate: Hyperparameter,
    momentum: Hyperparameter,
    options: OptimizerOptions & { readonly useNesterov?: boolean } = {},
  ) {
    super("Momentum", options, {
      rule: "Momentum",
      slots: [["accum", "momentum"]],
      scalars: [
        ["lr", "learning_rate", learningRate],
        ["momentum", "momentum", momentum],
      ],
      attrs: { use_nesterov: options.useNesterov ?? false },
    });
  }

  protected override createSlots(variables: readonly AnyVariable[]): void {
    for (const variable of variables) this.zerosSlot(variable, "momentum", this.name);
  }
}

/** tf.train.AdagradOptimizer. Throws a TypeError where the accumulator does not start above 0. */
export class AdagradOptimizer extends RuleOptimizer {
  readonly #initial: number;

  constructor(
    learningRate: Hyperparameter,
    options: OptimizerOptions & { readonly initialAccumulatorValue?: number } = {},
  ) {
    super("Adagrad", options, {
      rule: "Adagrad",
      slots: [["accum", "accumulator"]],
      scalars: [["lr", "learning_rate", learningRate]],
    });
    this.#initial = options.initialAccumulatorValue ?? 0.1;
    mustBePositive("initial_accumulator_value", this.#initial);
  }

  protected override createSlots(variables: readonly AnyVariable[]): void {
    for (const variable of variables) {
      const initializer = constantInitializer(this.#initial, { dtype: variable.dtype });
      this.slotWith(variable, initializer, variable.shape, "accumulator", this.name);
    }
  }
}

export interface RMSPropOptions extends OptimizerOptions {
  /** Default 0.9. */
  readonly decay?: Hyperparameter;
  /** Default 0. */
  readonly momentum?: Hyperparameter;
  /** Default 1e-10. */
  readonly epsilon?: Hyperparameter;
  /** Divide by the deviation of the gradient instead of its size. */
  readonly centered?: boolean;
}

/** tf.train.RMSPropOptimizer. */
export class RMSPropOptimizer extends RuleOptimizer {
  readonly #centered: boolean;

  constructor(learningRate: Hyperparameter, options: RMSPropOptions = {}) {
    const { decay = 0.9, momentum = 0, epsilon = 1e-10, centered = false } = options;
    super("RMSProp", options, {
      rule: centered ? "CenteredRMSProp" : "RMSProp",
      slots: [["ms", "rms"], ...(centered ? [["mg", "mg"] as const] : []), ["mom", "momentum"]],
      scalars: [
        ["lr", "learning_rate", learningRate],
        ["rho", "decay", decay],
        ["momentum", "momentum", momentum],
        ["epsilon", "epsilon", epsilon],
      ],
    });
    this.#centered = centered;
  }

  protected override createSlots(variables: readonly AnyVariable[]): void {
    for (const variable of variables) {
      const { shape, dtype } = variable;
      if (shape.isFullyDefined())
        this.slotWith(variable, onesInitializer({ dtype }), shape, "rms", this.name);
      else this.slotFrom(variable, onesLike(variable), "rms", this.name);
      if (this.#centered) this.zerosSlot(variable, "mg", this.name);
      this.zerosSlot(variable, "momentum", this.name);
    }
  }
}

export interface AdadeltaOptions extends OptimizerOptions {
  /** Default 0.001; 1.0 is the paper's form. */
  readonly learningRate?: Hyperparameter;
  /** Default 0.95. */
  readonly rho?: Hyperparameter;
  /** Default 1e-8. */
  readonly epsilon?: Hyperparameter;
}

/** tf.train.AdadeltaOptimizer. */
export class AdadeltaOptimizer extends RuleOptimizer {
  constructor(options: AdadeltaOptions = {}) {
    const { learningRate = 0.001, rho = 0.95, epsilon = 1e-8 } = options;
    super("Adadelta", options, {
      rule: "Adadelta",
      slots: [
        ["accum", "accum"],
        ["accum_update", "accum_update"],
      ],
      scalars: [
        ["lr", "lr", learningRate],
        ["rho", "rho", rho],
        ["epsilon", "epsilon", epsilon],
      ],
    });
  }

  protected override createSlots(variables: readonly AnyVariable[]): void {
    for (const variable of variables) {
      this.zerosSlot(variable, "accum", this.name);
      this.zerosSlot(variable, "accum_update", this.name);
    }
  }
}

export interface FtrlOptions extends OptimizerOptions {
  /** At most 0. Default -0.5. */
  readonly learningRatePower?: number;
  /** At least 0. Default 0.1. */
  readonly initialAccumulatorValue?: number;
  readonly l1RegularizationStrength?: number;
  readonly l2RegularizationStrength?: number;
  readonly l2ShrinkageRegularizationStrength?: number;
  /** Names of slots; default: the optimizer's. */
  readonly accumName?: string;
  readonly linearName?: string;
}

/** tf.train.FtrlOptimizer. Throws a TypeError for strengths below 0 and a power above it. */
export class FtrlOptimizer extends RuleOptimizer {
  readonly #options: FtrlOptions;

  constructor(learningRate: Hyperparameter, options: FtrlOptions = {}) {
    const {
      learningRatePower = -0.5,
      initialAccumulatorValue = 0.1,
      l1RegularizationStrength = 0,
      l2RegularizationStrength = 0,
      l2ShrinkageRegularizationStrength = 0,
    } = options;
    const shrinks = l2ShrinkageRegularizationStrength > 0;
    for (const [name, value] of [
      ["initial_accumulator_value", initialAccumulatorValue],
      ["l1_regularization_strength", l1RegularizationStrength],
      ["l2_regularization_strength", l2RegularizationStrength],
      ["l2_shrinkage_regularization_strength", l2ShrinkageRegularizationStrength],
    ] as const)
      if (value < 0) throw new TypeError(`${name} ${value.toFixed(6)} needs to be positive or zero`);
    if (learningRatePower > 0)
      throw new TypeError(`learning_rate_power ${learningRatePower.toFixed(6)} needs to be negative or zero`);
    super("Ftrl", options, {
      rule: shrinks ? "FtrlV2" : "Ftrl",
      slots: [
        ["accum", "accum"],
        ["linear", "linear"],
      ],
      scalars: [
        ["lr", "learning_rate", learningRate],
        ["l1", "l1_regularization_strength", l1RegularizationStrength],
        ["l2", "l2_regularization_strength", l2RegularizationStrength],
        ["l2_shrinkage", "l2_shrinkage_regularization_strength", l2ShrinkageRegularizationStrength],
        ["lr_power", "learning_rate_power", learningRatePower],
      ],
    });
    this.#options = { ...options, initialAccumulatorValue };
  }

  protected override createSlots(variables: readonly AnyVariable[]): void {
    const { accumName = this.name, linearName = this.name, initialAccumulatorValue } = this.#options;
    for (const variable of variables)
      variable.graph.colocateWith(variable, () => {
        this.filledSlot(variable, initialAccumulatorValue!, "accum", accumName);
        this.zerosSlot(variable, "linear", linearName);
      });
  }
}

export interface ProximalOptions extends OptimizerOptions {
  readonly l1RegularizationStrength?: Hyperparameter;
  readonly l2RegularizationStrength?: Hyperparameter;
}

const strengths = ({
  l1RegularizationStrength = 0,
  l2RegularizationStrength = 0,
}: ProximalOptions): Scalar[] => [
  ["l1", "l1_regularization_strength", l1RegularizationStrength],
  ["l2", "l2_regularization_strength", l2RegularizationStrength],
];

/** tf.train.ProximalAdagradOptimizer. Throws a TypeError where the accumulator does not start above 0. */
export class ProximalAdagradOptimizer extends RuleOptimizer {
  readonly #initial: number;

  constructor(
    learningRate: Hyperparameter,
    options: ProximalOptions & { readonly initialAccumulatorValue?: number } = {},
  ) {
    super("ProximalAdagrad", options, {
      rule: "ProximalAdagrad",
      slots: [["accum", "accumulator"]],
      scalars: [["lr", "learning_rate", learningRate], ...strengths(options)],
    });
    this.#initial = options.initialAccumulatorValue ?? 0.1;
    mustBePositive("initial_accumulator_value", this.#initial);
  }

  protected override createSlots(variables: readonly AnyVariable[]): void {
    for (const variable of variables) this.filledSlot(variable, this.#initial, "accumulator", this.name);
  }
}

/** tf.train.ProximalGradientDescentOptimizer. */
export class ProximalGradientDescentOptimizer extends RuleOptimizer {
  constructor(learningRate: Hyperparameter, options: ProximalOptions = {}) {
    super("ProximalGradientDescent", options, {
      rule: "ProximalGradientDescent",
      slots: [],
      scalars: [["alpha", "learning_rate", learningRate], ...strengths(options)],
    });
  }
}

export interface AdagradDAOptions extends OptimizerOptions {
  /** Default 0.1. */
  readonly initialGradientSquaredAccumulatorValue?: number;
  readonly l1RegularizationStrength?: TensorLike;
  readonly l2RegularizationStrength?: TensorLike;
}

/** tf.train.AdagradDAOptimizer. Throws a TypeError where the accumulator does not start above 0. */
export class AdagradDAOptimizer extends RuleOptimizer {
  readonly #options: AdagradDAOptions;
  readonly #globalStep: TensorLike;
  #step!: Tensor;

  constructor(
    learningRate: Hyperparameter,
    globalStep: AnyVariable | Tensor,
    options: AdagradDAOptions = {},
  ) {
    super("AdagradDA", options, {
      rule: "AdagradDA",
      slots: [
        ["gradient_accumulator", "gradient_accumulator"],
        ["gradient_squared_accumulator", "gradient_squared_accumulator"],
      ],
      scalars: [["lr", "learning_rate", learningRate]],
    });
    this.#options = options;
    this.#globalStep = globalStep;
    mustBePositive("initial_gradient_squared_accumulator_value", this.#initial);
  }

  get #initial(): number {
    return this.#options.initialGradientSquaredAccumulatorValue ?? 0.1;
  }

  protected override createSlots(variables: readonly AnyVariable[]): void {
    for (const variable of variables) {
      const sum = this.filled(variable, 0);
      const squares = this.filled(variable, this.#initial);
      this.slotFrom(variable, sum, "gradient_accumulator", this.name);
      this.slotFrom(variable, squares, "gradient_squared_accumulator", this.name);
    }
  }

  protected override prepare(graph: Graph): void {
    super.prepare(graph);
    this.#step = graph.colocateWith(this.hyperparameter("lr"), () =>
      operator.add(identity(this.#globalStep), 1),
    );
  }

  protected override scalarsFor(variable: AnyVariable): Readonly<Record<string, Tensor>> {
    const { l1RegularizationStrength = 0, l2RegularizationStrength = 0 } = this.#options;
    const step = variable.graph.device(variable.device, () => identity(this.#step));
    return {
      ...super.scalarsFor(variable),
      l1: cast(l1RegularizationStrength, variable.dtype),
      l2: cast(l2RegularizationStrength, variable.dtype),
      global_step: step,
    };
  }
}
