// IndexedSlices: rows of a larger tensor, as gradients of a gather have them. Source: python/framework/ops.py.
import type { DType } from "@org/tensor";
import type { Graph } from "./graph.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

const brand = Symbol.for("@org/graph.IndexedSlices");

/** `dense[indices[i], ...] = values[i, ...]`; several slices of one index add up. */
export class IndexedSlices {
  static {
    Object.defineProperty(IndexedSlices.prototype, brand, { value: true });
  }
  readonly values: Tensor;
  readonly indices: Tensor;
  /** Shape of the dense tensor, where known. */
  readonly denseShape: Tensor | undefined;

  constructor(values: Tensor, indices: Tensor, denseShape?: Tensor) {
    this.values = values;
    this.indices = indices;
    this.denseShape = denseShape;
  }

  get dtype(): DType {
    return this.values.dtype;
  }
  get op(): Operation {
    return this.values.op;
  }
  get name(): string {
    return this.values.name;
  }
  get device(): string {
    return this.values.device;
  }
  get graph(): Graph {
    return this.values.graph;
  }
}

/** Whether `value` is an IndexedSlices, also one of another copy of this package. */
export function isIndexedSlices(value: unknown): value is IndexedSlices {
  return typeof value === "object" && value !== null && (value as { [brand]?: unknown })[brand] === true;
}
