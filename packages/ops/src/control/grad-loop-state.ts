// The backward loop of one forward loop: what it needs of the forward loop's tensors is pushed on stacks there, iteration by
// iteration, and popped here. Source: _GradLoopState in python/ops/control_flow_state.py of TensorFlow 1.15.
import {
  CondContext,
  type GradState,
  type Graph,
  isLoopConstantEnter,
  type Operation,
  outputContext,
  switchRefOrTensor,
  type Tensor,
  WhileContext,
} from "@org/graph";
import { applyOne, applyOp } from "../apply-op.ts";
import { constant } from "../array/constant.ts";
import { constantOf } from "../convert.ts";
import { aroundOf, backpropCounter, forwardCounter } from "./loop-counters.ts";

const passThrough = new Set(["Switch", "RefSwitch", "Identity", "RefIdentity"]);

/** The Enter of a loop invariant that `tensor` is, by way of identities and switches. */
function constantEnterOf(tensor: Tensor): Operation | undefined {
  let { op } = tensor;
  while (passThrough.has(op.type)) op = op.inputs[0]!.op;
  return isLoopConstantEnter(op) ? op : undefined;
}

export class GradLoopState implements GradState {
  readonly forwardContext: WhileContext;
  readonly gradContext: WhileContext;
  /** The state of the loop around this one, where gradients go back through that, too. */
  readonly outerState: GradLoopState | undefined;
  /** The forward counter's value of the next iteration. */
  readonly forwardIndex: Tensor;
  readonly gradIndex: Tensor;
  /** Forward tensors by name -> what the backward loop reads instead. */
  readonly history: Map<string, Tensor> = new Map();
  /** Loop switches -> the merges that their gradients made. */
  readonly switches: Map<Operation, Tensor> = new Map();
  readonly unusedExits: Tensor[] = [];
  readonly deferredExits: Tensor[] = [];
  readonly forwardExits: readonly Tensor[];
  pendingExits: number;
  readonly #graph: Graph;
  #forwardSync: Operation | undefined;
  #gradSync: Operation | undefined;

  /** Adds the counters of both loops, in the context that gradients() was called in. */
  constructor(forward: WhileContext, outerState: GradLoopState | undefined) {
    this.#graph = forward.graph;
    this.forwardContext = forward;
    this.outerState = outerState;
    this.forwardExits = [...forward.loopExits];
    this.pendingExits = forward.loopExits.length;
    const outerForward = outerState?.forwardContext ?? forward.outerContext;
    const inOuter = <R>(fn: () => R): R =>
      outerForward ? this.#graph.withControlFlowContext(outerForward, fn) : fn();
    const { total, index } = inOuter(() => forwardCounter(forward, outerState));
    this.forwardIndex = index;
    const backward = (): WhileContext =>
      new WhileContext({
        graph: this.#graph,
        name: this.#graph.uniqueName(forward.name),
        parallelIterations: forward.parallelIterations,
        backProp: forward.backProp,
        swapMemory: forward.swapMemory,
        maximumIterations: forward.maximumIterations,
        gradState: this,
      });
    if (!outerState) {
      [this.gradContext, this.gradIndex] = inOuter(() => {
        const context = backward();
        return [context, backpropCounter(context, total, undefined)] as const;
      });
      return;
    }
    // A loop within: how often it turned is remembered for each time that it ran.
    outerState.forwardContext.addName(total.name);
    const history = outerState.addForwardAccumulator(total);
    [this.gradContext, this.gradIndex] = outerState.gradContext.enter(() => {
      const context = backward();
      const count = outerState.addBackpropAccumulatedValue(history, total);
      return [context, backpropCounter(context, count, outerState)] as const;
    });
  }

  /** What keeps pushes in the order of iterations. */
  get forwardSync(): Operation {
    this.#forwardSync ??= this.#trigger("f_sync", this.forwardContext, this.forwardIndex);
    return this.#forwardSync;
  }

  /** What keeps pops in the order of iterations. */
  get gradSync(): Operation {
    if (this.#gradSync === undefined) {
      this.#gradSync = this.#trigger("b_sync", this.gradContext, this.gradIndex);
      this.gradContext.outerContext?.addInnerOp(this.#gradSync);
    }
    return this.#gradSync;
  }

  #trigger(name: string, context: WhileContext, index: Tensor): Operation {
    const trigger = this.#graph.controlDependencies(null, () =>
      this.#graph.createOp("ControlTrigger", [], { name }),
    );
    trigger.controlFlowContext = context;
    index.op.addControlInput(trigger);
    return trigger;
  }

  /**
   * A stack that `value`, a tensor of the forward loop, is pushed on in each iteration. `deadBranch`: it is on the side of a
   * conditional that is not taken. Called in the context that gradients() was called in.
   */
  addForwardAccumulator(value: Tensor, deadBranch = false): Tensor {
    const graph = this.#graph;
    const context = graph.controlFlowContext;
    return graph.controlDependencies(null, () => {
      const stack = graph.withControlFlowContext(context, () =>
        graph.colocateWith(value.op, () =>
          applyOne("StackV2", [constant(-1, "int32")], {
            name: "f_acc",
            attrs: { elem_type: value.dtype },
          }),
        ),
      );
      const inside = this.forwardContext.addValue(stack);
      const pushed = this.#push(inside, value, deadBranch);
      pushed.addControlInput(this.forwardIndex.op.inputs[0]!.op);
      return stack;
    });
  }

  #push(stack: Tensor, value: Tensor, deadBranch: boolean): Operation {
    const forward = this.forwardContext;
    const push = (): Operation =>
      applyOp("StackPushV2", [stack, value], { attrs: { swap_memory: forward.swapMemory } });
    const context = outputContext(value.op);
    if (context === forward) {
      const pushed = forward.enter(push);
      this.forwardIndex.op.addControlInput(pushed);
      return pushed;
    }
    if (!(context instanceof CondContext))
      throw new TypeError(`value_ctxt is not a CondContext: ${context?.name}`);
    let pushed: Operation;
    if (deadBranch) {
      pushed = this.#graph.withControlFlowContext(context.outerContext, push);
      pushed.controlFlowContext = context;
    } else pushed = context.enter(push);
    this.forwardSync.addControlInput(pushed);
    return pushed;
  }

  /** In the backward loop: the value of the iteration that is gone back through, popped from its history. */
  addBackpropAccumulatedValue(history: Tensor, value: Tensor, deadBranch = false): Tensor {
    const around = history.op.controlFlowContext;
    let branch: CondContext | undefined;
    for (let at = value.op.controlFlowContext; at && at !== around; at = at.outerContext)
      if (at instanceof CondContext) {
        branch = at;
        break;
      }
    const popped = this.#graph.controlDependencies(null, () =>
      this.gradContext.enter(() => {
        const stack = branch ? this.#guarded(history, branch, deadBranch) : history;
        const pop = applyOne("StackPopV2", [stack], { attrs: { elem_type: value.dtype } });
        pop.setShape(value.shape);
        return pop;
      }),
    );
    if (this.gradContext.parallelIterations > 1) this.gradSync.addControlInput(popped.op);
    return popped;
  }

  /** The stack, only where the branch was taken that pushed on it. */
  #guarded(history: Tensor, branch: CondContext, deadBranch: boolean): Tensor {
    let pred: Tensor | undefined;
    let state: GradLoopState | undefined = this;
    for (; pred === undefined && state; state = state.outerState) pred = state.history.get(branch.pred.name);
    const side = deadBranch ? 1 - branch.branch : branch.branch;
    return switchRefOrTensor(history, pred ?? branch.pred)[side as 0 | 1];
  }

  /** A tensor of the forward loop as the backward loop reads it: a loop invariant, a copy of a constant, or its history. */
  getRealValue(value: Tensor): Tensor {
    const known = this.history.get(value.name);
    if (known) return known;
    const real = this.#realValue(value);
    this.history.set(value.name, real);
    return real;
  }

  #realValue(value: Tensor): Tensor {
    let at = value;
    let state: GradLoopState = this;
    for (let enter = constantEnterOf(at); enter; enter = constantEnterOf(at)) {
      at = enter.inputs[0]!;
      // Outside of all loops that are gone back through.
      if (!state.outerState) return this.gradContext.addValue(at);
      state = state.outerState;
    }
    if (at.op.type === "Const") return constantOf(this.#graph, at.op.attrs.tensor("value"));
    const history = this.gradContext.outside(() => state.addForwardAccumulator(at));
    const popped = state.addBackpropAccumulatedValue(history, at);
    return state === this ? popped : this.gradContext.addValue(popped);
  }

  /** Runs `fn` in the context around the forward loop's backward loop. */
  aroundBackward<R>(fn: () => R): R {
    return aroundOf(this.gradContext, fn);
  }
}
