// Control-flow contexts: which cond branch or while loop an op lies in, as records that become CondContextDef and
// WhileContextDef and come back. Building such contexts (Switch, Enter ...) is `@org/ops`' matter: it subclasses these.
// Source: python/ops/control_flow_ops.py.
import { TfError } from "@org/errors";
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

abstract class ContextRecord implements ControlFlowContext {
  abstract readonly kind: string;
  name = "";
  outerContext: ControlFlowContext | undefined;
  readonly values: Set<string> = new Set<string>();
  readonly externalValues: Map<string, Tensor> = new Map<string, Tensor>();
  readonly nested: ContextRecord[] = [];

  /** Notes the op's outputs; a builder wires inputs from outside, too. */
  addOp(op: Operation): void {
    for (const output of op.outputs) this.values.add(output.name);
    op.controlFlowContext ??= this;
    this.outerContext?.addInnerOp(op);
  }
  addInnerOp(op: Operation): void {
    for (const output of op.outputs) this.values.add(output.name);
    this.outerContext?.addInnerOp(op);
  }
  addValue(tensor: Tensor): Tensor {
    return this.externalValues.get(tensor.name) ?? tensor;
  }
  abstract toProto(exportScope?: string): ICondContextDef | IWhileContextDef | undefined;

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
    return this.nested.map((context) =>
      context instanceof CondContext
        ? { condCtxt: context.toProto(exportScope) ?? null }
        : { whileCtxt: (context as WhileContext).toProto(exportScope) ?? null },
    );
  }

  protected read(
    graph: Graph,
    name: string,
    valuesDef: IValuesDef | null | undefined,
    importScope: string | undefined,
  ): void {
    this.name = prependNameScope(name, importScope);
    this.outerContext = graph.controlFlowContext;
    const outer = this.outerContext;
    if (outer instanceof ContextRecord) outer.nested.push(this);
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

  protected readNested(
    graph: Graph,
    defs: readonly IControlFlowContextDef[] | null | undefined,
    importScope: string | undefined,
  ): void {
    if (!defs || defs.length === 0) return;
    graph.withControlFlowContext(this, () => {
      for (const def of defs) contextFromDef(def, graph, importScope);
    });
  }
}

const tensorOf = (graph: Graph, name: string, importScope: string | undefined): Tensor =>
  graph.asGraphElement(prependNameScope(name, importScope), { allowOperation: false }) as Tensor;

/** One branch of a cond. */
export class CondContext extends ContextRecord {
  readonly kind: string = "cond";
  pred: Tensor;
  pivot: Tensor;
  /** 0: the branch for false, 1: for true. */
  branch: number;

  constructor(pred: Tensor, pivot: Tensor, branch: number, name = "cond_text") {
    super();
    this.name = name;
    this.pred = pred;
    this.pivot = pivot;
    this.branch = branch;
  }

  /** The message, names without `exportScope`; undefined where the context lies outside it. */
  toProto(exportScope?: string): ICondContextDef | undefined {
    if (exportScope && !this.name.startsWith(exportScope)) return undefined;
    const strip = (name: string): string => stripNameScope(name, exportScope);
    return {
      contextName: strip(this.name),
      predName: strip(this.pred.name),
      pivotName: strip(this.pivot.name),
      branch: this.branch,
      valuesDef: this.valuesDef(exportScope),
      nestedContexts: this.nestedDefs(exportScope),
    };
  }

  /** From the message; marks the ops of `graph` that lie in the context. Throws as `graph.asGraphElement` where one is missing. */
  static fromProto(def: ICondContextDef, graph: Graph, importScope?: string): CondContext {
    const context = new CondContext(
      tensorOf(graph, def.predName ?? "", importScope),
      tensorOf(graph, def.pivotName ?? "", importScope),
      def.branch ?? 0,
    );
    context.read(graph, def.contextName ?? "", def.valuesDef, importScope);
    context.readNested(graph, def.nestedContexts, importScope);
    return context;
  }
}

/** What a while loop is made of; a builder fills it in. */
export interface WhileParts {
  readonly name: string;
  readonly parallelIterations: number;
  readonly backProp: boolean;
  readonly swapMemory: boolean;
  readonly maximumIterations?: Tensor | undefined;
}

/** A while loop. */
export class WhileContext extends ContextRecord {
  readonly kind: string = "while";
  parallelIterations: number;
  backProp: boolean;
  swapMemory: boolean;
  maximumIterations: Tensor | undefined;
  /** What the predicate, and the body, hang on: control inputs of ops without inputs in them. */
  pivotForPred: Tensor | undefined;
  pivotForBody: Tensor | undefined;
  /** LoopCond's output. */
  pivot: Tensor | undefined;
  loopExits: Tensor[] = [];
  loopEnters: Tensor[] = [];

  constructor(parts: WhileParts) {
    super();
    this.name = parts.name;
    this.parallelIterations = parts.parallelIterations;
    this.backProp = parts.backProp;
    this.swapMemory = parts.swapMemory;
    this.maximumIterations = parts.maximumIterations;
  }

  /** The message, names without `exportScope`; undefined where the context lies outside it. */
  toProto(exportScope?: string): IWhileContextDef | undefined {
    if (exportScope && !this.name.startsWith(exportScope)) return undefined;
    const strip = (tensor: Tensor | undefined): string =>
      tensor ? stripNameScope(tensor.name, exportScope) : "";
    return {
      contextName: stripNameScope(this.name, exportScope),
      parallelIterations: this.parallelIterations,
      maximumIterationsName: strip(this.maximumIterations),
      backProp: this.backProp,
      swapMemory: this.swapMemory,
      pivotForPredName: strip(this.pivotForPred),
      pivotForBodyName: strip(this.pivotForBody),
      pivotName: strip(this.pivot),
      loopExitNames: this.loopExits.map(strip),
      loopEnterNames: this.loopEnters.map(strip),
      valuesDef: this.valuesDef(exportScope),
      nestedContexts: this.nestedDefs(exportScope),
    };
  }

  /** From the message; marks the ops of `graph` that lie in the context. Throws as `graph.asGraphElement` where one is missing. */
  static fromProto(def: IWhileContextDef, graph: Graph, importScope?: string): WhileContext {
    const tensor = (name: string | null | undefined): Tensor | undefined =>
      name ? tensorOf(graph, name, importScope) : undefined;
    const context = new WhileContext({
      name: def.contextName ?? "",
      parallelIterations: def.parallelIterations ?? 10,
      backProp: def.backProp ?? false,
      swapMemory: def.swapMemory ?? false,
      maximumIterations: tensor(def.maximumIterationsName),
    });
    context.pivotForPred = tensor(def.pivotForPredName);
    context.pivotForBody = tensor(def.pivotForBodyName);
    context.pivot = tensor(def.pivotName);
    context.loopExits = (def.loopExitNames ?? []).map((name) => tensorOf(graph, name, importScope));
    context.loopEnters = (def.loopEnterNames ?? []).map((name) => tensorOf(graph, name, importScope));
    context.read(graph, def.contextName ?? "", def.valuesDef, importScope);
    // A scope changed the context's name, which is the name of the loop's frame, too.
    if (importScope)
      for (const value of context.values) {
        const op = graph.findOperation(value.split(":")[0]!);
        if (op?.type === "Enter" || op?.type === "RefEnter") op.setAttr("frame_name", context.name);
      }
    context.readNested(graph, def.nestedContexts, importScope);
    return context;
  }
}

/** The context of a ControlFlowContextDef. Throws TfError INVALID_ARGUMENT where it holds neither kind. */
export function contextFromDef(
  def: IControlFlowContextDef,
  graph: Graph,
  importScope?: string,
): CondContext | WhileContext {
  if (def.condCtxt) return CondContext.fromProto(def.condCtxt, graph, importScope);
  if (def.whileCtxt) return WhileContext.fromProto(def.whileCtxt, graph, importScope);
  throw new TfError("INVALID_ARGUMENT", `Invalid ControlFlowContextDef: ${JSON.stringify(Object.keys(def))}`);
}

/** The while loop that `context` is, or lies in. */
function loopAround(context: ControlFlowContext | undefined): ControlFlowContext | undefined {
  let at = context;
  while (at !== undefined && at.kind !== "while") at = at.outerContext;
  return at;
}

/**
 * Throws TfError INVALID_ARGUMENT where an op outside of loops reads a tensor within one: only a loop's exits leave it.
 * Between loops nothing is checked here: which of them belong together only gradients know. Source: control_flow_util.py (CheckInputFromValidContext).
 */
export function checkInputContext(
  node: { readonly name: string; readonly type: string; readonly inputs: readonly Tensor[] },
  context: ControlFlowContext | undefined,
): void {
  if (loopAround(context) !== undefined) return;
  if (["Enter", "RefEnter", "Switch", "RefSwitch"].includes(node.type)) return;
  for (const { op: source } of node.inputs) {
    const isExit = source.type === "Exit" || source.type === "RefExit";
    const within = isExit ? source.controlFlowContext?.outerContext : source.controlFlowContext;
    if (loopAround(within) !== undefined)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Cannot use '${source.name}' as input to '${node.name}' because '${source.name}' is in a while loop.`,
        {
          node: node.name,
          op: node.type,
          hint: "Return the value from the loop's body, and use what the loop returns.",
        },
      );
  }
}
