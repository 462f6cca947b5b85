// GradientDescentOptimizer. Source: python/training/gradient_descent.py.
import type { Graph, IndexedSlices, Operation, Tensor } from "@org/graph";
import { type AnyVariable, applyOp, cast, operator, scatterSub } from "@org/ops";
import type { ResourceVariable } from "@org/variables";
import { type Hyperparameter, Optimizer, type OptimizerOptions, writer } from "./optimizer.ts";
import { updateOp } from "./update-op.ts";

/** tf.train.GradientDescentOptimizer: variable -= learningRate * gradient. */
export class GradientDescentOptimizer extends Optimizer {
  readonly #learningRate: Hyperparameter;
  #rate!: Tensor;

  constructor(learningRate: Hyperparameter, options: OptimizerOptions = {}) {
    super("GradientDescent", options);
    this.#learningRate = learningRate;
  }

  protected override prepare(graph: Graph): void {
    this.#rate = this.tensorOf(this.#learningRate, "learning_rate", graph);
  }

  protected override applyDense(gradient: Tensor, variable: AnyVariable): Operation {
    return updateOp("GradientDescent", gradient, {
      variable,
      scalars: { alpha: this.#rate },
      attrs: { use_locking: this.useLocking },
    });
  }

  /** Rows that come twice are subtracted twice, which is right: nothing need be summed first. */
  protected override applySparseDuplicateIndices(gradient: IndexedSlices, variable: AnyVariable): Operation {
    const { values, indices } = gradient;
    if (variable.isResource) {
      const rate = this.#learningRate;
      const step = operator.mul(operator.neg(values), typeof rate === "function" ? rate() : rate);
      const { handle, dtype } = variable as ResourceVariable;
      return applyOp("ResourceScatterAdd", [handle, indices, step], { attrs: { dtype } });
    }
    const step = operator.mul(values, cast(this.#rate, variable.dtype));
    return writer(scatterSub(variable, indices, step, { useLocking: this.useLocking }));
  }

  protected override applySparse(gradient: IndexedSlices, variable: AnyVariable): Operation {
    return this.applySparseDuplicateIndices(gradient, variable);
  }
}
