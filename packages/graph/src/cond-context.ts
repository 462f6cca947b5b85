// One branch of a conditional: what is made in it reads outer tensors through a Switch on the predicate, so that it runs only
// where the branch is taken. Source: python/ops/control_flow_ops.py (CondContext).
import type { ICondContextDef, IControlFlowContextDef } from "@org/proto";
import {
  ContextBase,
  isInContext,
  prependNameScope,
  scopedTensor,
  stripNameScope,
  switchRefOrTensor,
} from "./control-flow-context.ts";
import type { Graph } from "./graph.ts";
import { contextFromDef } from "./nested-context.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

export class CondContext extends ContextBase {
  readonly kind: string = "cond";
  readonly pred: Tensor;
  /** An Identity of the predicate on this side: what ops without inputs hang on. */
  readonly pivot: Tensor;
  /** 0: the branch for false, 1: for true. */
  readonly branch: number;

  /** The branch that `pivot` is on; the predicate and the pivot are known in it from the start. */
  constructor(pred: Tensor, pivot: Tensor, branch: number, name = "cond_text") {
    super(pred.graph, name);
    this.pred = pred;
    this.pivot = pivot;
    this.branch = branch;
    this.values.add(pred.name);
    this.externalValues.set(pred.name, pred);
    this.values.add(pivot.name);
    pivot.op.controlFlowContext = this;
  }

  get controlPivot(): Tensor {
    return this.pivot;
  }

  addValue(tensor: Tensor): Tensor {
    // What an imported loop has in a cycle may not have been added yet.
    if (this.values.has(tensor.name) || tensor.op.controlFlowContext === this)
      return this.externalValues.get(tensor.name) ?? tensor;
    const inside = this.switched(tensor, (outer) =>
      this.graph.controlDependencies(null, () => {
        const side = switchRefOrTensor(outer, this.pred)[this.branch as 0 | 1];
        this.outerContext?.addInnerOp(side.op);
        return side;
      }),
    );
    inside.op.controlFlowContext = this;
    this.noteOutput(inside);
    return inside;
  }

  private noteOutput(tensor: Tensor): void {
    let context: typeof this.outerContext = this;
    for (; context !== undefined; context = context.outerContext) context.values.add(tensor.name);
  }

  /** `tensor` by way of the outer contexts, and through `make`; noted as what stands for it here. */
  private switched(tensor: Tensor, make: (outer: Tensor) => Tensor): Tensor {
    this.values.add(tensor.name);
    let outer = tensor;
    if (this.outerContext) {
      outer = this.outerContext.addValue(tensor);
      this.values.add(outer.name);
      this.externalValues.set(outer.name, outer);
    }
    const inside = make(outer);
    this.externalValues.set(tensor.name, inside);
    return inside;
  }

  /** A branch's result as a tensor that is alive only where the branch is taken. Source: CondContext._ProcessOutputTensor. */
  outputTensor(tensor: Tensor): Tensor {
    if (this.values.has(tensor.name)) return this.externalValues.get(tensor.name) ?? tensor;
    return this.switched(tensor, (outer) => switchRefOrTensor(outer, this.pred)[this.branch as 0 | 1]);
  }

  addOp(op: Operation): void {
    if (op.inputs.length === 0) {
      this.removeExternalControlEdges(op);
      if (!op.controlInputs.some((input) => isInContext(input, this))) op.addControlInput(this.pivot.op);
    } else {
      for (const [index, input] of op.inputs.entries()) {
        // A loop that is imported here: its NextIteration comes into the context when its turn comes.
        if (op.type === "Merge" && input.op.type === "NextIteration") continue;
        const inside = this.addValue(input);
        if (inside !== input) op.updateInput(index, inside);
      }
      this.removeExternalControlEdges(op);
      if (op.type === "SymbolicGradient" || this.graph.getFunction(op.type))
        op.addControlInput(this.pivot.op);
    }
    this.noteOutputs(op);
    this.outerContext?.addInnerOp(op);
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

  toControlFlowContextDef(exportScope?: string): IControlFlowContextDef {
    return { condCtxt: this.toProto(exportScope) ?? null };
  }

  /** From the message; marks the ops of `graph` that lie in the context. Throws as `graph.asGraphElement` where one is missing. */
  static fromProto(def: ICondContextDef, graph: Graph, importScope?: string): CondContext {
    const context = new CondContext(
      scopedTensor(graph, def.predName ?? "", importScope),
      scopedTensor(graph, def.pivotName ?? "", importScope),
      def.branch ?? 0,
      prependNameScope(def.contextName ?? "", importScope),
    );
    context.values.clear();
    context.externalValues.clear();
    context.readValues(def.valuesDef, importScope);
    context.enter(() => {
      for (const nested of def.nestedContexts ?? []) contextFromDef(nested, graph, importScope);
    });
    return context;
  }
}
