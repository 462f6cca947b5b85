// The outputs of a node, as its OpDef and attributes tell them.
import { TfError } from "@org/errors";
import type { INodeDef, IOpDef, ITensorShapeProto } from "@org/proto";
import { dtypeFromProto, Shape, shapeFromProto } from "@org/tensor";

type Attr = NonNullable<INodeDef["attr"]>;

/** What is known of an output. */
export interface OutputType {
  readonly dtype: string | undefined;
  readonly shape: Shape;
}

/** The Python name of a DataType number; undefined for none. */
export function typeName(type: number | null | undefined): string | undefined {
  return type === null || type === undefined ? undefined : dtypeFromProto(type)?.dtype;
}

/** A shape of a file. Throws TfError INVALID_ARGUMENT, with the node, for one that cannot be. */
export function shapeAt(name: string, op: string, shape: ITensorShapeProto): Shape {
  try {
    return shapeFromProto(shape);
  } catch (error) {
    throw error instanceof TfError ? error.at({ node: name, op }) : error;
  }
}

/** Types of a node's outputs; `more` is asked before each, and throws where there are too many to be true. */
function* outputTypes(opDef: IOpDef, attr: Attr): Generator<number | null | undefined> {
  for (const arg of opDef.outputArg ?? []) {
    if (arg.typeListAttr) yield* attr[arg.typeListAttr]?.list?.type ?? [];
    else {
      const type = arg.typeAttr ? attr[arg.typeAttr]?.type : arg.type;
      const count = arg.numberAttr ? Number(attr[arg.numberAttr]?.i ?? 0) : 1;
      for (let i = 0; i < count; i++) yield type;
    }
  }
}

/**
 * The outputs of the node `name`. Without an OpDef, as many as `_output_shapes` has shapes, or one, of unknown type.
 * Throws TfError INVALID_ARGUMENT for shapes that cannot be, and for more than `most` outputs.
 */
export function nodeOutputs(
  name: string,
  op: string,
  attr: Attr,
  opDef: IOpDef | undefined,
  most: number,
): OutputType[] {
  const shapes = attr._output_shapes?.list?.shape ?? attr.output_shapes?.list?.shape ?? [];
  const shapeOf = (index: number): Shape =>
    shapes[index] ? shapeAt(name, op, shapes[index]) : Shape.unknown;
  const outputs: OutputType[] = [];
  const types = opDef
    ? outputTypes(opDef, attr)
    : new Array<undefined>(Math.min(Math.max(shapes.length, 1), most + 1));
  for (const type of types) {
    if (outputs.length === most)
      throw new TfError("INVALID_ARGUMENT", `Node '${name}' has more than ${most} outputs`, {
        node: name,
        op,
        hint: "That many are taken for a damaged file.",
      });
    outputs.push({ dtype: typeName(type), shape: shapeOf(outputs.length) });
  }
  return outputs;
}
