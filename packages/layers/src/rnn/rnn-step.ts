// One step of a batch whose rows have different lengths: rows that are done keep their state, and give zeros.
// Source: _rnn_step in python/ops/rnn.py of TensorFlow 1.15.
import type { Tensor } from "@org/graph";
import { cond, operator, where } from "@org/ops";
import type { CellResult } from "./cell.ts";
import { assertSameForm, inForm, leavesOf, type State } from "./state.ts";

export interface RnnStep {
  readonly time: Tensor | number;
  readonly sequenceLength: Tensor;
  readonly minSequenceLength: Tensor;
  readonly maxSequenceLength: Tensor;
  readonly zeroOutput: Tensor;
  readonly state: State;
  readonly callCell: () => CellResult;
  /** Choose row by row at every step, without conditionals. */
  readonly skipConditionals: boolean;
}

const { ge, lt } = operator;

/** The output and the state after a step. */
export function rnnStep(step: RnnStep): CellResult {
  const { time, sequenceLength, minSequenceLength, maxSequenceLength, zeroOutput, state } = step;
  const done = compare(ge, time, sequenceLength);
  const old = [zeroOutput, ...leavesOf(state)];
  const copyThrough = (fresh: readonly Tensor[]): Tensor[] =>
    fresh.map((value, i) => {
      if (value.shape.rank === 0) return value;
      return value.graph.colocateWith(value.op, () => where(done, old[i]!, value));
    });
  const call = (): Tensor[] => {
    const [output, next] = step.callCell();
    assertSameForm(state, next);
    return [output, ...leavesOf(next)];
  };
  const made = step.skipConditionals
    ? copyThrough(call())
    : (cond(
        compare(ge, time, maxSequenceLength),
        () => old,
        () => {
          const fresh = call();
          return cond(
            compare(lt, time, minSequenceLength),
            () => fresh,
            () => copyThrough(fresh),
          ) as Tensor[];
        },
      ) as Tensor[]);
  for (const [i, value] of made.entries()) value.setShape(old[i]!.shape);
  return [made[0]!, inForm(state, made.slice(1)) as State];
}

/** Python compares a number with a tensor from the tensor's side. */
function compare(relation: typeof ge, time: Tensor | number, limit: Tensor): Tensor {
  if (typeof time !== "number") return relation(time, limit);
  return relation === ge ? operator.le(limit, time) : operator.gt(limit, time);
}
