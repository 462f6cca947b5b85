// The variable scope of a recurrent net: reads of variables are cached on the device of what uses them, but within loops.
// Source: _should_cache in python/ops/rnn.py of TensorFlow 1.15.
import { type Graph, type Operation, whileContextAround } from "@org/graph";
import { getVariableScope, VariableScope, variableScope } from "@org/ops";

const ownDevice = (op: Operation): string => op.device;

/** Runs `build` in the scope. */
export function recurrentScope<R>(
  graph: Graph,
  scope: string | VariableScope,
  build: (scope: VariableScope) => R,
): R {
  return graph.asDefault(() => {
    const inherited = (scope instanceof VariableScope ? scope : getVariableScope(graph)).defaults;
    const caches = !whileContextAround(graph.controlFlowContext) && inherited.cachingDevice === undefined;
    return variableScope(scope, build, caches ? { cachingDevice: ownDevice } : {});
  });
}
