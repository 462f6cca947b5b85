// Runs an op's shape function and puts what it says onto the outputs. The error sentence is C++'s:
// "... for 'MatMul' (op: 'MatMul') with input shapes: [2,3], [2,3]." Source: shape_inference.cc (AttachContext).
import { isTfError, TfError } from "@org/errors";
import { type DType, type NdArray, Shape } from "@org/tensor";
import type { Attrs } from "./attrs.ts";
import { evaluateConstant, evaluateShape } from "./constant-folding.ts";
import type { HandleData } from "./operation.ts";
import type { InferenceContext, ShapeFunction } from "./shape-inference.ts";
import type { Tensor } from "./tensor.ts";

/** What is inferred for one node. */
export interface Inferred {
  readonly shapes: readonly Shape[];
  readonly handles: readonly (HandleData | undefined)[];
  /** Whether the shape function asked for attributes and shapes of inputs only: no values, no handles, no types. */
  readonly fromShapesAlone: boolean;
}

/** What inference needs of a node, made or about to be made. */
export interface InferenceNode {
  readonly name: string;
  readonly type: string;
  readonly attrs: Attrs;
  readonly inputs: readonly Tensor[];
  readonly outputCount: number;
  readonly producer: number;
}

class Context implements InferenceContext {
  readonly op: string;
  readonly attrs: Attrs;
  readonly inputCount: number;
  readonly producer: number;
  readonly handles: (HandleData | undefined)[] = [];
  readonly values = new Map<number, NdArray>();
  readonly partial = new Map<number, Shape>();
  /** Whether anything but shapes of inputs was asked for. */
  askedMore = false;
  private readonly inputs: readonly Tensor[];
  private readonly name: string;

  constructor(node: InferenceNode) {
    this.name = node.name;
    this.op = node.type;
    this.attrs = node.attrs;
    this.inputs = node.inputs;
    this.inputCount = node.inputs.length;
    this.producer = node.producer;
  }

  private at(index: number): Tensor {
    const tensor = this.inputs[index];
    if (tensor === undefined)
      throw new TfError("OUT_OF_RANGE", `${this.op} has no input ${index}`, { node: this.name });
    return tensor;
  }

  get node(): string {
    this.askedMore = true;
    return this.name;
  }
  input(index: number): Shape {
    return this.at(index).shape;
  }
  inputDType(index: number): DType {
    this.askedMore = true;
    return this.at(index).dtype;
  }
  inputValue(index: number): NdArray | undefined {
    this.askedMore = true;
    const value = evaluateConstant(this.at(index));
    if (value !== undefined) this.values.set(index, value);
    return value;
  }
  inputAsShape(index: number): Shape {
    this.askedMore = true;
    const shape = evaluateShape(this.at(index));
    this.partial.set(index, shape);
    return shape;
  }
  handleShape(index: number): HandleData | undefined {
    this.askedMore = true;
    const { op, valueIndex } = this.at(index);
    return op.handles[valueIndex];
  }
  setHandleShape(index: number, dtype: DType, shape: Shape): void {
    this.askedMore = true;
    this.handles[index] = { dtype, shape };
  }

  /** What C++ appends to a shape function's sentence. */
  trailer(): string {
    let text = ` for '${this.name}' (op: '${this.op}') with input shapes: ${this.inputs.map((t) => t.shape).join(", ")}`;
    if (this.values.size > 0)
      text += ` and with computed input tensors: ${[...this.values]
        .map(
          ([i, value]) =>
            `input[${i}] = <${Array.from(value.data as ArrayLike<unknown>)
              .slice(0, 256)
              .join(" ")}>`,
        )
        .join(", ")}`;
    const known = [...this.partial].filter(([, shape]) => shape.dims !== null);
    if (known.length > 0)
      text += ` and with input tensors computed as partial shapes: ${known.map(([i, shape]) => `input[${i}] = ${shape}`).join(", ")}`;
    return `${text}.`;
  }
}

/**
 * Shapes of a node's outputs; unknown ones where `shape` is absent or says nothing.
 * Throws TfError with the shape function's sentence and where it failed.
 */
export function inferShapes(node: InferenceNode, shape: ShapeFunction | undefined): Inferred {
  if (shape === undefined)
    return {
      shapes: new Array<Shape>(node.outputCount).fill(Shape.unknown),
      handles: [],
      fromShapesAlone: true,
    };
  const context = new Context(node);
  let shapes: readonly Shape[];
  try {
    shapes = shape(context);
  } catch (error) {
    if (!isTfError(error) || error.sentence.includes(` for '${node.name}' (op: `)) throw error;
    throw new TfError(error.code, error.sentence + context.trailer(), {
      node: node.name,
      op: node.type,
      ...error.place,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
  if (shapes.length !== node.outputCount)
    shapes = Array.from({ length: node.outputCount }, (_, i) => shapes[i] ?? Shape.unknown);
  return { shapes, handles: context.handles, fromShapesAlone: !context.askedMore };
}
