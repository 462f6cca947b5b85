// What becomes of a node that reads, writes or passes on a variable when that variable becomes a constant: two tables, of ops that take refs
// and of ops that take resource handles. Ops that take a ref's value need no row: a constant gives them the same.
// Source: python/framework/graph_util_impl.py (convert_variables_to_constants), 2.x convert_to_constants.py; refs: what users do by hand.
import type { IAttrValue, INodeDef } from "@org/proto";
import { type DType, dtypes, ndArray } from "@org/tensor";
import { constNode } from "./const-node.ts";
import { changedNode } from "./graph-nodes.ts";
import { isControlInput } from "./node-names.ts";

/** What takes a node's place: one node of the same name, and nodes that it needs. */
export interface Replacement {
  readonly node: INodeDef;
  readonly needs?: readonly INodeDef[];
}

export interface ReaderRule {
  /** Outputs are the variable still: readers of this node are looked at, too. "first": only output 0 is. */
  readonly passes?: "all" | "first";
  /** `freshName` gives a name that the graph does not have. */
  readonly replace: (node: INodeDef, dtype: DType, freshName: (name: string) => string) => Replacement;
}

type Attrs = { readonly [key: string]: IAttrValue | null | undefined };

/** `attrs` that are there, and the internal ones of `node`; without those that told of handles. */
function attrsOf(node: INodeDef, attrs: Attrs, keepShapes: boolean): { [key: string]: IAttrValue } {
  const kept: { [key: string]: IAttrValue } = {};
  for (const [key, value] of Object.entries(attrs)) if (value) kept[key] = value;
  for (const [key, value] of Object.entries(node.attr ?? {}))
    if (key.startsWith("_") && !key.startsWith("_handle_") && (keepShapes || key !== "_output_shapes"))
      kept[key] = value;
  return kept;
}

const typeAttr = (dtype: DType): IAttrValue => ({ type: dtypes[dtype].number });
const controlInputs = (node: INodeDef): string[] => (node.input ?? []).filter(isControlInput);

/** The same node under another op's name; attributes that the other op lacks are dropped. */
const renamed = (op: string, drop: readonly string[] = []): ReaderRule["replace"] => {
  return (node) => {
    if (drop.length === 0) return { node: changedNode(node, { op }) };
    const attr: { [key: string]: IAttrValue } = {};
    for (const [key, value] of Object.entries(node.attr ?? {})) if (!drop.includes(key)) attr[key] = value;
    return { node: changedNode(node, { op, attr }) };
  };
};

/** A variable that is a constant is initialized. */
const initialized: ReaderRule = {
  replace: (node) => ({
    node: constNode(node.name ?? "", ndArray("bool", [], Uint8Array.of(1)), {
      device: node.device,
      input: controlInputs(node),
    }),
  }),
};

/** Ops whose first input, by their OpDef, is a ref to a variable. */
export const refRules: { readonly [op: string]: ReaderRule } = {
  RefIdentity: { passes: "all", replace: renamed("Identity") },
  RefSwitch: { passes: "all", replace: renamed("Switch") },
  RefMerge: { passes: "first", replace: renamed("Merge") },
  RefEnter: { passes: "all", replace: renamed("Enter") },
  RefExit: { passes: "all", replace: renamed("Exit") },
  RefNextIteration: { passes: "all", replace: renamed("NextIteration") },
  DebugGradientRefIdentity: { passes: "all", replace: renamed("DebugGradientIdentity") },
  AssignAdd: { passes: "all", replace: renamed("Add", ["use_locking"]) },
  AssignSub: { passes: "all", replace: renamed("Sub", ["use_locking"]) },
  Assign: {
    passes: "all",
    replace: (node) => ({
      node: changedNode(node, {
        op: "Identity",
        input: node.input!.slice(1),
        attr: attrsOf(node, { T: node.attr?.T }, true),
      }),
    }),
  },
  IsVariableInitialized: initialized,
};

/** Ops that take a ref and have no counterpart for a constant: they change it, or count with it. */
export const refWriters: RegExp =
  /^(Apply.+|SparseApply.+|Scatter(Nd)?(Add|Div|Max|Min|Mul|Sub|Update)|CountUpTo|StridedSliceAssign|DestroyTemporaryVariable|RefSelect|NegTrain|SdcaShrinkL1)$/;

/** Passes a handle on: the node as it is, with the variable's own type. */
const passesHandle = (passes: "all" | "first"): ReaderRule => ({
  passes,
  replace: (node, dtype) => {
    // Shapes of handles are scalars and do not hold for values.
    const { _output_shapes: _, T: __, ...rest } = node.attr ?? {};
    const kept = Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith("_handle_")));
    return { node: changedNode(node, { attr: { ...kept, T: typeAttr(dtype) } }) };
  },
});

/** A write of a resource: a constant has nothing to write to, and whoever waited for it may go on. */
const noWrite: ReaderRule = {
  replace: (node) => ({
    node: changedNode(node, { op: "NoOp", input: controlInputs(node), attr: attrsOf(node, {}, false) }),
  }),
};

/** GatherV2 of a constant: axis and batch dimensions are what ResourceGather has as `batch_dims`. */
const gather: ReaderRule = {
  replace: (node, dtype, freshName) => {
    const name = node.name ?? "";
    const [params, indices, ...control] = node.input ?? [];
    const batchDims = Number(node.attr?.batch_dims?.i ?? 0);
    const indexType = node.attr?.Tindices ?? typeAttr("int32");
    const wide = indexType.type === dtypes.int64.number;
    const axis = constNode(
      freshName(`${name}/axis`),
      wide
        ? ndArray("int64", [], BigInt64Array.of(BigInt(batchDims)))
        : ndArray("int32", [], Int32Array.of(batchDims)),
      { device: node.device },
    );
    const attr = {
      Tparams: typeAttr(dtype),
      Tindices: indexType,
      Taxis: indexType,
      batch_dims: batchDims === 0 ? undefined : { i: BigInt(batchDims) },
    };
    return {
      needs: [axis],
      node: changedNode(node, {
        op: "GatherV2",
        input: [params!, indices!, axis.name!, ...control],
        attr: attrsOf(node, attr, true),
      }),
    };
  },
};

/** Ops whose first input is the handle of a variable. */
export const handleRules: { readonly [op: string]: ReaderRule } = {
  Identity: passesHandle("all"),
  Switch: passesHandle("all"),
  Merge: passesHandle("first"),
  Enter: passesHandle("all"),
  Exit: passesHandle("all"),
  NextIteration: passesHandle("all"),
  ReadVariableOp: {
    replace: (node, dtype) => ({
      node: changedNode(node, { op: "Identity", attr: attrsOf(node, { T: typeAttr(dtype) }, true) }),
    }),
  },
  ResourceGather: gather,
  ResourceGatherNd: {
    replace: (node, dtype) => ({
      node: changedNode(node, {
        op: "GatherNd",
        attr: attrsOf(node, { Tparams: typeAttr(dtype), Tindices: node.attr?.Tindices }, true),
      }),
    }),
  },
  VariableShape: {
    replace: (node, dtype) => ({
      node: changedNode(node, {
        op: "Shape",
        attr: attrsOf(node, { T: typeAttr(dtype), out_type: node.attr?.out_type }, true),
      }),
    }),
  },
  VarIsInitializedOp: initialized,
  AssignVariableOp: noWrite,
  AssignAddVariableOp: noWrite,
  AssignSubVariableOp: noWrite,
  DestroyResourceOp: noWrite,
};

/** Ops that change what is behind a handle and give nothing: none of them matters to a constant. */
export const handleWriters: RegExp =
  /^Resource(Scatter(Nd)?(Add|Div|Max|Min|Mul|Sub|Update)|StridedSliceAssign)$/;

/** The rule for a node of type `op` that is given a variable of that kind; undefined where the op just reads a value, "none" where it cannot be frozen. */
export function readerRule(op: string, kind: "ref" | "resource"): ReaderRule | "none" | undefined {
  if (kind === "ref") {
    if (Object.hasOwn(refRules, op)) return refRules[op];
    return refWriters.test(op) ? "none" : undefined;
  }
  if (Object.hasOwn(handleRules, op)) return handleRules[op];
  return handleWriters.test(op) ? noWrite : "none";
}
