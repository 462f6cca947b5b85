// tf.case: the first branch whose predicate is true, as conditionals within conditionals.
// Source: python/ops/control_flow_ops.py of TensorFlow 1.15.
import { isTensor, type Operation, type Tensor } from "@org/graph";
import { constant } from "../array/constant.ts";
import { stack } from "../array/pack.ts";
import { resolveGraph, withScope } from "../convert.ts";
import { cast } from "../math/cast.ts";
import { lessEqual } from "../math/comparison.ts";
import { reduceSum } from "../math/reductions.ts";
import type { NameOption } from "../tensor-like.ts";
import { Assert } from "./assert.ts";
import { cond, type Unpacked } from "./cond.ts";

/** A predicate (a bool scalar) and what is built where it is true. */
export type PredicateAndBranch<T> = readonly [Tensor, () => T];

export interface CaseOptions<T> extends NameOption {
  /** What is built where no predicate is true; without it, that fails a run. */
  readonly default?: (() => T) | undefined;
  /** Fail a run where more than one predicate is true. Without it the first one counts. */
  readonly exclusive?: boolean | undefined;
  /** Keep a list of one result as a list. */
  readonly strict?: boolean | undefined;
}

function assertAtMost(predicates: readonly Tensor[], count: number, message: string): Operation {
  const all = stack(predicates, 0, { name: "preds_c" });
  const holding = reduceSum(cast(all, "int32"), { name: "num_true_conds" });
  const limit = constant(count, "int32", { name: "n_true_conds" });
  const condition = lessEqual(holding, limit);
  const names = predicates.map(({ name }) => name).join(", ");
  const sentence = `${message}: more than ${count} conditions (${names}) evaluated as True:`;
  return Assert(condition, [sentence, all], { summarize: predicates.length });
}

/** The last branch as the one that is built where no other predicate is true, with checks that its own is. */
function checkedLast<T>(predicates: readonly Tensor[], last: () => T): () => T {
  const others = predicates.slice(0, -1);
  const own = predicates.at(-1)!;
  return () => {
    const message = `Implementation error: selected default action #${others.length} was called, but some of other predicates are True: `;
    const shown = [
      "Input error: None of conditions evaluated as True:",
      stack(predicates, 0, { name: "preds_c" }),
    ];
    const checks = [assertAtMost(others, 0, message), Assert(own, shown)];
    return own.graph.controlDependencies(checks, last);
  };
}

/**
 * tf.case: what the branch of the first predicate that is true returns. Branches return the same structure, as those of `cond`.
 * Throws a TypeError where a predicate is no bool tensor or a branch no function; as `cond` where results differ.
 */
function caseOf<T>(pairs: readonly PredicateAndBranch<T>[], options: CaseOptions<T> = {}): Unpacked<T> {
  if (pairs.length === 0) throw new TypeError("case: give at least one pair of a predicate and a function");
  for (const [predicate, branch] of pairs) {
    if (!isTensor(predicate)) throw new TypeError(`pred must be a Tensor, got: ${predicate}`);
    if (predicate.dtype !== "bool")
      throw new TypeError(`pred must be Tensor of type bool: ${predicate.name}`);
    if (typeof branch !== "function") throw new TypeError(`fn for pred ${predicate.name} must be callable.`);
  }
  const { exclusive = false, strict = false } = options;
  const graph = resolveGraph(pairs.map(([predicate]) => predicate));
  return withScope(graph, options.name, "case", () => {
    let tested = pairs;
    let otherwise: () => unknown = options.default as () => unknown;
    if (options.default === undefined) {
      otherwise = checkedLast(
        pairs.map(([predicate]) => predicate),
        pairs.at(-1)![1],
      );
      tested = pairs.slice(0, -1);
    }
    const build = tested.reduceRight<() => unknown>(
      (rest, [predicate, branch]) =>
        () =>
          strict
            ? cond(predicate, branch as () => unknown, rest, { strict })
            : cond(predicate, branch as () => unknown, rest),
      otherwise,
    );
    if (!exclusive) return build();
    const check = assertAtMost(
      tested.map(([predicate]) => predicate),
      1,
      "Input error: exclusive=True",
    );
    return graph.controlDependencies([check], build);
  }) as Unpacked<T>;
}

export { caseOf as case };
