// Initializers: functions that make a variable's initial value once its shape is known, as tf.zeros_initializer() and
// its relatives. Source: python/ops/init_ops.py.
import type { Tensor } from "@org/graph";
import type { DType } from "@org/tensor";
import { constant } from "../array/constant.ts";
import { diagPart } from "../array/diagonal.ts";
import { eye } from "../array/eye.ts";
import { ones, zeros } from "../array/fill.ts";
import { reshape } from "../array/reshape.ts";
import { slice } from "../array/slice.ts";
import { matrixTranspose } from "../array/transpose.ts";
import { qr } from "../linalg/qr.ts";
import { operator } from "../math/operator.ts";
import { sign } from "../math/unary.ts";
import type { PartitionInfo } from "../state/partition-info.ts";
import type { TensorLike, ValueLike } from "../tensor-like.ts";
import { randomNormal, randomUniform, truncatedNormal } from "./random.ts";

/** Makes an initial value. `dtype` is the variable's; `partition` is given for a part of a partitioned variable. */
export type Initializer = (shape: readonly number[], dtype?: DType, partition?: PartitionInfo) => Tensor;

interface Typed {
  /** The type where none is asked for. Default float32. */
  readonly dtype?: DType | undefined;
}
interface Seeded extends Typed {
  readonly seed?: number | undefined;
}

/** tf.zeros_initializer. @tfExport zerosInitializer */
export function zerosInitializer(options: Typed = {}): Initializer {
  return (shape, dtype = options.dtype ?? "float32") => zeros(shape, dtype);
}

/** tf.ones_initializer. @tfExport onesInitializer */
export function onesInitializer(options: Typed = {}): Initializer {
  return (shape, dtype = options.dtype ?? "float32") => ones(shape, dtype);
}

/** tf.constant_initializer: a number all over, or a list whose last element fills what is left. @tfExport constantInitializer */
export function constantInitializer(value: ValueLike = 0, options: Typed = {}): Initializer {
  return (shape, dtype = options.dtype ?? "float32") => constant(value, dtype, { shape });
}

/** tf.random_uniform_initializer: [minval, maxval). @tfExport randomUniformInitializer */
export function randomUniformInitializer(
  minval: TensorLike = 0,
  maxval?: TensorLike,
  { seed, ...options }: Seeded = {},
): Initializer {
  return (shape, dtype = options.dtype ?? "float32") => randomUniform(shape, { minval, maxval, dtype, seed });
}

/** tf.random_normal_initializer. @tfExport randomNormalInitializer */
export function randomNormalInitializer(
  mean: TensorLike = 0,
  stddev: TensorLike = 1,
  { seed, ...options }: Seeded = {},
): Initializer {
  return (shape, dtype = options.dtype ?? "float32") => randomNormal(shape, { mean, stddev, dtype, seed });
}

/** tf.truncated_normal_initializer. @tfExport truncatedNormalInitializer */
export function truncatedNormalInitializer(
  mean: TensorLike = 0,
  stddev: TensorLike = 1,
  { seed, ...options }: Seeded = {},
): Initializer {
  return (shape, dtype = options.dtype ?? "float32") => truncatedNormal(shape, { mean, stddev, dtype, seed });
}

/** tf.uniform_unit_scaling_initializer: uniform, so that the scale of the input is kept. @tfExport uniformUnitScalingInitializer */
export function uniformUnitScalingInitializer(factor = 1, { seed, ...options }: Seeded = {}): Initializer {
  return (shape, dtype = options.dtype ?? "float32", partition) => {
    const inputs = (partition?.fullShape ?? shape).slice(0, -1).reduce((product, dim) => product * dim, 1);
    const bound = Math.sqrt(3 / Math.max(1, inputs)) * factor;
    return randomUniform(shape, { minval: -bound, maxval: bound, dtype, seed });
  };
}

export interface VarianceScalingOptions extends Seeded {
  /** Default 1. */
  readonly scale?: number;
  /** What the scale is divided by. Default "fan_in". */
  readonly mode?: "fan_in" | "fan_out" | "fan_avg";
  /** Default "truncated_normal" ("normal" means the same). */
  readonly distribution?: "normal" | "truncated_normal" | "untruncated_normal" | "uniform";
}

/** Deviation of a normal distribution that is cut at two deviations. */
const truncatedDeviation = 0.87962566103423978;

/** tf.variance_scaling_initializer. Throws a TypeError for a scale that is not positive, and modes that are none. @tfExport varianceScalingInitializer */
export function varianceScalingInitializer(options: VarianceScalingOptions = {}): Initializer {
  const { scale = 1, mode = "fan_in", distribution = "truncated_normal", seed } = options;
  if (!(scale > 0)) throw new TypeError("`scale` must be positive float.");
  if (!["fan_in", "fan_out", "fan_avg"].includes(mode))
    throw new TypeError(`Invalid \`mode\` argument: ${mode}`);
  if (!["normal", "uniform", "truncated_normal", "untruncated_normal"].includes(distribution))
    throw new TypeError(`Invalid \`distribution\` argument: ${distribution}`);
  return (shape, dtype = options.dtype ?? "float32", partition) => {
    const [fanIn, fanOut] = computeFans(partition?.fullShape ?? shape);
    const fan = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[mode];
    const variance = scale / Math.max(1, fan);
    if (distribution === "uniform") {
      const limit = Math.sqrt(3 * variance);
      return randomUniform(shape, { minval: -limit, maxval: limit, dtype, seed });
    }
    const stddev = Math.sqrt(variance);
    if (distribution === "untruncated_normal") return randomNormal(shape, { mean: 0, stddev, dtype, seed });
    return truncatedNormal(shape, { mean: 0, stddev: stddev / truncatedDeviation, dtype, seed });
  };
}

/** Inputs and outputs of a unit, from the shape of its weights. */
function computeFans(shape: readonly number[]): [number, number] {
  const rank = shape.length;
  if (rank < 1) return [1, 1];
  if (rank === 1) return [shape[0]!, shape[0]!];
  if (rank === 2) return [shape[0]!, shape[1]!];
  const field = shape.slice(0, -2).reduce((product, dim) => product * dim, 1);
  return [shape[rank - 2]! * field, shape[rank - 1]! * field];
}

/** tf.glorot_uniform_initializer: what getVariable takes for floats unless told otherwise. @tfExport glorotUniformInitializer */
export function glorotUniformInitializer(options: Seeded = {}): Initializer {
  return varianceScalingInitializer({ ...options, scale: 1, mode: "fan_avg", distribution: "uniform" });
}

/** tf.glorot_normal_initializer. @tfExport glorotNormalInitializer */
export function glorotNormalInitializer(options: Seeded = {}): Initializer {
  return varianceScalingInitializer({
    ...options,
    scale: 1,
    mode: "fan_avg",
    distribution: "truncated_normal",
  });
}

/** tf.initializers.he_normal. @tfExport heNormal */
export function heNormal(options: Seeded = {}): Initializer {
  return varianceScalingInitializer({
    ...options,
    scale: 2,
    mode: "fan_in",
    distribution: "truncated_normal",
  });
}

/** tf.initializers.he_uniform. @tfExport heUniform */
export function heUniform(options: Seeded = {}): Initializer {
  return varianceScalingInitializer({ ...options, scale: 2, mode: "fan_in", distribution: "uniform" });
}

/** tf.initializers.lecun_normal. @tfExport lecunNormal */
export function lecunNormal(options: Seeded = {}): Initializer {
  return varianceScalingInitializer({
    ...options,
    scale: 1,
    mode: "fan_in",
    distribution: "truncated_normal",
  });
}

/** tf.initializers.lecun_uniform. @tfExport lecunUniform */
export function lecunUniform(options: Seeded = {}): Initializer {
  return varianceScalingInitializer({ ...options, scale: 1, mode: "fan_in", distribution: "uniform" });
}

/**
 * tf.orthogonal_initializer: a matrix with orthogonal columns (rows where it is wide), times `gain`; more dimensions but the last count as
 * rows. Throws a TypeError for fewer than two.
 */
export function orthogonalInitializer(gain = 1, { seed, ...options }: Seeded = {}): Initializer {
  return (shape, dtype = options.dtype ?? "float32") => {
    if (shape.length < 2) throw new TypeError("The tensor to initialize must be at least two-dimensional");
    const rows = shape.slice(0, -1).reduce((product, dim) => product * dim, 1);
    const columns = shape.at(-1)!;
    const wide = rows < columns;
    const drawn = randomNormal(wide ? [columns, rows] : [rows, columns], { dtype, seed });
    const { q, r } = qr(drawn);
    const uniform = operator.mul(q, sign(diagPart(r)));
    const made = wide ? matrixTranspose(uniform) : uniform;
    return operator.mul(gain, reshape(made, [...shape]));
  };
}

/** tf.initializers.identity: `gain` on the diagonal. Throws a TypeError for shapes that are no matrices. */
export function identityInitializer(gain = 1, options: Typed = {}): Initializer {
  return (shape, dtype = options.dtype ?? "float32", partition) => {
    const whole = partition?.fullShape ?? shape;
    if (whole.length !== 2)
      throw new TypeError("Identity matrix initializer can only be used for 2D matrices.");
    const full = eye(whole[0]!, { numColumns: whole[1]!, dtype });
    const part = partition ? slice(full, [...partition.varOffset], [...shape]) : full;
    return operator.mul(gain, part);
  };
}
