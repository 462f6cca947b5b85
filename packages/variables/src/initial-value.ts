// From what a caller writes to the tensor that a variable starts from; and the scopes in which TensorFlow
// builds initial values, so that their nodes get its names. Source: python/ops/variables.py, ops.convert_to_tensor.
import { TfError } from "@org/errors";
import { type Graph, isTensor, type Tensor, tensorConversion } from "@org/graph";
import { convertToNdArray, type DType, type TensorLike } from "@org/tensor";
import type { Operand } from "./variable-options.ts";

/**
 * `value` as a tensor of `graph`: a tensor itself, what converts to one, or a new Const named `name`.
 * Throws a TypeError where `dtype` is asked for and the tensor has another.
 */
export function toTensor(
  value: Operand,
  options: { readonly graph: Graph; readonly dtype?: DType | undefined; readonly name: string },
): Tensor {
  const { graph, dtype, name } = options;
  const tensor = asTensor(value);
  if (tensor === undefined) {
    const array = convertToNdArray(value as TensorLike, dtype as DType);
    return graph.createOp("Const", [], { name, attrs: { value: array, dtype: array.dtype } }).outputs[0]!;
  }
  if (dtype !== undefined && tensor.dtype !== dtype)
    throw new TypeError(
      `Tensor conversion requested dtype ${dtype} for Tensor with dtype ${tensor.dtype}: '${tensor.name}'`,
    );
  return tensor;
}

function asTensor(value: unknown): Tensor | undefined {
  if (isTensor(value)) return value;
  if (typeof value === "object" && value !== null && tensorConversion in value)
    return (value as { [tensorConversion](options?: object): Tensor })[tensorConversion]({});
  return undefined;
}

/** Runs `build` with the attribute that colocates ops with `name`, which need not exist yet. */
export function withColocationAttr<R>(graph: Graph, name: string, build: () => R): R {
  const s = [new TextEncoder().encode(`loc:@${name}`)];
  return graph.withKernelAttrs({ _class: { list: { s } } }, build);
}

/** Runs `build` where TensorFlow runs initializer functions: in the scope "Initializer", on no device, beside `name`. */
export function underInitializerScope<R>(graph: Graph, name: string, build: () => R): R {
  return withColocationAttr(graph, name, () =>
    graph.nameScope("Initializer", () => graph.device(null, build)),
  );
}

/** Throws TfError INVALID_ARGUMENT where `initial` comes from inside a loop or conditional. */
export function checkOutsideControlFlow(initial: Tensor, name: string): void {
  if (!initial.op.controlFlowContext) return;
  throw new TfError(
    "INVALID_ARGUMENT",
    `Initializer for variable ${name}/ is from inside a control-flow construct, such as a loop or conditional. When creating a variable inside a loop or conditional, use a lambda as the initializer.`,
    { node: initial.op.name, op: initial.op.type },
  );
}
