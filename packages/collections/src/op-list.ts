// Which ops a GraphDef uses, and what of its attributes goes without saying.
// Source: python/framework/meta_graph.py (ops_used_by_graph_def, stripped_op_list_for_graph, strip_graph_default_valued_attrs).
import {
  AttrValue,
  equals,
  type IAttrValue,
  type IGraphDef,
  type INodeDef,
  type IOpDef,
  type IOpList,
} from "@org/proto";
import { nodeOps } from "@org/proto/nodes";

/** Looks an op's OpDef up; undefined where nobody knows it. */
export type FindOpDef = (type: string) => IOpDef | undefined;

/** Op types of the nodes and of the functions that they call; functions themselves are not among them. Sorted. */
export function opsUsed(def: IGraphDef): string[] {
  const functions = new Map((def.library?.function ?? []).map((fn) => [fn.signature?.name ?? "", fn]));
  const used = nodeOps(def.node ?? []);
  // A set hands out what is added while it is walked.
  for (const op of used) for (const node of functions.get(op)?.nodeDef ?? []) used.add(node.op ?? "");
  return [...used].filter((op) => !functions.has(op)).sort();
}

/** OpDefs of the ops that `def` uses, sorted, without texts; ops that nobody knows are left out. */
export function strippedOpList(def: IGraphDef, find: FindOpDef): IOpList {
  const op: IOpDef[] = [];
  for (const type of opsUsed(def)) {
    const opDef = find(type);
    if (opDef !== undefined) op.push(withoutTexts(opDef));
  }
  return { op };
}

/** The OpDef as files carry it. */
function withoutTexts(op: IOpDef): IOpDef {
  const described =
    op.summary ||
    op.description ||
    [...(op.inputArg ?? []), ...(op.outputArg ?? []), ...(op.attr ?? [])].some((part) => part.description);
  if (!described) return op;
  const strip = <T extends object>(part: T): T => ({ ...part, description: "" });
  return {
    ...op,
    summary: "",
    description: "",
    inputArg: (op.inputArg ?? []).map(strip),
    outputArg: (op.outputArg ?? []).map(strip),
    attr: (op.attr ?? []).map(strip),
  };
}

/** The GraphDef without attributes that equal their OpDef's default, in nodes and functions; ops that nobody knows keep all. */
export function withoutDefaultAttrs(def: IGraphDef, find: FindOpDef): IGraphDef {
  const functions = new Set((def.library?.function ?? []).map((fn) => fn.signature?.name ?? ""));
  const defaults = new Map<string, ReadonlyMap<string, IAttrValue>>();
  const defaultsOf = (type: string): ReadonlyMap<string, IAttrValue> => {
    let found = defaults.get(type);
    if (found === undefined) {
      const attrs = functions.has(type) ? [] : (find(type)?.attr ?? []);
      found = new Map(
        attrs.flatMap((attr) => (attr.defaultValue ? [[attr.name ?? "", attr.defaultValue] as const] : [])),
      );
      defaults.set(type, found);
    }
    return found;
  };
  const strip = (node: INodeDef): INodeDef => {
    const known = defaultsOf(node.op ?? "");
    if (known.size === 0) return node;
    const attr = Object.fromEntries(
      Object.entries(node.attr ?? {}).filter(([key, value]) => {
        const fallback = known.get(key);
        return fallback === undefined || !equals(AttrValue, value, fallback);
      }),
    );
    return { ...node, attr };
  };
  return {
    ...def,
    node: (def.node ?? []).map(strip),
    ...(def.library
      ? {
          library: {
            ...def.library,
            function: (def.library.function ?? []).map((fn) => ({
              ...fn,
              nodeDef: (fn.nodeDef ?? []).map(strip),
            })),
          },
        }
      : {}),
  };
}
