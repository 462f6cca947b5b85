// tf.assert_rank and its kin: how many dimensions a tensor has. Source: python/ops/check_ops.py of TensorFlow 1.15.
import { TfError } from "@org/errors";
import { constantValue, type Operation, type Tensor } from "@org/graph";
import { rank as rankOf, shape as shapeOf } from "../array/shape-of.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { equal, greaterEqual, logicalOr } from "../math/comparison.ts";
import { numbersOf } from "../shape-rules.ts";
import type { TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { Assert } from "./assert.ts";
import { assertType, type CheckOptions } from "./check-ops.ts";
import { noOp, withDependencies } from "./group.ts";

interface Condition {
  readonly defaultName: string;
  /** "must have rank", before the ranks. */
  readonly words: string;
  readonly known: (actual: number, ranks: readonly number[]) => boolean;
  readonly dynamic: (actual: Tensor, ranks: readonly Tensor[]) => Tensor;
  /** How the sentence ends where it is known not to hold. */
  readonly expected: (ranks: readonly number[]) => string;
}

function assertRanks(
  condition: Condition,
  x: TensorLike,
  ranks: readonly TensorLike[],
  options: CheckOptions,
): Operation {
  const { message = "", summarize } = options;
  const graph = resolveGraph([x, ...ranks]);
  return withScope(graph, options.name, condition.defaultName, () => {
    const tensor = convertToTensor(x, { name: "x", graph });
    const wanted = ranks.map((rank) =>
      convertToTensor(typeof rank === "number" ? int32(rank) : rank, { name: "rank", graph }),
    );
    const data = options.data ?? [
      message,
      `Tensor ${tensor.name} ${condition.words}`,
      ...wanted,
      "Received shape: ",
      shapeOf(tensor),
    ];
    for (const rank of wanted) assertType(rank, "int32");
    const values = wanted.map((rank) => constantValue(rank));
    if (values.every((value) => value !== undefined)) {
      if (values.some((value) => value!.shape.length !== 0))
        throw new TfError("INVALID_ARGUMENT", "Rank must be a scalar.");
      const known = values.flatMap((value) => numbersOf(value!));
      const actual = tensor.shape.rank;
      if (actual !== null) {
        if (!condition.known(actual, known))
          throw new TfError(
            "INVALID_ARGUMENT",
            `${message}.  Tensor ${tensor.name} ${condition.words} ${condition.expected(known)}.  Received rank ${actual}, shape ${tensor.shape.toTuple()}`,
            { node: tensor.op.name },
          );
        return noOp({ name: "static_checks_determined_all_ok", graph });
      }
    }
    let holds = condition.dynamic(rankOf(tensor), wanted);
    for (const [i, rank] of wanted.entries())
      if (values[i] === undefined) {
        const check = assertRank(rank, 0, { data: ["Rank must be a scalar. Received rank: ", rank] });
        holds = withDependencies([check], holds);
      }
    return Assert(holds, data, { summarize });
  });
}

/**
 * tf.assert_rank: x has `rank` dimensions. Throws TfError INVALID_ARGUMENT where it is known to have another number.
 * @tfExport assertRank
 */
export function assertRank(x: TensorLike, rank: TensorLike, options: CheckOptions = {}): Operation {
  return assertRanks(
    {
      defaultName: "assert_rank",
      words: "must have rank",
      known: (actual, [wanted]) => actual === wanted,
      dynamic: (actual, [wanted]) => equal(actual, wanted!),
      expected: ([wanted]) => `${wanted}`,
    },
    x,
    [rank],
    options,
  );
}

/** tf.assert_rank_at_least: x has `rank` dimensions or more. Throws as assertRank. @tfExport assertRankAtLeast */
export function assertRankAtLeast(x: TensorLike, rank: TensorLike, options: CheckOptions = {}): Operation {
  return assertRanks(
    {
      defaultName: "assert_rank_at_least",
      words: "must have rank at least",
      known: (actual, [least]) => actual >= least!,
      dynamic: (actual, [least]) => greaterEqual(actual, least!),
      expected: ([least]) => `${least}`,
    },
    x,
    [rank],
    options,
  );
}

/** tf.assert_rank_in: the number of x's dimensions is one of `ranks`. Throws as assertRank. @tfExport assertRankIn */
export function assertRankIn(
  x: TensorLike,
  ranks: readonly TensorLike[],
  options: CheckOptions = {},
): Operation {
  return assertRanks(
    {
      defaultName: "assert_rank_in",
      words: "must have rank in",
      known: (actual, wanted) => wanted.includes(actual),
      dynamic: (actual, wanted) =>
        wanted.map((rank) => equal(rank, actual)).reduce((any, one) => logicalOr(any, one)),
      expected: (wanted) => `(${wanted.join(", ")})`,
    },
    x,
    ranks,
    options,
  );
}
