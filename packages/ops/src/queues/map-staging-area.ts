// data_flow_ops.MapStagingArea: a place where tensors wait under keys, and may come and go one by one, as a program builds it.
// Source: python/ops/data_flow_ops.py of TensorFlow 1.15.
import type { Operation, Tensor } from "@org/graph";
import type { DType } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { BaseStagingArea, invalid, type Staged, type StagingOptions } from "./staging-base.ts";

export interface MapStagingOptions extends StagingOptions {
  /** The least key comes out first: false unless given. */
  readonly ordered?: boolean | undefined;
}

export interface PickOptions extends NameOption {
  /** Which tensors of the tuple, by number or by name: all unless given. */
  readonly indices?: readonly number[] | readonly string[] | undefined;
}

export interface MapPutOptions extends NameOption {
  /** Which tensors of the tuple these are; of values by name, the names tell. */
  readonly indices?: readonly number[] | undefined;
}

/** data_flow_ops.MapStagingArea: tuples of tensors that wait under keys, put in and taken in parts, too. @tfExport MapStagingArea */
export class MapStagingArea extends BaseStagingArea {
  readonly #prefix: string;

  /** Throws TfError INVALID_ARGUMENT where shapes or names are not as many as types. */
  constructor(dtypes: readonly DType[], options: MapStagingOptions = {}) {
    super("MapStagingArea", dtypes, options);
    this.#prefix = options.ordered ? "OrderedMap" : "Map";
  }

  /**
   * Puts tensors of the tuple under `key` (an int64 scalar) in; waits for room.
   * Throws TfError INVALID_ARGUMENT where they are not what the area holds, or, without names, `indices` are not given.
   */
  put(
    key: TensorLike,
    values: readonly TensorLike[] | { readonly [name: string]: TensorLike },
    options: MapPutOptions = {},
  ): Operation {
    return this.graph.asDefault(() =>
      this.graph.nameScope(options.name ?? `${this.name}_put`, (scope) => {
        if (!options.indices && Array.isArray(values) && !this.names)
          invalid("Indices must be supplied when inserting a list of tensors");
        const [tensors, indices] = this.tensors(values, options.indices ?? []);
        const attrs = { ...this.attrs, dtypes: this.dtypes };
        return this.beside(() =>
          applyOp(`${this.#prefix}Stage`, [key, Int32Array.from(indices), tensors], { name: scope, attrs }),
        );
      }),
    );
  }

  /** Tensors of the tuple under `key`, which stay; waits for a whole tuple. */
  peek(key: TensorLike, options: PickOptions = {}): Staged {
    const [indices, dtypes] = this.#picked(options);
    const { outputs } = this.#op(
      "Peek",
      [key, Int32Array.from(indices)],
      dtypes,
      options.name ?? `${this.name}_pop`,
    );
    return this.given(outputs, indices);
  }

  /**
   * Takes tensors of the tuple under `key` (without: of any key, or of the least); waits for a whole tuple. The key and the tensors.
   * Throws TfError INVALID_ARGUMENT for indices that the area does not have.
   */
  get(key?: TensorLike | null, options: PickOptions = {}): readonly [key: TensorLike, values: Staged] {
    const [indices, dtypes] = this.#picked(options);
    if (key === undefined || key === null) {
      const name = options.name ?? `${this.name}_get_nokey`;
      const { outputs } = this.#op("UnstageNoKey", [Int32Array.from(indices)], dtypes, name);
      const [found] = this.here(outputs.slice(0, 1));
      return [found!, this.given(outputs.slice(1), indices)];
    }
    const name = options.name ?? `${this.name}_get`;
    const { outputs } = this.#op("Unstage", [key, Int32Array.from(indices)], dtypes, name);
    return [key, this.given(outputs, indices)];
  }

  /** Number of whole tuples, an int32 scalar. */
  size(options: NameOption = {}): Tensor {
    return this.number(`${this.#prefix}Size`, options.name ?? `${this.name}_size`);
  }

  /** Number of tuples that lack tensors, an int32 scalar. */
  incompleteSize(options: NameOption = {}): Tensor {
    return this.number(`${this.#prefix}IncompleteSize`, options.name ?? `${this.name}_incomplete_size`);
  }

  /** Gives up all tuples. */
  clear(options: NameOption = {}): Operation {
    return this.plainOp(`${this.#prefix}Clear`, options.name ?? `${this.name}_clear`);
  }

  #op(verb: string, inputs: readonly TensorLike[], dtypes: readonly DType[], name: string): Operation {
    const attrs = { ...this.attrs, dtypes };
    return this.beside(() => applyOp(`${this.#prefix}${verb}`, inputs, { name, attrs }));
  }

  #picked({ indices }: PickOptions): readonly [readonly number[], readonly DType[]] {
    const list = (indices ?? [...this.dtypes.keys()]) as readonly (number | string)[];
    if (list.length === 0) invalid("Empty indices");
    const numbers = list.map((index) => (typeof index === "number" ? index : this.#numberOf(index)));
    return [numbers, numbers.map((i) => this.dtypes[i] ?? invalid(`The area has no tensor number ${i}`))];
  }

  #numberOf(name: string): number {
    const names =
      this.names ??
      invalid(`String indices provided '${name}', but this Staging Area was not created with names.`);
    const at = names.indexOf(name);
    return at >= 0 ? at : invalid(`Named index '${name}' not in Staging Area names '${names}'`);
  }
}
