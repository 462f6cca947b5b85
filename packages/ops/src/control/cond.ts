// tf.cond and tf.case: branches of which a run takes one. Each is built in a context that reads outer tensors through Switches;
// Merges give what the taken one returns. Source: python/ops/control_flow_ops.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { CondContext, type IndexedSlices, isOperation, type Operation, type Tensor } from "@org/graph";
import { applyOp } from "../apply-op.ts";
import { identity } from "../array/constant.ts";
import { resolveGraph } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { type Crossing, crossing, rebuildAll } from "./flow-tensor.ts";
import { withDependencies } from "./group.ts";
import { assertSameStructure, flatten, packAs } from "./nest.ts";
import type { TensorArrayLike } from "./tensor-array-like.ts";

/** What a structure of values is once a branch or a loop has given it: the same with tensors as leaves. */
export type TensorsOf<T> = T extends TensorArrayLike | IndexedSlices
  ? T
  : T extends TensorLike | Operation
    ? T extends readonly unknown[]
      ? { readonly [K in keyof T]: TensorsOf<T[K]> }
      : Tensor
    : { readonly [K in keyof T]: TensorsOf<T[K]> };

/** A list of one is that one, unless `strict`. */
export type Unpacked<T> = T extends readonly [infer U] ? TensorsOf<U> : TensorsOf<T>;

export interface CondOptions extends NameOption {
  /** Keep a list of one result as a list. */
  readonly strict?: boolean | undefined;
}

interface Branch {
  readonly context: CondContext;
  readonly original: unknown;
  readonly crossings: readonly Crossing[];
  readonly tensors: readonly Tensor[];
}

/** Builds what `fn` makes in `context`, and its results as tensors that live on this branch alone. */
function buildBranch(context: CondContext, fn: () => unknown, what: string): Branch {
  return context.enter(() => {
    const original = fn();
    if (original === undefined || original === null)
      throw new TfError("INVALID_ARGUMENT", `${what} must have a return value.`);
    const crossings = flatten(original).map((leaf): Crossing => {
      // An op without value: the pivot stands for it.
      const value = isOperation(leaf) ? withDependencies([leaf], context.pivot) : leaf;
      const { tensors, rebuild } = crossing(value);
      return { tensors: tensors.map((tensor) => context.outputTensor(tensor)), rebuild };
    });
    const tensors = crossings.flatMap((one) => one.tensors);
    context.exitResult(tensors);
    return { context, original, crossings, tensors };
  });
}

const unpackIfSingleton = (result: unknown): unknown =>
  Array.isArray(result) && result.length === 1 ? result[0] : result;

/**
 * tf.cond: what `trueFn` returns where `pred` is true, else what `falseFn` returns: tensors, operations (as a tensor that waits for
 * them), rows, arrays and records of such, the same in both. Ops made in a function run only where it is taken; what a function uses
 * from outside runs in any case.
 * Throws a TypeError where `pred` is a bare boolean, a function is none, or results differ in form; TfError INVALID_ARGUMENT where they
 * differ in type or there are none.
 * @tfExport cond
 */
export function cond<T>(
  pred: TensorLike,
  trueFn: () => T,
  falseFn: () => T,
  options?: CondOptions & { readonly strict?: false | undefined },
): Unpacked<T>;
export function cond<T>(
  pred: TensorLike,
  trueFn: () => T,
  falseFn: () => T,
  options: CondOptions & { readonly strict: true },
): TensorsOf<T>;
export function cond(
  pred: TensorLike,
  trueFn: () => unknown,
  falseFn: () => unknown,
  options: CondOptions = {},
): unknown {
  if (typeof trueFn !== "function") throw new TypeError("true_fn must be callable.");
  if (typeof falseFn !== "function") throw new TypeError("false_fn must be callable.");
  if (typeof pred === "boolean") throw new TypeError("pred must not be a Python bool");
  const graph = resolveGraph([pred]);
  return graph.asDefault(() =>
    graph.nameScope(options.name ?? "cond", () => {
      const [pivotFalse, pivotTrue, test] = pivots(pred);
      const contextOf = (pivot: Tensor, branch: 0 | 1): CondContext =>
        new CondContext(test, pivot, branch, graph.uniqueName("cond_text"));
      const whenTrue = buildBranch(contextOf(pivotTrue, 1), trueFn, "true_fn");
      const whenFalse = buildBranch(contextOf(pivotFalse, 0), falseFn, "false_fn");
      const merged = mergeBranches(whenFalse, whenTrue, options.strict ?? false);
      // A nested one is in the message of the context around it.
      if (whenTrue.context.outerContext === undefined)
        for (const { context } of [whenTrue, whenFalse])
          graph.addToCollection(GraphKeys.COND_CONTEXT, context);
      return merged;
    }),
  );
}

/** The predicate on its two sides, and as branches use it. */
function pivots(pred: TensorLike): readonly [Tensor, Tensor, Tensor] {
  const [no, yes] = applyOp("Switch", [pred, pred]).outputs as readonly Tensor[] as [Tensor, Tensor];
  const pivotTrue = identity(yes, { name: "switch_t" });
  const pivotFalse = identity(no, { name: "switch_f" });
  return [pivotFalse, pivotTrue, identity(pred, { name: "pred_id" })];
}

function mergeBranches(whenFalse: Branch, whenTrue: Branch, strict: boolean): unknown {
  const form = (branch: Branch): unknown => (strict ? branch.original : unpackIfSingleton(branch.original));
  try {
    assertSameStructure(form(whenTrue), form(whenFalse));
  } catch (error) {
    throw new TypeError(`Incompatible return values of true_fn and false_fn: ${(error as Error).message}`);
  }
  if (whenTrue.tensors.length === 0)
    throw new TfError("INVALID_ARGUMENT", "true_fn and false_fn must return at least one result.");
  if (whenTrue.tensors.length !== whenFalse.tensors.length)
    throw new TypeError("Incompatible return types of true_fn and false_fn: rows on one side alone");
  for (const [i, yes] of whenTrue.tensors.entries()) {
    const no = whenFalse.tensors[i]!;
    if (yes.dtype !== no.dtype)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Outputs of true_fn and false_fn must have the same type: ${yes.dtype}, ${no.dtype}`,
      );
  }
  const merges = whenTrue.tensors.map((yes, i) => merge([whenFalse.tensors[i]!, yes])[0]);
  const packed = packAs(whenTrue.original, rebuildAll(whenTrue.crossings, merges));
  return strict ? packed : unpackIfSingleton(packed);
}

/** control_flow_ops.merge: the input that is alive, and its index. */
export function merge(inputs: readonly Tensor[], name?: string): readonly [Tensor, Tensor] {
  const type = inputs.every((input) => input.isRef) ? "RefMerge" : "Merge";
  return applyOp(type, [inputs], { name }).outputs as readonly Tensor[] as [Tensor, Tensor];
}

/** control_flow_ops.switch: `data` where `pred` is false, and where it is true; the one that is not taken is dead. */
export function switchOn(data: Tensor, pred: Tensor, name?: string): readonly [Tensor, Tensor] {
  const type = data.isRef ? "RefSwitch" : "Switch";
  return applyOp(type, [data, pred], { name }).outputs as readonly Tensor[] as [Tensor, Tensor];
}
