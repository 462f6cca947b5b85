// tf.*: the functions that build ops, in the default graph where no graph is given: one line each, see @org/ops for what they do.
import * as ops from "@org/ops";
import { lift, liftAll, liftClass } from "./default-graph.ts";

export const Barrier: typeof ops.Barrier = /* @__PURE__ */ liftClass(ops.Barrier);
export type Barrier = ops.Barrier;
export const MapStagingArea: typeof ops.MapStagingArea = /* @__PURE__ */ liftClass(ops.MapStagingArea);
export type MapStagingArea = ops.MapStagingArea;
export const StagingArea: typeof ops.StagingArea = /* @__PURE__ */ liftClass(ops.StagingArea);
export type StagingArea = ops.StagingArea;
export const FIFOQueue: typeof ops.FIFOQueue = /* @__PURE__ */ liftClass(ops.FIFOQueue);
export const PaddingFIFOQueue: typeof ops.PaddingFIFOQueue = /* @__PURE__ */ liftClass(ops.PaddingFIFOQueue);
export const PriorityQueue: typeof ops.PriorityQueue = /* @__PURE__ */ liftClass(ops.PriorityQueue);
export const RandomShuffleQueue: typeof ops.RandomShuffleQueue = /* @__PURE__ */ liftClass(
  ops.RandomShuffleQueue,
);
export const QueueBase: typeof ops.QueueBase = ops.QueueBase;
export const FixedLengthRecordReader: typeof ops.FixedLengthRecordReader = /* @__PURE__ */ liftClass(
  ops.FixedLengthRecordReader,
);
export const IdentityReader: typeof ops.IdentityReader = /* @__PURE__ */ liftClass(ops.IdentityReader);
export const TFRecordReader: typeof ops.TFRecordReader = /* @__PURE__ */ liftClass(ops.TFRecordReader);
export const TextLineReader: typeof ops.TextLineReader = /* @__PURE__ */ liftClass(ops.TextLineReader);
export const WholeFileReader: typeof ops.WholeFileReader = /* @__PURE__ */ liftClass(ops.WholeFileReader);
export const ReaderBase: typeof ops.ReaderBase = /* @__PURE__ */ liftClass(ops.ReaderBase);
export const FixedLenFeature: typeof ops.FixedLenFeature = ops.FixedLenFeature;
export type FixedLenFeature = ops.FixedLenFeature;
export const FixedLenSequenceFeature: typeof ops.FixedLenSequenceFeature = ops.FixedLenSequenceFeature;
export type FixedLenSequenceFeature = ops.FixedLenSequenceFeature;
export const SparseFeature: typeof ops.SparseFeature = ops.SparseFeature;
export type SparseFeature = ops.SparseFeature;
export const VarLenFeature: typeof ops.VarLenFeature = ops.VarLenFeature;
export type VarLenFeature = ops.VarLenFeature;
export const TensorArray: typeof ops.TensorArray = /* @__PURE__ */ liftClass(ops.TensorArray);
export const abs: typeof ops.abs = /* @__PURE__ */ lift(ops.abs);
export const accumulateN: typeof ops.accumulateN = /* @__PURE__ */ lift(ops.accumulateN);
export const acos: typeof ops.acos = /* @__PURE__ */ lift(ops.acos);
export const acosh: typeof ops.acosh = /* @__PURE__ */ lift(ops.acosh);
export const add: typeof ops.add = /* @__PURE__ */ lift(ops.add);
export const addN: typeof ops.addN = /* @__PURE__ */ lift(ops.addN);
export const angle: typeof ops.angle = /* @__PURE__ */ lift(ops.angle);
export const argmax: typeof ops.argmax = /* @__PURE__ */ lift(ops.argmax);
export const argmin: typeof ops.argmin = /* @__PURE__ */ lift(ops.argmin);
export const asString: typeof ops.asString = /* @__PURE__ */ lift(ops.asString);
export const asin: typeof ops.asin = /* @__PURE__ */ lift(ops.asin);
export const asinh: typeof ops.asinh = /* @__PURE__ */ lift(ops.asinh);
export const assign: typeof ops.assign = /* @__PURE__ */ lift(ops.assign);
export const assignAdd: typeof ops.assignAdd = /* @__PURE__ */ lift(ops.assignAdd);
export const assignSub: typeof ops.assignSub = /* @__PURE__ */ lift(ops.assignSub);
export const atan: typeof ops.atan = /* @__PURE__ */ lift(ops.atan);
export const atan2: typeof ops.atan2 = /* @__PURE__ */ lift(ops.atan2);
export const atanh: typeof ops.atanh = /* @__PURE__ */ lift(ops.atanh);
export const bitwiseAnd: typeof ops.bitwiseAnd = /* @__PURE__ */ lift(ops.bitwiseAnd);
export const bitwiseOr: typeof ops.bitwiseOr = /* @__PURE__ */ lift(ops.bitwiseOr);
export const bitwiseXor: typeof ops.bitwiseXor = /* @__PURE__ */ lift(ops.bitwiseXor);
export const broadcastDynamicShape: typeof ops.broadcastDynamicShape = /* @__PURE__ */ lift(
  ops.broadcastDynamicShape,
);
export const broadcastTo: typeof ops.broadcastTo = /* @__PURE__ */ lift(ops.broadcastTo);
export const cast: typeof ops.cast = /* @__PURE__ */ lift(ops.cast);
export const ceil: typeof ops.ceil = /* @__PURE__ */ lift(ops.ceil);
export const checkNumerics: typeof ops.checkNumerics = /* @__PURE__ */ lift(ops.checkNumerics);
export const complex: typeof ops.complex = /* @__PURE__ */ lift(ops.complex);
export const concat: typeof ops.concat = /* @__PURE__ */ lift(ops.concat);
export const cond: typeof ops.cond = /* @__PURE__ */ lift(ops.cond);
export const conj: typeof ops.conj = /* @__PURE__ */ lift(ops.conj);
export const constant: typeof ops.constant = /* @__PURE__ */ lift(ops.constant);
export const constantInitializer: typeof ops.constantInitializer = /* @__PURE__ */ lift(
  ops.constantInitializer,
);
export const convertToTensor: typeof ops.convertToTensor = /* @__PURE__ */ lift(ops.convertToTensor);
export const cos: typeof ops.cos = /* @__PURE__ */ lift(ops.cos);
export const cosh: typeof ops.cosh = /* @__PURE__ */ lift(ops.cosh);
export const countUpTo: typeof ops.countUpTo = /* @__PURE__ */ lift(ops.countUpTo);
export const cumprod: typeof ops.cumprod = /* @__PURE__ */ lift(ops.cumprod);
export const cumsum: typeof ops.cumsum = /* @__PURE__ */ lift(ops.cumsum);
export const decodeBase64: typeof ops.decodeBase64 = /* @__PURE__ */ lift(ops.decodeBase64);
export const decodeCsv: typeof ops.decodeCsv = /* @__PURE__ */ lift(ops.decodeCsv);
export const decodeRaw: typeof ops.decodeRaw = /* @__PURE__ */ lift(ops.decodeRaw);
export const digamma: typeof ops.digamma = /* @__PURE__ */ lift(ops.digamma);
export const div: typeof ops.div = /* @__PURE__ */ lift(ops.div);
export const divide: typeof ops.divide = /* @__PURE__ */ lift(ops.divide);
export const divNoNan: typeof ops.divNoNan = /* @__PURE__ */ lift(ops.divNoNan);
export const dynamicPartition: typeof ops.dynamicPartition = /* @__PURE__ */ lift(ops.dynamicPartition);
export const dynamicStitch: typeof ops.dynamicStitch = /* @__PURE__ */ lift(ops.dynamicStitch);
export const encodeBase64: typeof ops.encodeBase64 = /* @__PURE__ */ lift(ops.encodeBase64);
export const ensureShape: typeof ops.ensureShape = /* @__PURE__ */ lift(ops.ensureShape);
export const equal: typeof ops.equal = /* @__PURE__ */ lift(ops.equal);
export const erf: typeof ops.erf = /* @__PURE__ */ lift(ops.erf);
export const erfc: typeof ops.erfc = /* @__PURE__ */ lift(ops.erfc);
export const exp: typeof ops.exp = /* @__PURE__ */ lift(ops.exp);
export const expandDims: typeof ops.expandDims = /* @__PURE__ */ lift(ops.expandDims);
export const expm1: typeof ops.expm1 = /* @__PURE__ */ lift(ops.expm1);
export const fft: typeof ops.fft = /* @__PURE__ */ lift(ops.fft);
export const fill: typeof ops.fill = /* @__PURE__ */ lift(ops.fill);
export const floor: typeof ops.floor = /* @__PURE__ */ lift(ops.floor);
export const floorDiv: typeof ops.floorDiv = /* @__PURE__ */ lift(ops.floorDiv);
export const floordiv: typeof ops.floordiv = /* @__PURE__ */ lift(ops.floordiv);
export const floormod: typeof ops.floormod = /* @__PURE__ */ lift(ops.floormod);
export const foldl: typeof ops.foldl = /* @__PURE__ */ lift(ops.foldl);
export const foldr: typeof ops.foldr = /* @__PURE__ */ lift(ops.foldr);
export const gather: typeof ops.gather = /* @__PURE__ */ lift(ops.gather);
export const gatherNd: typeof ops.gatherNd = /* @__PURE__ */ lift(ops.gatherNd);
export const getItem: typeof ops.getItem = /* @__PURE__ */ lift(ops.getItem);
export const getSeed: typeof ops.getSeed = /* @__PURE__ */ lift(ops.getSeed);
export const getVariable: typeof ops.getVariable = /* @__PURE__ */ lift(ops.getVariable);
export const getVariableScope: typeof ops.getVariableScope = /* @__PURE__ */ lift(ops.getVariableScope);
export const glorotNormalInitializer: typeof ops.glorotNormalInitializer = /* @__PURE__ */ lift(
  ops.glorotNormalInitializer,
);
export const glorotUniformInitializer: typeof ops.glorotUniformInitializer = /* @__PURE__ */ lift(
  ops.glorotUniformInitializer,
);
export const gradients: typeof ops.gradients = /* @__PURE__ */ lift(ops.gradients);
export const greater: typeof ops.greater = /* @__PURE__ */ lift(ops.greater);
export const greaterEqual: typeof ops.greaterEqual = /* @__PURE__ */ lift(ops.greaterEqual);
export const group: typeof ops.group = /* @__PURE__ */ lift(ops.group);
export const heNormal: typeof ops.heNormal = /* @__PURE__ */ lift(ops.heNormal);
export const heUniform: typeof ops.heUniform = /* @__PURE__ */ lift(ops.heUniform);
export const identity: typeof ops.identity = /* @__PURE__ */ lift(ops.identity);
export const identityN: typeof ops.identityN = /* @__PURE__ */ lift(ops.identityN);
export const ifft: typeof ops.ifft = /* @__PURE__ */ lift(ops.ifft);
export const imag: typeof ops.imag = /* @__PURE__ */ lift(ops.imag);
export const invert: typeof ops.invert = /* @__PURE__ */ lift(ops.invert);
export const invertPermutation: typeof ops.invertPermutation = /* @__PURE__ */ lift(ops.invertPermutation);
// biome-ignore lint/suspicious/noShadowRestrictedNames: TensorFlow's name.
export const isFinite: typeof ops.isFinite = /* @__PURE__ */ lift(ops.isFinite);
export const isInf: typeof ops.isInf = /* @__PURE__ */ lift(ops.isInf);
export const isNan: typeof ops.isNan = /* @__PURE__ */ lift(ops.isNan);
export const lecunNormal: typeof ops.lecunNormal = /* @__PURE__ */ lift(ops.lecunNormal);
export const lecunUniform: typeof ops.lecunUniform = /* @__PURE__ */ lift(ops.lecunUniform);
export const leftShift: typeof ops.leftShift = /* @__PURE__ */ lift(ops.leftShift);
export const less: typeof ops.less = /* @__PURE__ */ lift(ops.less);
export const lessEqual: typeof ops.lessEqual = /* @__PURE__ */ lift(ops.lessEqual);
export const lgamma: typeof ops.lgamma = /* @__PURE__ */ lift(ops.lgamma);
export const linspace: typeof ops.linspace = /* @__PURE__ */ lift(ops.linspace);
export const log: typeof ops.log = /* @__PURE__ */ lift(ops.log);
export const log1p: typeof ops.log1p = /* @__PURE__ */ lift(ops.log1p);
export const logicalAnd: typeof ops.logicalAnd = /* @__PURE__ */ lift(ops.logicalAnd);
export const logicalNot: typeof ops.logicalNot = /* @__PURE__ */ lift(ops.logicalNot);
export const logicalOr: typeof ops.logicalOr = /* @__PURE__ */ lift(ops.logicalOr);
export const logicalXor: typeof ops.logicalXor = /* @__PURE__ */ lift(ops.logicalXor);
export const mapFn: typeof ops.mapFn = /* @__PURE__ */ lift(ops.mapFn);
export const matchingFiles: typeof ops.matchingFiles = /* @__PURE__ */ lift(ops.matchingFiles);
export const matmul: typeof ops.matmul = /* @__PURE__ */ lift(ops.matmul);
export const maximum: typeof ops.maximum = /* @__PURE__ */ lift(ops.maximum);
export const minimum: typeof ops.minimum = /* @__PURE__ */ lift(ops.minimum);
export const mod: typeof ops.mod = /* @__PURE__ */ lift(ops.mod);
export const multinomial: typeof ops.multinomial = /* @__PURE__ */ lift(ops.multinomial);
export const multiply: typeof ops.multiply = /* @__PURE__ */ lift(ops.multiply);
export const negative: typeof ops.negative = /* @__PURE__ */ lift(ops.negative);
export const noOp: typeof ops.noOp = /* @__PURE__ */ lift(ops.noOp);
export const notEqual: typeof ops.notEqual = /* @__PURE__ */ lift(ops.notEqual);
export const oneHot: typeof ops.oneHot = /* @__PURE__ */ lift(ops.oneHot);
export const ones: typeof ops.ones = /* @__PURE__ */ lift(ops.ones);
export const onesInitializer: typeof ops.onesInitializer = /* @__PURE__ */ lift(ops.onesInitializer);
export const onesLike: typeof ops.onesLike = /* @__PURE__ */ lift(ops.onesLike);
export const pad: typeof ops.pad = /* @__PURE__ */ lift(ops.pad);
export const parseExample: typeof ops.parseExample = /* @__PURE__ */ lift(ops.parseExample);
export const parseSequenceExample: typeof ops.parseSequenceExample = /* @__PURE__ */ lift(
  ops.parseSequenceExample,
);
export const parseSingleExample: typeof ops.parseSingleExample = /* @__PURE__ */ lift(ops.parseSingleExample);
export const parseSingleSequenceExample: typeof ops.parseSingleSequenceExample = /* @__PURE__ */ lift(
  ops.parseSingleSequenceExample,
);
export const parseTensor: typeof ops.parseTensor = /* @__PURE__ */ lift(ops.parseTensor);
export const placeholder: typeof ops.placeholder = /* @__PURE__ */ lift(ops.placeholder);
export const placeholderWithDefault: typeof ops.placeholderWithDefault = /* @__PURE__ */ lift(
  ops.placeholderWithDefault,
);
export const pow: typeof ops.pow = /* @__PURE__ */ lift(ops.pow);
export const randomNormal: typeof ops.randomNormal = /* @__PURE__ */ lift(ops.randomNormal);
export const randomNormalInitializer: typeof ops.randomNormalInitializer = /* @__PURE__ */ lift(
  ops.randomNormalInitializer,
);
export const randomShuffle: typeof ops.randomShuffle = /* @__PURE__ */ lift(ops.randomShuffle);
export const randomUniform: typeof ops.randomUniform = /* @__PURE__ */ lift(ops.randomUniform);
export const randomUniformInitializer: typeof ops.randomUniformInitializer = /* @__PURE__ */ lift(
  ops.randomUniformInitializer,
);
export const range: typeof ops.range = /* @__PURE__ */ lift(ops.range);
export const rank: typeof ops.rank = /* @__PURE__ */ lift(ops.rank);
export const readFile: typeof ops.readFile = /* @__PURE__ */ lift(ops.readFile);
export const real: typeof ops.real = /* @__PURE__ */ lift(ops.real);
export const realdiv: typeof ops.realdiv = /* @__PURE__ */ lift(ops.realdiv);
export const reciprocal: typeof ops.reciprocal = /* @__PURE__ */ lift(ops.reciprocal);
export const reduceAll: typeof ops.reduceAll = /* @__PURE__ */ lift(ops.reduceAll);
export const reduceAny: typeof ops.reduceAny = /* @__PURE__ */ lift(ops.reduceAny);
export const reduceEuclideanNorm: typeof ops.reduceEuclideanNorm = /* @__PURE__ */ lift(
  ops.reduceEuclideanNorm,
);
export const reduceJoin: typeof ops.reduceJoin = /* @__PURE__ */ lift(ops.reduceJoin);
export const reduceLogsumexp: typeof ops.reduceLogsumexp = /* @__PURE__ */ lift(ops.reduceLogsumexp);
export const reduceMax: typeof ops.reduceMax = /* @__PURE__ */ lift(ops.reduceMax);
export const reduceMean: typeof ops.reduceMean = /* @__PURE__ */ lift(ops.reduceMean);
export const reduceMin: typeof ops.reduceMin = /* @__PURE__ */ lift(ops.reduceMin);
export const reduceProd: typeof ops.reduceProd = /* @__PURE__ */ lift(ops.reduceProd);
export const reduceStd: typeof ops.reduceStd = /* @__PURE__ */ lift(ops.reduceStd);
export const reduceSum: typeof ops.reduceSum = /* @__PURE__ */ lift(ops.reduceSum);
export const reduceVariance: typeof ops.reduceVariance = /* @__PURE__ */ lift(ops.reduceVariance);
export const regexReplace: typeof ops.regexReplace = /* @__PURE__ */ lift(ops.regexReplace);
export const reshape: typeof ops.reshape = /* @__PURE__ */ lift(ops.reshape);
export const reverse: typeof ops.reverse = /* @__PURE__ */ lift(ops.reverse);
export const rightShift: typeof ops.rightShift = /* @__PURE__ */ lift(ops.rightShift);
export const rint: typeof ops.rint = /* @__PURE__ */ lift(ops.rint);
export const round: typeof ops.round = /* @__PURE__ */ lift(ops.round);
export const rsqrt: typeof ops.rsqrt = /* @__PURE__ */ lift(ops.rsqrt);
export const saturateCast: typeof ops.saturateCast = /* @__PURE__ */ lift(ops.saturateCast);
export const scalarMul: typeof ops.scalarMul = /* @__PURE__ */ lift(ops.scalarMul);
export const scalarSummary: typeof ops.scalarSummary = /* @__PURE__ */ lift(ops.scalarSummary);
export const scan: typeof ops.scan = /* @__PURE__ */ lift(ops.scan);
export const scatterAdd: typeof ops.scatterAdd = /* @__PURE__ */ lift(ops.scatterAdd);
export const scatterDiv: typeof ops.scatterDiv = /* @__PURE__ */ lift(ops.scatterDiv);
export const scatterMax: typeof ops.scatterMax = /* @__PURE__ */ lift(ops.scatterMax);
export const scatterMin: typeof ops.scatterMin = /* @__PURE__ */ lift(ops.scatterMin);
export const scatterMul: typeof ops.scatterMul = /* @__PURE__ */ lift(ops.scatterMul);
export const scatterNd: typeof ops.scatterNd = /* @__PURE__ */ lift(ops.scatterNd);
export const scatterSub: typeof ops.scatterSub = /* @__PURE__ */ lift(ops.scatterSub);
export const scatterUpdate: typeof ops.scatterUpdate = /* @__PURE__ */ lift(ops.scatterUpdate);
export const segmentMax: typeof ops.segmentMax = /* @__PURE__ */ lift(ops.segmentMax);
export const segmentMean: typeof ops.segmentMean = /* @__PURE__ */ lift(ops.segmentMean);
export const segmentMin: typeof ops.segmentMin = /* @__PURE__ */ lift(ops.segmentMin);
export const segmentProd: typeof ops.segmentProd = /* @__PURE__ */ lift(ops.segmentProd);
export const segmentSum: typeof ops.segmentSum = /* @__PURE__ */ lift(ops.segmentSum);
export const serializeTensor: typeof ops.serializeTensor = /* @__PURE__ */ lift(ops.serializeTensor);
export const setRandomSeed: typeof ops.setRandomSeed = /* @__PURE__ */ lift(ops.setRandomSeed);
export const shape: typeof ops.shape = /* @__PURE__ */ lift(ops.shape);
export const shapeN: typeof ops.shapeN = /* @__PURE__ */ lift(ops.shapeN);
export const sigmoid: typeof ops.sigmoid = /* @__PURE__ */ lift(ops.sigmoid);
export const sign: typeof ops.sign = /* @__PURE__ */ lift(ops.sign);
export const sin: typeof ops.sin = /* @__PURE__ */ lift(ops.sin);
export const sinh: typeof ops.sinh = /* @__PURE__ */ lift(ops.sinh);
export const size: typeof ops.size = /* @__PURE__ */ lift(ops.size);
export const slice: typeof ops.slice = /* @__PURE__ */ lift(ops.slice);
export const sparseMerge: typeof ops.sparseMerge = /* @__PURE__ */ lift(ops.sparseMerge);
export const sparseReorder: typeof ops.sparseReorder = /* @__PURE__ */ lift(ops.sparseReorder);
export const sparseRetain: typeof ops.sparseRetain = /* @__PURE__ */ lift(ops.sparseRetain);
export const sparseTensorToDense: typeof ops.sparseTensorToDense = /* @__PURE__ */ lift(
  ops.sparseTensorToDense,
);
export const sparseToDense: typeof ops.sparseToDense = /* @__PURE__ */ lift(ops.sparseToDense);
export const split: typeof ops.split = /* @__PURE__ */ lift(ops.split);
export const sqrt: typeof ops.sqrt = /* @__PURE__ */ lift(ops.sqrt);
export const square: typeof ops.square = /* @__PURE__ */ lift(ops.square);
export const squaredDifference: typeof ops.squaredDifference = /* @__PURE__ */ lift(ops.squaredDifference);
export const squeeze: typeof ops.squeeze = /* @__PURE__ */ lift(ops.squeeze);
export const stack: typeof ops.stack = /* @__PURE__ */ lift(ops.stack);
export const stopGradient: typeof ops.stopGradient = /* @__PURE__ */ lift(ops.stopGradient);
export const stridedSlice: typeof ops.stridedSlice = /* @__PURE__ */ lift(ops.stridedSlice);
export const stridedSliceGrad: typeof ops.stridedSliceGrad = /* @__PURE__ */ lift(ops.stridedSliceGrad);
export const stringJoin: typeof ops.stringJoin = /* @__PURE__ */ lift(ops.stringJoin);
export const stringSplit: typeof ops.stringSplit = /* @__PURE__ */ lift(ops.stringSplit);
export const stringStrip: typeof ops.stringStrip = /* @__PURE__ */ lift(ops.stringStrip);
export const stringToHashBucket: typeof ops.stringToHashBucket = /* @__PURE__ */ lift(ops.stringToHashBucket);
export const stringToHashBucketFast: typeof ops.stringToHashBucketFast = /* @__PURE__ */ lift(
  ops.stringToHashBucketFast,
);
export const stringToHashBucketStrong: typeof ops.stringToHashBucketStrong = /* @__PURE__ */ lift(
  ops.stringToHashBucketStrong,
);
export const stringToNumber: typeof ops.stringToNumber = /* @__PURE__ */ lift(ops.stringToNumber);
export const substr: typeof ops.substr = /* @__PURE__ */ lift(ops.substr);
export const subtract: typeof ops.subtract = /* @__PURE__ */ lift(ops.subtract);
export const tablesInitializer: typeof ops.tablesInitializer = /* @__PURE__ */ lift(ops.tablesInitializer);
/** @deprecated Since TensorFlow 1.1: tablesInitializer. */
export const initializeAllTables: typeof ops.tablesInitializer = tablesInitializer;
export const tan: typeof ops.tan = /* @__PURE__ */ lift(ops.tan);
export const tanh: typeof ops.tanh = /* @__PURE__ */ lift(ops.tanh);
export const tile: typeof ops.tile = /* @__PURE__ */ lift(ops.tile);
export const transpose: typeof ops.transpose = /* @__PURE__ */ lift(ops.transpose);
export const truediv: typeof ops.truediv = /* @__PURE__ */ lift(ops.truediv);
export const truncatediv: typeof ops.truncatediv = /* @__PURE__ */ lift(ops.truncatediv);
export const truncatedNormal: typeof ops.truncatedNormal = /* @__PURE__ */ lift(ops.truncatedNormal);
export const truncatedNormalInitializer: typeof ops.truncatedNormalInitializer = /* @__PURE__ */ lift(
  ops.truncatedNormalInitializer,
);
export const truncatemod: typeof ops.truncatemod = /* @__PURE__ */ lift(ops.truncatemod);
export const tuple: typeof ops.tuple = /* @__PURE__ */ lift(ops.tuple);
export const uniformUnitScalingInitializer: typeof ops.uniformUnitScalingInitializer = /* @__PURE__ */ lift(
  ops.uniformUnitScalingInitializer,
);
export const unsortedSegmentMax: typeof ops.unsortedSegmentMax = /* @__PURE__ */ lift(ops.unsortedSegmentMax);
export const unsortedSegmentMin: typeof ops.unsortedSegmentMin = /* @__PURE__ */ lift(ops.unsortedSegmentMin);
export const unsortedSegmentProd: typeof ops.unsortedSegmentProd = /* @__PURE__ */ lift(
  ops.unsortedSegmentProd,
);
export const unsortedSegmentSum: typeof ops.unsortedSegmentSum = /* @__PURE__ */ lift(ops.unsortedSegmentSum);
export const unstack: typeof ops.unstack = /* @__PURE__ */ lift(ops.unstack);
export const variableScope: typeof ops.variableScope = /* @__PURE__ */ lift(ops.variableScope);
export const variableShape: typeof ops.variableShape = /* @__PURE__ */ lift(ops.variableShape);
export const varianceScalingInitializer: typeof ops.varianceScalingInitializer = /* @__PURE__ */ lift(
  ops.varianceScalingInitializer,
);
export const where: typeof ops.where = /* @__PURE__ */ lift(ops.where);
export const whileLoop: typeof ops.whileLoop = /* @__PURE__ */ lift(ops.whileLoop);
export const whereV2: typeof ops.whereV2 = /* @__PURE__ */ lift(ops.whereV2);
export const writeFile: typeof ops.writeFile = /* @__PURE__ */ lift(ops.writeFile);
export const xdivy: typeof ops.xdivy = /* @__PURE__ */ lift(ops.xdivy);
export const xlogy: typeof ops.xlogy = /* @__PURE__ */ lift(ops.xlogy);
export const zeros: typeof ops.zeros = /* @__PURE__ */ lift(ops.zeros);
export const zerosInitializer: typeof ops.zerosInitializer = /* @__PURE__ */ lift(ops.zerosInitializer);
export const zerosLike: typeof ops.zerosLike = /* @__PURE__ */ lift(ops.zerosLike);

/** Functions for Python's operators: `operator.add(a, b)` is `a + b` (AddV2), where `add(a, b)` is tf.add (Add). */
export const operator: typeof ops.operator = /* @__PURE__ */ liftAll(ops.operator);
export {
  AggregationMethod,
  AUTO_REUSE,
  fixedSizePartitioner,
  minMaxVariablePartitioner,
  VariableScope,
  variableAxisSizePartitioner,
} from "@org/ops";
