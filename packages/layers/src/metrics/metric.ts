// What metrics are made of: variables that count, a value of them, an operation that counts a batch.
// Source: python/ops/metrics_impl.py of TensorFlow 1.15 (metric_variable, _aggregate_across_replicas).
import { GraphKeys } from "@org/collections";
import type { Graph, Tensor } from "@org/graph";
import {
  type AnyVariable,
  getVariableScope,
  resolveGraph,
  type TensorLike,
  variableScope,
  zeros,
} from "@org/ops";
import type { DType, Shape } from "@org/tensor";
import { ResourceVariable, Variable, variableAggregation, variableSynchronization } from "@org/variables";

export interface MetricOptions {
  /** What elements count by: a scalar, or of the values' rank with each dimension 1 or theirs. */
  readonly weights?: TensorLike | undefined;
  /** Collections that get the value. */
  readonly metricsCollections?: readonly string[] | undefined;
  /** Collections that get the update. */
  readonly updatesCollections?: readonly string[] | undefined;
  /** The variable scope; unique unless given. */
  readonly name?: string | undefined;
}

/** A metric: its value now, and the value after a batch was counted: run that once a batch. */
export type Metric = readonly [value: Tensor, updateOp: Tensor];

/** A local variable of zeros that counts. */
export function metricVariable(
  graph: Graph,
  shape: readonly number[] | Shape,
  dtype: DType,
  name: string,
): AnyVariable {
  const kind = getVariableScope(graph).defaults.useResource ? ResourceVariable : Variable;
  return new kind(() => zeros(shape as readonly number[], dtype), {
    graph,
    name,
    trainable: false,
    collections: [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
    synchronization: variableSynchronization.ON_READ,
    aggregation: variableAggregation.SUM,
  });
}

/** Runs `build` in a metric's variable scope. */
export function metricScope<R>(
  values: readonly (TensorLike | undefined)[],
  options: MetricOptions,
  defaultName: string,
  build: (graph: Graph) => R,
): R {
  const graph = resolveGraph(values);
  return graph.asDefault(() =>
    variableScope(options.name ?? null, () => build(graph), { graph, defaultName }),
  );
}

/** Puts the value into its collections as soon as it is there, the update after it was made. */
export function metric(value: () => Tensor, update: () => Tensor, options: MetricOptions): Metric {
  const now = value();
  now.graph.addToCollections(options.metricsCollections ?? [], now);
  const updateOp = update();
  now.graph.addToCollections(options.updatesCollections ?? [], updateOp);
  return [now, updateOp];
}
