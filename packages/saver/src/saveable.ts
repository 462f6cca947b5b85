// What a Saver saves, one object a name: the tensors to write and how to put restored ones back. Variables become
// saveables here, and so do tables of imported graphs; others bring their own. Source: python/training/saving/saveable_object(_util).py.
import { TfError } from "@org/errors";
import { isOperation, isTensor, type Operation, type Tensor, tensorConversion } from "@org/graph";
import type { DType, Shape } from "@org/tensor";
import {
  isPartitionedVariable,
  isTableOp,
  isVariable,
  type PartitionedVariable,
  type ResourceVariable,
  tableSaveable,
  type Variable,
  type VariableBase,
} from "@org/variables";

/** A tensor to save under `name`, whole or as a slice ("4 5 0,2:0,5"). */
export interface SaveSpec {
  /** A function is called where the tensor is needed, under the devices of that place. */
  readonly tensor: Tensor | (() => Tensor);
  readonly sliceSpec: string;
  readonly name: string;
  readonly dtype: DType;
  readonly device: string;
}

/** Something that a Saver saves and restores. All its tensors are on one device. */
export interface SaveableObject {
  /** What is saved; the same one cannot be saved twice. */
  readonly op: unknown;
  readonly specs: readonly SaveSpec[];
  readonly name: string;
  /** Builds the ops that put `tensors` back; `shapes` are given where the Saver reshapes. Its result runs them. */
  restore(tensors: readonly Tensor[], shapes: readonly (Shape | Tensor)[] | undefined): Operation | Tensor;
}

/** One thing of a Saver's list: a variable, the tensor of one, a saveable, or the op of a mutable table (what an import has of it). */
export type Saveable = VariableBase | PartitionedVariable | Tensor | SaveableObject | Operation;

/** What a Saver takes: a list (names are the variables' own), or names with what to save under them. */
export type VarList = readonly Saveable[] | { readonly [name: string]: Saveable | readonly VariableBase[] };

const refOps = new Set(["Variable", "VariableV2", "AutoReloadVariable"]);
const variableOps = new Set([...refOps, "VarHandleOp", "ReadVariableOp"]);

/** Whether `value` is a SaveableObject. */
export function isSaveableObject(value: unknown): value is SaveableObject {
  return (
    typeof value === "object" &&
    value !== null &&
    Array.isArray((value as Partial<SaveableObject>).specs) &&
    typeof (value as Partial<SaveableObject>).restore === "function"
  );
}

/** Whether `value` is the op of a table that ops may change. */
function isTable(value: unknown): value is Operation {
  return isOperation(value) && isTableOp(value);
}

/** The tensor of a spec, built now if a function makes it. */
export function specTensor(spec: SaveSpec): Tensor {
  return typeof spec.tensor === "function" ? spec.tensor() : spec.tensor;
}

/**
 * The saveables of a Saver's list, sorted by name.
 * Throws TfError INVALID_ARGUMENT where two have one name or one has two; a TypeError for what is no variable.
 */
export function toSaveables(varList: VarList): SaveableObject[] {
  const named = Array.isArray(varList) ? nameSaveables(varList) : new Map(Object.entries(varList));
  const saveables: SaveableObject[] = [];
  const seen = new Set<unknown>();
  for (const name of [...named.keys()].sort(byCodePoint)) {
    for (const saveable of saveablesOf(named.get(name)!, name)) {
      if (seen.has(saveable.op))
        throw new TfError(
          "INVALID_ARGUMENT",
          `The same saveable will be restored with two names: ${saveable.name}`,
          { key: saveable.name },
        );
      seen.add(saveable.op);
      saveables.push(saveable);
    }
  }
  return saveables;
}

/** Python's order of names: by code point, where JavaScript compares UTF-16 units. */
function byCodePoint(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < left.length && i < right.length; i++)
    if (left[i] !== right[i]) return left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
  return left.length - right.length;
}

type Named = Map<string, Saveable | readonly VariableBase[]>;

/** Names for a list: op names; the full name for slices, which gather under it. */
function nameSaveables(list: readonly Saveable[]): Named {
  const named: Named = new Map();
  const taken = (name: string): never => {
    throw new TfError("INVALID_ARGUMENT", `At least two variables have the same name: ${name}`, {
      key: name,
    });
  };
  const sorted = [...list].sort((a, b) => byCodePoint(nameOf(a), nameOf(b)));
  for (const item of sorted) {
    if (isSaveableObject(item) || isTable(item)) named.set(item.name, item);
    else if (isPartitionedVariable(item)) {
      if (named.has(item.name)) taken(item.name);
      named.set(item.name, item);
    } else if (isVariable(item) && item.saveSliceInfo) {
      const name = item.saveSliceInfo.fullName;
      const slices = named.get(name);
      if (slices === undefined) named.set(name, [item]);
      else if (Array.isArray(slices)) (slices as VariableBase[]).push(item);
      else
        throw new TfError("INVALID_ARGUMENT", `Mixing slices and non-slices with the same name: ${name}`, {
          key: name,
        });
    } else {
      const tensor = savedTensor(item);
      if (!tensor || !variableOps.has(tensor.op.type))
        throw new TypeError(`Variable to save is not a Variable: ${String(tensor ?? item)}`);
      const name = tensor.op.type === "ReadVariableOp" ? tensor.op.inputs[0]!.op.name : tensor.op.name;
      if (named.has(name)) taken(name);
      named.set(name, tensor);
    }
  }
  return named;
}

function nameOf(item: Saveable): string {
  const { name } = item as { name?: unknown };
  if (typeof name === "string") return name;
  throw new TypeError(`Variables to save should be passed in a dict or a list: ${String(item)}`);
}

/** What is saved of a variable: the ref, or a read of a resource. */
function savedTensor(item: unknown): Tensor | undefined {
  if (isTensor(item)) return item;
  if (isVariable(item))
    return item.isResource ? (item as ResourceVariable).graphElement : (item as Variable).asRef();
  if (typeof item === "object" && item !== null && tensorConversion in item)
    return (item as { [tensorConversion](options: object): Tensor })[tensorConversion]({ asRef: true });
  return undefined;
}

function* saveablesOf(item: Saveable | readonly VariableBase[], name: string): Generator<SaveableObject> {
  if (isSaveableObject(item)) {
    yield item;
  } else if (isTable(item)) {
    yield tableSaveable(item.outputs[0]!, name);
  } else if (Array.isArray(item) || isPartitionedVariable(item)) {
    yield* slicesOf([...(item as Iterable<VariableBase>)], name);
  } else {
    const tensor = savedTensor(item);
    if (!tensor || !variableOps.has(tensor.op.type))
      throw new TypeError(
        `names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable: ${String(tensor ?? item)}`,
      );
    const spec = { tensor, sliceSpec: "", name, dtype: tensor.dtype, device: tensor.device };
    if (refOps.has(tensor.op.type)) yield { op: tensor, specs: [spec], name, restore: assignTo(tensor) };
    else {
      const handle = tensor.op.type === "ReadVariableOp" ? tensor.op.inputs[0]! : tensor;
      yield {
        op: tensor,
        specs: [spec],
        name,
        restore: assignToResource(handle, tensor.device, tensor.shape),
      };
    }
  }
}

function* slicesOf(parts: readonly VariableBase[], name: string): Generator<SaveableObject> {
  const fail = (message: string): never => {
    throw new TfError("INVALID_ARGUMENT", message, { key: name });
  };
  const fullName = parts[0]?.saveSliceInfo?.fullName;
  for (const part of parts) {
    if (!isVariable(part)) return fail(`Slices must all be Variables: ${String(part)}`);
    const slice = part.saveSliceInfo;
    if (!slice) return fail(`Slices must all be slices: ${String(part)}`);
    if (slice.fullName !== fullName)
      fail(`Slices must all be from the same tensor: ${fullName} != ${slice.fullName}`);
    const common = { sliceSpec: slice.spec, name, dtype: part.dtype, device: part.device };
    if (refOps.has(part.op.type)) {
      const specs = [{ ...common, tensor: part.value() }];
      yield { op: part, specs, name, restore: assignTo((part as Variable).asRef()) };
    } else {
      const specs = [{ ...common, tensor: () => readOntoCpu(part) }];
      const { handle } = part as ResourceVariable;
      yield { op: part, specs, name, restore: assignToResource(handle, part.device, part.shape) };
    }
  }
}

/** A read that ends on the CPU of the variable's machine. */
function readOntoCpu(variable: VariableBase): Tensor {
  const { graph } = variable;
  return graph.device(variable.device, () => {
    const read = variable.readValue();
    return graph.device("/device:CPU:0", () => graph.createOp("Identity", [read]).outputs[0]!);
  });
}

function assignTo(ref: Tensor): SaveableObject["restore"] {
  return (tensors, shapes) =>
    ref.graph.createOp("Assign", [ref, reshaped(tensors[0]!, shapes?.[0])], {
      attrs: { validate_shape: shapes === undefined && ref.shape.isFullyDefined() },
    }).outputs[0]!;
}

function assignToResource(handle: Tensor, device: string, shape: Shape): SaveableObject["restore"] {
  const { graph } = handle;
  return (tensors, shapes) => {
    const restored = reshaped(tensors[0]!, shapes?.[0]);
    return graph.device(device, () => {
      const here = graph.createOp("Identity", [restored]).outputs[0]!;
      if (!shape.isCompatibleWith(here.shape))
        throw new TfError("INVALID_ARGUMENT", `Shapes ${shape} and ${here.shape} are incompatible`, {
          node: handle.op.name,
          op: handle.op.type,
        });
      return graph.createOp("AssignVariableOp", [handle, here], { attrs: { dtype: here.dtype } });
    });
  };
}

function reshaped(tensor: Tensor, shape: Shape | Tensor | undefined): Tensor {
  if (shape === undefined) return tensor;
  const { graph } = tensor;
  return graph.nameScope("Reshape", (scope) => {
    const to = isTensor(shape) ? shape : shapeConstant(tensor, shape);
    return graph.createOp("Reshape", [tensor, to], { name: scope }).outputs[0]!;
  });
}

function shapeConstant(tensor: Tensor, shape: Shape): Tensor {
  const dims = shape.toNumbers();
  const value = { dtype: "int32" as const, shape: [dims.length], data: Int32Array.from(dims) };
  return tensor.graph.createOp("Const", [], { name: "shape", attrs: { value, dtype: "int32" } }).outputs[0]!;
}
