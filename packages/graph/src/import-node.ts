// One NodeDef of an import, made fit for the graph: attributes that only the producer knows dropped, defaults filled
// in, types settled, with or without an OpDef. Source: importer.py (_RemoveDefaultAttrs), graph_constructor.cc (ModifyNodeDefForImport).
import { TfError } from "@org/errors";
import { AttrValue, equals, type IAttrValue, type IOpDef } from "@org/proto";
import { type Shape, shapeFromProto } from "@org/tensor";
import { nodeText, validateNode } from "./node-signature.ts";
import { indexOpDef } from "./op-def-index.ts";
import { summarizeOpDef } from "./op-def-text.ts";
import type { OpRegistry, RegisteredOp } from "./op-registry.ts";
import { type OutputKind, outputKinds } from "./output-kind.ts";

/** What an import tells of on its way; nothing of it stops the import. */
export interface ImportWarning {
  readonly kind: "unknown-attr" | "output-shapes" | "deprecated-op" | "colocation";
  readonly node: string;
  readonly op: string;
  readonly message: string;
}

/** Where OpDefs are looked up: ops that are registered here; then what the file says of its ops. */
export interface ImportOps {
  readonly registry: OpRegistry;
  readonly file: OpRegistry | undefined;
  readonly strict: boolean;
  /** The file's. */
  readonly producer: number;
  readonly warn: (warning: ImportWarning) => void;
  /** Told of a node's outputs before they are made. */
  readonly countOutputs: (count: number, node: string, op: string) => void;
}

/** A node as the file has it. */
export interface FileNode {
  /** In the graph. */
  readonly name: string;
  readonly op: string;
  readonly attr: { readonly [key: string]: IAttrValue };
  /** Data inputs; undefined where they are not to be checked. */
  readonly inputCount: number | undefined;
  /** How many outputs others read: all that is known of an op without OpDef. */
  readonly outputsUsed: () => number;
}

/** A node ready to be added but for its inputs. */
export interface PreparedNode {
  readonly op: string;
  readonly registered: RegisteredOp | undefined;
  readonly opDef: IOpDef | undefined;
  /** DataType numbers of the data inputs; undefined without an OpDef. */
  readonly inputTypes: readonly number[] | undefined;
  readonly outputs: readonly OutputKind[];
  /** What `_output_shapes` states. */
  readonly shapes: readonly Shape[] | undefined;
  /** Keys of attributes that an import drops, beside `_output_shapes`. */
  readonly dropped: readonly string[];
  /** Defaults that the file leaves out. */
  readonly filled: readonly (readonly [string, IAttrValue])[];
}

const DT_VARIANT = 21;

/** An attribute that tells the type of the outputs of an op that nobody describes. */
function guessType(attrs: FileNode["attr"]): number {
  for (const key of ["dtype", "T", "out_type", "output_type", "DstT", "Tout"]) {
    const type = Object.hasOwn(attrs, key) ? attrs[key]!.type : undefined;
    if (type) return type % 100;
  }
  return DT_VARIANT;
}

/** An op that newer TensorFlows removed is imported all the same: only running it is an error. */
function checkDeprecation(opDef: IOpDef, node: string, ops: ImportOps): void {
  const removed = opDef.deprecation?.version ?? 0;
  if (removed === 0 || ops.producer < removed) return;
  const op = opDef.name ?? "";
  const message = `Op ${op} is not available in GraphDef version ${ops.producer}. It has been removed in version ${removed}. ${opDef.deprecation?.explanation}.`;
  if (ops.strict) throw new TfError("UNIMPLEMENTED", message, { node, op });
  ops.warn({ kind: "deprecated-op", node, op, message });
}

function statedShapes(
  { name, op, attr }: FileNode,
  outputs: number,
  described: boolean,
): readonly Shape[] | undefined {
  const stated = Object.hasOwn(attr, "_output_shapes") ? attr._output_shapes!.list : undefined;
  if (!stated) return undefined;
  const shapes = stated.shape ?? [];
  if (shapes.length < outputs && described)
    throw new TfError(
      "INVALID_ARGUMENT",
      `Node '${name}' has ${outputs} outputs but the _output_shapes attribute specifies shapes for ${shapes.length} outputs`,
      { node: name, op },
    );
  return shapes.map((proto, i) => {
    try {
      return shapeFromProto(proto);
    } catch (cause) {
      throw new TfError(
        "INVALID_ARGUMENT",
        `Node '${name} has an invalid _output_shapes attribute (shape #${i} error:'${cause instanceof TfError ? cause.sentence : String(cause)}')`,
        { node: name, op, cause },
      );
    }
  });
}

/** Attributes that the registry's OpDef lacks and that equal the default in the producer's. */
function unknownDefaults(node: FileNode, registered: RegisteredOp, producer: RegisteredOp): string[] {
  const known = indexOpDef(registered.opDef).attrs;
  const theirs = indexOpDef(producer.opDef).attrs;
  return Object.entries(node.attr).flatMap(([key, value]) => {
    const fallback = known.has(key) ? undefined : theirs.get(key)?.defaultValue;
    return fallback && equals(AttrValue, value, fallback) ? [key] : [];
  });
}

/** The entry of an op, or what the file says of it. */
export function describeOp(op: string, ops: ImportOps): RegisteredOp | undefined {
  return ops.registry.get(op) ?? ops.file?.get(op);
}

/**
 * Settles types and attributes of a node.
 * Throws TfError INVALID_ARGUMENT with TensorFlow's sentence where the node does not fit its OpDef; NOT_FOUND in strict mode for an op that nobody describes.
 */
export function prepareNode(node: FileNode, ops: ImportOps): PreparedNode {
  const { name, op } = node;
  const registered = ops.registry.get(op);
  const described = describeOp(op, ops);
  if (described === undefined) {
    if (ops.strict)
      throw new TfError("NOT_FOUND", `Op type not registered '${op}' in binary`, {
        node: name,
        op,
        hint: "Import without strict, or register the op.",
      });
    const shapes = statedShapes(node, 0, false);
    const count = Math.max(shapes?.length ?? 0, node.outputsUsed());
    ops.countOutputs(count, name, op);
    const outputs = outputKinds(new Array<number>(count).fill(guessType(node.attr)), name, op, false);
    return {
      op,
      registered,
      opDef: undefined,
      inputTypes: undefined,
      outputs,
      shapes,
      dropped: [],
      filled: [],
    };
  }
  const { opDef } = described;
  checkDeprecation(opDef, name, ops);
  const producer = registered && ops.file?.get(op);
  const dropped =
    registered && producer && producer !== registered ? unknownDefaults(node, registered, producer) : [];
  const attrs = new Map<string, IAttrValue>(Object.entries(node.attr));
  for (const key of ["_output_shapes", ...dropped]) attrs.delete(key);
  const filled = indexOpDef(opDef).defaulted.flatMap((attr) =>
    attrs.has(attr.name ?? "") ? [] : [[attr.name ?? "", attr.defaultValue!] as const],
  );
  for (const [key, value] of filled) attrs.set(key, value);
  const types = validateNode({ name, op, attrs, inputCount: node.inputCount }, opDef, (key) => {
    const sentence = `NodeDef mentions attr '${key}' not in ${summarizeOpDef(opDef)}; NodeDef: ${nodeText(name)}. (Check whether your GraphDef-interpreting binary is up to date with your GraphDef-generating binary.).`;
    if (ops.strict) throw new TfError("INVALID_ARGUMENT", sentence, { node: name, op, key });
    ops.warn({ kind: "unknown-attr", node: name, op, message: sentence });
  });
  ops.countOutputs(types.outputs.length, name, op);
  return {
    op,
    registered,
    opDef,
    inputTypes: types.inputs,
    outputs: outputKinds(types.outputs, name, op, true),
    shapes: statedShapes(node, types.outputs.length, true),
    dropped,
    filled,
  };
}
