// The global step: an int64 variable that counts updates. Source: python/training/training_util.py.
import { GraphKeys } from "@org/collections";
import { TfError } from "@org/errors";
import { currentGraph, type Graph, isTensor, type Tensor } from "@org/graph";
import { type AnyVariable, getVariable, zerosInitializer } from "@org/ops";
import { dtypes } from "@org/tensor";
import { isVariable, variableAggregation } from "@org/variables";

function graphFor(graph: Graph | undefined): Graph {
  const found = graph ?? currentGraph();
  if (!found) throw new TypeError("No graph: give one, or call inside graph.asDefault(() => ...)");
  return found;
}

/** tf.train.assert_global_step: throws a TypeError for what is no scalar integer variable or tensor. */
export function assertGlobalStep(step: AnyVariable | Tensor): void {
  if (!isVariable(step) && !isTensor(step))
    throw new TypeError(`Existing "global_step" must be a Variable or Tensor: ${step}.`);
  const { dtype, shape } = step as AnyVariable;
  const { kind } = dtypes[dtype];
  if (kind !== "int" && kind !== "uint")
    throw new TypeError(`Existing "global_step" does not have integer type: ${dtype}`);
  if (shape.rank !== 0 && shape.isFullyDefined())
    throw new TypeError(`Existing "global_step" is not scalar: ${shape}`);
}

/**
 * tf.train.get_global_step: the global step of a graph, from its collection or by the name "global_step:0"; undefined where there is
 * none, or several. Throws a TypeError where it is no scalar integer.
 */
export function getGlobalStep(graph?: Graph): AnyVariable | Tensor | undefined {
  const where = graphFor(graph);
  const collected = where.getCollection(GraphKeys.GLOBAL_STEP) as (AnyVariable | Tensor)[];
  if (collected.length > 1) return undefined;
  const step = collected[0] ?? where.findOperation("global_step")?.outputs[0];
  if (step) assertGlobalStep(step);
  return step;
}

/** tf.train.create_global_step. Throws TfError ALREADY_EXISTS where there is one. */
export function createGlobalStep(graph?: Graph): AnyVariable {
  const where = graphFor(graph);
  if (getGlobalStep(where)) throw new TfError("ALREADY_EXISTS", '"global_step" already exists.');
  return where.asDefault(() =>
    where.nameScope(null, () =>
      getVariable(GraphKeys.GLOBAL_STEP, {
        graph: where,
        shape: [],
        dtype: "int64",
        initializer: zerosInitializer(),
        trainable: false,
        aggregation: variableAggregation.ONLY_FIRST_REPLICA,
        collections: [GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
      }),
    ),
  );
}

/** tf.train.get_or_create_global_step. */
export function getOrCreateGlobalStep(graph?: Graph): AnyVariable | Tensor {
  const where = graphFor(graph);
  return getGlobalStep(where) ?? createGlobalStep(where);
}

/** tf.train.global_step: its value in a session. */
export async function globalStep(
  session: { run(fetch: Tensor): Promise<unknown> },
  step: AnyVariable | Tensor,
): Promise<number> {
  const tensor = isTensor(step) ? step : (step as AnyVariable).value();
  const value = (await session.run(tensor)) as { data: ArrayLike<number | bigint> };
  return Number(value.data[0]);
}
