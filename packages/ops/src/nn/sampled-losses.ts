// Losses that look at the true classes and some sampled ones: tf.nn.nce_loss, tf.nn.sampled_softmax_loss.
// Source: python/ops/nn_impl.py of TensorFlow 1.15 (_compute_sampled_logits).
import type { Tensor } from "@org/graph";
import { isPartitionedVariable } from "@org/variables";
import { applyOne } from "../apply-op.ts";
import { concat } from "../array/concat.ts";
import { stopGradient } from "../array/constant.ts";
import { ones, onesLike, zerosLike } from "../array/fill.ts";
import { stack } from "../array/pack.ts";
import { expandDims, reshape } from "../array/reshape.ts";
import { shape as shapeOf } from "../array/shape-of.ts";
import { slice } from "../array/slice.ts";
import { getItem } from "../array/strided-slice.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import { multiply } from "../math/binary.ts";
import { cast } from "../math/cast.ts";
import { matmul } from "../math/matmul.ts";
import { operator } from "../math/operator.ts";
import { log } from "../math/unary.ts";
import {
  type CandidateSample,
  computeAccidentalHits,
  logUniformCandidateSampler,
} from "../random/candidate-ops.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { int32 } from "../to-nd-array.ts";
import { sigmoidCrossEntropyWithLogits, softmaxCrossEntropyWithLogitsV2 } from "./cross-entropy.ts";
import { type EmbeddingTable, embeddingLookup } from "./embedding.ts";

export interface SampledLossOptions extends NameOption {
  /** [numClasses, dim], perhaps in parts. */
  readonly weights: EmbeddingTable;
  /** [numClasses] */
  readonly biases: EmbeddingTable;
  /** int64 [batch, numTrue]: the true classes. */
  readonly labels: TensorLike;
  /** [batch, dim] */
  readonly inputs: TensorLike;
  readonly numSampled: number;
  readonly numClasses: number;
  /** 1 unless given. */
  readonly numTrue?: number | undefined;
  /** Classes that were sampled already: log-uniform ones unless given. */
  readonly sampledValues?: CandidateSample | undefined;
  /** Sampled classes that are true ones count for nothing: false for nceLoss, true for sampledSoftmaxLoss, unless given. */
  readonly removeAccidentalHits?: boolean | undefined;
  /** "mod" unless given. */
  readonly partitionStrategy?: "mod" | "div" | undefined;
  readonly seed?: number | undefined;
}

/** Sums of rows by a product, whose gradient is cheaper than that of a sum. */
function sumRows(x: Tensor): Tensor {
  const columns = getItem(shapeOf(x), 1);
  const all = ones(stack([columns, 1]), x.dtype);
  return reshape(matmul(x, all), [-1]);
}

/** Logits [batch, numTrue + numSampled] of the true and the sampled classes, and their labels. */
function sampledLogits(options: SampledLossOptions, name: string): readonly [logits: Tensor, labels: Tensor] {
  const { numSampled, numClasses, numTrue = 1, partitionStrategy = "mod", seed } = options;
  const table = isPartitionedVariable(options.weights) ? options.weights.variables : options.weights;
  const graph = resolveGraph([table, options.biases, options.inputs, options.labels]);
  return withScope(graph, name, "compute_sampled_logits", () => {
    const inputs = convertToTensor(options.inputs, { graph });
    const labels = cast(convertToTensor(options.labels, { preferredDType: "int64", graph }), "int64");
    const flat = reshape(labels, [-1]);
    const values =
      options.sampledValues ??
      logUniformCandidateSampler(labels, numTrue, numSampled, true, numClasses, { seed });
    const drawn = stopGradient(values.sampled);
    const trueExpected = stopGradient(values.trueExpectedCount);
    const sampledExpected = stopGradient(values.sampledExpectedCount);
    const sampled = cast(drawn, "int64");
    const ids = concat([flat, sampled], 0);
    const allWeights = cast(embeddingLookup(table, ids, { partitionStrategy }), inputs.dtype);
    const trueWeights = slice(allWeights, [0, 0], stack([getItem(shapeOf(flat), 0), -1]));
    const sampledWeights = slice(allWeights, stack([getItem(shapeOf(flat), 0), 0]), [-1, -1]);
    let sampledOut = matmul(inputs, sampledWeights, { transposeB: true });
    const allBiases = cast(embeddingLookup(options.biases, ids, { partitionStrategy }), inputs.dtype);
    const trueBiases = slice(allBiases, [0], shapeOf(flat));
    const sampledBiases = slice(allBiases, shapeOf(flat), [-1]);
    const dim = getItem(shapeOf(trueWeights), { start: 1, stop: 2 });
    const perRow = concat([[-1, numTrue], dim] as TensorLike[], 0);
    const dots = multiply(expandDims(inputs, 1), reshape(trueWeights, perRow));
    const matrix = reshape(dots, concat([[-1], dim] as TensorLike[], 0));
    let trueOut = reshape(sumRows(matrix), [-1, numTrue]);
    const shapedBiases = reshape(trueBiases, [-1, numTrue]);
    trueOut = operator.add(trueOut, shapedBiases);
    sampledOut = operator.add(sampledOut, sampledBiases);
    if (options.removeAccidentalHits) {
      const hits = computeAccidentalHits(labels, sampled, numTrue);
      const rows = reshape(hits.indices, [-1, 1]);
      const columns = reshape(cast(hits.ids, "int32"), [-1, 1]);
      const places = concat([rows, columns], 1, { name: "sparse_indices" });
      const dims = concat([getItem(shapeOf(labels), { stop: 1 }), expandDims(int32(numSampled), 0)], 0);
      const lowest = cast(hits.weights, sampledOut.dtype);
      const gone = applyOne("SparseToDense", [places, dims, lowest, 0], {
        attrs: { validate_indices: false },
      });
      sampledOut = operator.add(sampledOut, gone);
    }
    trueOut = operator.sub(trueOut, log(trueExpected));
    sampledOut = operator.sub(sampledOut, log(sampledExpected));
    const logits = concat([trueOut, sampledOut], 1);
    const shares = operator.truediv(onesLike(trueOut), numTrue);
    return [logits, concat([shares, zerosLike(sampledOut)], 1)];
  });
}

/**
 * tf.nn.nce_loss: noise-contrastive estimation; [batch], the loss of each row: how well the true classes are told from sampled ones.
 * @tfExport nn.nceLoss
 */
export function nceLoss(options: SampledLossOptions): Tensor {
  const [logits, labels] = sampledLogits(options, options.name ?? "nce_loss");
  const losses = sigmoidCrossEntropyWithLogits({ labels, logits, name: "sampled_losses" });
  return losses.graph.asDefault(() => sumRows(losses));
}

/** tf.nn.sampled_softmax_loss: [batch], softmax over the true and the sampled classes, for training. @tfExport nn.sampledSoftmaxLoss */
export function sampledSoftmaxLoss(options: SampledLossOptions): Tensor {
  const { removeAccidentalHits = true } = options;
  const name = options.name ?? "sampled_softmax_loss";
  const [logits, shares] = sampledLogits({ ...options, removeAccidentalHits }, name);
  const labels = stopGradient(shares, { name: "labels_stop_gradient" });
  return softmaxCrossEntropyWithLogitsV2({ labels, logits });
}
