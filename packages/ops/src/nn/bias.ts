// A vector added along the channel dimension: BiasAdd, BiasAddV1, BiasAddGrad.
// Source: core/framework/common_shape_fns.cc (BiasAddShape), python/ops/nn_ops.py, nn_grad.py.
import type { Attrs, InferenceContext, Operation, Tensor } from "@org/graph";
import { Shape } from "@org/tensor";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { onesLike } from "../array/fill.ts";
import { reshape } from "../array/reshape.ts";
import { rank, shape } from "../array/shape-of.ts";
import { getItem } from "../array/strided-slice.ts";
import { tile } from "../array/tile.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { type Grad, single } from "../gradient.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { range } from "../math/range.ts";
import { reduceSum } from "../math/reductions.ts";
import type { OpEntry } from "../op-entry.ts";
import { mergeDims, replaceDim, withRank, withRankAtLeast } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { relu } from "./relu.ts";

/** tf.nn.bias_add: `bias` added along the last dimension, or the second with `dataFormat` "NC...". @tfExport nn.biasAdd */
export function biasAdd(
  value: TensorLike,
  bias: TensorLike,
  options: NameOption & { dataFormat?: string | null } = {},
): Tensor {
  const graph = resolveGraph([value, bias]);
  return withScope(graph, options.name, "BiasAdd", (scope) => {
    const x = convertToTensor(value, { name: "input", graph });
    const b = convertToTensor(bias, { name: "bias", dtype: x.dtype, graph });
    return applyOne("BiasAdd", [x, b], {
      name: scope,
      attrs: { data_format: normalFormat(options.dataFormat) },
    });
  });
}

function normalFormat(format: string | null | undefined): string | undefined {
  if (format === undefined || format === null) return undefined;
  if (format.startsWith("NC")) return "NCHW";
  if (format.startsWith("N") && format.endsWith("C")) return "NHWC";
  throw new TypeError("data_format must be of the form `N...C` or `NC...`");
}

/** tf.nn.xw_plus_b: matmul(x, weights) + biases. @tfExport nn.xwPlusB */
export function xwPlusB(
  x: TensorLike,
  weights: TensorLike,
  biases: TensorLike,
  options: NameOption = {},
): Tensor {
  const graph = resolveGraph([x, weights, biases]);
  return withScope(graph, options.name, "xw_plus_b", (scope) => {
    const [a, w, b] = named(graph, [x, weights, biases]);
    return biasAdd(matmul(a, w), b, { name: scope });
  });
}

/** tf.nn.relu_layer: relu(matmul(x, weights) + biases). @tfExport nn.reluLayer */
export function reluLayer(
  x: TensorLike,
  weights: TensorLike,
  biases: TensorLike,
  options: NameOption = {},
): Tensor {
  const graph = resolveGraph([x, weights, biases]);
  return withScope(graph, options.name, "relu_layer", (scope) => {
    const [a, w, b] = named(graph, [x, weights, biases]);
    return relu(biasAdd(matmul(a, w), b), { name: scope });
  });
}

function named(graph: Tensor["graph"], values: readonly TensorLike[]): [Tensor, Tensor, Tensor] {
  const names = ["x", "weights", "biases"];
  return values.map((value, i) => convertToTensor(value, { name: names[i], graph })) as [
    Tensor,
    Tensor,
    Tensor,
  ];
}

/** Whether channels are the second dimension; BiasAddV1 has no such attribute. */
function channelsFirst(attrs: Attrs): boolean {
  return attrs.has("data_format") && attrs.string("data_format") === "NCHW";
}

function biasShape(c: InferenceContext): readonly Shape[] {
  const first = channelsFirst(c.attrs);
  const input = withRankAtLeast(c.input(0), first ? 3 : 2);
  const bias = withRank(c.input(1), 1).dim(0);
  if (input.rank === null) return [Shape.unknown];
  const at = first ? 1 : -1;
  return [replaceDim(input, at, mergeDims(input.dim(at), bias))];
}

function biasAddSpec(gradient: OpSpec["gradient"]): OpSpec {
  return {
    shape: biasShape,
    lower: (c) => {
      const x = c.input(0);
      const bias = c.input(1);
      const at = channelsFirst(c.attrs) ? 1 : x.dims.length - 1;
      if (x.dims.length < 2) {
        c.fail("INVALID_ARGUMENT", `Input tensor must be at least 2D: [${x.dims}]`);
      }
      if (bias.dims.length !== 1) c.fail("INVALID_ARGUMENT", `Biases must be 1D: [${bias.dims}]`);
      if (bias.dims[0] !== x.dims[at]) {
        c.fail(
          "INVALID_ARGUMENT",
          `Must provide as many biases as the last dimension of the input tensor: [${bias.dims}] vs. [${x.dims}]`,
        );
      }
      return c.builder.binary("add", x, c.builder.broadcast(bias, x.dims, [at]));
    },
    ...(gradient === undefined ? {} : { gradient }),
  };
}

function biasAddGradGrad(op: Operation, grad: Grad): Tensor {
  const dims = shape(op.inputs[0]!);
  const biasDims = shape(grad as Tensor);
  const ones = (part: Tensor): Tensor => onesLike(part);
  let expanded: Tensor;
  let multiples: Tensor;
  if (channelsFirst(op.attrs)) {
    const [before, after] = [[{ stop: 1 }], [{ start: 2 }]] as const;
    expanded = concat([ones(getItem(dims, before)), biasDims, ones(getItem(dims, after))], 0);
    multiples = concat([getItem(dims, before), [1], getItem(dims, after)] as TensorLike[], 0);
  } else {
    const before = [{ stop: -1 }];
    expanded = concat([ones(getItem(dims, before)), biasDims], 0);
    multiples = concat([getItem(dims, before), [1]] as TensorLike[], 0);
  }
  return tile(reshape(grad, expanded), multiples);
}

/** BiasAdd, BiasAddV1, BiasAddGrad. */
export const biasOps: readonly OpEntry[] = defineOps({
  BiasAdd: biasAddSpec(
    single((op, grad) => [
      grad,
      applyOne("BiasAddGrad", [grad], { attrs: { data_format: op.attrs.string("data_format") } }),
    ]),
  ),
  BiasAddV1: biasAddSpec(
    single((_, grad) => {
      const axes = range(operator.sub(rank(grad), 1));
      return [grad, reduceSum(grad, axes)];
    }),
  ),
  BiasAddGrad: {
    shape: (c) => {
      const first = channelsFirst(c.attrs);
      const input = withRankAtLeast(c.input(0), first ? 3 : 2);
      return [new Shape([input.dim(first ? 1 : -1)])];
    },
    lower: (c) => {
      const x = c.input(0);
      const at = channelsFirst(c.attrs) ? 1 : x.dims.length - 1;
      return c.builder.reduce(
        x,
        "add",
        x.dims.map((_, i) => i).filter((i) => i !== at),
      );
    },
    gradient: single(biasAddGradGrad),
  },
});
