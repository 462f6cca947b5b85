// tf.Assert: an operation that fails a run where a condition does not hold. The op itself: host/assert-op.ts.
// Source: python/ops/control_flow_ops.py of TensorFlow 1.15.
import type { Operation } from "@org/graph";
import { applyOp } from "../apply-op.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { cond } from "./cond.ts";
import { noOp } from "./group.ts";

export interface AssertOptions extends NameOption {
  /** How many elements of each tensor the error shows; 3 unless given. */
  readonly summarize?: number | undefined;
}

/** Element types that are taken to be on the host already: no conditional keeps them there. */
const onHost: ReadonlySet<string> = new Set(["string", "int32"]);

/**
 * tf.Assert: the operation fails a run with INVALID_ARGUMENT, showing `data`, where `condition` (a bool scalar) is false. Run it by a
 * control dependency. What it shows is brought to the host only where it fails.
 * @tfExport Assert
 */
export function Assert(
  condition: TensorLike,
  data: readonly TensorLike[],
  options: AssertOptions = {},
): Operation {
  const { name, summarize } = options;
  const graph = resolveGraph([condition, ...data]);
  return withScope(graph, name, "Assert", () => {
    const shown = data.map((value) => convertToTensor(value, { graph }));
    const fail = (): Operation =>
      applyOp("Assert", [condition, data], { name: "Assert", attrs: { summarize }, graph });
    if (shown.every(({ dtype }) => onHost.has(dtype))) return fail();
    const test = convertToTensor(condition, { name: "Condition", graph });
    return cond<Operation>(test, () => noOp({ graph }), fail, { name: "AssertGuard" }).op;
  });
}
