// One execution of a node's host kernel in a run: brings its inputs to the host, calls it, puts its outputs into their slots.
import { TfError } from "@org/errors";
import type { NdArray } from "@org/tensor";
import { variableIn } from "./cluster-run.ts";
import type { ExecutorEnvironment } from "./executor.ts";
import { located } from "./faults.ts";
import { HostExecution } from "./host-context.ts";
import type { NodeUnit } from "./run-plan.ts";
import type { RunResources } from "./run-resources.ts";
import type { RunSlots } from "./run-slots.ts";
import { TensorValue } from "./values.ts";
import type { VariableState } from "./variable-state.ts";

/** The variable at input `i`: known from the graph, or through a value in the run. */
export function variableAt(unit: NodeUnit, i: number, slots: RunSlots): VariableState {
  return unit.variables[i] ?? variableIn(slots.values[unit.inputs[i]!]!);
}

/** Runs a unit whose node has a host kernel; what it throws names the node. */
export function runHostNode(
  unit: NodeUnit,
  slots: RunSlots,
  environment: ExecutorEnvironment,
  resources: RunResources,
): void | Promise<void> {
  return new HostNodeRun(unit, slots, environment, resources).start();
}

class HostNodeRun {
  readonly #unit: NodeUnit;
  readonly #slots: RunSlots;
  readonly #environment: ExecutorEnvironment;
  readonly #resources: RunResources;
  readonly #variables: readonly (VariableState | undefined)[];
  #values: readonly (TensorValue | undefined)[] = [];

  constructor(unit: NodeUnit, slots: RunSlots, environment: ExecutorEnvironment, resources: RunResources) {
    this.#unit = unit;
    this.#slots = slots;
    this.#environment = environment;
    this.#resources = resources;
    this.#variables = unit.node.uses.map((use, i) =>
      use.access === "variable" ? variableAt(unit, i, slots) : undefined,
    );
  }

  start(): void | Promise<void> {
    const { node, inputs } = this.#unit;
    const late = node.entry!.fetchesFrom ?? node.uses.length;
    let waits = false;
    const arrays = node.uses.map((use, i) => {
      if (i >= late) return undefined;
      const value =
        use.access === "variable"
          ? this.#variables[i]!.value
          : (this.#slots.values[inputs[i]!] as TensorValue);
      const array = value?.onHost();
      if (array instanceof Promise) waits = true;
      return array;
    });
    if (waits) return Promise.all(arrays).then((ready) => this.#call(ready));
    return this.#call(arrays as (NdArray | undefined)[]);
  }

  #call(inputs: readonly (NdArray | undefined)[]): void | Promise<void> {
    const { node } = this.#unit;
    this.#values = this.#fetchedValues();
    const execution = new HostExecution(node, inputs, this.#variables, this.#resources.host, this.#values);
    this.#environment.counts.hostKernels++;
    let results: readonly NdArray[] | Promise<readonly NdArray[]>;
    try {
      results = node.entry!.host!(execution);
      if (!(results instanceof Promise)) this.#finish(execution, results);
    } catch (error) {
      this.#release(execution);
      throw located(error, node);
    }
    if (!(results instanceof Promise)) return this.#release(execution);
    return results
      .then((arrays) => this.#finish(execution, arrays))
      .catch((error) => {
        throw located(error, node);
      })
      .finally(() => this.#release(execution));
  }

  #finish(execution: HostExecution, results: readonly NdArray[]): void {
    const { node, outputs } = this.#unit;
    let next = 0;
    for (const [i, output] of node.op.outputs.entries()) {
      const slot = outputs[i]!;
      const passed = output.isRef ? node.inputs.findIndex((input) => input.tensor.isRef) : -1;
      if (passed >= 0) {
        const variable = this.#variables[passed];
        if (slot >= 0 && variable) this.#slots.put(slot, { kind: "ref", variable });
        continue;
      }
      const there = execution.handedOver?.get(i);
      const result = results[next++];
      if (there !== undefined) {
        execution.handedOver!.delete(i);
        this.#slots.put(slot, there);
        continue;
      }
      if (result === undefined)
        throw new TfError("INTERNAL", `The host kernel of ${node.op.type} yields ${results.length} outputs`, {
          node: node.op.name,
          op: node.op.type,
        });
      this.#slots.put(slot, new TensorValue(this.#environment.devices, result.dtype, result.shape, result));
    }
  }

  #release(execution: HostExecution): void {
    for (const value of this.#values) value?.release();
    for (const value of execution.handedOver?.values() ?? []) value.release();
  }

  /** By position, the values that a kernel fetches for itself, held until it is done: those that variables had when it began. */
  #fetchedValues(): readonly (TensorValue | undefined)[] {
    const { node, inputs } = this.#unit;
    const from = node.entry!.fetchesFrom;
    if (from === undefined) return [];
    return node.uses.map((use, i) => {
      if (i < from) return undefined;
      const value = use.access === "variable" ? this.#variables[i]!.value : this.#slots.values[inputs[i]!];
      return value?.kind === "tensor" ? value.retain() : undefined;
    });
  }
}
