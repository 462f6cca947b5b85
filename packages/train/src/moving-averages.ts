// ExponentialMovingAverage: shadow variables that follow variables or tensors slowly.
// Source: python/training/moving_averages.py of TensorFlow 1.15.
import { GraphKeys } from "@org/collections";
import { currentGraph, type Graph, isTensor, type Operation, type Tensor } from "@org/graph";
import {
  type AnyVariable,
  assign,
  assignAdd,
  assignSub,
  cast,
  convertToTensor,
  getVariable,
  group,
  minimum,
  operator,
  pow,
  type TensorLike,
  variableScope,
  zerosInitializer,
} from "@org/ops";
import type { DType } from "@org/tensor";
import { globalVariables, isVariable, movingAverageVariables, trainableVariables } from "@org/variables";
import { writer } from "./optimizer.ts";
import { createSlot, createZerosSlot, type Primary } from "./slot-creator.ts";

export interface MovingAverageOptions {
  /** A count of updates: while it is low, the average follows faster. */
  readonly numUpdates?: TensorLike;
  /** Correct averages of tensors for starting at zero. */
  readonly zeroDebias?: boolean;
  /** Default "ExponentialMovingAverage". */
  readonly name?: string;
}

const types: readonly DType[] = ["bfloat16", "float16", "float32", "float64"];

/** tf.train.ExponentialMovingAverage: average -= (1 - decay) * (average - value). */
export class ExponentialMovingAverage {
  readonly name: string;
  readonly #decay: TensorLike;
  readonly #options: MovingAverageOptions;
  readonly #averages = new Map<Primary, AnyVariable>();

  constructor(decay: TensorLike, options: MovingAverageOptions = {}) {
    this.#decay = decay;
    this.#options = options;
    this.name = options.name ?? "ExponentialMovingAverage";
  }

  /**
   * Makes the shadows of `values` (default: the trainable variables) that are not there yet, and returns the operation that updates them.
   * Throws a TypeError for types that are no floats.
   */
  apply(values?: readonly Primary[]): Operation {
    const list = values ?? (trainableVariables(graphOf(undefined)) as AnyVariable[]);
    const graph = graphOf(list[0]);
    const debiased = new Set<AnyVariable>();
    return graph.asDefault(() => {
      for (const value of list) {
        if (!types.includes(value.dtype))
          throw new TypeError(`The variables must be half, float, or double: ${value.name}`);
        if (this.#averages.has(value)) continue;
        const average = graph.controlDependencies(null, () => this.#shadow(value));
        if (this.#options.zeroDebias && isTensor(value)) debiased.add(average);
        this.#averages.set(value, average);
      }
      return graph.nameScope(this.name, (scope) => {
        let decay = convertToTensor(this.#decay, { name: "decay", graph });
        const { numUpdates } = this.#options;
        if (numUpdates !== undefined) {
          const updates = cast(numUpdates, "float32", { name: "num_updates" });
          const { add, truediv } = operator;
          decay = minimum(decay, truediv(add(1, updates), add(10, updates)));
        }
        const updates = list.map((value) => {
          const average = this.#averages.get(value)!;
          return assignMovingAverage(average, value, decay, {
            zeroDebias: debiased.has(average),
          });
        });
        return group(updates, { name: scope, graph });
      });
    });
  }

  #shadow(value: Primary): AnyVariable {
    if (isVariable(value)) {
      const average = createSlot(value, value.initializedValue(), this.name);
      value.graph.addToCollection(GraphKeys.MOVING_AVERAGE_VARIABLES, value);
      return average;
    }
    const ofVariable = ["Variable", "VariableV2", "VarHandleOp"].includes(value.op.type);
    return createZerosSlot(value, this.name, { colocateWithPrimary: ofVariable });
  }

  /** The shadow of a variable or tensor, or undefined. */
  average(value: Primary): AnyVariable | undefined {
    return this.#averages.get(value);
  }

  /** The name that the shadow of `value` has, or would get. */
  averageName(value: Primary): string {
    const average = this.#averages.get(value);
    return average ? average.op.name : value.graph.uniqueName(`${value.op.name}/${this.name}`, false);
  }

  /** What a Saver takes to restore averages into the variables themselves: names of shadows for those that have one, else their own. */
  variablesToRestore(averaged?: readonly AnyVariable[], graph?: Graph): Record<string, AnyVariable> {
    const where = graph ?? graphOf(averaged?.[0]);
    const shadowed = new Set(
      averaged ?? ([...trainableVariables(where), ...movingAverageVariables(where)] as AnyVariable[]),
    );
    const map: Record<string, AnyVariable> = {};
    for (const variable of shadowed) map[this.averageName(variable)] = variable;
    const names = new Set([...shadowed].map(({ name }) => name));
    for (const variable of globalVariables(where) as AnyVariable[])
      if (!names.has(variable.name) && !(variable.op.name in map)) map[variable.op.name] = variable;
    return map;
  }
}

function graphOf(value: Primary | undefined): Graph {
  const found = value?.graph ?? currentGraph();
  if (!found) throw new TypeError("No graph: give variables, or call inside graph.asDefault(() => ...)");
  return found;
}

/** moving_averages.assign_moving_average: moves `variable` towards `value` by 1 - decay; returns the operation that does. */
export function assignMovingAverage(
  variable: AnyVariable,
  value: TensorLike,
  decay: TensorLike,
  options: { readonly zeroDebias?: boolean; readonly name?: string } = {},
): Operation {
  const { graph, dtype } = variable;
  const { mul, sub } = operator;
  return graph.asDefault(() =>
    graph.nameScope(options.name ?? "AssignMovingAvg", (scope) => {
      const rate = cast(convertToTensor(sub(1, decay), { name: "decay", graph }), dtype);
      if (options.zeroDebias) return zeroDebias(variable, value, rate);
      return writer(assignSub(variable, mul(sub(variable, value), rate), { name: scope }));
    }),
  );
}

/** An average that started at zero, divided by what of it is not zero any more: 1 - decay^updates. */
function zeroDebias(variable: AnyVariable, value: TensorLike, rate: Tensor): Operation {
  const { graph, dtype, shape } = variable;
  const { mul, sub, truediv } = operator;
  const [biased, steps] = variableScope(
    variable.op.name,
    () => {
      const make = (name: string, dims: readonly (number | null)[]): AnyVariable =>
        getVariable(name, { graph, shape: dims, dtype, initializer: zerosInitializer(), trainable: false });
      return graph.colocateWith(
        variable,
        () => [make("biased", shape.dims ?? []), make("local_step", [])] as const,
      );
    },
    { graph },
  );
  const moved = assignSub(biased, mul(sub(biased, value), rate));
  const counted = assignAdd(steps, 1);
  const factor = sub(1, pow(sub(1, rate), counted));
  return writer(assign(variable, truediv(moved, factor), { name: `${graph.currentNameScope}/` }));
}
