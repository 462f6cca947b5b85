// Candidate samplers: classes drawn for losses that look at some classes only. Entries, and what builds them.
// Source: core/ops/candidate_sampling_ops.cc, core/kernels/candidate_sampler_ops.cc, python/ops/candidate_sampling_ops.py.
import type { Operation, Tensor } from "@org/graph";
import { type NdArray, ndArray, Shape } from "@org/tensor";
import { applyOp } from "../apply-op.ts";
import { resolveGraph } from "../convert.ts";
import { defineOps, type OpSpec } from "../define.ts";
import { linesOf } from "../host/lines.ts";
import type { HostContext, OpEntry } from "../op-entry.ts";
import { numbersOf, withRank, withValue } from "../shape-rules.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import { newGenerator } from "./generator.ts";
import type { Philox } from "./philox.ts";
import { seedAttrs } from "./random.ts";
import {
  expectedCount,
  learnedSampler,
  logUniformSampler,
  type RangeSampler,
  uniformSampler,
  weightedSampler,
} from "./range-samplers.ts";

/** Sampled classes (int64 [numSampled]), and how often the true ones ([batch, numTrue]) and the sampled ones are expected among them. */
export interface CandidateSample {
  readonly sampled: Tensor;
  readonly trueExpectedCount: Tensor;
  readonly sampledExpectedCount: Tensor;
}

export interface SamplerOptions extends NameOption {
  readonly seed?: number | undefined;
}

const sampleOf = ({ outputs }: Operation): CandidateSample => ({
  sampled: outputs[0]!,
  trueExpectedCount: outputs[1]!,
  sampledExpectedCount: outputs[2]!,
});

/**
 * Draws `numSampled` classes of [0, rangeMax), each at most once if `unique`, for `trueClasses` (int64 [batch, numTrue]). Unique ones of a
 * range that is too small fail the run with INVALID_ARGUMENT.
 */
export type CandidateSampler = (
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  rangeMax: number,
  options?: SamplerOptions,
) => CandidateSample;

const sampling =
  (type: string): CandidateSampler =>
  (trueClasses, numTrue, numSampled, unique, rangeMax, { seed, name } = {}) => {
    const graph = resolveGraph([trueClasses]);
    const attrs = { num_true: numTrue, num_sampled: numSampled, unique, range_max: rangeMax };
    return sampleOf(
      applyOp(type, [trueClasses], { name, graph, attrs: { ...attrs, ...seedAttrs(seed, graph) } }),
    );
  };

/** tf.random.uniform_candidate_sampler: each class as often as any other. @tfExport nn.uniformCandidateSampler */
export const uniformCandidateSampler: CandidateSampler = sampling("UniformCandidateSampler");
/** tf.random.log_uniform_candidate_sampler: classes as often as words sorted by frequency. @tfExport nn.logUniformCandidateSampler */
export const logUniformCandidateSampler: CandidateSampler = sampling("LogUniformCandidateSampler");
/** tf.random.learned_unigram_candidate_sampler: classes as often as they were true in this session. @tfExport nn.learnedUnigramCandidateSampler */
export const learnedUnigramCandidateSampler: CandidateSampler = sampling("LearnedUnigramCandidateSampler");

/** tf.random.all_candidate_sampler: the classes [0, numSampled), all of them. @tfExport nn.allCandidateSampler */
export function allCandidateSampler(
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  { seed, name }: SamplerOptions = {},
): CandidateSample {
  const graph = resolveGraph([trueClasses]);
  const attrs = { num_true: numTrue, num_sampled: numSampled, unique, ...seedAttrs(seed, graph) };
  return sampleOf(applyOp("AllCandidateSampler", [trueClasses], { name, graph, attrs }));
}

export interface FixedUnigramOptions extends SamplerOptions {
  /** A file with a line a class, whose last field (after a comma) is its weight; or give `unigrams`. */
  readonly vocabFile?: string | undefined;
  /** Weights of the classes. */
  readonly unigrams?: readonly number[] | undefined;
  /** The power that weights are raised to: 1 unless given. */
  readonly distortion?: number | undefined;
  /** So many classes before the others are never drawn: 0 unless given. */
  readonly numReservedIds?: number | undefined;
  readonly numShards?: number | undefined;
  readonly shard?: number | undefined;
}

/** tf.random.fixed_unigram_candidate_sampler: classes as often as weights say. @tfExport nn.fixedUnigramCandidateSampler */
export function fixedUnigramCandidateSampler(
  trueClasses: TensorLike,
  numTrue: number,
  numSampled: number,
  unique: boolean,
  rangeMax: number,
  options: FixedUnigramOptions = {},
): CandidateSample {
  const graph = resolveGraph([trueClasses]);
  const attrs = {
    num_true: numTrue,
    num_sampled: numSampled,
    unique,
    range_max: rangeMax,
    vocab_file: options.vocabFile,
    distortion: options.distortion,
    num_reserved_ids: options.numReservedIds,
    num_shards: options.numShards,
    shard: options.shard,
    unigrams: options.unigrams ?? [],
    ...seedAttrs(options.seed, graph),
  };
  return sampleOf(
    applyOp("FixedUnigramCandidateSampler", [trueClasses], { name: options.name, graph, attrs }),
  );
}

/** Where true classes are among the sampled ones: rows (int32), places (int64), and a weight for each that is as low as float32 goes. */
export interface AccidentalHits {
  readonly indices: Tensor;
  readonly ids: Tensor;
  readonly weights: Tensor;
}

/** tf.nn.compute_accidental_hits: where `sampled` hit a class of `trueClasses` (int64 [batch, numTrue]). @tfExport nn.computeAccidentalHits */
export function computeAccidentalHits(
  trueClasses: TensorLike,
  sampled: TensorLike,
  numTrue: number,
  { seed, name }: SamplerOptions = {},
): AccidentalHits {
  const graph = resolveGraph([trueClasses, sampled]);
  const attrs = { num_true: numTrue, ...seedAttrs(seed, graph) };
  const { outputs } = applyOp("ComputeAccidentalHits", [trueClasses, sampled], { name, graph, attrs });
  return { indices: outputs[0]!, ids: outputs[1]!, weights: outputs[2]! };
}

/** Tries after which unique classes are given up. */
const tryLimit = 10_000_000;

function draw(c: HostContext, generator: Philox, from: RangeSampler): NdArray[] {
  const fail = (sentence: string, hint?: string): never => c.fail("INVALID_ARGUMENT", sentence, hint);
  const given = c.input(0);
  const [count, columns] = [c.attrs.int("num_sampled"), c.attrs.int("num_true")];
  const unique = c.attrs.bool("unique");
  if (given.shape.length !== 2) fail("true_classes must be a matrix");
  if (given.shape[1] !== columns)
    fail(`true_classes must have num_true columns, expected: ${given.shape[1]} was: ${columns}`);
  if (unique && count > from.range) fail("Sampler's range is too small.");
  if (unique && count > from.drawable)
    fail(
      `Sampler's range is too small: only ${from.drawable} classes have a weight above 0.`,
      "Draw fewer classes, or let them come more than once.",
    );
  const local = generator.clone();
  generator.skip(Math.floor((2048 * count + 3) / 4));
  const bits = local.singles();
  const sampled: number[] = [];
  const used = new Set<number>();
  let tries = 0;
  while (sampled.length < count) {
    if (++tries > tryLimit) fail(`No ${count} different classes were found in ${tryLimit} tries`);
    const value = from.sample(bits);
    if (unique && used.has(value)) continue;
    used.add(value);
    sampled.push(value);
  }
  const expected = (value: number): number => expectedCount(from.probability(value), count, tries);
  const classes = numbersOf(given);
  const counts = [classes, sampled].map((values) => Float32Array.from(values, expected));
  try {
    from.update?.(classes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    fail(`true_classes: ${error.message}`);
  }
  return [
    ndArray("int64", [count], BigInt64Array.from(sampled, BigInt)),
    ndArray("float32", given.shape, counts[0]!),
    ndArray("float32", [count], counts[1]!),
  ];
}

const spec = (host: NonNullable<OpSpec["host"]>): OpSpec => ({
  shape: (c) => {
    const batch = withRank(c.input(0), 2).dim(0);
    const sampled = new Shape([c.attrs.int("num_sampled")]);
    return [sampled, new Shape([batch, c.attrs.int("num_true")]), sampled];
  },
  gradient: null,
  host,
});

/** The generator and what else a node keeps between its executions. */
const kept = <S>(c: HostContext, make: () => S): { readonly generator: Philox; readonly sampler: S } =>
  c.sequence(
    () => ({ generator: newGenerator(c), sampler: make() }),
    ({ generator, sampler }) => ({ generator: generator.clone(), sampler }),
  );

const ofRange = (make: (range: number) => RangeSampler): OpSpec =>
  spec((c) => {
    const { generator, sampler } = kept(c, () => make(c.attrs.int("range_max")));
    return draw(c, generator, sampler);
  });

/** The weights of a fixed unigram sampler: reserved classes first, which weigh 0. */
async function fixedWeights(c: HostContext): Promise<Float32Array> {
  const fail = (sentence: string): never => c.fail("INVALID_ARGUMENT", sentence);
  const file = c.attrs.string("vocab_file");
  const unigrams = c.attrs.floats("unigrams");
  if (file === "" && unigrams.length === 0) fail("Must provide either vocab_file or unigrams.");
  if (file !== "" && unigrams.length > 0) fail("Must only provide one of vocab_file and unigrams.");
  const [shards, shard] = [c.attrs.int("num_shards"), c.attrs.int("shard")];
  const range = c.attrs.int("range_max");
  const distortion = c.attrs.float("distortion");
  const weights: number[] = [];
  const reserved = c.attrs.int("num_reserved_ids");
  for (let id = 0; id < reserved && weights.length <= range; id++) if (id % shards === shard) weights.push(0);
  let id = weights.length;
  const add = (weight: number): void => {
    if (id++ % shards === shard) weights.push(Math.fround(Math.fround(weight) ** distortion));
    if (weights.length > range) fail(`There are more classes than the ${range} that range_max says`);
  };
  for (const weight of unigrams) add(weight);
  if (file !== "") {
    const utf8 = new TextDecoder();
    for await (const { line } of linesOf(c.fs, file, c.signal)) {
      const text = utf8.decode(line).split(",").at(-1)!.trim();
      const weight = Number(text);
      if (text === "" || Number.isNaN(weight)) fail(`Wrong vocabulary format at line: ${utf8.decode(line)}`);
      add(weight);
    }
  }
  if (weights.length !== range) fail(`There are ${weights.length} classes, but range_max is ${range}`);
  if (
    !weights.every((weight) => weight >= 0 && weight < Number.POSITIVE_INFINITY) ||
    !weights.some((x) => x > 0)
  )
    fail("Weights of classes must be finite, not negative, and not all 0");
  return Float32Array.from(weights);
}

/** Entries of the candidate samplers. */
export const candidateOps: readonly OpEntry[] = defineOps({
  UniformCandidateSampler: ofRange(uniformSampler),
  LogUniformCandidateSampler: ofRange(logUniformSampler),
  LearnedUnigramCandidateSampler: ofRange(learnedSampler),
  ThreadUnsafeUnigramCandidateSampler: ofRange(learnedSampler),
  FixedUnigramCandidateSampler: spec(async (c) => {
    const { generator, sampler } = kept(c, () => fixedWeights(c).then(weightedSampler));
    return draw(c, generator, await sampler);
  }),
  AllCandidateSampler: spec((c) => {
    const given = c.input(0);
    const count = c.attrs.int("num_sampled");
    if (given.shape.length !== 2) c.fail("INVALID_ARGUMENT", "true_classes must be a matrix");
    return [
      ndArray(
        "int64",
        [count],
        BigInt64Array.from({ length: count }, (_, i) => BigInt(i)),
      ),
      ndArray("float32", given.shape, new Float32Array(given.data.length).fill(1)),
      ndArray("float32", [count], new Float32Array(count).fill(1)),
    ];
  }),
  ComputeAccidentalHits: {
    shape: (c) => {
      withValue(withRank(c.input(0), 2).dim(1), c.attrs.int("num_true"));
      withRank(c.input(1), 1);
      return [Shape.ofRank(1), Shape.ofRank(1), Shape.ofRank(1)];
    },
    gradient: null,
    host: (c) => {
      const [given, sampled] = [c.input(0), c.input(1)];
      const columns = c.attrs.int("num_true");
      if (given.shape.length !== 2 || given.shape[1] !== columns)
        c.fail("INVALID_ARGUMENT", "true_candidates must be a batch_size * num_true matrix");
      if (sampled.shape.length !== 1)
        c.fail(
          "INVALID_ARGUMENT",
          "sampled_candidates must be a vector, which is typically an output from CandidateSampler",
        );
      const places = new Map<bigint, number>();
      (sampled.data as BigInt64Array).forEach((value, i) => {
        places.set(value, i);
      });
      const hits: (readonly [row: number, place: number])[] = [];
      (given.data as BigInt64Array).forEach((value, i) => {
        const place = places.get(value);
        if (place !== undefined) hits.push([Math.floor(i / columns), place]);
      });
      return [
        ndArray(
          "int32",
          [hits.length],
          Int32Array.from(hits, ([row]) => row),
        ),
        ndArray(
          "int64",
          [hits.length],
          BigInt64Array.from(hits, ([, place]) => BigInt(place)),
        ),
        ndArray("float32", [hits.length], new Float32Array(hits.length).fill(-3.4028234663852886e38)),
      ];
    },
  },
});
