// The body of a function that takes nothing: what it reads of outer graphs is copied into it, with all that it is made from.
// Source: Defun(capture_by_value=True), _FuncGraph._add_op_and_parents in python/framework/function.py.
import { TfError } from "@org/errors";
import { type AttrInput, FuncGraph, type Graph, type Operation, type Tensor } from "@org/graph";

export class ByValueGraph extends FuncGraph {
  readonly #copied = new Map<Tensor, Tensor>();
  readonly #allowed: ReadonlySet<Operation>;

  /** Of ops that have state, only `allowed` ones are copied. */
  constructor(name: string, outerGraph: Graph, allowed: ReadonlySet<Operation>) {
    super(name, outerGraph);
    this.#allowed = allowed;
  }

  override capture(tensor: Tensor): Tensor {
    if (tensor.graph === this) return tensor;
    return this.#copied.get(tensor) ?? this.#copy(tensor);
  }

  /** Copies without asking what is there already: so TensorFlow's functions hold what several nodes read once for each. */
  #copy(tensor: Tensor): Tensor {
    const { op } = tensor;
    const refuse = (what: string): never => {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Cannot capture a ${what} (name:${op.name}, type:${op.type}) by value.`,
        { node: op.name, op: op.type },
      );
    };
    if (op.opDef?.isStateful && !this.#allowed.has(op)) refuse("stateful node");
    if (op.type === "Placeholder" || op.type === "PlaceholderV2") refuse("placeholder");
    const inputs = op.inputs.map((input) => (input.graph === this ? input : this.#copy(input)));
    const attrs = Object.fromEntries(
      [...op.attrMap].map(([key, raw]): [string, AttrInput] => [key, { raw }]),
    );
    const copy = this.createOp(op.type, grouped(op, inputs), { name: op.name, attrs });
    for (const [i, output] of op.outputs.entries()) this.#copied.set(output, copy.outputs[i]!);
    return copy.outputs[tensor.valueIndex]!;
  }
}

/** Inputs as the OpDef's arguments are: lists where they are lists. */
function grouped(op: Operation, inputs: readonly Tensor[]): (Tensor | readonly Tensor[])[] {
  let next = 0;
  return (op.opDef?.inputArg ?? []).map((arg) => {
    const count = arg.numberAttr
      ? op.attrs.int(arg.numberAttr)
      : arg.typeListAttr
        ? op.attrs.types(arg.typeListAttr).length
        : undefined;
    if (count === undefined) return inputs[next++]!;
    next += count;
    return inputs.slice(next - count, next);
  });
}
