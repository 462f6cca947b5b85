// data_flow_ops.StagingArea: a place where tensors wait between two parts of a program, as a program builds it.
// Source: python/ops/data_flow_ops.py of TensorFlow 1.15.
import type { Operation, Tensor } from "@org/graph";
import type { DType } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { BaseStagingArea, isNamed, type Staged, type StagingOptions } from "./staging-base.ts";

/** A tuple: its tensors in order, one alone, or a record where the area has names. */
export type StagingValues = TensorLike | readonly TensorLike[] | { readonly [name: string]: TensorLike };

/** data_flow_ops.StagingArea: tuples of tensors that wait between two parts of a program, first in, first out. @tfExport StagingArea */
export class StagingArea extends BaseStagingArea {
  /** Throws TfError INVALID_ARGUMENT where shapes or names are not as many as types. */
  constructor(dtypes: readonly DType[], options: StagingOptions = {}) {
    super("StagingArea", dtypes, options);
  }

  /** Puts a tuple in; waits for room. Throws TfError INVALID_ARGUMENT where it is not what the area holds. */
  put(values: StagingValues, options: NameOption = {}): Operation {
    return this.graph.asDefault(() =>
      this.graph.nameScope(options.name ?? `${this.name}_put`, (scope) => {
        const list = Array.isArray(values) || isNamed(values) ? values : [values];
        const [tensors] = this.tensors(list, [...Array.from(list as never[]).keys()]);
        return this.beside(() => applyOp("Stage", [tensors], { name: scope, attrs: this.attrs }));
      }),
    );
  }

  /** Takes the first tuple; waits for one. */
  get(options: NameOption = {}): Staged {
    return this.#out("Unstage", [], options.name ?? `${this.name}_get`);
  }

  /** Tuple number `index`, which stays; waits until there are so many. */
  peek(index: TensorLike, options: NameOption = {}): Staged {
    return this.#out("StagePeek", [index], options.name ?? `${this.name}_peek`);
  }

  /** Number of tuples, an int32 scalar. */
  size(options: NameOption = {}): Tensor {
    return this.number("StageSize", options.name ?? `${this.name}_size`);
  }

  /** Gives up all tuples. */
  clear(options: NameOption = {}): Operation {
    return this.plainOp("StageClear", options.name ?? `${this.name}_clear`);
  }

  #out(type: string, inputs: readonly TensorLike[], name: string): Staged {
    const { outputs } = this.beside(() =>
      applyOp(type, inputs, { name, attrs: { ...this.attrs, dtypes: this.dtypes } }),
    );
    return this.given(outputs, [...this.dtypes.keys()]);
  }
}
