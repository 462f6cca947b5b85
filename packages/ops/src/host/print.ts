// tf.Print: passes a tensor on and writes others to the console when it does. Source: core/kernels/logging_ops.cc,
// python/ops/logging_ops.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { applyOne } from "../apply-op.ts";
import { resolveGraph } from "../convert.ts";
import { defineOps } from "../define.ts";
import type { OpEntry } from "../op-entry.ts";
import { unchanged } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { summarizeValue } from "./assert-op.ts";

export interface PrintOptions extends NameOption {
  /** Stands before the tensors. */
  readonly message?: string | undefined;
  /** Write the first so many times only; always unless given. */
  readonly firstN?: number | undefined;
  /** How many elements of each tensor are written; 3 unless given. */
  readonly summarize?: number | undefined;
}

/** tf.Print: `input` itself; where it is computed, `message` and `data` are written with console.error, as TensorFlow writes to stderr. @tfExport Print */
export function Print(input: TensorLike, data: readonly TensorLike[], options: PrintOptions = {}): Tensor {
  const { message, firstN, summarize, name } = options;
  return applyOne("Print", [input, data], {
    name,
    graph: resolveGraph([input, ...data]),
    attrs: { message, first_n: firstN, summarize },
  });
}

/** The entry of Print. */
export const printOps: readonly OpEntry[] = defineOps({
  Print: {
    shape: unchanged,
    gradient: (op, grads) => [grads[0], ...op.inputs.slice(1).map(() => undefined)],
    host: (c) => {
      const limit = c.attrs.int("first_n");
      const written = c.state(() => ({ count: 0 }));
      if (limit < 0 || written.count < limit) {
        written.count++;
        const summarize = c.attrs.int("summarize");
        const shown = Array.from(
          { length: c.inputCount - 1 },
          (_, i) => `[${summarizeValue(c.input(i + 1), summarize)}]`,
        );
        console.error(`${c.attrs.string("message")}${shown.join("")}`);
      }
      return [c.input(0)];
    },
  },
});
