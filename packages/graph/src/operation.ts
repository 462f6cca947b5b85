// Operation: a node of a graph, with its attributes and edges; and the edits that a graph allows.
// Source: python/framework/ops.py (Operation).
import { TfError } from "@org/errors";
import type { IAttrValue, INodeDef, IOpDef } from "@org/proto";
import type { DType, Shape } from "@org/tensor";
import { attrsOfHolder } from "./attr-reader.ts";
import { attrValue, inferredAttrValue } from "./attr-value.ts";
import type { AttrInput, Attrs } from "./attrs.ts";
import type { ControlFlowContext } from "./control-flow-context.ts";
import type { Graph } from "./graph.ts";
import type { ImportedNodes } from "./imported-nodes.ts";
import { compareUtf8 } from "./name-order.ts";
import { indexOpDef } from "./op-def-index.ts";
import { dataTypeString } from "./op-def-text.ts";
import type { RegisteredOp } from "./op-registry.ts";
import type { OutputKind } from "./output-kind.ts";
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
  readonly name: string;
  readonly type: string;
  readonly inputs: Tensor[];
  readonly controlInputs: Operation[];
  /** undefined where `imported` has them. */
  readonly attrs: Map<string, IAttrValue> | undefined;
  readonly opDef: IOpDef | undefined;
  readonly registered: RegisteredOp | undefined;
  readonly outputs: readonly OutputKind[];
  readonly device: string;
  /** The file that the op is node `position` of. */
  readonly imported?: ImportedNodes;
  readonly position?: number;
  /** Control inputs stand as the file has them. */
  readonly keepsControlOrder?: boolean;
  /** Fields of the NodeDef that a graph only carries along (debug info, full type, unknown fields). */
  readonly carried?: Pick<INodeDef, "experimentalDebugInfo" | "experimentalType" | "$unknowns">;
}

const noControls: readonly Operation[] = Object.freeze([]);
const noHandles: readonly (HandleData | undefined)[] = Object.freeze([]);

const noOutputs: readonly Tensor[] = Object.freeze([]);

function makeOutputs(op: Operation, kinds: readonly OutputKind[]): readonly Tensor[] {
  const make = (i: number): Tensor => {
    const { dtype, isRef, known } = kinds[i]!;
    return new Tensor(op, i, dtype, isRef, known);
  };
  if (kinds.length === 0) return noOutputs;
  // Most ops have one output: an array of exactly one.
  if (kinds.length === 1) return [make(0)];
  return kinds.map((_, i) => make(i));
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
  /** The Cond or While context that the op was made in. */
  controlFlowContext: ControlFlowContext | undefined;
  /** Shapes that an import brought and no shape function here replaces. @internal */
  importedShapes: readonly Shape[] | undefined;
  /** Where an import's file states less of an output's shape than is known here: an export repeats the file. @internal */
  statedShapes: readonly ({ readonly stated: Shape; readonly known: Shape } | undefined)[] | undefined;
  /** By output. Use setHandles to change them. @internal */
  handles: readonly (HandleData | undefined)[] = noHandles;
  private ownAttrs: Map<string, IAttrValue> | undefined;
  private attrReader: Attrs | undefined;
  private readonly inputList: Tensor[];
  private controls: readonly Operation[];
  private deviceName: string;
  /** Where an imported op is because of its colocation; an export writes what the file stated. @internal */
  impliedDevice: string | undefined;
  private extraFields: OperationInit["carried"];
  /** Control inputs stand in the order of the file that the node came from. @internal */
  keepsControlOrder: boolean;
  /** The file that this is node `position` of, for as long as its attributes are what the file says. @internal */
  imported: ImportedNodes | undefined;
  /** @internal */
  readonly position: number;
  /** Whether inputs, control inputs or device are other than in the file. @internal */
  rewired = false;

  /** @internal */
  constructor(graph: Graph, id: number, init: OperationInit) {
    this.graph = graph;
    this.id = id;
    this.name = init.name;
    this.type = init.type;
    this.opDef = init.opDef;
    this.registered = init.registered;
    this.ownAttrs = init.attrs;
    this.attrReader = undefined;
    this.inputList = init.inputs;
    this.controls = init.controlInputs;
    this.deviceName = init.device;
    this.extraFields = init.carried;
    this.imported = init.imported;
    this.position = init.position ?? -1;
    this.keepsControlOrder = init.keepsControlOrder ?? false;
    this.outputs = makeOutputs(this, init.outputs);
  }

  get attrs(): Attrs {
    this.attrReader ??= attrsOfHolder(this, this.name, this.type);
    return this.attrReader;
  }
  /** The attributes, decoded now if an import left them in their file; to be read only. @internal */
  get attrMap(): ReadonlyMap<string, IAttrValue> {
    if (this.ownAttrs !== undefined) return this.ownAttrs;
    const imported = this.imported!;
    const { shared } = imported.plans[imported.table.signature[this.position]!]!;
    if (shared !== undefined && imported.table.classEnd[this.position] === 0) return shared;
    this.ownAttrs = imported.attrs(this.position);
    return this.ownAttrs;
  }
  /** The attributes, to be changed. @internal */
  get rawAttrs(): Map<string, IAttrValue> {
    const { imported } = this;
    if (imported !== undefined) {
      this.ownAttrs ??= imported.attrs(this.position);
      this.extraFields = imported.carried(this.position);
      this.imported = undefined;
    }
    return this.ownAttrs!;
  }
  /** Says what variables are behind handles. @internal */
  setHandle(index: number, handle: HandleData | undefined): void {
    if (handle === undefined && this.handles[index] === undefined) return;
    const handles = [...this.handles];
    handles[index] = handle;
    this.handles = handles;
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
    this.rewired = true;
  }

  /**
   * Sets an attribute; the OpDef says how `value` is read. Output shapes are inferred anew, unless the attribute is internal ("_x").
   * Throws a TypeError where the value does not fit the attribute.
   */
  setAttr(name: string, value: AttrInput): void {
    const attr = this.opDef && indexOpDef(this.opDef).attrs.get(name);
    this.graph.touch();
    this.rawAttrs.set(name, attr ? attrValue(name, attr.type ?? "", value) : inferredAttrValue(value));
    if (!name.startsWith("_")) this.graph.shapesChanged(this);
  }

  /** Removes an attribute, if it is there. */
  clearAttr(name: string): void {
    this.graph.touch();
    this.rawAttrs.delete(name);
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
        this.controls = [...this.controls, op];
        this.keepsControlOrder = false;
        this.rewired = true;
      }
    }
  }

  /** Removes all control inputs. */
  removeControlInputs(): void {
    this.graph.touch();
    this.controls = noControls;
    this.rewired = true;
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
    this.rewired = true;
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

  /** Names of inputs as a node states them: data inputs, then control inputs. */
  private inputNames(): string[] {
    const names = this.inputList.map((tensor) => (tensor.valueIndex === 0 ? tensor.op.name : tensor.name));
    for (const op of this.orderedControls()) names.push(`^${op.name}`);
    return names;
  }

  /** Control inputs as a file has them. @internal */
  orderedControls(): readonly Operation[] {
    // C++ sorts control inputs by name when it writes a graph.
    if (this.keepsControlOrder || this.controls.length < 2) return this.controls;
    return [...this.controls].sort((a, b) => compareUtf8(a.name, b.name));
  }

  /** The device that a file states. @internal */
  get statedDevice(): string {
    return this.deviceName;
  }

  /** The node as a message. Its attribute values are shared, not copied: treat them as read-only. */
  toNodeDef(): INodeDef {
    return {
      name: this.name,
      op: this.type,
      input: this.inputNames(),
      device: this.deviceName,
      attr: Object.fromEntries(this.attrMap),
      ...(this.imported ? this.imported.carried(this.position) : this.extraFields),
    };
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
