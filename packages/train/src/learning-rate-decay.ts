// Learning rates that fall with the global step. Source: python/training/learning_rate_decay.py and
// keras/optimizer_v2/learning_rate_schedule.py of TensorFlow 1.15.
import { isTensor, type Tensor } from "@org/graph";
import {
  add,
  cast,
  constant,
  convertToTensor,
  cos,
  divide,
  exp,
  floor,
  minimum,
  multiply,
  negative,
  operator,
  pow,
  resolveGraph,
  type TensorLike,
  where,
  withScope,
} from "@org/ops";
import { type DType, ndArray } from "@org/tensor";

export interface DecayOptions {
  readonly name?: string | undefined;
  /** Fall in steps rather than steadily. */
  readonly staircase?: boolean | undefined;
}

interface Schedule {
  readonly rate: Tensor;
  readonly dtype: DType;
  readonly scope: string;
}

/** A number of steps is an int32, as a Python int is; so its cast is a node. */
function steps(value: TensorLike, dtype: DType): Tensor {
  const whole = typeof value === "number" && Number.isInteger(value);
  return cast(whole ? ndArray("int32", [], Int32Array.of(value)) : value, dtype);
}

function scheduled(
  name: string,
  learningRate: TensorLike,
  globalStep: TensorLike,
  build: (schedule: Schedule) => Tensor,
): Tensor {
  if (globalStep === undefined) throw new TypeError(`global_step is required for ${name}.`);
  return withScope(resolveGraph([learningRate, globalStep]), name, name, (scope) => {
    const graph = resolveGraph([learningRate, globalStep]);
    const rate = convertToTensor(learningRate, { name: "initial_learning_rate", graph });
    return build({ rate, dtype: rate.dtype, scope });
  });
}

/** tf.train.exponential_decay: learningRate * decayRate ^ (globalStep / decaySteps). */
export function exponentialDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  decayRate: TensorLike,
  options: DecayOptions = {},
): Tensor {
  return scheduled(options.name ?? "ExponentialDecay", learningRate, globalStep, ({ rate, dtype, scope }) => {
    const length = steps(decaySteps, dtype);
    const base = cast(decayRate, dtype);
    let p = operator.truediv(cast(globalStep, dtype), length);
    if (options.staircase) p = floor(p);
    return multiply(rate, pow(base, p), { name: scope });
  });
}

/** tf.train.natural_exp_decay: learningRate * e ^ (-decayRate * globalStep / decaySteps). */
export function naturalExpDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  decayRate: TensorLike,
  options: DecayOptions = {},
): Tensor {
  const graph = resolveGraph([learningRate, globalStep]);
  const base = graph.asDefault(() => exp(negative(decayRate)));
  return exponentialDecay(learningRate, globalStep, decaySteps, base, options);
}

/** tf.train.inverse_time_decay: learningRate / (1 + decayRate * globalStep / decaySteps). */
export function inverseTimeDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  decayRate: TensorLike,
  options: DecayOptions = {},
): Tensor {
  return scheduled(options.name ?? "InverseTimeDecay", learningRate, globalStep, ({ rate, dtype, scope }) => {
    const length = steps(decaySteps, dtype);
    const factor = cast(decayRate, dtype);
    let p = operator.truediv(cast(globalStep, dtype), length);
    if (options.staircase) p = floor(p);
    const one = cast(constant(1, "int32"), dtype);
    return divide(rate, add(one, multiply(factor, p)), { name: scope });
  });
}

/**
 * tf.train.polynomial_decay: from learningRate to endLearningRate in decaySteps, along a power of what is left.
 * (`cycle` needs a conditional and is not built yet.)
 */
export function polynomialDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  options: {
    readonly endLearningRate?: TensorLike;
    readonly power?: TensorLike;
    readonly name?: string;
  } = {},
): Tensor {
  const { endLearningRate = 0.0001, power = 1 } = options;
  return scheduled(options.name ?? "PolynomialDecay", learningRate, globalStep, ({ rate, dtype, scope }) => {
    const end = cast(endLearningRate, dtype);
    const exponent = cast(power, dtype);
    const step = cast(globalStep, dtype);
    const length = steps(decaySteps, dtype);
    const p = divide(minimum(step, decaySteps), length);
    const range = operator.sub(rate, end);
    return add(multiply(range, pow(operator.sub(1, p), exponent)), end, { name: scope });
  });
}

/** tf.train.cosine_decay: along half a cosine, down to alpha * learningRate. */
export function cosineDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  options: { readonly alpha?: number; readonly name?: string } = {},
): Tensor {
  const { alpha = 0 } = options;
  const { add: plus, mul, truediv } = operator;
  return scheduled(options.name ?? "CosineDecay", learningRate, globalStep, ({ rate, dtype }) => {
    const length = steps(decaySteps, dtype);
    const step = minimum(cast(globalStep, dtype), length);
    const done = truediv(step, length);
    const cosine = mul(0.5, plus(1, cos(mul(constant(Math.PI), done))));
    return multiply(rate, plus(mul(1 - alpha, cosine), alpha));
  });
}

/** tf.train.linear_cosine_decay. */
export function linearCosineDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  options: {
    readonly numPeriods?: number;
    readonly alpha?: number;
    readonly beta?: number;
    readonly name?: string;
  } = {},
): Tensor {
  const { numPeriods = 0.5, alpha = 0, beta = 0.001 } = options;
  const { add: plus, sub, mul, truediv } = operator;
  return scheduled(
    options.name ?? "LinearCosineDecay",
    learningRate,
    globalStep,
    ({ rate, dtype, scope }) => {
      const length = steps(decaySteps, dtype);
      const periods = cast(numPeriods, dtype);
      const a = cast(alpha, dtype);
      const b = cast(beta, dtype);
      const step = minimum(cast(globalStep, dtype), length);
      const linear = truediv(sub(length, step), length);
      const done = truediv(step, length);
      const fraction = mul(mul(2, periods), done);
      const cosine = mul(0.5, plus(1, cos(mul(constant(Math.PI), fraction))));
      return multiply(rate, plus(mul(plus(a, linear), cosine), b), { name: scope });
    },
  );
}

/**
 * tf.train.piecewise_constant: values[0] up to boundaries[0], values[1] up to boundaries[1], and so on.
 * Built of selections, where TensorFlow 1.15 builds conditionals: the same numbers, other nodes.
 * Throws a TypeError where there is not one value more than boundaries.
 */
export function piecewiseConstant(
  x: TensorLike,
  boundaries: readonly number[],
  values: readonly number[],
  options: { readonly name?: string; readonly dtype?: DType } = {},
): Tensor {
  if (boundaries.length !== values.length - 1)
    throw new TypeError("The length of boundaries should be 1 less than the length of values");
  const graph = resolveGraph([x]);
  return withScope(graph, options.name, "PiecewiseConstant", () => {
    const step = isTensor(x) ? x : convertToTensor(x, { graph });
    const constants = values.map((value) => constant(value, options.dtype ?? "float32", { graph }));
    return boundaries.reduceRight<Tensor>(
      (rest, boundary, i) => where(operator.le(step, boundary), constants[i]!, rest),
      constants.at(-1)!,
    );
  });
}
