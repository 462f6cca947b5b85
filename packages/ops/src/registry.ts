// All ops of this package, composed of the families' arrays. A third party composes its own the same way:
// createOpRegistry(standardOps, [defineOp("MyOp", ...)]).
import { createOpRegistry, type OpRegistry } from "@org/graph";
import { blockOps } from "./array/blocks.ts";
import { concatOps } from "./array/concat.ts";
import { constantOps } from "./array/constant.ts";
import { diagonalOps } from "./array/diagonal.ts";
import { dynamicStitchOps } from "./array/dynamic-stitch.ts";
import { fillOps } from "./array/fill.ts";
import { gatherOps } from "./array/gather.ts";
import { oneHotOps } from "./array/one-hot.ts";
import { packOps } from "./array/pack.ts";
import { padOps } from "./array/pad.ts";
import { reshapeOps } from "./array/reshape.ts";
import { shapeOps } from "./array/shape-of.ts";
import { sliceOps } from "./array/slice.ts";
import { splitOps } from "./array/split.ts";
import { stridedSliceOps } from "./array/strided-slice.ts";
import { tileOps } from "./array/tile.ts";
import { transposeOps } from "./array/transpose.ts";
import { complexPartOps } from "./complex/parts.ts";
import { controlOps } from "./control/control-ops.ts";
import { datasetOps, iteratorOps } from "./data/index.ts";
import { stackOps } from "./data-flow/stack-ops.ts";
import { tensorArrayOps } from "./data-flow/tensor-array-ops.ts";
import { conditionalOps } from "./functions/conditional-ops.ts";
import { functionOps } from "./functions/function-ops.ts";
import { whileOps } from "./functions/while-ops.ts";
import { assertOps } from "./host/assert-op.ts";
import { checkpointOps } from "./host/checkpoint-ops.ts";
import { dynamicPartitionOps } from "./host/dynamic-partition.ts";
import { mediaSummaryOps } from "./host/media-summaries.ts";
import { printOps } from "./host/print.ts";
import { remapMatrixOps } from "./host/remap-matrix.ts";
import { selectionOps } from "./host/selection-ops.ts";
import { summaryOps } from "./host/summary-ops.ts";
import { vocabRemappingOps } from "./host/vocab-remapping.ts";
import { imageOps } from "./image/index.ts";
import { qrOps } from "./linalg/qr.ts";
import { addNOps } from "./math/add-n.ts";
import { argOps } from "./math/arg.ts";
import { binaryOps } from "./math/binary.ts";
import { castOps } from "./math/cast.ts";
import { comparisonOps } from "./math/comparison.ts";
import { cumulativeOps } from "./math/cumulative.ts";
import { divisionOps } from "./math/division.ts";
import { matmulOps } from "./math/matmul.ts";
import { rangeOps } from "./math/range.ts";
import { reductionOps } from "./math/reductions.ts";
import { segmentOps } from "./math/segment.ts";
import { selectOps } from "./math/select.ts";
import { sparseSegmentOps } from "./math/sparse-segment.ts";
import { unaryOps } from "./math/unary.ts";
import { unaryGradientOps } from "./math/unary-gradient-ops.ts";
import { batchNormOps } from "./nn/batch-norm.ts";
import { biasOps } from "./nn/bias.ts";
import { convolutionOps } from "./nn/convolution-ops.ts";
import { crossEntropyOps } from "./nn/cross-entropy.ts";
import { lrnOps } from "./nn/lrn.ts";
import { poolingOps } from "./nn/pooling-ops.ts";
import { reluOps } from "./nn/relu.ts";
import { softmaxOps } from "./nn/softmax.ts";
import { topKOps } from "./nn/top-k.ts";
import type { OpEntry } from "./op-entry.ts";
import { textNumberOps } from "./parsing/decode-csv.ts";
import { parseExampleOps } from "./parsing/parse-example-ops.ts";
import { parseSequenceExampleOps } from "./parsing/parse-sequence-example-ops.ts";
import { rawBytesOps } from "./parsing/raw-bytes.ts";
import { barrierOps } from "./queues/barrier-ops.ts";
import { mapStagingOps } from "./queues/map-staging-ops.ts";
import { queueOps } from "./queues/queue-ops.ts";
import { stagingOps } from "./queues/staging-ops.ts";
import { randomOps } from "./random/random-ops.ts";
import { fileOps } from "./readers/file-ops.ts";
import { readerOps } from "./readers/reader-ops.ts";
import { fourierOps } from "./signal/fourier-ops.ts";
import { setOps } from "./sparse/set-ops.ts";
import { sparseFillEmptyRowsOps } from "./sparse/sparse-fill-empty-rows.ts";
import { sparseMatmulOps } from "./sparse/sparse-matmul.ts";
import { sparseOps } from "./sparse/sparse-merge.ts";
import { sparseReshapeOps } from "./sparse/sparse-reshape.ts";
import { sparseTensorsMapOps } from "./sparse/sparse-tensors-map.ts";
import { resourceOps } from "./state/resource-ops.ts";
import { scatterOps } from "./state/scatter-ops.ts";
import { variableOps } from "./state/variable-ops.ts";
import { stringOps } from "./strings/index.ts";
import { tableOps } from "./tables/table-ops.ts";
import { trainingOps } from "./training/apply-ops.ts";

/** Element-wise functions, products, reductions, comparison. */
export const mathOps: readonly OpEntry[] = [
  ...addNOps,
  ...argOps,
  ...binaryOps,
  ...castOps,
  ...comparisonOps,
  ...complexPartOps,
  ...cumulativeOps,
  ...divisionOps,
  ...matmulOps,
  ...qrOps,
  ...rangeOps,
  ...reductionOps,
  ...segmentOps,
  ...selectOps,
  ...sparseSegmentOps,
  ...unaryOps,
  ...unaryGradientOps,
  ...fourierOps,
];

/** Constants, shapes, and what moves elements about. */
export const arrayOps: readonly OpEntry[] = [
  ...blockOps,
  ...concatOps,
  ...constantOps,
  ...diagonalOps,
  ...dynamicStitchOps,
  ...fillOps,
  ...gatherOps,
  ...oneHotOps,
  ...packOps,
  ...padOps,
  ...reshapeOps,
  ...shapeOps,
  ...sliceOps,
  ...splitOps,
  ...stridedSliceOps,
  ...tileOps,
  ...transposeOps,
];

/** Activations, softmax, losses, convolutions, pools, normalization. */
export const nnOps: readonly OpEntry[] = [
  ...batchNormOps,
  ...biasOps,
  ...convolutionOps,
  ...crossEntropyOps,
  ...lrnOps,
  ...poolingOps,
  ...reluOps,
  ...softmaxOps,
  ...topKOps,
];

/** Variables, files, strings, random numbers, control flow, training. */
export const stateOps: readonly OpEntry[] = [
  ...assertOps,
  ...barrierOps,
  ...checkpointOps,
  ...conditionalOps,
  ...controlOps,
  ...datasetOps,
  ...dynamicPartitionOps,
  ...fileOps,
  ...functionOps,
  ...mediaSummaryOps,
  ...iteratorOps,
  ...mapStagingOps,
  ...parseExampleOps,
  ...parseSequenceExampleOps,
  ...printOps,
  ...queueOps,
  ...randomOps,
  ...rawBytesOps,
  ...readerOps,
  ...remapMatrixOps,
  ...resourceOps,
  ...scatterOps,
  ...selectionOps,
  ...setOps,
  ...sparseFillEmptyRowsOps,
  ...sparseMatmulOps,
  ...sparseReshapeOps,
  ...sparseOps,
  ...sparseTensorsMapOps,
  ...stackOps,
  ...stagingOps,
  ...stringOps,
  ...summaryOps,
  ...tableOps,
  ...tensorArrayOps,
  ...textNumberOps,
  ...trainingOps,
  ...variableOps,
  ...vocabRemappingOps,
  ...whileOps,
];

let composed: OpRegistry<OpEntry> | undefined;

function all(): OpRegistry<OpEntry> {
  composed ??= createOpRegistry<OpEntry>(mathOps, arrayOps, nnOps, imageOps, stateOps);
  return composed;
}

/** Every op of this package, as a registry: what a graph that is to run is made with. Composed when first asked. */
export const standardOps: OpRegistry<OpEntry> = {
  get: (type) => all().get(type),
  names: () => all().names(),
};
