// tf.layers.Dense: x W + b. Source: python/layers/core.py and python/keras/layers/core.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import type { Tensor } from "@org/graph";
import { type AnyVariable, applyOne, biasAdd, cast, type TensorLike, tensordot } from "@org/ops";
import { dtypes, type Shape } from "@org/tensor";
import { KernelLayer, type KernelLayerOptions } from "./kernel-layer.ts";

export type DenseOptions = KernelLayerOptions;

/** tf.layers.Dense: all inputs with all outputs. */
export class Dense extends KernelLayer {
  readonly units: number;

  constructor(units: number, options: DenseOptions = {}) {
    super("dense", options);
    this.units = units;
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
    this.addKernel([last, this.units]);
  }

  protected override multiply(x: Tensor): Tensor {
    const { rank, dims } = x.shape;
    if (rank === null || rank <= 2) return applyOne("MatMul", [cast(x, this.kernel.dtype), this.kernel]);
    const result = tensordot(x, this.kernel as never, [[rank - 1], [0]]);
    result.setShape([...dims!.slice(0, -1), this.units]);
    return result;
  }

  protected override addBias(x: Tensor, bias: AnyVariable): Tensor {
    return biasAdd(x, bias);
  }
}

/** tf.layers.dense: a new Dense layer (or with `reuse` one of that name again), applied. */
export function dense(inputs: TensorLike, units: number, options: DenseOptions = {}): Tensor {
  return new Dense(units, { ...options, scope: options.name }).apply(inputs);
}
