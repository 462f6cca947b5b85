// The variables of a MetaGraph: those of its collections, then those that only the graph has.
import { GraphKeys } from "@org/collections";
import { decode, type ICollectionDef, VariableDef } from "@org/proto";
import { dtypeFromProto, dtypes, Shape, sizeOf } from "@org/tensor";
import type { VariableDescription } from "./description.ts";
import type { Edges } from "./edges.ts";
import { shapeAt, typeName } from "./node-outputs.ts";
import type { NodeView } from "./node-view.ts";
import { variableOps } from "./roles.ts";

/** Collections whose items are variables. */
export const variableKeys: ReadonlySet<string> = new Set([
  GraphKeys.GLOBAL_VARIABLES,
  GraphKeys.TRAINABLE_VARIABLES,
  GraphKeys.LOCAL_VARIABLES,
  GraphKeys.MODEL_VARIABLES,
  GraphKeys.METRIC_VARIABLES,
  GraphKeys.MOVING_AVERAGE_VARIABLES,
  GraphKeys.GLOBAL_STEP,
]);

interface Found {
  readonly def: VariableDef | undefined;
  readonly keys: string[];
}

/** Variables, the global ones first. Throws TfError INVALID_ARGUMENT for a shape that cannot be. */
export function describeVariables(
  collections: readonly (readonly [string, ICollectionDef])[],
  nodes: NodeView,
  edges: Edges,
): VariableDescription[] {
  const found = new Map<string, Found>();
  const note = (name: string, def: VariableDef | undefined, key?: string): void => {
    const known = found.get(name) ?? { def, keys: [] };
    if (key !== undefined) known.keys.push(key);
    found.set(name, known);
  };
  const ordered = [...collections].sort(
    ([a], [b]) => Number(b === GraphKeys.GLOBAL_VARIABLES) - Number(a === GraphKeys.GLOBAL_VARIABLES),
  );
  for (const [key, collection] of ordered) {
    if (!variableKeys.has(key)) continue;
    for (const bytes of collection.bytesList?.value ?? []) {
      const def = tryDecode(bytes);
      if (def) note(def.variableName, def, key);
    }
    for (const name of collection.nodeList?.value ?? []) note(name, undefined, key);
  }
  for (let i = 0; i < nodes.count; i++)
    if (variableOps.has(nodes.op(i)) && !found.has(`${nodes.name(i)}:0`))
      note(`${nodes.name(i)}:0`, undefined);
  return [...found].map(([name, one]) => describeVariable(name, one, nodes, edges));
}

function describeVariable(
  name: string,
  { def, keys }: Found,
  nodes: NodeView,
  edges: Edges,
): VariableDescription {
  const node = edges.byName.get(name.replace(/:\d+$/, ""));
  const op = node === undefined ? "" : nodes.op(node);
  const attr = node === undefined ? {} : nodes.attr(node);
  const shape = attr.shape?.shape ? shapeAt(name, op, attr.shape.shape) : Shape.unknown;
  const slice = def?.saveSliceInfoDef;
  return {
    name,
    dtype: typeName(attr.dtype?.type),
    shape,
    kind: def?.isResource || op === "VarHandleOp" ? "resource" : "ref",
    trainable: keys.includes(GraphKeys.TRAINABLE_VARIABLES),
    collections: keys,
    bytes: bytesOf(attr.dtype?.type, shape),
    ...(slice
      ? {
          slice: {
            fullName: slice.fullName,
            offset: slice.varOffset.map(Number),
            shape: slice.varShape.map(Number),
          },
        }
      : {}),
  };
}

function bytesOf(type: number | null | undefined, shape: Shape): number | undefined {
  const dtype = dtypeFromProto(type ?? 0)?.dtype;
  if (dtype === undefined || dtypes[dtype].bytes === 0 || !shape.isFullyDefined()) return undefined;
  return sizeOf(shape.toNumbers()) * dtypes[dtype].bytes;
}

function tryDecode(bytes: Uint8Array): VariableDef | undefined {
  try {
    return decode(VariableDef, bytes);
  } catch {
    return undefined;
  }
}
