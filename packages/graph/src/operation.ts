// Operation: a node of a graph, with its attributes and edges; and the edits that a graph allows.
// Source: python/framework/ops.py (Operation).
import { TfError } from "@org/errors";
import type { IAttrValue, INodeDef, IOpDef } from "@org/proto";
import { type DType, dtypeFromProto, type Shape } from "@org/tensor";
import { attrsOf } from "./attr-reader.ts";
import { attrValue, inferredAttrValue } from "./attr-value.ts";
import type { AttrInput, Attrs } from "./attrs.ts";
import type { ControlFlowContext } from "./control-flow-context.ts";
import type { Graph } from "./graph.ts";
import { compareUtf8 } from "./name-order.ts";
import { indexOpDef } from "./op-def-index.ts";
import { dataTypeString } from "./op-def-text.ts";
import type { RegisteredOp } from "./op-registry.ts";
import { Tensor, tensorTypeString } from "./tensor.ts";
import type { StackFrame } from "./trace-recorder.ts";

const brand = Symbol.for("@org/graph.Operation");
const utf8 = new TextDecoder();

/** Shape and dtype of the variable behind a resource handle. */
export interface HandleData {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** What the graph makes an Operation of. @internal */
export interface OperationInit {
  readonly graph: Graph;
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly inputs: Tensor[];
  readonly controlInputs: Operation[];
  readonly attrs: Map<string, IAttrValue>;
  readonly opDef: IOpDef | undefined;
  readonly registered: RegisteredOp | undefined;
  /** DataType numbers; without an OpDef a type may be a guess. */
  readonly outputTypes: readonly { readonly type: number; readonly known: boolean }[];
  readonly device: string;
  /** Fields of the NodeDef that a graph only carries along (debug info, full type, unknown fields). */
  readonly carried?: Pick<INodeDef, "experimentalDebugInfo" | "experimentalType" | "$unknowns">;
}

export class Operation {
  static {
    Object.defineProperty(Operation.prototype, brand, { value: true });
  }
  readonly graph: Graph;
  /** Position in the graph, from 1. */
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly outputs: readonly Tensor[];
  /** Absent for an op that neither the graph's registry nor the imported file describes. */
  readonly opDef: IOpDef | undefined;
  readonly registered: RegisteredOp | undefined;
  readonly attrs: Attrs;
  /** The Cond or While context that the op was made in. */
  controlFlowContext: ControlFlowContext | undefined;
  /** Shapes that an import brought and no shape function here replaces. @internal */
  importedShapes: readonly Shape[] | undefined;
  /** Where an import's file states less of an output's shape than is known here: an export repeats the file. @internal */
  statedShapes: readonly ({ readonly stated: Shape; readonly known: Shape } | undefined)[] | undefined;
  /** @internal */
  readonly handles: (HandleData | undefined)[] = [];
  private readonly attrMap: Map<string, IAttrValue>;
  private readonly inputList: Tensor[];
  private readonly controls: Operation[];
  private deviceName: string;
  /** Where an imported op is because of its colocation; an export writes what the file stated. @internal */
  impliedDevice: string | undefined;
  private readonly carried: OperationInit["carried"];
  /** Control inputs stand in the order of the file that the node came from. @internal */
  keepsControlOrder = false;

  /** @internal */
  constructor(init: OperationInit) {
    this.graph = init.graph;
    this.id = init.id;
    this.name = init.name;
    this.type = init.type;
    this.opDef = init.opDef;
    this.registered = init.registered;
    this.attrMap = init.attrs;
    this.attrs = attrsOf(init.attrs, init.name, init.type);
    this.inputList = init.inputs;
    this.controls = init.controlInputs;
    this.deviceName = init.device;
    this.carried = init.carried;
    this.outputs = init.outputTypes.map(({ type, known }, i) => {
      const dtype = dtypeFromProto(type);
      if (dtype === undefined)
        throw new TfError("INVALID_ARGUMENT", `Output ${i} of node ${init.name} has unknown type ${type}`, {
          node: init.name,
          op: init.type,
        });
      return new Tensor(this, i, dtype.dtype, dtype.isRef, known);
    });
  }

  /** Where the op was made, oldest call first; undefined unless the graph records traces. As Operation.traceback. */
  get traceback(): readonly StackFrame[] | undefined {
    return this.graph.traces?.of(this.id);
  }
  get inputs(): readonly Tensor[] {
    return this.inputList;
  }
  get controlInputs(): readonly Operation[] {
    return this.controls;
  }
  /** The device asked for, or that colocation implies; "" where any will do. */
  get device(): string {
    return this.impliedDevice ?? this.deviceName;
  }

  setDevice(device: string): void {
    this.graph.touch();
    this.deviceName = device;
    this.impliedDevice = undefined;
  }

  /**
   * Sets an attribute; the OpDef says how `value` is read. Output shapes are inferred anew, unless the attribute is internal ("_x").
   * Throws a TypeError where the value does not fit the attribute.
   */
  setAttr(name: string, value: AttrInput): void {
    const attr = this.opDef && indexOpDef(this.opDef).attrs.get(name);
    this.graph.touch();
    this.attrMap.set(name, attr ? attrValue(name, attr.type ?? "", value) : inferredAttrValue(value));
    if (!name.startsWith("_")) this.graph.shapesChanged(this);
  }

  /** Removes an attribute, if it is there. */
  clearAttr(name: string): void {
    this.graph.touch();
    this.attrMap.delete(name);
  }

  /** Adds a control input; one that is there already is not added again. */
  addControlInput(op: Operation): void {
    this.addControlInputs([op]);
  }

  addControlInputs(ops: readonly Operation[]): void {
    if (ops.length === 0) return;
    this.graph.touch();
    for (const op of ops) {
      if (op.graph !== this.graph)
        throw new TfError("INVALID_ARGUMENT", `Operation ${op.name} is not an element of this graph.`, {
          node: this.name,
        });
      if (!this.controls.includes(op)) {
        this.controls.push(op);
        this.keepsControlOrder = false;
      }
    }
  }

  /** Removes all control inputs. */
  removeControlInputs(): void {
    this.graph.touch();
    this.controls.length = 0;
  }

  /**
   * Replaces input `index`; shapes of this op and of what follows from it are inferred anew, unless `keepShapes` (a loop's back edge).
   * Throws TfError INVALID_ARGUMENT where the tensor is of another graph or type, OUT_OF_RANGE where there is no such input.
   */
  updateInput(index: number, tensor: Tensor, options: { readonly keepShapes?: boolean } = {}): void {
    const old = this.inputList[index];
    if (old === undefined)
      throw new TfError("OUT_OF_RANGE", `Node '${this.name}' has no input ${index}`, {
        node: this.name,
        op: this.type,
      });
    if (tensor.graph !== this.graph)
      throw new TfError("INVALID_ARGUMENT", `Tensor ${tensor} must be from the same graph as ${this.name}.`, {
        node: this.name,
      });
    if (
      old.dtypeKnown &&
      tensor.dtypeKnown &&
      (old.dtype !== tensor.dtype || (this.takesRef(index) && !tensor.isRef))
    )
      throw new TfError(
        "INVALID_ARGUMENT",
        `Input ${index} of node ${this.name} was passed ${tensorTypeString(tensor)} from ${tensor.name} incompatible with expected ${tensorTypeString(old)}.`,
        { node: this.name, op: this.type },
      );
    this.graph.touch();
    this.inputList[index] = tensor;
    this.graph.inputChanged(this, old, tensor);
    if (options.keepShapes) return;
    this.importedShapes = undefined;
    this.graph.shapesChanged(this);
  }

  /** Whether the OpDef's arg at flat input `index` is a ref. */
  private takesRef(index: number): boolean {
    if (!this.opDef) return false;
    const args = indexOpDef(this.opDef).inputArgs;
    return args.length === this.inputList.length ? Boolean(args[index]?.isRef) : false;
  }

  /** `loc:@...` groups of `_class`, or the op's own. */
  colocationGroups(): readonly string[] {
    const groups = (this.attrMap.get("_class")?.list?.s ?? [])
      .map((bytes) => utf8.decode(bytes))
      .filter((s) => s.startsWith("loc:@"));
    return groups.length > 0 ? groups : [`loc:@${this.name}`];
  }

  /** The node as a message. Its attribute values are shared, not copied: treat them as read-only. */
  toNodeDef(): INodeDef {
    const input = this.inputList.map((tensor) => (tensor.valueIndex === 0 ? tensor.op.name : tensor.name));
    // C++ sorts control inputs by name when it writes a graph.
    const controls = this.controls.map((op) => op.name);
    if (!this.keepsControlOrder && controls.length > 1) controls.sort(compareUtf8);
    for (const name of controls) input.push(`^${name}`);
    return {
      name: this.name,
      op: this.type,
      input,
      device: this.deviceName,
      attr: Object.fromEntries(this.attrMap),
      ...this.carried,
    };
  }

  /** The attributes themselves. @internal */
  get rawAttrs(): Map<string, IAttrValue> {
    return this.attrMap;
  }

  toString(): string {
    return `<tf.Operation '${this.name}' type=${this.type}>`;
  }

  /** "float" and so on of input `index`, as the node sees it. */
  inputTypeString(index: number): string {
    const tensor = this.inputList[index];
    return tensor ? tensorTypeString(tensor) : dataTypeString(0);
  }
}

/** Whether `value` is an Operation, also one of another copy of this package. */
export function isOperation(value: unknown): value is Operation {
  return typeof value === "object" && value !== null && (value as { [brand]?: unknown })[brand] === true;
}
