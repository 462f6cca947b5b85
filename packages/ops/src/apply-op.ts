// One node from arguments that need not be tensors yet: converts them in the op's name scope with the names and element
// types that TensorFlow's Python gives them, then makes the op. Source: OpDefLibrary._apply_op_helper in
// python/framework/op_def_library.py. Attribute checks and defaults are the graph's (createOp).
import {
  type AttrInput,
  type Graph,
  type IndexedSlices,
  isTensor,
  isTensorLike,
  type Operation,
  type Tensor,
} from "@org/graph";
import { opDef as findOpDef } from "@org/graph/op-defs";
import type { IOpDef } from "@org/proto";
import { type DType, dtypeFromProto, dtypes } from "@org/tensor";
import { convertToTensor, resolveGraph } from "./convert.ts";
import type { TensorLike } from "./tensor-like.ts";
import { holdsIntegers, inferDType } from "./to-nd-array.ts";

/** How `applyOp` makes a node. */
export interface ApplyOptions {
  /** Default: the op type. A name that ends in "/" is a scope that is open already: taken as it is. */
  readonly name?: string | undefined;
  /** Attributes that the inputs do not tell; undefined ones are left to their defaults. */
  readonly attrs?: Readonly<Record<string, AttrInput | undefined>> | undefined;
  readonly graph?: Graph | undefined;
}

/** An argument of an op: one tensor, or a list where the OpDef has a list. */
export type OpArgument = TensorLike | IndexedSlices | readonly TensorLike[];

type ArgDef = NonNullable<IOpDef["inputArg"]>[number];
type AttrDef = NonNullable<IOpDef["attr"]>[number];

function isList(arg: ArgDef): boolean {
  return Boolean(arg.numberAttr || arg.typeListAttr);
}

function baseType(number: number | null | undefined): DType | undefined {
  return number ? dtypeFromProto(number)?.dtype : undefined;
}

function allowed(attr: AttrDef | undefined): readonly (DType | undefined)[] | undefined {
  return attr?.allowedValues?.list?.type?.map((number) => baseType(number));
}

function dtypeOf(value: unknown): DType | undefined {
  if (isTensor(value)) return value.dtype;
  return isTensorLike(value) ? (value as { dtype?: DType }).dtype : undefined;
}

/** What a bare value becomes where nothing else tells: what it suggests, unless the argument cannot be that. */
function suggested(value: unknown, attr: AttrDef | undefined): DType | undefined {
  const options = allowed(attr);
  if (!options || isTensorLike(value) || containsTensor(value)) return undefined;
  const own = inferDType(value);
  if (options.includes(own) || dtypes[own].kind !== "float" || !holdsIntegers(value)) return undefined;
  return options.includes("int32") ? "int32" : options.find((dtype) => dtype && dtypes[dtype].kind === "int");
}

function containsTensor(value: unknown): boolean {
  return Array.isArray(value) ? value.some(containsTensor) : isTensorLike(value);
}

/** Element types by type attr: from the first tensor among the arguments of that type. */
function typesFromTensors(args: readonly ArgDef[], values: readonly OpArgument[]): Map<string, DType> {
  const types = new Map<string, DType>();
  args.forEach((arg, i) => {
    if (!arg.typeAttr || types.has(arg.typeAttr)) return;
    const value = values[i];
    const candidates = isList(arg) && Array.isArray(value) ? value : [value];
    for (const candidate of candidates) {
      const dtype = dtypeOf(candidate);
      if (dtype !== undefined) {
        types.set(arg.typeAttr, dtype);
        break;
      }
    }
  });
  return types;
}

/**
 * Makes an op of type `type`. `inputs` follow the OpDef's arguments; what is no tensor becomes a Const (or Pack) named
 * after the argument: `add/y`. Bare values take the type of the tensors that share their type attribute.
 * Throws a TypeError where a value does not fit the argument, TfError INVALID_ARGUMENT from the shape function.
 */
export function applyOp(type: string, inputs: readonly OpArgument[], options: ApplyOptions = {}): Operation {
  const graph = resolveGraph(inputs, options.graph);
  const opDef = graph.ops.get(type)?.opDef ?? findOpDef(type);
  const args = opDef.inputArg ?? [];
  if (args.length !== inputs.length) {
    throw new TypeError(`${type} takes ${args.length} arguments, got ${inputs.length}`);
  }
  const attrDefs = new Map((opDef.attr ?? []).map((attr) => [attr.name, attr]));
  const attrs: Record<string, AttrInput> = {};
  for (const [name, value] of Object.entries(options.attrs ?? {})) {
    if (value !== undefined) attrs[name] = value;
  }
  const types = typesFromTensors(args, inputs);
  for (const [name, value] of Object.entries(attrs)) {
    if (attrDefs.get(name)?.type === "type" && typeof value === "string" && !types.has(name)) {
      types.set(name, value as DType);
    }
  }
  return graph.asDefault(() =>
    graph.nameScope(options.name ?? type, (scope) => {
      const converted = args.map((arg, i): Tensor | readonly Tensor[] => {
        const attr = arg.typeAttr ? attrDefs.get(arg.typeAttr) : undefined;
        const fixed = baseType(arg.type) ?? (arg.typeAttr ? types.get(arg.typeAttr) : undefined);
        const preferred = baseType(attr?.defaultValue?.type);
        const one = (value: TensorLike | IndexedSlices, name: string): Tensor => {
          const dtype = fixed ?? (preferred ? undefined : suggested(value, attr));
          const tensor = convertArgument(type, arg, value, {
            graph,
            name,
            ...(dtype === undefined ? {} : { dtype }),
            ...(preferred === undefined ? {} : { preferredDType: preferred }),
            ...(arg.isRef ? { asRef: true } : {}),
          });
          if (arg.typeAttr && !types.has(arg.typeAttr)) types.set(arg.typeAttr, tensor.dtype);
          return tensor;
        };
        const value = inputs[i]!;
        if (!isList(arg)) return one(value as TensorLike, arg.name!);
        if (!Array.isArray(value)) {
          throw new TypeError(
            `Expected list for '${arg.name}' argument to '${type}' Op, not ${String(value)}.`,
          );
        }
        return (value as readonly TensorLike[]).map((item, j) => one(item, `${arg.name}_${j}`));
      });
      const refs = args.flatMap((arg, i) => (arg.isRef ? [converted[i]!].flat() : [])) as Tensor[];
      return colocated(graph, refs, () => graph.createOp(type, converted, { name: scope, attrs }));
    }),
  );
}

function convertArgument(
  type: string,
  arg: ArgDef,
  value: TensorLike | IndexedSlices,
  options: Parameters<typeof convertToTensor>[1] & { dtype?: DType },
): Tensor {
  if (isTensor(value) && options.dtype !== undefined && value.dtype !== options.dtype) {
    const { dtype } = options;
    throw new TypeError(
      arg.type
        ? `Input '${arg.name}' of '${type}' Op has type ${value.dtype} that does not match expected type of ${dtype}.`
        : `Input '${arg.name}' of '${type}' Op has type ${value.dtype} that does not match type ${dtype} of another argument.`,
    );
  }
  return convertToTensor(value, options);
}

function colocated<R>(graph: Graph, tensors: readonly Tensor[], body: () => R): R {
  const [first, ...rest] = tensors;
  return first ? graph.colocateWith(first.op, () => colocated(graph, rest, body)) : body();
}

/** `applyOp` for an op with one output: its tensor. */
export function applyOne(type: string, inputs: readonly OpArgument[], options: ApplyOptions = {}): Tensor {
  return applyOp(type, inputs, options).outputs[0]!;
}
