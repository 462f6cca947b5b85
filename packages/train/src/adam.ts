// AdamOptimizer. Source: python/training/adam.py; Kingma and Ba, "Adam" (2014), the form at the end of section 2.
import type { Graph, IndexedSlices, Operation, Tensor } from "@org/graph";
import {
  type AnyVariable,
  applyOp,
  assign,
  assignSub,
  cast,
  group,
  operator,
  scatterAdd,
  sqrt,
  type TensorLike,
} from "@org/ops";
import { ResourceVariable, Variable } from "@org/variables";
import { type Hyperparameter, Optimizer, type OptimizerOptions, writer } from "./optimizer.ts";
import { castScalar, updateOp } from "./update-op.ts";

export interface AdamOptions extends OptimizerOptions {
  /** Default 0.001. */
  readonly learningRate?: Hyperparameter;
  /** Default 0.9. */
  readonly beta1?: Hyperparameter;
  /** Default 0.999. */
  readonly beta2?: Hyperparameter;
  /** Default 1e-8. */
  readonly epsilon?: Hyperparameter;
}

/** tf.train.AdamOptimizer. A sparse gradient updates the moments of all rows, as a dense one would. */
export class AdamOptimizer extends Optimizer {
  readonly #options: AdamOptions;
  #tensors!: Readonly<Record<"lr" | "beta1" | "beta2" | "epsilon", Tensor>>;

  constructor(learningRateOrOptions: Hyperparameter | AdamOptions = {}, options: AdamOptions = {}) {
    const all = isOptions(learningRateOrOptions)
      ? { ...learningRateOrOptions, ...options }
      : { ...options, learningRate: learningRateOrOptions };
    super("Adam", all);
    this.#options = all;
  }

  protected override createSlots(variables: readonly AnyVariable[]): void {
    const first = variables.reduce((least, one) => (one.name < least.name ? one : least));
    const { beta1 = 0.9, beta2 = 0.999 } = this.#options;
    this.#power("beta1_power", beta1, first);
    this.#power("beta2_power", beta2, first);
    for (const variable of variables) {
      this.zerosSlot(variable, "m", this.name);
      this.zerosSlot(variable, "v", this.name);
    }
  }

  /** beta to the power of the step: a variable beside the first that is trained. */
  #power(name: string, beta: Hyperparameter, first: AnyVariable): AnyVariable {
    const { graph } = first;
    return this.otherVariable(name, graph, () =>
      graph.colocateWith(first, () => {
        const initial = (typeof beta === "function" ? beta() : beta) as never;
        const options = {
          graph,
          name,
          trainable: false,
          ...(typeof beta === "number" ? { dtype: "float32" as const } : {}),
        };
        return first.isResource ? new ResourceVariable(initial, options) : new Variable(initial, options);
      }),
    );
  }

  #powers(graph: Graph): [AnyVariable, AnyVariable] {
    const there = (): never => {
      throw new TypeError("AdamOptimizer: slots are made before updates");
    };
    return [this.otherVariable("beta1_power", graph, there), this.otherVariable("beta2_power", graph, there)];
  }

  protected override prepare(graph: Graph): void {
    const { learningRate = 0.001, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = this.#options;
    this.#tensors = {
      lr: this.tensorOf(learningRate, "learning_rate", graph),
      beta1: this.tensorOf(beta1, "beta1", graph),
      beta2: this.tensorOf(beta2, "beta2", graph),
      epsilon: this.tensorOf(epsilon, "epsilon", graph),
    };
  }

  protected override applyDense(gradient: Tensor, variable: AnyVariable): Operation {
    const [power1, power2] = this.#powers(variable.graph);
    return updateOp("Adam", gradient, {
      variable,
      slots: { m: this.slot(variable, "m"), v: this.slot(variable, "v") },
      scalars: { beta1_power: power1, beta2_power: power2, ...this.#tensors },
      attrs: { use_locking: this.useLocking },
    });
  }

  protected override applySparse({ values, indices }: IndexedSlices, variable: AnyVariable): Operation {
    const { graph, dtype } = variable;
    const { add, sub, mul, truediv } = operator;
    const useLocking = this.useLocking;
    const [power1, power2] = this.#powers(graph).map((power) => castScalar(power, dtype)) as [
      TensorLike,
      TensorLike,
    ];
    const { lr, beta1, beta2, epsilon } = this.#tensors;
    const [rate, b1, b2, eps] = [lr, beta1, beta2, epsilon].map((t) => cast(t, dtype)) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const alpha = truediv(mul(rate, sqrt(sub(1, power2))), sub(1, power1));

    const m = this.slot(variable, "m");
    const mRows = mul(values, sub(1, b1));
    const mDecayed = writer(assign(m, mul(m, b1), { useLocking }));
    const mNew = graph.controlDependencies([mDecayed], () => this.#addRows(m, indices, mRows));

    const v = this.slot(variable, "v");
    const vRows = mul(mul(values, values), sub(1, b2));
    const vDecayed = writer(assign(v, mul(v, b2), { useLocking }));
    const vNew = graph.controlDependencies([vDecayed], () => this.#addRows(v, indices, vRows));

    const root = sqrt(vNew);
    const step = truediv(mul(alpha, mNew), add(root, eps));
    const updated = writer(assignSub(variable, step, { useLocking }));
    return group([updated, mNew, vNew], { graph });
  }

  /** The variable after rows were added to it. */
  #addRows(variable: AnyVariable, indices: Tensor, rows: Tensor): Tensor {
    if (!variable.isResource)
      return scatterAdd(variable, indices, rows, { useLocking: this.useLocking }) as Tensor;
    const { handle, dtype, graph } = variable as ResourceVariable;
    const added = applyOp("ResourceScatterAdd", [handle, indices, rows], { attrs: { dtype } });
    return graph.controlDependencies([added], () => variable.value());
  }

  protected override finish(updates: readonly Operation[], name: string, graph: Graph): Operation {
    const [power1, power2] = this.#powers(graph);
    const { useLocking } = this;
    const powers = graph.controlDependencies(updates, () =>
      graph.colocateWith(power1, () =>
        (
          [
            [power1, this.#tensors.beta1],
            [power2, this.#tensors.beta2],
          ] as const
        ).map(([power, beta]) => writer(power.assign(operator.mul(power, beta), { useLocking }))),
      ),
    );
    return group([...updates, ...powers], { name, graph });
  }
}

function isOptions(value: Hyperparameter | AdamOptions): value is AdamOptions {
  if (typeof value !== "object" || value === null) return false;
  const keys = Object.keys(value);
  const known = ["learningRate", "beta1", "beta2", "epsilon", "name", "useLocking"];
  return Object.getPrototypeOf(value) === Object.prototype && keys.every((key) => known.includes(key));
}
