// tf.layers.Dropout, Flatten. Source: python/layers/core.py and python/keras/layers/core.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import {
  convertToTensor,
  dropout as dropOut,
  getItem,
  identity,
  reshape,
  shape as shapeOf,
  type TensorLike,
  transpose,
} from "@org/ops";
import { inputOf, Layer, type LayerOptions } from "./layer.ts";
import { type Switchable, smartCond } from "./smart-cond.ts";

export type DataFormat = "channels_last" | "channels_first";

export interface DropoutOptions extends Pick<LayerOptions, "name"> {
  /** The share of elements that becomes 0; default 0.5. */
  readonly rate?: number | Tensor | undefined;
  /** Dims of the mask: 1 where all share it, null for the input's own. */
  readonly noiseShape?: readonly (number | null)[] | undefined;
  readonly seed?: number | undefined;
}

/** tf.layers.Dropout: elements become 0 at random, the others grow, while training. */
export class Dropout extends Layer {
  readonly #options: DropoutOptions;

  constructor(options: DropoutOptions = {}) {
    super("dropout", options);
    this.#options = options;
  }

  /** The input itself unless `training`. */
  apply(inputs: TensorLike, options: { readonly training?: Switchable | undefined } = {}): Tensor {
    const x = inputOf(inputs);
    const { rate = 0.5, noiseShape, seed } = this.#options;
    return this.within(x, () =>
      smartCond(
        options.training ?? false,
        () => dropOut(x, { rate, seed, ...(noiseShape ? { noiseShape: maskShape(x, noiseShape) } : {}) }),
        () => identity(x),
      ),
    );
  }
}

function maskShape(x: Tensor, noiseShape: readonly (number | null)[]): TensorLike {
  const dims = shapeOf(x);
  const mixed = noiseShape.map((dim, i) => (dim === null ? getItem(dims, i) : dim));
  return convertToTensor(mixed as TensorLike, { preferredDType: "int32", graph: x.graph });
}

/** tf.layers.dropout: a new Dropout layer, applied. */
export function dropout(
  inputs: TensorLike,
  options: DropoutOptions & { readonly training?: Switchable | undefined } = {},
): Tensor {
  return new Dropout(options).apply(inputs, { training: options.training });
}

export interface FlattenOptions extends Pick<LayerOptions, "name"> {
  /** Where channels come first, they are moved to the end before. Default channels_last. */
  readonly dataFormat?: DataFormat | undefined;
}

/** tf.layers.Flatten: all dimensions but the first become one. */
export class Flatten extends Layer {
  readonly #options: FlattenOptions;

  constructor(options: FlattenOptions = {}) {
    super("flatten", options);
    this.#options = options;
  }

  apply(inputs: TensorLike): Tensor {
    const x = inputOf(inputs);
    return this.within(x, () => {
      const { rank } = x.shape;
      const first = this.#options.dataFormat === "channels_first" && rank !== null && rank > 1;
      const inner = Array.from({ length: (rank ?? 2) - 2 }, (_, i) => i + 2);
      const moved = first ? transpose(x, [0, ...inner, 1]) : x;
      const { dims } = moved.shape;
      const batch = dims?.[0] || getItem(shapeOf(moved), 0);
      const result = reshape(
        moved,
        (typeof batch === "number" ? Int32Array.of(batch, -1) : [batch, -1]) as TensorLike,
      );
      const rest = dims?.slice(1);
      const known = rest?.every((dim) => dim) ? rest.reduce((all: number, dim) => all * dim!, 1) : null;
      result.setShape([dims?.[0] ?? null, known]);
      return result;
    });
  }
}

/** tf.layers.flatten: a new Flatten layer, applied. */
export function flatten(inputs: TensorLike, options: FlattenOptions = {}): Tensor {
  return new Flatten(options).apply(inputs);
}
