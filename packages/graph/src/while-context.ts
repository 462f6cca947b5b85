// A while loop: what is made in its body or predicate reads outer tensors through a constant Enter, and what has no input hangs
// on the loop's pivot. Where the loop is one that gradients() adds, tensors of the loop that it goes back through come from
// their history. Source: python/ops/control_flow_ops.py (WhileContext).
import type { IControlFlowContextDef, IWhileContextDef } from "@org/proto";
import { attrValue } from "./attr-value.ts";
import {
  ContextBase,
  isLoopConstantEnter,
  isLoopExit,
  outputContext,
  prependNameScope,
  scopedTensor,
  stripNameScope,
  whileContextAround,
} from "./control-flow-context.ts";
import type { Graph } from "./graph.ts";
import { contextFromDef } from "./nested-context.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** What a loop that goes back through another one asks of gradients(). */
export interface GradState {
  /** The loop that is gone back through. */
  readonly forwardContext: WhileContext;
  /** A tensor of the forward loop, as the backward loop sees it. */
  getRealValue(tensor: Tensor): Tensor;
}

/** What a while loop is made of; a builder fills in the rest. */
export interface WhileParts {
  readonly graph: Graph;
  readonly name: string;
  readonly parallelIterations: number;
  readonly backProp: boolean;
  readonly swapMemory: boolean;
  readonly maximumIterations?: Tensor | undefined;
  /** Of loops that gradients() adds. */
  readonly gradState?: GradState | undefined;
}

/** How `enterTensor` enters. */
export interface EnterOptions {
  readonly isConstant: boolean;
  readonly name?: string;
  /** Whether the shape outside holds inside; default true. */
  readonly useInputShape?: boolean;
}

export class WhileContext extends ContextBase {
  readonly kind: string = "while";
  readonly parallelIterations: number;
  readonly backProp: boolean;
  readonly swapMemory: boolean;
  readonly maximumIterations: Tensor | undefined;
  readonly gradState: GradState | undefined;
  /** What the predicate, and the body, hang on: control inputs of ops without inputs in them. */
  pivotForPred: Tensor | undefined;
  pivotForBody: Tensor | undefined;
  /** LoopCond's output. */
  pivot: Tensor | undefined;
  loopExits: Tensor[] = [];
  loopEnters: Tensor[] = [];

  constructor(parts: WhileParts) {
    super(parts.graph, parts.name);
    this.parallelIterations = parts.parallelIterations;
    this.backProp = parts.backProp;
    this.swapMemory = parts.swapMemory;
    this.maximumIterations = parts.maximumIterations;
    this.gradState = parts.gradState;
  }

  get controlPivot(): Tensor | undefined {
    return this.pivotForBody ?? this.pivotForPred;
  }

  addValue(tensor: Tensor): Tensor {
    // What an imported loop has in a cycle may not have been added yet.
    if (this.values.has(tensor.name) || tensor.op.controlFlowContext === this)
      return this.externalValues.get(tensor.name) ?? tensor;
    this.values.add(tensor.name);
    const remembered = this.fromHistory(tensor);
    if (remembered) {
      this.externalValues.set(tensor.name, remembered);
      return remembered;
    }
    const outer = this.outerContext?.addValue(tensor) ?? tensor;
    const enter = this.graph.controlDependencies(null, () => {
      const made = this.enterTensor(outer, { isConstant: true });
      this.outerContext?.addInnerOp(made.op);
      return made;
    });
    this.fixEnters([enter]);
    this.values.add(enter.name);
    this.externalValues.set(tensor.name, enter);
    return enter;
  }

  /** In a gradient loop: a tensor of the loop that it goes back through. */
  private fromHistory(tensor: Tensor): Tensor | undefined {
    const state = (whileContextAround(this.graph.controlFlowContext) as WhileContext | undefined)?.gradState;
    if (!state) return undefined;
    let context = whileContextAround(tensor.op.controlFlowContext);
    if (isLoopExit(tensor.op)) context = whileContextAround(context?.outerContext);
    return context === state.forwardContext ? state.getRealValue(tensor) : undefined;
  }

  /** An Enter of this loop over `data`. Source: control_flow_ops._Enter. */
  enterTensor(data: Tensor, { isConstant, name, useInputShape = true }: EnterOptions): Tensor {
    const type = data.isRef ? "RefEnter" : "Enter";
    const enter = this.graph.createOp(type, [data], {
      name: name ?? type,
      attrs: {
        frame_name: this.name,
        is_constant: isConstant,
        parallel_iterations: this.parallelIterations,
      },
    }).outputs[0]!;
    if (useInputShape) enter.setShape(data.shape);
    return enter;
  }

  /** Sets the context and control inputs of Enters that were made outside of any scope. Source: _FixControlInputsAndContext. */
  fixEnters(enters: readonly Tensor[]): void {
    const { graph } = this;
    for (const { op } of enters) {
      const kept = graph.scopes
        .controlInputsFor(new Set([op.inputs[0]!.op]))
        .filter((input) => this.isOfAncestorWithinLoop(input));
      op.controlFlowContext = this;
      op.addControlInputs(kept);
      graph.scopes.recordSeen(op);
    }
  }

  /** Whether `op` is in a context around this one, no further out than the next loop. */
  private isOfAncestorWithinLoop(op: Operation): boolean {
    const wanted = outputContext(op);
    const outerLoop = whileContextAround(this.outerContext);
    for (let at = this.outerContext; at !== wanted; at = at.outerContext)
      if (at === undefined || at === outerLoop) return false;
    return true;
  }

  addOp(op: Operation): void {
    // Where only the shape of a forward tensor is wanted, it is taken in the forward loop: its history is smaller.
    if (op.type === "Shape" || op.type === "Size" || op.type === "Rank") {
      const loop = whileContextAround(this.graph.controlFlowContext) as WhileContext | undefined;
      const forward = loop?.gradState?.forwardContext;
      const source = op.inputs[0]!.op;
      if (forward && whileContextAround(source.controlFlowContext) === forward) {
        const context = source.controlFlowContext as ContextBase;
        op.controlFlowContext = context;
        if (context instanceof WhileContext) context.addOwnOp(op);
        else context.addOp(op);
        return;
      }
    }
    this.addOwnOp(op);
  }

  private addOwnOp(op: Operation): void {
    let external: readonly Operation[];
    if (op.inputs.length === 0) {
      external = this.removeExternalControlEdges(op);
      if (op.controlInputs.length === 0) op.addControlInput(this.controlPivot!.op);
    } else {
      for (const [index, input] of op.inputs.entries()) {
        const inside = this.addValue(input);
        if (inside !== input) op.updateInput(index, inside);
      }
      external = this.removeExternalControlEdges(op);
      this.tieToPivot(op);
    }
    for (const output of op.outputs) this.values.add(output.name);
    if (external.length > 0) op.addControlInputs(this.pulledIn(external));
    this.outerContext?.addInnerOp(op);
  }

  /** Outer control inputs as ops of the loop: Identities of what they yield. Ops without outputs are dropped, as in TensorFlow. */
  private pulledIn(external: readonly Operation[]): readonly Operation[] {
    return this.graph.controlDependencies(null, () =>
      this.enter(() =>
        external
          .filter((op) => op.outputs.length > 0)
          .map((op) => this.graph.createOp("Identity", [op.outputs[0]!])),
      ),
    );
  }

  /** An op that reads loop invariants alone would run before its iteration: it waits for the pivot. */
  private tieToPivot(op: Operation): void {
    if (op.controlInputs.length > 0) return;
    const isFree =
      op.type === "SymbolicGradient" ||
      this.graph.getFunction(op.type) !== undefined ||
      op.inputs.every((input) => isLoopConstantEnter(input.op));
    if (isFree) op.addControlInput(this.controlPivot!.op);
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

  toControlFlowContextDef(exportScope?: string): IControlFlowContextDef {
    return { whileCtxt: this.toProto(exportScope) ?? null };
  }

  /** From the message; marks the ops of `graph` that lie in the context. Throws as `graph.asGraphElement` where one is missing. */
  static fromProto(def: IWhileContextDef, graph: Graph, importScope?: string): WhileContext {
    const tensor = (name: string | null | undefined): Tensor | undefined =>
      name ? scopedTensor(graph, name, importScope) : undefined;
    const context = new WhileContext({
      graph,
      name: prependNameScope(def.contextName ?? "", importScope),
      parallelIterations: def.parallelIterations ?? 10,
      backProp: def.backProp ?? false,
      swapMemory: def.swapMemory ?? false,
      maximumIterations: tensor(def.maximumIterationsName),
    });
    context.pivotForPred = tensor(def.pivotForPredName);
    context.pivotForBody = tensor(def.pivotForBodyName);
    context.pivot = tensor(def.pivotName);
    context.loopExits = (def.loopExitNames ?? []).map((name) => scopedTensor(graph, name, importScope));
    context.loopEnters = (def.loopEnterNames ?? []).map((name) => scopedTensor(graph, name, importScope));
    context.readValues(def.valuesDef, importScope);
    // A scope changed the context's name, which is the name of the loop's frame, too. No shape follows from it: those that the file states stay.
    if (importScope) {
      const frame = attrValue("frame_name", "string", context.name);
      for (const value of context.values) {
        const op = graph.findOperation(value.split(":")[0]!);
        if (op?.type === "Enter" || op?.type === "RefEnter") op.rawAttrs.set("frame_name", frame);
      }
      graph.touch();
    }
    context.enter(() => {
      for (const nested of def.nestedContexts ?? []) contextFromDef(nested, graph, importScope);
    });
    return context;
  }
}
