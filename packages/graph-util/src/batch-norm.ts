// Finds a batch normalization that can be folded: its convolution and its constants. Source: python/tools/optimize_for_inference_lib.py.
import { isTfError } from "@org/errors";
import type { INodeDef } from "@org/proto";
import { type NdArray, tensorFromProto } from "@org/tensor";
import { isFoldable, type NormConstants } from "./fold-arithmetic.ts";
import { nodeNameFromInput } from "./node-names.ts";

export interface BatchNorm {
  readonly node: INodeDef;
  readonly conv: INodeDef;
  readonly weightsNode: INodeDef;
  readonly weights: NdArray;
  readonly constants: NormConstants;
  readonly epsilon: number;
  /** Whether gamma is applied. */
  readonly scales: boolean;
}

type Role = keyof NormConstants;

interface NormOp {
  /** Inputs after the first, which is the convolution. */
  readonly order: readonly [Role, Role, Role, Role];
  readonly epsilon: string;
  readonly defaultEpsilon: number;
}

const fused: NormOp = {
  order: ["gamma", "beta", "mean", "variance"],
  epsilon: "epsilon",
  defaultEpsilon: 1e-4,
};
const normOps: { readonly [op: string]: NormOp } = {
  BatchNormWithGlobalNormalization: {
    order: ["mean", "variance", "beta", "gamma"],
    epsilon: "variance_epsilon",
    defaultEpsilon: 0,
  },
  FusedBatchNorm: fused,
  FusedBatchNormV2: fused,
  FusedBatchNormV3: fused,
};

/** Which dimensions of the weights are channels, by the convolution's op. */
export const channelDims: { readonly [op: string]: readonly number[] } = {
  Conv2D: [3],
  DepthwiseConv2dNative: [2, 3],
};

/** The normalization at `node`; why it cannot be folded, in words; undefined where it is none. */
export function batchNormOf(
  node: INodeDef,
  byName: ReadonlyMap<string, INodeDef>,
  readsFurtherOutputs: ReadonlySet<string>,
): BatchNorm | string | undefined {
  if (!Object.hasOwn(normOps, node.op ?? "")) return undefined;
  const op = normOps[node.op ?? ""]!;
  const name = node.name ?? "";
  const source = (of: INodeDef, index: number): INodeDef | undefined =>
    byName.get(nodeNameFromInput(of.input?.[index] ?? ""));
  // The attribute's default is to train, on statistics of the batch.
  if (op === fused && (node.attr?.is_training?.b ?? true)) return `'${name}' trains: it is not folded.`;
  if (readsFurtherOutputs.has(name)) return `Statistics of '${name}' are read: it is not folded.`;

  const conv = source(node, 0);
  if (conv === undefined || !Object.hasOwn(channelDims, conv.op ?? ""))
    return `Didn't find expected Conv2D or DepthwiseConv2dNative input to '${name}'`;
  const weightsNode = source(conv, 1);
  const weights = weightsNode && constantOf(weightsNode);
  if (weightsNode === undefined || weights === undefined)
    return `Didn't find expected conv Constant input to '${conv.name}', found ${weightsNode?.op} instead. Maybe because freeze_graph wasn't run first?`;
  if (!isFoldable(weights.dtype) || weights.shape.length !== 4)
    return `Weights of '${conv.name}' are ${weights.dtype} of shape [${weights.shape}]: '${name}' is not folded.`;
  const channels = channelDims[conv.op ?? ""]!.reduce((product, dim) => product * weights.shape[dim]!, 1);

  const constants: Partial<Record<Role, NdArray>> = {};
  for (const [i, role] of op.order.entries()) {
    const constNode = source(node, i + 1);
    const value = constNode && constantOf(constNode);
    if (value === undefined)
      return `Didn't find expected ${role} Constant input to '${name}', found ${constNode?.op} instead. Maybe because freeze_graph wasn't run first?`;
    if (value.shape.length !== 1 || value.shape[0] !== channels)
      return `Incorrect shape for ${role}, found (${value.shape},), expected (${channels},), for node ${name}`;
    if (!isFoldable(value.dtype)) return `The ${role} of '${name}' is ${value.dtype}: it is not folded.`;
    constants[role] = value;
  }
  return {
    node,
    conv,
    weightsNode,
    weights,
    constants: constants as NormConstants,
    epsilon: node.attr?.[op.epsilon]?.f ?? op.defaultEpsilon,
    scales: op === fused || (node.attr?.scale_after_normalization?.b ?? false),
  };
}

/** The value of a Const node; undefined of another, or of one that holds none. */
function constantOf(node: INodeDef): NdArray | undefined {
  const tensor = node.attr?.value?.tensor;
  if (node.op !== "Const" || !tensor) return undefined;
  try {
    return tensorFromProto(tensor);
  } catch (error) {
    throw isTfError(error) ? error.at({ node: node.name ?? "", op: "Const", key: "value" }) : error;
  }
}
