// Bad data that a kernel met, and memory that was not there, as the error that TensorFlow's own kernel raises. Sentences: core/kernels/{gather_op,
// scatter_op,segment_reduction_ops,training_ops,sparse_to_dense_op}.cc, cwise_ops_common.h.
import { isTfError, TfError } from "@org/errors";
import { type Fusion, type HloInstruction, type KernelFault, OperandTypeError } from "@org/hlo";
import { type DType, dtypeString, sizeOf } from "@org/tensor";
import type { Device } from "./device.ts";
import type { PlanNode } from "./plan-node.ts";

/** The instruction of a fusion that can meet bad data; undefined where none can. */
export function faultyInstruction(fusion: Fusion): HloInstruction | undefined {
  return fusion.computation.instructions.find(({ opcode, dtype }) => {
    if (opcode === "gather" || opcode === "scatter") return true;
    return (
      (opcode === "divide" || opcode === "remainder") && !dtype.startsWith("float") && dtype !== "bfloat16"
    );
  });
}

/** [1,2] of flat position 5 among dims [2,3]. */
function subscript(position: number, dims: readonly number[]): string {
  const index: number[] = [];
  let rest = position;
  for (let d = dims.length - 1; d >= 0; d--) {
    index.unshift(rest % dims[d]!);
    rest = Math.floor(rest / dims[d]!);
  }
  return index.length === 0 ? "" : `[${index.join(",")}]`;
}

/** The error for `fault`, met by `instruction` that was made for `node`. */
export function faultError(
  fault: KernelFault,
  instruction: HloInstruction | undefined,
  node: PlanNode | undefined,
): TfError {
  const place = node ? { node: node.op.name, op: node.op.type } : {};
  if (fault.reason === "divisionByZero") {
    const isPower = node?.op.type === "Pow";
    return new TfError(
      "INVALID_ARGUMENT",
      isPower ? "Integers to negative integer powers are not allowed" : "Integer division by zero",
      {
        ...place,
        hint: isPower
          ? "Cast to a floating-point type first, or keep the exponents at 0 and above."
          : "Keep zeros out of the divisor, or divide floating-point numbers.",
      },
    );
  }
  const { value, position } = fault;
  const indices = instruction?.operands[1]?.dims ?? [];
  const axis = instruction?.opcode === "gather" ? (instruction.attributes as { axis: number }).axis : 0;
  const limit = instruction?.operands[0]?.dims[axis] ?? 0;
  const at = subscript(position, indices);
  const type = node?.op.type ?? "";
  const [, sentence] = outOfRange.find(([ops]) => ops.test(type))!;
  return new TfError("INVALID_ARGUMENT", sentence({ at, position, value, limit, count: sizeOf(indices) }), {
    ...place,
    hint: "See what was fed, and how large what it indexes is.",
  });
}

interface OutOfRange {
  /** Where among the indices: "[1,2]", and counted through. */
  readonly at: string;
  readonly position: number;
  readonly value: number;
  readonly limit: number;
  /** How many indices there are. */
  readonly count: number;
}

/** What kernels say of an index out of range; the first that fits an op's type. */
const outOfRange: readonly (readonly [ops: RegExp, sentence: (fault: OutOfRange) => string])[] = [
  // The last row takes what has a negative id, and ids that are beyond all rows are moved past it: see scatterSegments.
  [
    /^UnsortedSegment/,
    ({ at, value, limit }) => `segment_ids${at} = ${value - 1} is out of range [0, ${limit - 1})`,
  ],
  // A label that is too large comes as its negative, one below 0 counted down from the last place: see the op's entry.
  [
    /^SparseSoftmaxCrossEntropy/,
    ({ value, limit, count }) =>
      `Received a label value of ${value < 0 ? -value : limit - 1 - value} which is outside the valid range of [0, ${limit / count}).`,
  ],
  // Coordinates come as one number, which does not tell them: see linearIndices.
  [/^GatherNd/, ({ at }) => `indices${at} does not index into param shape`],
  [/ScatterNd|^TensorScatter/, ({ at }) => `indices${at} does not index into shape`],
  [/^SparseSegment.*Grad$/, ({ value, limit }) => `Index ${value} out of range [0, ${limit}).`],
  [/^SparseSegment/, ({ at, value, limit }) => `Bad: indices${at} == ${value} out of range [0, ${limit})`],
  [
    /^(Resource)?SparseApply/,
    ({ value, position }) => `Index ${value} at offset ${position} in indices is out of range`,
  ],
  [/^/, ({ at, value, limit }) => `indices${at} = ${value} is not in [0, ${limit})`],
];

/** Words that engines say where there is no memory for an array. */
const noMemory = /alloc|array length|array buffer length|out of memory/i;

/**
 * What `error`, met while `node` ran, is: RESOURCE_EXHAUSTED gets TensorFlow's sentence (for the tensor that there was no room for, where it
 * is known) and the node, a RangeError for want of memory becomes one; all else stays.
 */
export function memoryError(
  error: unknown,
  node: PlanNode | undefined,
  device?: Device,
  tensor?: { readonly dtype: DType; readonly dims: readonly number[] },
): unknown {
  const isOurs = isTfError(error) && error.code === "RESOURCE_EXHAUSTED";
  const isNative = error instanceof RangeError && noMemory.test(error.message);
  if (!isNative && (!isOurs || error.place.node !== undefined)) return error;
  const place = node ? { node: node.op.name, op: node.op.type } : {};
  if (isOurs && tensor === undefined) return error.at(place);
  const what = tensor ? ` with shape[${tensor.dims}] and type ${dtypeString(tensor.dtype)}` : "";
  const on = device ? ` on ${device.fullName} by allocator ${device.name.toLowerCase()}` : "";
  return new TfError("RESOURCE_EXHAUSTED", `OOM when allocating tensor${what}${on}`, {
    ...place,
    hint:
      (isOurs ? error.hint : undefined) ?? "Use smaller batches, or free what other runs and sessions hold.",
    cause: error,
  });
}

/** `error` with the node in it, where it is a TfError; types that no kernel takes are INVALID_ARGUMENT, as they are in TensorFlow. */
export function located(error: unknown, node: PlanNode): unknown {
  if (error instanceof RangeError) return memoryError(error, node);
  if (error instanceof OperandTypeError) {
    const types = node.inputs.map(({ tensor }) => dtypeString(tensor.dtype)).join(", ");
    const sentence = `No OpKernel was registered to support Op '${node.op.type}' with inputs of these types: [${types}]`;
    return new TfError("INVALID_ARGUMENT", sentence, {
      node: node.op.name,
      op: node.op.type,
      hint: "Cast the inputs to a type that the op computes with, such as float32.",
      cause: error,
    });
  }
  if (isTfError(error))
    return error.place.node === undefined ? error.at({ node: node.op.name, op: node.op.type }) : error;
  return error;
}
