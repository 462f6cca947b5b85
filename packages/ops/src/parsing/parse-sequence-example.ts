// tf.io.parse_sequence_example, tf.io.parse_single_sequence_example: dictionaries of features to tensors.
// Source: python/ops/parsing_ops.py.
import { TfError } from "@org/errors";
import { type Graph, isTensorLike, type Tensor } from "@org/graph";
import { applyOp } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { reshape } from "../array/reshape.ts";
import { convertToTensor, resolveGraph, withScope } from "../convert.ts";
import type { NameOption, TensorLike } from "../tensor-like.ts";
import type {
  DenseKey,
  FixedLenFeature,
  FixedLenSequenceFeature,
  RawFeatures,
  VarLenFeature,
} from "./features.ts";
import { rawFeatures } from "./features.ts";
import { constantName, type Parsed } from "./parse-example.ts";

/** Features of a SequenceExample as a whole, by name. */
export type ContextFeatures = Readonly<Record<string, FixedLenFeature | VarLenFeature>>;
/** Its lists of features, by name. */
export type SequenceFeatures = Readonly<Record<string, FixedLenSequenceFeature | VarLenFeature>>;

export interface ParseSequenceOptions<C extends ContextFeatures, S extends SequenceFeatures>
  extends NameOption {
  readonly contextFeatures?: C | undefined;
  readonly sequenceFeatures?: S | undefined;
  /** Names of the SequenceExamples, told in errors: a string vector, for a single one a scalar. */
  readonly exampleNames?: TensorLike | undefined;
}

interface Keys {
  readonly context: RawFeatures;
  readonly lists: RawFeatures;
  /** Lists that may be missing. */
  readonly missing: readonly string[];
}

function keysOf(context: ContextFeatures, sequence: SequenceFeatures): Keys {
  if (Object.keys(context).length === 0 && Object.keys(sequence).length === 0)
    throw new TfError("INVALID_ARGUMENT", "Missing features.");
  const lists = rawFeatures(sequence, ["var", "sequence"]);
  for (const { key, defaultValue } of lists.dense)
    if (defaultValue !== undefined && defaultValue !== null)
      throw new TfError("INVALID_ARGUMENT", `Value feature_list_dense_defaults[${key}] must be None`);
  return {
    context: rawFeatures(context, ["var", "fixed"]),
    lists,
    missing: lists.dense.filter(({ allowMissing }) => allowMissing).map(({ key }) => key),
  };
}

/** Defaults of the whole's dense features; empty where one must be there. A single example's are shaped as the feature. */
function defaults(dense: readonly DenseKey[], graph: Graph, isSingle: boolean): Tensor[] {
  return dense.map(({ key, dtype, shape, defaultValue }) => {
    if (defaultValue === undefined) return constant([], dtype, { graph });
    if (isTensorLike(defaultValue)) return convertToTensor(defaultValue, { dtype, graph });
    const value = convertToTensor(defaultValue, { dtype, name: constantName("key", key), graph });
    return isSingle ? reshape(value, Int32Array.from(shape.toNumbers())) : value;
  });
}

/** Takes outputs one after another. */
class Outputs {
  readonly #rest: Tensor[];

  constructor(outputs: readonly Tensor[]) {
    this.#rest = [...outputs];
  }

  take(count: number): readonly Tensor[] {
    return this.#rest.splice(0, count);
  }

  features({ sparse, dense }: RawFeatures): Record<string, unknown> {
    const [indices, values, shapes] = [0, 1, 2].map(() => this.take(sparse.size));
    const found: [string, unknown][] = [...sparse.keys()].map((key, i) => [
      key,
      { indices: indices![i], values: values![i], denseShape: shapes![i] },
    ]);
    const tensors = this.take(dense.length);
    return Object.fromEntries([...found, ...dense.map(({ key }, i) => [key, tensors[i]] as const)]);
  }
}

const typesOf = ({ sparse, dense }: RawFeatures, prefix: string): Record<string, never> =>
  ({
    [`${prefix}_sparse_types`]: [...sparse.values()],
    [`${prefix}_dense_shapes`]: dense.map(({ shape }) => shape),
  }) as Record<string, never>;
const denseKeys = ({ dense }: RawFeatures): string[] => dense.map(({ key }) => key);

/**
 * tf.io.parse_single_sequence_example: a scalar with one serialized SequenceExample to its features, and to its lists of features, which
 * have a first dimension for their steps (sparse ones: [step, position]).
 * Running it fails with INVALID_ARGUMENT where the bytes are broken, something is missing, or of another type or size.
 * Throws TfError INVALID_ARGUMENT where there are no features, or they contradict each other.
 * @tfExport parseSingleSequenceExample
 */
export function parseSingleSequenceExample<
  C extends ContextFeatures = Record<never, never>,
  S extends SequenceFeatures = Record<never, never>,
>(
  serialized: TensorLike,
  options: ParseSequenceOptions<C, S>,
): readonly [context: Parsed<C>, sequence: Parsed<S>] {
  const keys = keysOf(options.contextFeatures ?? {}, options.sequenceFeatures ?? {});
  const { context, lists, missing } = keys;
  const graph = resolveGraph([serialized, options.exampleNames]);
  const name = options.name ?? "ParseSingleSequenceExample";
  return withScope(graph, name, name, () => {
    const given = defaults(context.dense, graph, true);
    const { outputs } = applyOp(
      "ParseSingleSequenceExample",
      [
        serialized,
        missing,
        [...context.sparse.keys()],
        denseKeys(context),
        [...lists.sparse.keys()],
        denseKeys(lists),
        given,
        options.exampleNames ?? "",
      ],
      {
        name,
        graph,
        attrs: {
          ...typesOf(context, "context"),
          ...typesOf(lists, "feature_list"),
          feature_list_dense_types: lists.dense.map(({ dtype }) => dtype),
        },
      },
    );
    const rest = new Outputs(outputs);
    return [rest.features(context) as Parsed<C>, rest.features(lists) as Parsed<S>];
  });
}

/**
 * tf.io.parse_sequence_example: a vector of serialized SequenceExamples to a batch: features (a first dimension for the examples), lists of
 * features (another for their steps, filled up with zeros or empty strings), and how many steps each dense list has (int64 vectors by name).
 * Fails and throws as `parseSingleSequenceExample`.
 * @tfExport parseSequenceExample
 */
export function parseSequenceExample<
  C extends ContextFeatures = Record<never, never>,
  S extends SequenceFeatures = Record<never, never>,
>(
  serialized: TensorLike,
  options: ParseSequenceOptions<C, S>,
): readonly [context: Parsed<C>, sequence: Parsed<S>, lengths: Readonly<Record<string, Tensor>>] {
  const keys = keysOf(options.contextFeatures ?? {}, options.sequenceFeatures ?? {});
  const { context, lists, missing } = keys;
  const graph = resolveGraph([serialized, options.exampleNames]);
  const name = options.name ?? "ParseSequenceExample";
  return withScope(graph, name, name, () => {
    const given = defaults(context.dense, graph, false);
    const { outputs } = applyOp("ParseSequenceExample", [serialized, options.exampleNames ?? [], given], {
      name,
      graph,
      attrs: {
        Ncontext_sparse: context.sparse.size,
        Ncontext_dense: context.dense.length,
        Nfeature_list_sparse: lists.sparse.size,
        Nfeature_list_dense: lists.dense.length,
        feature_list_dense_missing_assumed_empty: missing,
        context_sparse_keys: [...context.sparse.keys()],
        context_dense_keys: denseKeys(context),
        feature_list_sparse_keys: [...lists.sparse.keys()],
        feature_list_dense_keys: denseKeys(lists),
        ...typesOf(context, "context"),
        ...typesOf(lists, "feature_list"),
        feature_list_dense_types: lists.dense.map(({ dtype }) => dtype),
      },
    });
    const rest = new Outputs(outputs);
    const features = rest.features(context) as Parsed<C>;
    const sequences = rest.features(lists) as Parsed<S>;
    const lengths = rest.take(lists.dense.length);
    return [features, sequences, Object.fromEntries(denseKeys(lists).map((key, i) => [key, lengths[i]!]))];
  });
}
