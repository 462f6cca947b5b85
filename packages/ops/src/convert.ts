// Values -> tensors of a graph: the Const, Pack and read nodes that TensorFlow's Python makes of arguments.
// Source: internal_convert_to_tensor in python/framework/ops.py, _autopacking_helper in python/ops/array_ops.py,
// _indexed_slices_to_tensor. Not attribute inference: see apply-op.ts.
import {
  currentGraph,
  type Graph,
  type IndexedSlices,
  isIndexedSlices,
  isTensor,
  isTensorLike,
  type Tensor,
  tensorConversion,
} from "@org/graph";
import { type DType, dtypes, isNdArray, type NdArray } from "@org/tensor";
import { graphOf, isDenseTensorLike, type TensorLike, type ValueLike } from "./tensor-like.ts";
import { holdsIntegers, inferDType, toNdArray } from "./to-nd-array.ts";

/** How `convertToTensor` converts. */
export interface ConvertOptions {
  /** The element type that the tensor must have. */
  readonly dtype?: DType | undefined;
  /** The element type that a bare value gets where it fits. */
  readonly preferredDType?: DType | undefined;
  /** Name of the node that is made, if one is: default "Const" for values, "packed" for lists with tensors. */
  readonly name?: string | undefined;
  /** Keep a reference as such: variables give their ref instead of their value. */
  readonly asRef?: boolean | undefined;
  /** The graph that values go to; default: the current graph. */
  readonly graph?: Graph | undefined;
}

/**
 * The graph of the inputs, else the current one; while a function's body is built, the body: it takes outer tensors in. Throws a TypeError
 * where there is neither.
 */
export function resolveGraph(inputs: readonly unknown[], graph?: Graph): Graph {
  const current = currentGraph();
  const found = graph ?? (current?.outerGraph ? current : (graphOf(inputs) ?? current));
  if (!found) {
    throw new TypeError("No graph: give a tensor, or build inside graph.asDefault(() => ...)");
  }
  return found;
}

/**
 * Runs `body` in the name scope of a composite function: `name`, or `defaultName` where none was given. `body` gets the
 * scope's name ("a/b/"), which an op takes as its own name. Source: ops.name_scope.
 */
export function withScope<R>(
  graph: Graph,
  name: string | undefined,
  defaultName: string,
  body: (scope: string) => R,
): R {
  return graph.asDefault(() => graph.nameScope(name ?? defaultName, body));
}

function constantNode(graph: Graph, value: NdArray, name: string | undefined): Tensor {
  const op = graph.createOp("Const", [], { name: name ?? "Const", attrs: { value, dtype: value.dtype } });
  return op.outputs[0]!;
}

/** A Const node of an array. Source: constant_op.constant. */
export function constantOf(graph: Graph, value: NdArray, name?: string): Tensor {
  return constantNode(graph, value, name);
}

function dtypeInLists(values: readonly unknown[]): DType | undefined {
  for (const value of values) {
    const found = isDenseTensorLike(value)
      ? (value as { dtype?: DType }).dtype
      : Array.isArray(value)
        ? dtypeInLists(value)
        : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

type Packed = Tensor | readonly unknown[];

function pack(graph: Graph, values: readonly TensorLike[], dtype: DType | undefined, name: string): Packed {
  let mustPack = false;
  return graph.nameScope(name, (scope) => {
    const converted = values.map((value, i): unknown => {
      if (isDenseTensorLike(value)) {
        const tensor = isTensor(value) ? value : value[tensorConversion]({});
        if (dtype !== undefined && tensor.dtype !== dtype) {
          throw new TypeError(
            `Cannot convert a list containing a tensor of dtype ${tensor.dtype} to ${dtype}`,
          );
        }
        mustPack = true;
        return tensor;
      }
      if (!Array.isArray(value)) return value;
      const inner = pack(graph, value, dtype, `${i}`);
      if (isTensor(inner)) mustPack = true;
      return inner;
    });
    if (!mustPack) return converted;
    const elements = converted.map((value, i) =>
      isTensor(value) ? value : constantNode(graph, toNdArray(value as ValueLike, dtype), `${i}`),
    );
    return graph.createOp("Pack", [elements], { name: scope, attrs: { axis: 0 } }).outputs[0]!;
  });
}

/** Rows summed into a dense tensor. Source: _indexed_slices_to_tensor in python/ops/gradients_util.py. */
function densify(
  graph: Graph,
  slices: IndexedSlices,
  dtype: DType | undefined,
  name: string | undefined,
): Tensor {
  if (dtype !== undefined && dtype !== slices.values.dtype) {
    throw new TypeError(
      `Tensor conversion requested dtype ${dtype} for IndexedSlices with dtype ${slices.values.dtype}`,
    );
  }
  if (!slices.denseShape) {
    throw new TypeError("Tensor conversion requested for IndexedSlices without dense_shape");
  }
  const rows = firstElement(graph, slices.denseShape);
  const op = graph.createOp("UnsortedSegmentSum", [slices.values, slices.indices, rows], {
    ...(name === undefined ? {} : { name }),
  });
  return op.outputs[0]!;
}

/** `vector[0]` as Python's indexing builds it. */
function firstElement(graph: Graph, vector: Tensor): Tensor {
  return graph.nameScope("strided_slice", (scope) => {
    const ends = [0, 1, 1].map((x, i) =>
      constantNode(graph, toNdArray([x], "int32"), i === 0 ? "stack" : `stack_${i}`),
    );
    const attrs = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 1 };
    return graph.createOp("StridedSlice", [vector, ...ends], { name: scope, attrs }).outputs[0]!;
  });
}

/**
 * A tensor of the graph from a tensor, a variable (its value), an IndexedSlices (summed dense), a value (a Const) or a
 * list with tensors in it (a Pack). Throws a TypeError where the value does not fit `dtype`.
 * Source: tf.convert_to_tensor.
 * @tfExport convertToTensor
 */
export function convertToTensor(value: TensorLike | IndexedSlices, options: ConvertOptions = {}): Tensor {
  const { dtype, preferredDType, name, asRef } = options;
  if (isTensor(value)) return checked(value, dtype);
  const graph = resolveGraph([value], options.graph);
  if (isIndexedSlices(value)) return densify(graph, value, dtype, name);
  if (isTensorLike(value)) {
    return checked(
      value[tensorConversion]({
        ...(dtype === undefined ? {} : { dtype }),
        ...(name === undefined ? {} : { name }),
        ...(asRef ? { asRef } : {}),
      }),
      dtype,
    );
  }
  if (Array.isArray(value)) {
    const inferred = dtypeInLists(value);
    if (inferred !== undefined) {
      const packed = graph.asDefault(() => pack(graph, value, dtype ?? inferred, name ?? "packed"));
      if (isTensor(packed)) return packed;
    }
  }
  const plain = value as ValueLike;
  return constantNode(graph, toNdArray(plain, dtype ?? soft(plain, preferredDType)), name);
}

function soft(value: ValueLike, preferred: DType | undefined): DType | undefined {
  if (preferred === undefined || isNdArray(value) || ArrayBuffer.isView(value)) return undefined;
  const kind = dtypes[preferred].kind;
  const own = dtypes[inferDType(value)].kind;
  const fits =
    kind === "int" || kind === "uint"
      ? holdsIntegers(value)
      : kind === "float"
        ? own === "float" || own === "int"
        : kind === own;
  return fits ? preferred : undefined;
}

function checked(tensor: Tensor, dtype: DType | undefined): Tensor {
  if (dtype !== undefined && tensor.dtype !== dtype) {
    throw new TypeError(
      `Tensor conversion requested dtype ${dtype} for Tensor with dtype ${tensor.dtype}: '${tensor.name}'`,
    );
  }
  return tensor;
}
