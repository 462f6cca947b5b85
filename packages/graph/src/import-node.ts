// One NodeDef of an import, made fit for the graph: attributes that only the producer knows dropped, defaults filled
// in, types settled, with or without an OpDef. Source: importer.py (_RemoveDefaultAttrs), graph_constructor.cc (ModifyNodeDefForImport).
import { TfError } from "@org/errors";
import { AttrValue, equals, type IAttrValue, type INodeDef, type IOpDef } from "@org/proto";
import { type Shape, shapeFromProto } from "@org/tensor";
import { attrsOf } from "./attr-reader.ts";
import { nodeText, validateNode } from "./node-signature.ts";
import { indexOpDef } from "./op-def-index.ts";
import { summarizeOpDef } from "./op-def-text.ts";
import type { OpRegistry, RegisteredOp } from "./op-registry.ts";

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
  /** Told of each node's outputs before they are made. */
  readonly countOutputs: (count: number, node: string, op: string) => void;
}

/** A node ready to be added but for its inputs. */
export interface PreparedNode {
  readonly def: INodeDef;
  readonly attrs: Map<string, IAttrValue>;
  readonly registered: RegisteredOp | undefined;
  readonly opDef: IOpDef | undefined;
  /** DataType numbers of the data inputs; undefined without an OpDef. */
  readonly inputTypes: readonly number[] | undefined;
  readonly outputTypes: { readonly type: number; readonly known: boolean }[];
  readonly shapes: readonly Shape[] | undefined;
}

const DT_VARIANT = 21;

/** Names of data inputs in front, control inputs behind. Throws TfError INVALID_ARGUMENT where they are mixed. */
function countDataInputs(def: INodeDef): number {
  const input = def.input ?? [];
  let data = 0;
  for (const [i, name] of input.entries()) {
    if (name.startsWith("^")) continue;
    if (data !== i)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Node '${def.name}': Control dependencies must come after regular dependencies`,
        {
          node: def.name ?? "",
          op: def.op ?? "",
        },
      );
    data++;
  }
  return data;
}

/** An attribute that tells the type of the outputs of an op that nobody describes. */
function guessType(attrs: ReadonlyMap<string, IAttrValue>): number {
  for (const key of ["dtype", "T", "out_type", "output_type", "DstT", "Tout"]) {
    const type = attrs.get(key)?.type;
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

/**
 * Prepares `def` under its new `name`. `outputsUsed`: how many outputs others read, for ops without OpDef.
 * Throws TfError INVALID_ARGUMENT with TensorFlow's sentence where the node does not fit its OpDef; NOT_FOUND in strict mode for an op that nobody describes.
 */
export function prepareNode(
  def: INodeDef,
  name: string,
  ops: ImportOps,
  outputsUsed: () => number,
): PreparedNode {
  const op = def.op ?? "";
  const registered = ops.registry.get(op);
  const described = registered ?? ops.file?.get(op);
  const attrs = new Map<string, IAttrValue>(Object.entries(def.attr ?? {}));
  const inputCount = countDataInputs(def);
  const stated = attrs.get("_output_shapes")?.list;
  const shapeList = stated ? (stated.shape ?? []) : undefined;
  attrs.delete("_output_shapes");
  const readShapes = (outputs: number): readonly Shape[] | undefined => {
    if (shapeList === undefined) return undefined;
    if (shapeList.length < outputs && described !== undefined)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Node '${name}' has ${outputs} outputs but the _output_shapes attribute specifies shapes for ${shapeList.length} outputs`,
        { node: name, op },
      );
    return shapeList.map((proto, i) => {
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
  };
  if (described === undefined) {
    if (ops.strict)
      throw new TfError("NOT_FOUND", `Op type not registered '${op}' in binary`, {
        node: name,
        op,
        hint: "Import without strict, or register the op.",
      });
    const count = Math.max(shapeList?.length ?? 0, outputsUsed());
    ops.countOutputs(count, name, op);
    const type = guessType(attrs);
    const outputTypes = Array.from({ length: count }, () => ({ type, known: false }));
    return {
      def,
      attrs,
      registered,
      opDef: undefined,
      inputTypes: undefined,
      outputTypes,
      shapes: readShapes(count),
    };
  }
  const { opDef } = described;
  const index = indexOpDef(opDef);
  checkDeprecation(opDef, name, ops);
  if (registered !== undefined && ops.file !== undefined) {
    const producer = ops.file.get(op);
    if (producer !== undefined && producer !== registered) {
      const producerAttrs = indexOpDef(producer.opDef).attrs;
      for (const [key, value] of attrs) {
        if (index.attrs.has(key)) continue;
        const fallback = producerAttrs.get(key)?.defaultValue;
        if (fallback && equals(AttrValue, value, fallback)) attrs.delete(key);
      }
    }
  }
  for (const attr of index.defaulted) {
    const key = attr.name ?? "";
    if (!attrs.has(key)) attrs.set(key, attr.defaultValue!);
  }
  const types = validateNode({ name, op, attrs, inputCount }, opDef, (key) => {
    const sentence = `NodeDef mentions attr '${key}' not in ${summarizeOpDef(opDef)}; NodeDef: ${nodeText(name)}. (Check whether your GraphDef-interpreting binary is up to date with your GraphDef-generating binary.).`;
    if (ops.strict) throw new TfError("INVALID_ARGUMENT", sentence, { node: name, op, key });
    ops.warn({ kind: "unknown-attr", node: name, op, message: sentence });
  });
  ops.countOutputs(types.outputs.length, name, op);
  return {
    def,
    attrs,
    registered,
    opDef,
    inputTypes: types.inputs,
    outputTypes: types.outputs.map((type) => ({ type, known: true })),
    shapes: readShapes(types.outputs.length),
  };
}

/** Typed reading of a prepared node's attributes. */
export function preparedAttrs(node: PreparedNode, name: string): ReturnType<typeof attrsOf> {
  return attrsOf(node.attrs, name, node.def.op ?? "");
}
