// Renames the nodes of a MetaGraph, and everything in it that names them: inputs, colocation, collections, signatures, SaverDef, frames of loops, and the
// keys under which Savers save. Functions have names of their own, and keep them.
import { TfError } from "@org/errors";
import { standardCollections } from "@org/metagraph";
import { decode, encode, type IAttrValue, type MetaGraphDef, type NodeDef } from "@org/proto";

export interface RenameGraphOptions {
  /** Whether the names that Savers save tensors under change, too. */
  readonly keys: boolean;
}

/** A node that has another name now. */
export interface RenamedNode {
  readonly from: string;
  readonly to: string;
}

/** What a node may be called. Source: core/framework/node_def_util.cc. */
const validName = /^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$/;

/** The nodes that would have another name. Throws TfError INVALID_ARGUMENT for names that nodes cannot have, or two would have. */
export function plannedNodes(def: MetaGraphDef, rename: (name: string) => string): RenamedNode[] {
  const seen = new Map<string, string>();
  const renamed: RenamedNode[] = [];
  for (const { name } of def.graphDef?.node ?? []) {
    const to = rename(name);
    if (to !== name && !validName.test(to))
      throw new TfError("INVALID_ARGUMENT", `'${to}' is not a valid node name`, { node: name });
    const other = seen.get(to);
    if (other !== undefined)
      throw new TfError("INVALID_ARGUMENT", `Node name '${to}' already exists in the Graph`, {
        node: name,
        hint: `Both "${other}" and "${name}" would have that name.`,
      });
    seen.set(to, name);
    if (to !== name) renamed.push({ from: name, to });
  }
  return renamed;
}

/** Renames in place; yields the nodes that have another name now. Throws as `plannedNodes`; DATA_LOSS for collections that are damaged. */
export function renameGraph(
  def: MetaGraphDef,
  rename: (name: string) => string,
  options: RenameGraphOptions,
): RenamedNode[] {
  const renamed = plannedNodes(def, rename);
  const nodes = def.graphDef?.node ?? [];
  if (options.keys) renameKeys(nodes, rename);
  const reference = (text: string): string => renameReference(text, rename);
  for (const node of nodes) {
    renameAttrs(node, rename);
    node.input = node.input.map(reference);
    node.name = rename(node.name);
  }
  for (const [key, collection] of Object.entries(def.collectionDef)) {
    if (collection.nodeList) collection.nodeList.value = collection.nodeList.value.map(reference);
    const type = standardCollections.get(key)?.protoType;
    if (collection.bytesList && type)
      collection.bytesList.value = collection.bytesList.value.map((bytes) => {
        const message = decode(type, bytes);
        renameFields(message, type.typeName, reference);
        return encode(type, message);
      });
  }
  for (const signature of Object.values(def.signatureDef))
    for (const info of [...Object.values(signature.inputs), ...Object.values(signature.outputs)])
      renameInfo(info, reference);
  if (def.saverDef) renameFields(def.saverDef, "tensorflow.SaverDef", reference);
  for (const asset of def.assetFileDef) if (asset.tensorInfo) renameInfo(asset.tensorInfo, reference);
  return renamed;
}

/** "^n", "n:1", "loc:@n", "n". */
function renameReference(text: string, rename: (name: string) => string): string {
  const [, before, name, output] = /^(\^|loc:@)?(.*?)(:\d+)?$/s.exec(text)! as unknown as [
    string,
    string?,
    string?,
    string?,
  ];
  return name === "" ? text : `${before ?? ""}${rename(name!)}${output ?? ""}`;
}

function renameAttrs(node: NodeDef, rename: (name: string) => string): void {
  const own = node.name;
  const text = new TextDecoder();
  const bytes = new TextEncoder();
  const {
    _class: groups,
    shared_name: shared,
    frame_name: frame,
  } = node.attr as Record<string, IAttrValue | undefined>;
  if (groups?.list?.s)
    node.attr._class!.list!.s = groups.list.s.map((group) =>
      bytes.encode(renameReference(text.decode(group), rename)),
    );
  // A resource that is shared under its node's name; other shared names are nobody's nodes.
  if (shared?.s && text.decode(shared.s) === own) node.attr.shared_name!.s = bytes.encode(rename(own));
  if (frame?.s) node.attr.frame_name!.s = bytes.encode(rename(text.decode(frame.s)));
}

type Fields = Record<string, unknown>;

/** Fields that name nodes, tensors or scopes, of messages in collections; a message's name stands for its own fields. */
const nameFields: Readonly<Record<string, Readonly<Record<string, "name" | string>>>> = {
  "tensorflow.VariableDef": {
    variableName: "name",
    initialValueName: "name",
    initializerName: "name",
    snapshotName: "name",
    saveSliceInfoDef: "tensorflow.SaveSliceInfoDef",
  },
  "tensorflow.SaveSliceInfoDef": { fullName: "name" },
  "tensorflow.QueueRunnerDef": {
    queueName: "name",
    enqueueOpName: "name",
    closeOpName: "name",
    cancelOpName: "name",
  },
  "tensorflow.SaverDef": { filenameTensorName: "name", saveTensorName: "name", restoreOpName: "name" },
  "tensorflow.CondContextDef": {
    contextName: "name",
    predName: "name",
    pivotName: "name",
    valuesDef: "tensorflow.ValuesDef",
    nestedContexts: "tensorflow.ControlFlowContextDef",
  },
  "tensorflow.WhileContextDef": {
    contextName: "name",
    pivotName: "name",
    pivotForPredName: "name",
    pivotForBodyName: "name",
    maximumIterationsName: "name",
    loopExitNames: "name",
    loopEnterNames: "name",
    valuesDef: "tensorflow.ValuesDef",
    nestedContexts: "tensorflow.ControlFlowContextDef",
  },
  "tensorflow.ValuesDef": { values: "name", externalValues: "name map" },
  "tensorflow.ControlFlowContextDef": {
    condCtxt: "tensorflow.CondContextDef",
    whileCtxt: "tensorflow.WhileContextDef",
  },
};

function renameFields(message: object, typeName: string, reference: (text: string) => string): void {
  const fields = message as Fields;
  for (const [field, what] of Object.entries(nameFields[typeName] ?? {})) {
    const value = fields[field];
    if (value === null || value === undefined || value === "") continue;
    if (what === "name")
      fields[field] = Array.isArray(value)
        ? value.map((one) => reference(one as string))
        : reference(value as string);
    else if (what === "name map")
      fields[field] = Object.fromEntries(
        Object.entries(value as Record<string, string>).map(([key, name]) => [
          reference(key),
          reference(name),
        ]),
      );
    else
      for (const one of Array.isArray(value) ? value : [value]) renameFields(one as object, what, reference);
  }
}

interface TensorInfoLike {
  name?: string | null;
  cooSparse?: Fields | null;
  compositeTensor?: { components: TensorInfoLike[] } | null;
}

function renameInfo(info: object, reference: (text: string) => string): void {
  const { name, cooSparse, compositeTensor } = info as TensorInfoLike;
  if (name) (info as TensorInfoLike).name = reference(name);
  for (const key of ["valuesTensorName", "indicesTensorName", "denseShapeTensorName"])
    if (cooSparse?.[key]) cooSparse[key] = reference(cooSparse[key] as string);
  for (const component of compositeTensor?.components ?? []) renameInfo(component, reference);
}

/** Ops that save and restore, and which of their inputs has the keys. */
const keyInput: Readonly<Record<string, number>> = {
  SaveV2: 1,
  RestoreV2: 1,
  Save: 1,
  SaveSlices: 1,
  Restore: 1,
  RestoreSlice: 1,
};

/** The names in the constants that Savers' ops take their keys from. */
function renameKeys(nodes: readonly NodeDef[], rename: (name: string) => string): void {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const done = new Set<NodeDef>();
  for (const node of nodes) {
    const position = Object.hasOwn(keyInput, node.op) ? keyInput[node.op]! : undefined;
    if (position === undefined) continue;
    const constant = byName.get((node.input[position] ?? "").replace(/:0$/, ""));
    const tensor = constant?.op === "Const" ? constant.attr.value?.tensor : undefined;
    if (!constant || !tensor || done.has(constant)) continue;
    done.add(constant);
    const [text, bytes] = [new TextDecoder(), new TextEncoder()];
    tensor.stringVal = (tensor.stringVal ?? []).map((key) => bytes.encode(rename(text.decode(key))));
  }
}
