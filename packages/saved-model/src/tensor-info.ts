// TensorInfo: how a signature names a tensor, a sparse or a ragged one, or an operation; and back to what is in a graph.
// Source: python/saved_model/utils_impl.py.
import { TfError } from "@org/errors";
import {
  constantValueAsShape,
  currentGraph,
  type Graph,
  isTensor,
  type Operation,
  prependNameScope,
  type Tensor,
} from "@org/graph";
import { create, type ITensorInfo, TensorInfo } from "@org/proto";
import { dtypeToProto, type Shape, shapeToProto } from "@org/tensor";
import { isVariable, type VariableBase } from "@org/variables";
import { isRagged, type RaggedTensor, raggedFromInfo, raggedTensorInfo } from "./ragged-tensor.ts";

/** The three tensors that a sparse one is made of. */
export interface SparseTensor {
  /** int64 [n, rank]. */
  readonly indices: Tensor;
  /** [n]. */
  readonly values: Tensor;
  /** int64 [rank]. */
  readonly denseShape: Tensor;
}

/** What a signature can name. */
export type SignatureTensor = Tensor | VariableBase | SparseTensor | RaggedTensor;

/** Whether `value` is made of the three tensors of a sparse one. */
export function isSparse(value: unknown): value is SparseTensor {
  if (typeof value !== "object" || value === null) return false;
  const { indices, values, denseShape } = value as Partial<SparseTensor>;
  return isTensor(indices) && isTensor(values) && isTensor(denseShape);
}

/**
 * The TensorInfo of a tensor or variable (name, type, static shape; a ref variable's type is the ref type, as in TensorFlow), of a sparse
 * tensor (`{ indices, values, denseShape }`) or a ragged one (`{ values, rowSplits }`). As tf.saved_model.utils.build_tensor_info.
 * Throws a TypeError for anything else.
 */
export function buildTensorInfo(tensor: SignatureTensor): TensorInfo {
  if (isTensor(tensor))
    return create(TensorInfo, named(tensor.name, dtypeToProto(tensor.dtype, tensor.isRef), tensor.shape));
  if (isVariable(tensor))
    return create(
      TensorInfo,
      named(tensor.name, dtypeToProto(tensor.dtype, !tensor.isResource), tensor.shape),
    );
  if (isSparse(tensor)) return create(TensorInfo, sparseTensorInfo(tensor));
  if (isRagged(tensor)) return create(TensorInfo, raggedTensorInfo(tensor, buildTensorInfo));
  throw new TypeError(
    `A signature names tensors, variables, sparse or ragged tensors, not ${String(tensor)}`,
  );
}

const named = (name: string, dtype: number, shape: Shape): ITensorInfo => ({
  name,
  dtype,
  tensorShape: shapeToProto(shape),
});

function sparseTensorInfo({ indices, values, denseShape }: SparseTensor): ITensorInfo {
  return {
    dtype: dtypeToProto(values.dtype, values.isRef),
    tensorShape: shapeToProto(constantValueAsShape(denseShape)),
    cooSparse: {
      valuesTensorName: values.name,
      indicesTensorName: indices.name,
      denseShapeTensorName: denseShape.name,
    },
  };
}

/** The TensorInfo that stands for an operation (or tensor) by its name alone: no type, shape unknown. */
export function buildTensorInfoFromOp(op: Operation | Tensor): TensorInfo {
  return create(TensorInfo, { name: op.name, dtype: 0, tensorShape: { unknownRank: true } });
}

/** Where a TensorInfo is looked up. */
export interface LookupOptions {
  /** Default: the current graph. */
  readonly graph?: Graph | undefined;
  /** Goes in front of names: the scope that the graph was imported under. */
  readonly importScope?: string | undefined;
}

/** Which of the three ways of naming a TensorInfo uses; undefined for none. */
export function encodingOf(info: ITensorInfo): "name" | "cooSparse" | "compositeTensor" | undefined {
  if (info.compositeTensor) return "compositeTensor";
  if (info.cooSparse) return "cooSparse";
  return info.name === undefined || info.name === null ? undefined : "name";
}

/** The graph to look in. Throws a TypeError where there is none. */
function graphOf({ graph }: LookupOptions): Graph {
  const found = graph ?? currentGraph();
  if (!found)
    throw new TypeError(
      "A TensorInfo needs a graph: pass { graph }, or call inside graph.asDefault(() => ...)",
    );
  return found;
}

/**
 * The tensor, sparse or ragged tensor that `info` names. As tf.saved_model.utils.get_tensor_from_tensor_info.
 * Throws TfError NOT_FOUND for a name that the graph lacks, INVALID_ARGUMENT "Invalid TensorInfo.encoding: None".
 */
export function getTensorFromTensorInfo(
  info: ITensorInfo,
  options: LookupOptions = {},
): Tensor | SparseTensor | RaggedTensor {
  const graph = graphOf(options);
  const tensor = (name: string | null | undefined): Tensor =>
    graph.getTensorByName(prependNameScope(name ?? "", options.importScope));
  switch (encodingOf(info)) {
    case "name":
      return tensor(info.name);
    case "cooSparse":
      return {
        indices: tensor(info.cooSparse!.indicesTensorName),
        values: tensor(info.cooSparse!.valuesTensorName),
        denseShape: tensor(info.cooSparse!.denseShapeTensorName),
      };
    case "compositeTensor":
      return raggedFromInfo(info.compositeTensor!, tensor);
    default:
      throw new TfError("INVALID_ARGUMENT", "Invalid TensorInfo.encoding: None", {
        hint: "A TensorInfo has a name, or names in cooSparse or compositeTensor.",
      });
  }
}

/** The tensor or operation that `info.name` names. Throws TfError NOT_FOUND for a name that the graph lacks. */
export function getElementFromTensorInfo(info: ITensorInfo, options: LookupOptions = {}): Tensor | Operation {
  return graphOf(options).asGraphElement(prependNameScope(info.name ?? "", options.importScope));
}
