// The graph of a function's body while it is built: tensors of outer graphs that ops in it read become arguments.
// Source: python/framework/function.py (_FuncGraph).
import type { DType } from "@org/tensor";
import type { CreateOpOptions, OpInput } from "./create-op.ts";
import { Graph } from "./graph.ts";
import type { Operation } from "./operation.ts";
import { asTensor, type Tensor } from "./tensor.ts";

const isList = (input: OpInput): input is Exclude<OpInput, { readonly graph: unknown }> & readonly Tensor[] =>
  Array.isArray(input);

export class FuncGraph extends Graph {
  override readonly outerGraph: Graph;
  /** What the function is to be called. */
  readonly name: string;
  /** Placeholders of its arguments: those that it declares, then one for each outer tensor. */
  readonly inputs: Tensor[] = [];
  /** Outer tensors that calls pass on, in the order in which they were met. */
  readonly captures: Tensor[] = [];
  /** What it returns. */
  outputs: readonly Tensor[] = [];
  readonly #captured: Map<Tensor, Tensor> = new Map();

  constructor(name: string, outerGraph: Graph) {
    super({ ops: outerGraph.ops, seed: outerGraph.seed });
    this.name = name;
    this.outerGraph = outerGraph;
  }

  /** Declares an argument. */
  addInput(name: string, dtype: DType): Tensor {
    const input = super.createOp("Placeholder", [], { name, attrs: { dtype, shape: null } }).outputs[0]!;
    this.inputs.push(input);
    return input;
  }

  override createOp(type: string, inputs: readonly OpInput[], options: CreateOpOptions = {}): Operation {
    const own = inputs.map((input) =>
      isList(input)
        ? input.map((one) => this.capture(asTensor(one)))
        : this.capture(asTensor(input as Tensor)),
    );
    return super.createOp(type, own, options);
  }

  /** The argument that stands for an outer tensor; a tensor of this graph as it is. */
  capture(tensor: Tensor): Tensor {
    if (tensor.graph === this) return tensor;
    const known = this.#captured.get(tensor);
    if (known !== undefined) return known;
    // Out of every conditional and loop of the body.
    const input = this.controlDependencies(null, () =>
      super.createOp("Placeholder", [], {
        name: "Placeholder",
        attrs: { dtype: tensor.dtype, shape: tensor.shape },
      }),
    ).outputs[0]!;
    input.op.setHandle(0, tensor.op.handles[tensor.valueIndex]);
    this.inputs.push(input);
    this.captures.push(tensor);
    this.#captured.set(tensor, input);
    return input;
  }
}
