// What control-flow contexts (the branch of a cond, a while loop) have in common: which tensors are known in them, and how
// ops that are made inside stay inside. Not here: the kinds themselves (cond-context.ts, while-context.ts), and the
// functions that build conditionals and loops (`@org/ops`). Source: python/ops/control_flow_ops.py (ControlFlowContext).
import type { ICondContextDef, IControlFlowContextDef, IValuesDef, IWhileContextDef } from "@org/proto";
import type { Graph } from "./graph.ts";
import { compareUtf8 } from "./name-order.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** What a graph asks of the context that ops are made in. */
export interface ControlFlowContext {
  readonly kind: "cond" | "while" | string;
  readonly name: string;
  readonly outerContext: ControlFlowContext | undefined;
  /** Names of the tensors that were made in, or brought into, the context. */
  readonly values: Set<string>;
  /** Names of outer tensors -> the tensors that stand for them inside. */
  readonly externalValues: Map<string, Tensor>;
  /** What ops without inputs hang on, so that they run in this context. */
  readonly controlPivot?: Tensor | undefined;
  /** Called for every op that is made while the context is entered, after its inputs are set. */
  addOp(op: Operation): void;
  /** Lets an outer tensor into the context; the tensor to use instead. */
  addValue(tensor: Tensor): Tensor;
  /** Called for the inner op of a nested context. */
  addInnerOp(op: Operation): void;
  toProto(exportScope?: string): ICondContextDef | IWhileContextDef | undefined;
}

/** `name` without `exportScope` in front; colocation groups and control inputs keep their marks. Source: ops.strip_name_scope. */
export function stripNameScope(name: string, exportScope: string | undefined): string {
  if (!exportScope) return name;
  const scope = exportScope.endsWith("/") ? exportScope.slice(0, -1) : exportScope;
  for (const mark of ["loc:@", "^"])
    if (name.startsWith(`${mark}${scope}/`)) return mark + name.slice(mark.length + scope.length + 1);
  return name.startsWith(`${scope}/`) ? name.slice(scope.length + 1) : name;
}

/** `name` with `importScope` in front; colocation groups and control inputs keep their marks. Source: ops.prepend_name_scope. */
export function prependNameScope(name: string, importScope: string | undefined): string {
  if (!importScope) return name;
  const scope = importScope.endsWith("/") ? importScope.slice(0, -1) : importScope;
  for (const mark of ["loc:@", "^"])
    if (name.startsWith(mark)) return `${mark}${scope}/${name.slice(mark.length)}`;
  return `${scope}/${name}`;
}

/** The context that the outputs of `op` are in: what leaves a loop by Exit is outside of it. Source: control_flow_util.GetOutputContext. */
export function outputContext(op: Operation): ControlFlowContext | undefined {
  const context = op.controlFlowContext;
  return context && isLoopExit(op) ? context.outerContext : context;
}

export const isLoopExit = (op: { readonly type: string }): boolean =>
  op.type === "Exit" || op.type === "RefExit";
export const isLoopEnter = (op: { readonly type: string }): boolean =>
  op.type === "Enter" || op.type === "RefEnter";
export const isSwitch = (op: { readonly type: string }): boolean =>
  op.type === "Switch" || op.type === "RefSwitch";
/** Whether `op` brings a loop invariant into its loop. */
export const isLoopConstantEnter = (op: Operation): boolean =>
  isLoopEnter(op) && op.attrs.bool("is_constant");

/** The while loop that `context` is, or lies in. Source: control_flow_util.GetContainingWhileContext. */
export function whileContextAround(context: ControlFlowContext | undefined): ControlFlowContext | undefined {
  let at = context;
  while (at !== undefined && at.kind !== "while") at = at.outerContext;
  return at;
}

/** Whether `op` was made in `context` or in one that lies in it. */
export function isInContext(op: Operation, context: ControlFlowContext): boolean {
  let at = op.controlFlowContext;
  while (at !== undefined && at !== context) at = at.outerContext;
  return at === context;
}

/** `data` on the two sides of `pred`: [false, true]; beside `data`. Source: _SwitchRefOrTensor. */
export function switchRefOrTensor(data: Tensor, pred: Tensor, name = "Switch"): readonly [Tensor, Tensor] {
  const { graph } = data;
  const type = data.isRef ? "RefSwitch" : "Switch";
  const made = graph.colocateWith(data.op, () => graph.createOp(type, [data, pred], { name }).outputs, {
    ignoreExisting: true,
  });
  return made as readonly Tensor[] as [Tensor, Tensor];
}

/** What both kinds share. */
export abstract class ContextBase implements ControlFlowContext {
  abstract readonly kind: string;
  readonly name: string;
  readonly outerContext: ControlFlowContext | undefined;
  readonly values: Set<string> = new Set<string>();
  readonly externalValues: Map<string, Tensor> = new Map<string, Tensor>();
  readonly nested: ContextBase[] = [];
  readonly graph: Graph;
  /** What was current where the context was entered, outermost first. */
  readonly #entered: (ControlFlowContext | undefined)[] = [];

  /** A context within the one that is current in `graph`. */
  protected constructor(graph: Graph, name: string) {
    this.graph = graph;
    this.name = name;
    this.outerContext = graph.controlFlowContext;
    if (this.outerContext instanceof ContextBase) this.outerContext.nested.push(this);
  }

  abstract addOp(op: Operation): void;
  abstract addValue(tensor: Tensor): Tensor;
  abstract readonly controlPivot: Tensor | undefined;
  abstract toProto(exportScope?: string): ICondContextDef | IWhileContextDef | undefined;
  abstract toControlFlowContextDef(exportScope?: string): IControlFlowContextDef;

  addInnerOp(op: Operation): void {
    this.outerContext?.addInnerOp(op);
  }

  /** Makes a tensor known here, so that it needs no way in. */
  addName(name: string): void {
    this.values.add(name);
  }

  /** Runs `fn` with new ops in this context. */
  enter<R>(fn: () => R): R {
    this.#entered.push(this.graph.controlFlowContext);
    try {
      return this.graph.withControlFlowContext(this, fn);
    } finally {
      this.#entered.pop();
    }
  }

  /** Runs `fn`, within `enter`, with new ops where it was entered from. Source: ControlFlowContext.Exit. */
  outside<R>(fn: () => R): R {
    const inner = this.#entered.pop();
    try {
      return this.graph.withControlFlowContext(inner, fn);
    } finally {
      this.#entered.push(inner);
    }
  }

  /** Makes results known in the context around this one. */
  exitResult(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) this.outerContext?.values.add(tensor.name);
  }

  /** Takes away control inputs that come from another loop; those that it took. Source: _RemoveExternalControlEdges. */
  protected removeExternalControlEdges(op: Operation): readonly Operation[] {
    const loop = whileContextAround(this);
    if (loop === undefined) return [];
    const isInternal = (input: Operation): boolean => whileContextAround(outputContext(input)) === loop;
    const external = op.controlInputs.filter((input) => !isInternal(input));
    if (external.length === 0) return external;
    const internal = op.controlInputs.filter(isInternal);
    op.removeControlInputs();
    op.addControlInputs(internal);
    return external;
  }

  /** Makes the op's outputs known here and in every context around. */
  protected noteOutputs(op: Operation): void {
    let context: ControlFlowContext | undefined = this;
    for (; context !== undefined; context = context.outerContext)
      for (const output of op.outputs) context.values.add(output.name);
  }

  protected valuesDef(exportScope: string | undefined): IValuesDef {
    const externalValues: { [key: string]: string } = {};
    for (const [key, tensor] of this.externalValues)
      externalValues[stripNameScope(key, exportScope)] = stripNameScope(tensor.name, exportScope);
    return {
      values: [...this.values].sort(compareUtf8).map((value) => stripNameScope(value, exportScope)),
      externalValues,
    };
  }

  protected nestedDefs(exportScope: string | undefined): IControlFlowContextDef[] {
    return this.nested.map((context) => context.toControlFlowContextDef(exportScope));
  }

  /** Takes the values of a message, and the ops of the graph that made them. */
  protected readValues(valuesDef: IValuesDef | null | undefined, importScope: string | undefined): void {
    const { graph } = this;
    for (const value of valuesDef?.values ?? []) this.values.add(prependNameScope(value, importScope));
    // A scoped export may name tensors outside of it (a loop's counters that its gradient made): they are no one's here.
    for (const [key, value] of Object.entries(valuesDef?.externalValues ?? {})) {
      const [opName, index = "0"] = prependNameScope(value, importScope).split(":");
      const tensor = graph.findOperation(opName!)?.outputs[Number(index)];
      if (tensor !== undefined) this.externalValues.set(prependNameScope(key, importScope), tensor);
    }
    for (const value of this.values) {
      if (this.externalValues.has(value)) continue;
      const op = graph.findOperation(value.split(":")[0]!);
      if (op !== undefined) op.controlFlowContext = this;
    }
  }
}

/** The tensor of that name under `importScope`. Throws as `graph.asGraphElement`. */
export function scopedTensor(graph: Graph, name: string, importScope: string | undefined): Tensor {
  return graph.asGraphElement(prependNameScope(name, importScope), { allowOperation: false }) as Tensor;
}
