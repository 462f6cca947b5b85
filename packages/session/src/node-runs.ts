import type { NdArray } from "@org/tensor";
import { runMerge, runSwitch } from "./control-nodes.ts";
import type { DeadUnits } from "./dead-units.ts";
import type { ExecutorEnvironment } from "./executor.ts";
import { notFed } from "./feedable.ts";
import { runHeld } from "./held-kernels.ts";
import { runHostNode, variableAt } from "./host-node.ts";
import type { NodeUnit, RunPlan } from "./run-plan.ts";
import type { RunResources } from "./run-resources.ts";
import { type RunSlots, share } from "./run-slots.ts";
import { dueTurn } from "./turn.ts";
import { TensorValue, type Value } from "./values.ts";

/** Runs a plan that a node stands for. */
export type Execute = (
  plan: RunPlan,
  inputs: readonly Value[],
  environment: ExecutorEnvironment,
  signal: AbortSignal,
  depth: number,
) => Value[] | Promise<Value[]>;

export class NodeRuns {
  readonly #environment: ExecutorEnvironment;
  readonly #slots: RunSlots;
  readonly #resources: RunResources;
  readonly #dead: DeadUnits | undefined;
  readonly #execute: Execute;
  /** How many calls the run lies in. */
  readonly #depth: number;
  /** Whether nobody can wait: then the event loop gets no turns. */
  atOnce = false;

  constructor(
    environment: ExecutorEnvironment,
    slots: RunSlots,
    resources: RunResources,
    deadUnits: DeadUnits | undefined,
    depth: number,
    execute: Execute,
  ) {
    this.#environment = environment;
    this.#slots = slots;
    this.#resources = resources;
    this.#dead = deadUnits;
    this.#depth = depth;
    this.#execute = execute;
  }

  /** `carried`: what a loop's last iteration gave a Merge. */
  run(unit: NodeUnit, carried: Value | undefined): void | Promise<void> {
    const { trace } = this.#environment;
    if (trace === undefined) return this.#runKind(unit, carried);
    const start = performance.now();
    const running = this.#runKind(unit, carried);
    const note = (): void => trace.node(unit, start, performance.now(), this.#slots.values);
    return running === undefined ? note() : running.then(note);
  }

  #runKind(unit: NodeUnit, carried: Value | undefined): void | Promise<void> {
    const { node } = unit;
    const { values } = this.#slots;
    if (this.#dead !== undefined) {
      this.#dead.revive(unit);
      if (this.#dead.takesNode(unit, values)) {
        this.#dead.kill(unit);
        this.#slots.kill(unit.outputs);
        return;
      }
    }
    switch (node.kind) {
      case "merge":
        if (!runMerge(unit, carried, this.#slots, this.#environment.devices)) this.#dead!.kill(unit);
        return;
      case "placeholder":
        throw notFed(node.op);
      case "const":
        return this.#slots.put(unit.outputs[0]!, this.#constant(node.op.attrs.tensor("value")));
      case "switch":
        return runSwitch(unit, this.#slots);
      case "enter":
      case "exit":
      case "nextIteration":
        return this.#slots.put(unit.outputs[0]!, share(values[unit.inputs[0]!]!));
      case "forward":
        for (const [i, slot] of unit.outputs.entries()) this.#slots.put(slot, this.#forward(unit, i));
        return;
      case "call":
        return this.#call(unit);
      case "held":
        return this.#heldKernel(unit);
      case "host":
        return runHostNode(unit, this.#slots, this.#environment, this.#resources);
      default:
        return;
    }
  }

  #constant(array: NdArray): TensorValue {
    return new TensorValue(this.#environment.devices, array.dtype, array.shape, array);
  }

  #forward(unit: NodeUnit, i: number): Value {
    const { node } = unit;
    if (node.uses[i]!.access !== "variable") return share(this.#slots.values[unit.inputs[i]!]!);
    return variableAt(unit, i, this.#slots).read(node.op.name).retain();
  }

  /** Runs the plan of what the node stands for. */
  #call(unit: NodeUnit): void | Promise<void> {
    const { node } = unit;
    const start = (): Value[] | Promise<Value[]> => {
      const depth = this.#depth + 1;
      const { functions, onProgress, deadline } = this.#environment;
      const plan = functions.planOf(node.op, depth);
      const environment = { ...functions.environmentOf(plan), onProgress, deadline };
      const inputs = node.uses.map((_, i) => this.#forward(unit, i));
      return this.#execute(plan, inputs, environment, this.#resources.signal, depth);
    };
    const finish = (values: readonly Value[]): void => {
      for (const [i, value] of values.entries()) this.#slots.put(unit.outputs[i] ?? -1, value);
    };
    // A stack of its own now and then: calls within calls may lie deep.
    const deep = this.#depth % 32 === 31 ? Promise.resolve() : undefined;
    const turn = this.atOnce ? undefined : (dueTurn() ?? deep);
    const values = turn === undefined ? start() : turn.then(start);
    return values instanceof Promise ? values.then(finish) : finish(values);
  }

  #heldKernel(unit: NodeUnit): void | Promise<void> {
    const finish = (values: readonly Value[]): void => {
      for (const [i, value] of values.entries()) this.#slots.put(unit.outputs[i] ?? -1, value);
    };
    const result = runHeld(unit.node.op, {
      input: (index) => this.#slots.values[unit.inputs[index]!]!,
      hold: (held) => this.#resources.hold(held),
      value: (array) => this.#constant(array),
    });
    return result instanceof Promise ? result.then(finish) : finish(result);
  }
}
