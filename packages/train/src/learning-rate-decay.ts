// Learning rates that fall with the global step, but for those along cosines: cosine-decay.ts. Source: python/training/learning_rate_decay.py and
// keras/optimizer_v2/learning_rate_schedule.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { type Graph, isTensor, isTensorLike, type Tensor } from "@org/graph";
import {
  add,
  case as caseOf,
  cast,
  ceil,
  cond,
  constant,
  convertToTensor,
  divide,
  equal,
  exp,
  floor,
  inferDType,
  minimum,
  multiply,
  negative,
  operator,
  pow,
  resolveGraph,
  type TensorLike,
  withScope,
} from "@org/ops";
import { convertToNdArray, type DType, ndArray } from "@org/tensor";

export interface DecayOptions {
  readonly name?: string | undefined;
  /** Fall in steps rather than steadily. */
  readonly staircase?: boolean | undefined;
}

/** What a schedule is built of: the rate at first, its type, the name scope. */
export interface Schedule {
  readonly rate: Tensor;
  readonly dtype: DType;
  readonly scope: string;
}

/** A number of steps is an int32, as a Python int is; so its cast is a node. */
export function steps(value: TensorLike, dtype: DType): Tensor {
  const whole = typeof value === "number" && Number.isInteger(value);
  return cast(whole ? ndArray("int32", [], Int32Array.of(value)) : value, dtype);
}

/** Builds a schedule in its name scope. Throws a TypeError without a step. */
export function scheduled(
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

export interface PolynomialDecayOptions {
  /** Default 0.0001. */
  readonly endLearningRate?: TensorLike | undefined;
  /** Default 1: along a line. */
  readonly power?: TensorLike | undefined;
  /** Start again, with longer ways, past decaySteps. */
  readonly cycle?: boolean | undefined;
  readonly name?: string | undefined;
}

/** tf.train.polynomial_decay: from learningRate to endLearningRate in decaySteps, along a power of what is left. */
export function polynomialDecay(
  learningRate: TensorLike,
  globalStep: TensorLike,
  decaySteps: TensorLike,
  options: PolynomialDecayOptions = {},
): Tensor {
  const { endLearningRate = 0.0001, power = 1, cycle = false } = options;
  const { sub, truediv } = operator;
  return scheduled(options.name ?? "PolynomialDecay", learningRate, globalStep, ({ rate, dtype, scope }) => {
    const end = cast(endLearningRate, dtype);
    const exponent = cast(power, dtype);
    let step = cast(globalStep, dtype);
    let length = steps(decaySteps, dtype);
    if (cycle) {
      const times = cond(
        equal(step, 0),
        () => constant(1, dtype),
        () => ceil(truediv(step, decaySteps)),
      );
      length = multiply(length, times);
    } else step = minimum(step, decaySteps);
    const p = divide(step, length);
    const range = sub(rate, end);
    return add(multiply(range, pow(sub(1, p), exponent)), end, { name: scope });
  });
}

/** Numbers as a list of Const nodes: integers where they are compared with one. */
function asConstants(numbers: readonly (number | Tensor)[], dtype: DType, graph: Graph): Tensor[] {
  return numbers.map((value) =>
    isTensor(value) ? value : convertToTensor(convertToNdArray(value, dtype), { graph }),
  );
}

/**
 * tf.train.piecewise_constant: values[0] up to boundaries[0], values[1] up to boundaries[1], and so on. Numbers among the boundaries take
 * the type of `x` (int32 for an int64 `x`, and are cast). Throws a TypeError where there is not one value more than boundaries, TfError
 * INVALID_ARGUMENT where types differ.
 */
export function piecewiseConstant(
  x: TensorLike,
  boundaries: readonly (number | Tensor)[],
  values: readonly (number | Tensor)[],
  options: { readonly name?: string; readonly dtype?: DType } = {},
): Tensor {
  if (boundaries.length !== values.length - 1)
    throw new TypeError("The length of boundaries should be 1 less than the length of values");
  const { le, gt, and } = operator;
  const graph = resolveGraph([x, ...boundaries, ...values]);
  return graph.asDefault(() => {
    const given = isTensor(x) || !isTensorLike(x) ? x : convertToTensor(x);
    const own = isTensorLike(given) ? (given as Tensor).dtype : inferDType(given);
    const limits = asConstants(boundaries, own === "int64" ? "int32" : own, graph);
    const constants = asConstants(values, options.dtype ?? "float32", graph);
    const step = convertToTensor(given, { graph });
    const limit = limits.map((one) => {
      if (one.dtype === step.dtype) return one;
      if (one.dtype === "int32" && step.dtype === "int64") return cast(one, "int64");
      return mixed(`Boundaries (${one.dtype}) must have the same dtype as x (${step.dtype}).`);
    });
    for (const { dtype } of constants)
      if (dtype !== constants[0]!.dtype)
        mixed(`Values must have elements all with the same dtype (${constants[0]!.dtype} vs ${dtype}).`);
    return withScope(graph, options.name, "PiecewiseConstant", () => {
      const first = (): Tensor => constants[0]!;
      const branches: [Tensor, () => Tensor][] = [
        [le(step, limit[0]!), first],
        [gt(step, limit.at(-1)!), () => constants.at(-1)!],
      ];
      for (const [i, low] of limit.slice(0, -1).entries())
        branches.push([and(gt(step, low), le(step, limit[i + 1]!)), () => constants[i + 1]!]);
      return caseOf(branches, { default: first, exclusive: true });
    });
  });
}

function mixed(sentence: string): never {
  throw new TfError("INVALID_ARGUMENT", sentence);
}
