// variableScope: what getVariable calls made in it share. Source: python/ops/variable_scope.py of TensorFlow 1.15.
import type { Graph } from "@org/graph";
import {
  type CustomGetter,
  graphFor,
  joined,
  type ScopeDefaults,
  type Store,
  storeOf,
  VariableScope,
  type VariableScopeOptions,
} from "./variable-store.ts";

/** tf.get_variable_scope: the scope that getVariable works in now. @tfExport getVariableScope */
export function getVariableScope(graph?: Graph): VariableScope {
  return storeOf(graphFor(graph)).current;
}

/**
 * Runs `fn` in a variable scope, and in a name scope of the same name. `nameOrScope` is a name below the current scope, a scope that
 * is re-entered, or null for a unique name made of `defaultName`. As tf.variable_scope.
 * Throws a TypeError where there is neither a name nor a default one, or where `reuse` is asked of a scope without a name.
 * @tfExport variableScope
 */
export function variableScope<R>(
  nameOrScope: string | VariableScope | null,
  fn: (scope: VariableScope) => R,
  options: VariableScopeOptions = {},
): R {
  const scoped = nameOrScope instanceof VariableScope ? nameOrScope : undefined;
  const graph = graphFor(options.graph ?? scoped?.graph);
  const { reuse, defaultName, auxiliaryNameScope = true, graph: _, ...defaults } = options;
  const given = Object.fromEntries(Object.entries(defaults).filter(([, value]) => value !== undefined));
  if (nameOrScope === null && defaultName === undefined)
    throw new TypeError("If default_name is None then name_or_scope is required");
  if (nameOrScope === null && reuse) throw new TypeError("reuse=True cannot be used without a name_or_scope");
  const store = storeOf(graph);
  const label = scoped ? scoped.name.split("/").at(-1)! : ((nameOrScope as string | null) ?? defaultName!);
  const current = graph.currentNameScope;
  const enter = (body: (nameScope: string) => R): R =>
    auxiliaryNameScope
      ? scoped && label === ""
        ? body("")
        : graph.nameScope(label, body)
      : graph.nameScope(current === "" ? null : `${current}/`, body);
  return graph.asDefault(() =>
    enter((nameScope) => {
      const outer = store.current;
      const own = nameOrScope ?? uniqueScopeName(store, outer.name, defaultName!);
      const name = typeof own === "string" ? joined(outer.name, own) : own.name;
      const before = new Map(store.counts);
      store.counts.set(name, (store.counts.get(name) ?? 0) + 1);
      store.current = scoped
        ? new VariableScope(
            graph,
            name,
            reuse || scoped.reuse,
            { ...scoped.defaults, ...given },
            scoped.originalNameScope,
          )
        : new VariableScope(graph, name, reuse || outer.reuse, inherited(outer, given), nameScope);
      try {
        return fn(store.current);
      } finally {
        for (const key of store.counts.keys()) if (key.startsWith(`${name}/`)) store.counts.set(key, 0);
        if (scoped) store.counts = before;
        store.current = outer;
      }
    }),
  );
}

/** An inner getter is called first and gets the outer one as its own getter. */
function inherited(outer: VariableScope, given: ScopeDefaults): ScopeDefaults {
  const wrapped = outer.defaults.customGetter;
  const getter = given.customGetter;
  const customGetter: CustomGetter | undefined =
    getter && wrapped
      ? (inner, name, options) => getter((n, o) => wrapped(inner, n, o), name, options)
      : (getter ?? wrapped);
  return { ...outer.defaults, ...given, ...(customGetter ? { customGetter } : {}) };
}

function uniqueScopeName(store: Store, outer: string, prefix: string): string {
  const name = joined(outer, prefix);
  if ((store.counts.get(name) ?? 0) === 0) return prefix;
  let i = 1;
  while ((store.counts.get(`${name}_${i}`) ?? 0) > 0) i++;
  return `${prefix}_${i}`;
}
