// How variable collections become VariableDefs and come back. Source: python/ops/resource_variable_ops.py (_to_proto_fn,
// _from_proto_fn and the registrations after them); framework/meta_graph.py for what older files lack.
import { type CollectionType, type FromProtoContext, GraphKeys } from "@org/collections";
import { isTensor, type Operation, type Tensor } from "@org/graph";
import { type IVariableDef, VariableDef } from "@org/proto";
import { globalVariables, localVariables } from "./collections.ts";
import { ResourceVariable } from "./resource-variable.ts";
import { Variable } from "./variable.ts";
import { isVariable, type VariableBase } from "./variable-options.ts";

/** The variable that `def` describes, ref or resource. Throws TfError NOT_FOUND where one of its nodes is missing. */
export function variableFromProto(
  def: IVariableDef,
  context: Pick<FromProtoContext, "graph" | "importScope">,
): Variable | ResourceVariable {
  return def.isResource ? ResourceVariable.fromProto(def, context) : Variable.fromProto(def, context);
}

function fromProto(def: IVariableDef, context: FromProtoContext): VariableBase {
  // Before 1.9 a VariableDef did not say whether the variable is trainable: those in the collection are.
  if (!isBefore19(context.tensorflowVersion)) return variableFromProto(def, context);
  return variableFromProto({ ...def, trainable: context.key === GraphKeys.TRAINABLE_VARIABLES }, context);
}

function isBefore19(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return major !== undefined && (Number(major) < 1 || (Number(major) === 1 && Number(minor) < 9));
}

function toProto(item: VariableBase, { exportScope }: { readonly exportScope?: string | undefined }) {
  if (!isVariable(item)) throw new TypeError(`${String(item)} is not a Variable`);
  return item.toProto(exportScope);
}

/** The variable whose op an old file lists by name: its Assign and read are found beside it. */
function fromNode(node: Tensor | Operation, { graph, key }: FromProtoContext): VariableBase | undefined {
  const op = isTensor(node) ? node.op : node;
  const known = [...globalVariables(graph), ...localVariables(graph)].find(
    (item) => isVariable(item) && item.op === op,
  );
  if (known) return known;
  const assign = graph.findOperation(`${op.name}/Assign`);
  const read =
    graph.findOperation(`${op.name}/read`) ?? graph.findOperation(`${op.name}/Read/ReadVariableOp`);
  if (assign?.inputs[0]?.op !== op || read?.inputs[0]?.op !== op) return undefined;
  const def = {
    variableName: `${op.name}:0`,
    initializerName: assign.name,
    initialValueName: assign.inputs[1]!.name,
    snapshotName: `${read.name}:0`,
    isResource: op.type === "VarHandleOp",
    trainable: key === GraphKeys.TRAINABLE_VARIABLES,
  };
  return variableFromProto(def, { graph });
}

/** The type of a collection of variables under `key`. Equal VariableDefs in several such collections become one object. */
export function variableCollectionType(key: string): CollectionType<VariableBase, IVariableDef> {
  return {
    key,
    protoType: VariableDef,
    toProto,
    fromProto,
    fromNode,
    identity: "@org/variables.variable",
    origin: "@org/variables",
  };
}

/** The types of the standard variable collections, to put into `createCollectionRegistry`. */
export const variableCollectionTypes: readonly CollectionType<VariableBase, IVariableDef>[] = [
  GraphKeys.GLOBAL_VARIABLES,
  GraphKeys.TRAINABLE_VARIABLES,
  GraphKeys.MOVING_AVERAGE_VARIABLES,
  GraphKeys.LOCAL_VARIABLES,
  GraphKeys.MODEL_VARIABLES,
  GraphKeys.GLOBAL_STEP,
  GraphKeys.METRIC_VARIABLES,
].map(variableCollectionType);
