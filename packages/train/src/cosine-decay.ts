// Learning rates that fall along cosines. Source: keras/optimizer_v2/learning_rate_schedule.py of TensorFlow 1.15.

import type { Tensor } from "@org/graph";
import {
  cast,
  cond,
  constant,
  cos,
  equal,
  floor,
  log,
  minimum,
  multiply,
  operator,
  pow,
  randomNormal,
  sqrt,
  type TensorLike,
} from "@org/ops";
import type { DType } from "@org/tensor";
import { Shape } from "@org/tensor";
import { scheduled, steps } from "./learning-rate-decay.ts";

const { add, sub, mul, truediv } = operator;

/** Half a wave: (1 + cos(pi x)) / 2. */
const wave = (x: Tensor): Tensor => mul(0.5, add(1, cos(mul(constant(Math.PI), x))));

export interface CosineDecayOptions {
  /** The share of the rate that is left; default 0. */
  readonly alpha?: number | undefined;
  readonly name?: string | undefined;
}

/** tf.train.cosine_decay: along half a cosine, down to alpha * learningRate. */
export function cosineDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  options: CosineDecayOptions = {},
): Tensor {
  const { alpha = 0 } = options;
  return scheduled(options.name ?? "CosineDecay", learningRate, globalStep, ({ rate, dtype }) => {
    const length = steps(decaySteps, dtype);
    const step = minimum(cast(globalStep, dtype), length);
    const cosine = wave(truediv(step, length));
    return multiply(rate, add(mul(1 - alpha, cosine), alpha));
  });
}

export interface CosineDecayRestartsOptions extends CosineDecayOptions {
  /** How much longer each wave is than the one before; default 2. */
  readonly tMul?: TensorLike | undefined;
  /** How much lower; default 1. */
  readonly mMul?: TensorLike | undefined;
}

/** tf.train.cosine_decay_restarts: half cosines one after another, the first of firstDecaySteps. */
export function cosineDecayRestarts(
  learningRate: TensorLike,
  globalStep: TensorLike,
  firstDecaySteps: TensorLike,
  options: CosineDecayRestartsOptions = {},
): Tensor {
  const { alpha = 0, tMul = 2, mMul = 1 } = options;
  return scheduled(options.name ?? "SGDRDecay", learningRate, globalStep, ({ rate, dtype, scope }) => {
    const length = steps(firstDecaySteps, dtype);
    const a = cast(alpha, dtype);
    const longer = cast(tMul, dtype);
    const lower = cast(mMul, dtype);
    const done = truediv(cast(globalStep, dtype), length);
    const [restarts, part] = cond(
      equal(longer, 1),
      () => {
        const whole = floor(done);
        return [whole, sub(done, whole)] as const;
      },
      () => {
        const inner = sub(1, mul(done, sub(1, longer)));
        const whole = floor(truediv(log(inner), log(longer)));
        const before = truediv(sub(1, operator.pow(longer, whole)), sub(1, longer));
        return [whole, truediv(sub(done, before), operator.pow(longer, whole))] as const;
      },
    );
    const height = mul(0.5, operator.pow(lower, restarts));
    const cosine = mul(height, add(1, cos(mul(constant(Math.PI), part))));
    return multiply(rate, add(mul(sub(1, a), cosine), a), { name: scope });
  });
}

export interface LinearCosineDecayOptions extends CosineDecayOptions {
  /** Number of waves; default 0.5. */
  readonly numPeriods?: number | undefined;
  /** Added to the share; default 0.001. */
  readonly beta?: number | undefined;
}

interface Waves {
  readonly periods: Tensor;
  readonly alpha: Tensor;
  readonly beta: Tensor;
}

function waves({ numPeriods = 0.5, alpha = 0, beta = 0.001 }: LinearCosineDecayOptions, dtype: DType): Waves {
  return { periods: cast(numPeriods, dtype), alpha: cast(alpha, dtype), beta: cast(beta, dtype) };
}

/** What is left of the rate: (alpha + linear) of a cosine, and beta. */
function share({ periods, alpha, beta }: Waves, linear: Tensor, step: Tensor, length: Tensor): Tensor {
  const done = truediv(step, length);
  const cosine = wave(mul(mul(2, periods), done));
  return add(mul(add(alpha, linear), cosine), beta);
}

/** tf.train.linear_cosine_decay: along a line and a cosine. */
export function linearCosineDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  options: LinearCosineDecayOptions = {},
): Tensor {
  const name = options.name ?? "LinearCosineDecay";
  return scheduled(name, learningRate, globalStep, ({ rate, dtype, scope }) => {
    const length = steps(decaySteps, dtype);
    const own = waves(options, dtype);
    const step = minimum(cast(globalStep, dtype), length);
    const linear = truediv(sub(length, step), length);
    return multiply(rate, share(own, linear, step, length), { name: scope });
  });
}

export interface NoisyLinearCosineDecayOptions extends LinearCosineDecayOptions {
  /** Variance of the noise at first; default 1. */
  readonly initialVariance?: number | undefined;
  /** How fast it falls; default 0.55. */
  readonly varianceDecay?: number | undefined;
}

/** tf.train.noisy_linear_cosine_decay: the same with normal noise that falls with the step. */
export function noisyLinearCosineDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  options: NoisyLinearCosineDecayOptions = {},
): Tensor {
  const { initialVariance = 1, varianceDecay = 0.55 } = options;
  const name = options.name ?? "NoisyLinearCosineDecay";
  return scheduled(name, learningRate, globalStep, ({ rate, dtype, scope }) => {
    const length = steps(decaySteps, dtype);
    const variance = cast(initialVariance, dtype);
    const falling = cast(varianceDecay, dtype);
    const own = waves(options, dtype);
    const step = minimum(cast(globalStep, dtype), length);
    const linear = truediv(sub(length, step), length);
    const deviation = sqrt(truediv(variance, pow(add(1, step), falling)));
    const noise = randomNormal(Shape.of(linear.shape), { stddev: deviation });
    return multiply(rate, share(own, add(linear, noise), step, length), { name: scope });
  });
}
