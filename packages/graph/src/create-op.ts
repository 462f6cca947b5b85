// Makes a node as op_def_library.apply_op does: inputs are checked against the OpDef, type and number attributes are
// inferred from them, defaults filled in, the shape function run. Source: python/framework/op_def_library.py.
import { TfError } from "@org/errors";
import type { IAttrValue, IOpDef, OpDef } from "@org/proto";
import { type DType, dtypeFromProto, dtypes, type Shape } from "@org/tensor";
import { attrValue, inferredAttrValue } from "./attr-value.ts";
import type { AttrInput } from "./attrs.ts";
import { typesOfArg, validateAttrValue } from "./node-signature.ts";
import { indexOpDef } from "./op-def-index.ts";
import type { Operation } from "./operation.ts";
import {
  asTensor,
  isTensorLike,
  type Tensor,
  type TensorConversionOptions,
  type TensorConvertible,
} from "./tensor.ts";

/** One argument of an op: a tensor (or what converts to one), or a list of them. */
export type OpInput = Tensor | TensorConvertible | readonly (Tensor | TensorConvertible)[];

/** What is settled of a node before it is made. */
export interface CheckedNode {
  readonly inputs: Tensor[];
  readonly attrs: Map<string, IAttrValue>;
  /** DataType numbers. */
  readonly outputTypes: number[];
  /** Flat inputs that a ref arg takes: the op is colocated with them. */
  readonly colocateWith: readonly Tensor[];
}

const nameOf = (type: number): string => dtypeFromProto(type)?.dtype ?? `type ${type}`;

function checkAllowedType(dtype: DType, attr: OpDef.IAttrDef | undefined, input: string): void {
  const allowed = attr?.allowedValues?.list?.type;
  if (allowed && allowed.length > 0 && !allowed.includes(dtypes[dtype].number))
    throw new TypeError(
      `Value passed to parameter '${input}' has DataType ${dtype} not in list of allowed values: ${allowed.map(nameOf).join(", ")}`,
    );
}

class Inference {
  readonly attrs = new Map<string, IAttrValue>();
  private readonly from = new Map<string, string>();
  private readonly op: string;
  private readonly index: ReturnType<typeof indexOpDef>;

  constructor(opDef: IOpDef) {
    this.op = opDef.name ?? "";
    this.index = indexOpDef(opDef);
  }

  private infer(attr: string, value: IAttrValue, input: string): void {
    this.attrs.set(attr, value);
    this.from.set(attr, input);
  }

  list(arg: OpDef.IArgDef, tensors: readonly Tensor[]): void {
    const input = arg.name ?? "";
    const types = tensors.map((tensor) => dtypes[tensor.dtype].number);
    const first = tensors[0]?.dtype;
    if (arg.numberAttr) {
      const have = this.attrs.get(arg.numberAttr);
      if (have !== undefined) {
        if (Number(have.i) !== tensors.length)
          throw new TfError(
            "INVALID_ARGUMENT",
            `List argument '${input}' to '${this.op}' Op with length ${tensors.length} must match length ${have.i} of argument '${this.from.get(arg.numberAttr)}'.`,
            { op: this.op },
          );
      } else {
        this.infer(arg.numberAttr, { i: BigInt(tensors.length) }, input);
        const number = this.index.attrs.get(arg.numberAttr);
        const minimum = Number(number?.minimum ?? 0);
        if (number?.hasMinimum && tensors.length < minimum)
          throw new TfError(
            "INVALID_ARGUMENT",
            `List argument '${input}' to '${this.op}' Op with length ${tensors.length} shorter than minimum length ${minimum}.`,
            { op: this.op },
          );
      }
      const expected = arg.type || (arg.typeAttr ? this.attrs.get(arg.typeAttr)?.type : undefined);
      const wanted = expected || types[0];
      if (types.some((type) => type !== wanted)) {
        const prefix = `Tensors in list passed to '${input}' of '${this.op}' Op have types [${tensors.map((t) => t.dtype).join(", ")}]`;
        if (arg.type) throw new TypeError(`${prefix} that do not match expected type ${nameOf(arg.type)}.`);
        if (expected)
          throw new TypeError(
            `${prefix} that do not match type ${nameOf(expected)} inferred from earlier arguments.`,
          );
        throw new TypeError(`${prefix} that don't all match.`);
      }
      if (arg.typeAttr && !expected) {
        if (first === undefined)
          throw new TypeError(
            `Don't know how to infer type variable from empty input list passed to input '${input}' of '${this.op}' Op.`,
          );
        checkAllowedType(first, this.index.attrs.get(arg.typeAttr), input);
        this.infer(arg.typeAttr, { type: types[0]! }, input);
      }
      return;
    }
    const name = arg.typeListAttr ?? "";
    const have = this.attrs.get(name)?.list?.type ?? undefined;
    if (have === undefined) {
      for (const tensor of tensors) checkAllowedType(tensor.dtype, this.index.attrs.get(name), input);
      this.infer(name, { list: { type: types } }, input);
    } else if (have.length !== types.length || have.some((type, i) => type !== types[i]))
      throw new TypeError(
        `Input '${input}' of '${this.op}' Op has type list of ${types.map(nameOf).join(", ")} that does not match type list ${have.map(nameOf).join(", ")} of argument '${this.from.get(name)}'.`,
      );
  }

  single(arg: OpDef.IArgDef, tensor: Tensor): void {
    const input = arg.name ?? "";
    const type = dtypes[tensor.dtype].number;
    if (arg.typeAttr) {
      const have = this.attrs.get(arg.typeAttr)?.type ?? undefined;
      if (have === undefined) {
        checkAllowedType(tensor.dtype, this.index.attrs.get(arg.typeAttr), input);
        this.infer(arg.typeAttr, { type }, input);
      } else if (have !== type)
        throw new TypeError(
          `Input '${input}' of '${this.op}' Op has type ${tensor.dtype} that does not match type ${nameOf(have)} of argument '${this.from.get(arg.typeAttr)}'.`,
        );
    } else if (arg.type && arg.type !== type)
      throw new TypeError(
        `Input '${input}' of '${this.op}' Op has type ${tensor.dtype} that does not match expected type of ${nameOf(arg.type)}.`,
      );
  }

  /** The dtype that a convertible should become, where earlier arguments say so. */
  wanted(arg: OpDef.IArgDef): DType | undefined {
    const type = arg.type || (arg.typeAttr ? this.attrs.get(arg.typeAttr)?.type : undefined);
    return type ? dtypeFromProto(type)?.dtype : undefined;
  }
}

/**
 * Checks arguments and attributes of a node against its OpDef.
 * Throws a TypeError where a type does not fit, TfError INVALID_ARGUMENT where a length or value does not, with TensorFlow's sentences.
 */
export function checkNode(
  opDef: IOpDef,
  args: readonly OpInput[],
  given: Readonly<Record<string, AttrInput | undefined>>,
): CheckedNode {
  const op = opDef.name ?? "";
  const index = indexOpDef(opDef);
  if (args.length > index.inputArgs.length)
    throw new TypeError(`${op} takes ${index.inputArgs.length} arguments, got ${args.length}`);
  const inference = new Inference(opDef);
  const inputs: Tensor[] = [];
  for (const [i, arg] of index.inputArgs.entries()) {
    const name = arg.name ?? "";
    const value = args[i];
    if (value === undefined) throw new TypeError(`No argument for input ${name}`);
    const isList = Boolean(arg.numberAttr || arg.typeListAttr);
    if (isList !== Array.isArray(value))
      throw new TypeError(
        isList
          ? `Expected list for '${name}' argument to '${op}' Op, not ${String(value)}.`
          : `Expected a tensor for '${name}' argument to '${op}' Op, not a list.`,
      );
    const items = (isList ? value : [value]) as readonly (Tensor | TensorConvertible)[];
    const dtype = inference.wanted(arg);
    const options: TensorConversionOptions = {
      name,
      ...(dtype ? { dtype } : {}),
      ...(arg.isRef ? { asRef: true } : {}),
    };
    const tensors = items.map((item) => {
      if (!isTensorLike(item))
        throw new TypeError(`Input '${name}' of '${op}' Op is not a Tensor: ${String(item)}`);
      return asTensor(item, options);
    });
    if (isList) inference.list(arg, tensors);
    else inference.single(arg, tensors[0]!);
    if (arg.isRef && !tensors.every((tensor) => tensor.isRef))
      throw new TypeError(
        `'${op}' Op requires that input '${name}' be a mutable tensor (e.g.: a tf.Variable)`,
      );
    inputs.push(...tensors);
  }
  // As in TensorFlow, by position of the arg among the flat inputs: of a list, the first.
  const colocateWith = inputs.filter((_, i) => index.inputArgs[i]?.isRef);
  const attrs = new Map<string, IAttrValue>();
  const { attrs: inferred } = inference;
  for (const [key, attr] of index.attrs) {
    const value = given[key];
    const found = inferred.get(key);
    if (found !== undefined) {
      if (value !== undefined) checkInferredAgrees(op, key, attr, found, value);
      attrs.set(key, found);
    } else if (value === undefined || (value === null && attr.defaultValue)) {
      if (!attr.defaultValue) throw new TypeError(`No argument for attr ${key}`);
      attrs.set(key, attr.defaultValue);
    } else {
      const made = attrValue(key, attr.type ?? "", value);
      if (attr.allowedValues || attr.hasMinimum) checkAttr(op, attr, made);
      attrs.set(key, made);
    }
  }
  for (const [key, value] of Object.entries(given))
    if (value !== undefined && !index.attrs.has(key)) {
      if (!key.startsWith("_")) throw new TypeError(`apply_op() got unexpected keyword arguments: ${key}`);
      attrs.set(key, inferredAttrValue(value));
    }
  return { inputs, attrs, outputTypes: outputTypes(index.outputArgs, attrs), colocateWith };
}

function outputTypes(args: readonly OpDef.IArgDef[], attrs: ReadonlyMap<string, IAttrValue>): number[] {
  return args.flatMap((arg) => typesOfArg(arg, attrs));
}

/** An attribute that inputs settle may be given if it says the same. */
function checkInferredAgrees(
  op: string,
  key: string,
  attr: OpDef.IAttrDef,
  found: IAttrValue,
  value: AttrInput,
): void {
  const made = attrValue(key, attr.type ?? "", value);
  const same =
    made.type === found.type &&
    (made.i === undefined || BigInt(made.i!) === BigInt(found.i!)) &&
    (made.list?.type ?? []).join() === (found.list?.type ?? []).join();
  if (!same) throw new TypeError(`Should not specify value for inferred attr '${key}' of '${op}'.`);
}

const utf8 = new TextDecoder();

function checkAttr(op: string, attr: OpDef.IAttrDef, value: IAttrValue): void {
  const key = attr.name ?? "";
  const fail = (sentence: string): never => {
    throw new TfError("INVALID_ARGUMENT", sentence, { op, key });
  };
  const minimum = Number(attr.minimum ?? 0);
  if (attr.hasMinimum && attr.type === "int" && Number(value.i) < minimum)
    fail(`Attr '${key}' of '${op}' Op passed ${value.i} less than minimum ${minimum}.`);
  if (attr.hasMinimum && value.list) {
    const length = Object.values(value.list).reduce(
      (most: number, list) => Math.max(most, Array.isArray(list) ? list.length : 0),
      0,
    );
    if (length < minimum)
      fail(`Attr '${key}' of '${op}' Op passed list of length ${length} less than minimum ${minimum}.`);
  }
  const allowed = attr.allowedValues?.list;
  if (allowed?.s && allowed.s.length > 0) {
    const strings = allowed.s.map((bytes) => utf8.decode(bytes));
    for (const bytes of value.list ? (value.list.s ?? []) : [value.s!])
      if (!strings.includes(utf8.decode(bytes)))
        fail(
          `Attr '${key}' of '${op}' Op passed string '${utf8.decode(bytes)}' not in: "${strings.join('", "')}".`,
        );
  }
  if (allowed?.type && allowed.type.length > 0) {
    for (const type of value.list ? (value.list.type ?? []) : [value.type!])
      if (!allowed.type.includes(type))
        throw new TypeError(
          `Value passed to parameter '${key}' has DataType ${nameOf(type)} not in list of allowed values: ${allowed.type.map(nameOf).join(", ")}`,
        );
  }
  validateAttrValue(value, attr);
}

export interface CreateOpOptions {
  /** Default: the op type. Made unique under the current scope; one that ends in "/" (a scope of nameScope) is used as it is. */
  readonly name?: string | null;
  /** By attr name; what inputs settle or the OpDef has a default for may be left out. Internal ones ("_x") are kept as they are. */
  readonly attrs?: Readonly<Record<string, AttrInput | undefined>>;
  /** Besides those of the control-dependency scopes. */
  readonly controlInputs?: readonly (Operation | Tensor)[];
  /** Merged with device scopes as if an innermost scope. */
  readonly device?: string;
  /** Shapes of the outputs, where the caller knows more than the shape function. */
  readonly shapes?: readonly (Shape | readonly (number | null)[] | null)[];
}
