// Tensor: one output of an operation, symbolic; and what may stand where a tensor is expected.
// Source: python/framework/ops.py (Tensor, IndexedSlices).
import { TfError } from "@org/errors";
import { type DType, dtypeString, dtypes, type Shape, Shape as Shapes } from "@org/tensor";
import type { Graph } from "./graph.ts";
import type { Operation } from "./operation.ts";

const brand = Symbol.for("@org/graph.Tensor");

export class Tensor {
  static {
    Object.defineProperty(Tensor.prototype, brand, { value: true });
  }
  readonly op: Operation;
  readonly valueIndex: number;
  readonly dtype: DType;
  /** A ref output (of VariableV2, Assign ...): the variable itself rather than its value. */
  readonly isRef: boolean;
  /** False where an op without OpDef made it: `dtype` is then a guess. */
  readonly dtypeKnown: boolean;
  private knownShape: Shape = Shapes.unknown;

  constructor(op: Operation, valueIndex: number, dtype: DType, isRef: boolean, dtypeKnown = true) {
    this.op = op;
    this.valueIndex = valueIndex;
    this.dtype = dtype;
    this.isRef = isRef;
    this.dtypeKnown = dtypeKnown;
  }

  /** DataType number, +100 for a ref. @internal */
  get typeNumber(): number {
    return dtypes[this.dtype].number + (this.isRef ? 100 : 0);
  }
  /** "n:0". */
  get name(): string {
    return `${this.op.name}:${this.valueIndex}`;
  }
  get graph(): Graph {
    return this.op.graph;
  }
  get device(): string {
    return this.op.device;
  }
  get shape(): Shape {
    return this.knownShape;
  }
  /** Dimensions, or null where not known. */
  get rank(): number | null {
    return this.knownShape.rank;
  }

  /** Operations that read this tensor, in graph order; one that reads it twice stands once. */
  consumers(): readonly Operation[] {
    return this.op.graph.consumersOf(this);
  }

  /**
   * Adds what the caller knows of the shape.
   * Throws TfError INVALID_ARGUMENT where it contradicts what is known.
   */
  setShape(shape: Shape | readonly (number | null)[] | null): void {
    const more = Shapes.of(shape);
    const merged = this.knownShape.mergeWith(more);
    if (merged === undefined)
      throw new TfError("INVALID_ARGUMENT", mergeSentence(this.knownShape, more), {
        node: this.op.name,
        op: this.op.type,
      });
    this.knownShape = merged;
  }

  /** Puts another shape in place of the one known: for inference alone. @internal */
  replaceShape(shape: Shape): void {
    this.knownShape = shape;
  }

  /** 'Tensor("add:0", shape=(2,), dtype=float32)', as Python prints it. */
  toString(): string {
    const { dims } = this.knownShape;
    const one = dims?.length === 1 ? "," : "";
    const shape = dims === null ? "" : `, shape=(${dims.map((dim) => dim ?? "?").join(", ")}${one})`;
    return `Tensor("${this.name}"${shape}, dtype=${this.dtype}${this.isRef ? "_ref" : ""})`;
  }
}

/** "Shapes must be equal rank, but are 0 and 1", "Dimension 0 in both shapes must be equal, but are 2 and 3. ...". */
export function mergeSentence(a: Shape, b: Shape): string {
  const left = a.dims!;
  const right = b.dims!;
  if (left.length !== right.length)
    return `Shapes must be equal rank, but are ${left.length} and ${right.length}`;
  const at = left.findIndex((dim, i) => dim !== null && right[i] !== null && dim !== right[i]);
  return `Dimension ${at} in both shapes must be equal, but are ${left[at]} and ${right[at]}. Shapes are ${a} and ${b}.`;
}

/** "float_ref" of a tensor, as messages have it. */
export function tensorTypeString(tensor: Tensor): string {
  return dtypeString(tensor.dtype, tensor.isRef);
}

/** Whether `value` is a Tensor, also one of another copy of this package. */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && (value as { [brand]?: unknown })[brand] === true;
}

/** Key of the method by which an object (Variable, IndexedSlices) stands where a tensor is expected. */
export const tensorConversion: unique symbol = Symbol.for("@org/graph.tensorConversion") as never;

export interface TensorConversionOptions {
  readonly dtype?: DType;
  readonly name?: string;
  /** The ref itself is wanted, not its value. */
  readonly asRef?: boolean;
}

/** An object that can be read as a tensor. */
export interface TensorConvertible {
  [tensorConversion](options?: TensorConversionOptions): Tensor;
}

/** Whether `value` is a tensor or can be read as one. */
export function isTensorLike(value: unknown): value is Tensor | TensorConvertible {
  return (
    isTensor(value) ||
    (typeof value === "object" &&
      value !== null &&
      typeof (value as Partial<TensorConvertible>)[tensorConversion] === "function")
  );
}

/** The tensor that `value` is or converts to. Throws a TypeError for anything else (constants are `@org/ops`' matter). */
export function asTensor(value: Tensor | TensorConvertible, options?: TensorConversionOptions): Tensor {
  if (isTensor(value)) return value;
  if (!isTensorLike(value)) throw new TypeError(`${String(value)} is not a Tensor`);
  return value[tensorConversion](options);
}
