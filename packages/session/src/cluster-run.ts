// One execution of a cluster: finds or makes its plan, launches the kernels, hands out the results and assigns its
// variables. At once wherever backends work at once; otherwise a promise.
import { TfError } from "@org/errors";
import type { DeviceBuffer, Executable } from "@org/hlo";
import type { NdArray } from "@org/tensor";
import type { Cluster } from "./cluster.ts";
import type { ClusterShapes, Result } from "./cluster-lowering.ts";
import { type ClusterPlan, findPlan, leavePlan, makePlan, prepareStep } from "./cluster-plan.ts";
import type { Device } from "./device.ts";
import { faultError } from "./faults.ts";
import type { Place } from "./placement.ts";
import type { PlanNode } from "./plan-node.ts";
import type { Segment, Step } from "./segment.ts";
import type { RunCounts } from "./stats.ts";
import type { StepTrace } from "./step-trace.ts";
import { dead, TensorValue, type Value } from "./values.ts";
import type { VariableState } from "./variable-state.ts";

/** What running clusters share. */
export interface ClusterEnvironment {
  readonly devices: readonly Device[];
  readonly nodes: readonly PlanNode[];
  /** Told of each new plan. */
  readonly onPlan: (plan: ClusterPlan) => void;
  readonly counts: RunCounts;
  /** Whether nodes are fused into kernels. */
  readonly fusion: boolean;
  /** Whether nodes may run elsewhere than where they say. */
  readonly softPlacement: boolean;
  /** Told of each launch of a run that is traced. */
  readonly trace?: StepTrace | undefined;
}

/** Runs a cluster on the values in `slots`, and puts its outputs there. `slots` keeps its own references. */
export function runCluster(
  cluster: Cluster,
  slots: (Value | undefined)[],
  environment: ClusterEnvironment,
): void | Promise<void> {
  const pending: Promise<unknown>[] = [];
  for (const input of cluster.inputs) {
    if (!input.host) continue;
    const array = (slots[input.slot] as TensorValue).onHost();
    if (array instanceof Promise) pending.push(array);
  }
  if (pending.length > 0)
    return Promise.all(pending).then(() => new ClusterRun(cluster, slots, environment).start());
  return new ClusterRun(cluster, slots, environment).start();
}

/** Marks all outputs of a cluster dead. */
export function killOutputs(cluster: Cluster, slots: (Value | undefined)[]): void {
  for (const { slot } of cluster.outputs) slots[slot] = dead;
}

/** Thrown where a run has to begin again. */
const stale: unique symbol = Symbol("stale");

class ClusterRun {
  readonly #cluster: Cluster;
  readonly #slots: (Value | undefined)[];
  readonly #environment: ClusterEnvironment;
  readonly #inputs: TensorValue[];
  readonly #variables: VariableState[];
  /** The variables' values when the cluster begins; held by the variables themselves. */
  readonly #old: (TensorValue | undefined)[];
  /** Results of the segments that have run: by segment, by root. */
  readonly #results: TensorValue[][] = [];
  #left = false;

  constructor(cluster: Cluster, slots: (Value | undefined)[], environment: ClusterEnvironment) {
    this.#cluster = cluster;
    this.#slots = slots;
    this.#environment = environment;
    this.#inputs = cluster.inputs.map(({ slot }) => slots[slot] as TensorValue);
    this.#variables = cluster.variables.map(({ variable, slot }) => variable ?? variableIn(slots[slot]!));
    this.#old = this.#variables.map((variable) => variable.value);
  }

  start(): void | Promise<void> {
    const shapes: ClusterShapes = {
      inputDims: this.#inputs.map(({ dims }) => dims),
      inputArrays: this.#cluster.inputs.map(({ host }, i) =>
        host ? (this.#inputs[i]!.host as NdArray) : undefined,
      ),
      variableDims: this.#old.map((value) => value?.dims),
      variableNames: this.#variables.map(({ name }) => name),
    };
    const found = findPlan(this.#cluster, shapes);
    if (found !== undefined) return this.#run(found);
    const { onPlan, counts } = this.#environment;
    const made = makePlan(this.#cluster, shapes, this.#environment);
    counts.clusterPlans++;
    if (!(made instanceof Promise)) {
      onPlan(made);
      return this.#run(made);
    }
    return made.then((plan) => {
      onPlan(plan);
      // Variables may have changed meanwhile.
      return new ClusterRun(this.#cluster, this.#slots, this.#environment).start();
    });
  }

  #run(plan: ClusterPlan): void | Promise<void> {
    plan.running++;
    let result: void | Promise<void>;
    try {
      result = this.#segments(plan, 0);
      if (result === undefined) this.#finish(plan);
    } catch (error) {
      this.#abandon(plan);
      throw error;
    }
    return result
      ?.then(() => this.#finish(plan))
      .catch((error) => {
        this.#abandon(plan);
        if (error !== stale) throw error;
        return new ClusterRun(this.#cluster, this.#slots, this.#environment).start();
      });
  }

  /** Whether another run has assigned a variable while this one waited. */
  get #isStale(): boolean {
    return this.#variables.some((variable, i) => variable.value !== this.#old[i]);
  }

  #segments(plan: ClusterPlan, from: number): void | Promise<void> {
    for (let at = from; at < plan.segments.length; at++) {
      const segment = plan.segments[at]!;
      const parameters = plan.placement.parameters[at]!;
      const pending: Promise<unknown>[] = [];
      const buffers = parameters.map((place, i) => {
        if (!segment.parameterUsed[i]) return undefined;
        const buffer = this.#at(plan, place).onDevice(segment.device);
        if (buffer instanceof Promise) pending.push(buffer);
        return buffer;
      });
      for (const step of segment.steps) {
        const inPlace = step.donates && this.#mayWrite(plan, at, step);
        if (inPlace ? step.inPlace : step.copying) continue;
        const ready = prepareStep(segment.device, step, inPlace);
        if (ready instanceof Promise) pending.push(ready);
      }
      if (pending.length > 0)
        return Promise.all(pending).then(() => {
          if (this.#isStale) throw stale;
          return this.#segments(plan, at);
        });
      this.#results[at] = this.#launch(plan, at, buffers as (DeviceBuffer | undefined)[]);
    }
  }

  /** The value at `place`: a parameter of the computation, or a result of an earlier segment. */
  #at(plan: ClusterPlan, place: Place): TensorValue {
    if ("segment" in place) return this.#results[place.segment]![place.root]!;
    const parameter = plan.lowered.parameters[place.parameter]!;
    return "input" in parameter ? this.#inputs[parameter.input]! : this.#old[parameter.variable]!;
  }

  /** Whether nobody but the variables has the values that `step` would write over. */
  #mayWrite(plan: ClusterPlan, at: number, step: Step): boolean {
    return step.donated.every((input) => {
      if (input < 0) return true;
      const parameter = plan.segments[at]!.plan.parameters.indexOf(step.inputs[input]!);
      const place = plan.placement.parameters[at]![parameter]!;
      return this.#at(plan, place).unshared;
    });
  }

  #launch(plan: ClusterPlan, at: number, parameters: readonly (DeviceBuffer | undefined)[]): TensorValue[] {
    const segment = plan.segments[at]!;
    const { device, steps, byteLengths } = segment;
    const { backend } = device;
    const { trace } = this.#environment;
    const buffers: (DeviceBuffer | undefined)[] = new Array(segment.plan.values.length);
    segment.plan.parameters.forEach((value, i) => {
      buffers[value] = parameters[i];
    });
    const constants = segment.plan.constants;
    for (const { value, data } of constants) buffers[value] = device.constant(data.data);
    const slots: (DeviceBuffer | undefined)[] = new Array(segment.slotBytes.length);
    const made: (DeviceBuffer | undefined)[] = [];
    try {
      for (let s = 0; s < steps.length; s++) {
        const step = steps[s]!;
        if (s === segment.checksFirst) this.#check(segment);
        const inPlace = step.donates && this.#mayWrite(plan, at, step);
        const inputs = step.inputs.map((value) => buffers[value]!);
        const outputs = step.outputs.map((value, i) => {
          const donated = inPlace ? step.donated[i]! : -1;
          let buffer: DeviceBuffer;
          if (donated >= 0) buffer = inputs[donated]!;
          else if (step.slots[i]! >= 0) buffer = slots[step.slots[i]!] ??= device.take(byteLengths[value]!);
          else buffer = made[value] = device.take(byteLengths[value]!);
          buffers[value] = buffer;
          return buffer;
        });
        const start = trace === undefined ? 0 : performance.now();
        backend.launch((inPlace ? step.inPlace : step.copying) as Executable, inputs, outputs, s);
        trace?.kernel(this.#cluster, plan, at, s, inPlace, start, performance.now());
        if (inPlace) this.#takeOver(plan, at, step, made);
      }
      this.#check(segment);
    } catch (error) {
      // What was written over in place is whole, and is the variable's.
      this.#keepDonated(plan, at, made);
      for (const buffer of made) if (buffer !== undefined) device.give(buffer);
      throw error;
    } finally {
      for (const buffer of slots) if (buffer !== undefined) device.give(buffer);
    }
    return this.#wrap(segment, made, plan, at);
  }

  /** Takes a donated buffer from the old value: it is a result now. */
  #takeOver(plan: ClusterPlan, at: number, step: Step, made: (DeviceBuffer | undefined)[]): void {
    const { plan: fusion, device } = plan.segments[at]!;
    step.donated.forEach((input, output) => {
      if (input < 0) return;
      const value = this.#at(
        plan,
        plan.placement.parameters[at]![fusion.parameters.indexOf(step.inputs[input]!)]!,
      );
      made[step.outputs[output]!] = value.takeBuffer(device);
    });
  }

  /** After a failure: gives variables whose old value was written over their new one. */
  #keepDonated(plan: ClusterPlan, at: number, made: (DeviceBuffer | undefined)[]): void {
    const segment = plan.segments[at]!;
    for (const { variable, value } of plan.lowered.assigned) {
      const old = this.#old[variable];
      if (value.kind !== "root" || old === undefined || old.isAnywhere) continue;
      const place = plan.placement.roots[value.root]!;
      if (!("segment" in place) || place.segment !== at) continue;
      const index = segment.plan.roots[place.root]!;
      if (made[index] !== undefined) old.putBuffer(segment.device, made[index]);
      made[index] = undefined;
    }
  }

  /** The segment's roots as values. */
  #wrap(segment: Segment, made: (DeviceBuffer | undefined)[], plan: ClusterPlan, at: number): TensorValue[] {
    const { devices } = this.#environment;
    const wrapped = new Map<number, TensorValue>();
    return segment.plan.roots.map((index, root) => {
      const { dims } = segment.rootDims[root]!;
      const again = wrapped.get(index);
      if (again !== undefined) return again.reshaped(dims);
      const { dtype } = segment.plan.values[index]!;
      const buffer = made[index];
      if (buffer !== undefined) {
        const value = TensorValue.over(devices, dtype, dims, segment.device, buffer);
        wrapped.set(index, value);
        return value;
      }
      const parameter = segment.plan.parameters.indexOf(index);
      if (parameter >= 0) return this.#at(plan, plan.placement.parameters[at]![parameter]!).reshaped(dims);
      const { data } = segment.plan.constants.find(({ value }) => value === index)!;
      return new TensorValue(devices, dtype, dims, { ...data, shape: dims });
    });
  }

  #check(segment: Segment): void {
    const fault = segment.device.backend.takeFault();
    if (fault === undefined) return;
    const step = segment.steps[fault.site];
    throw faultError(fault, step?.faulty, this.#environment.nodes[step?.site ?? -1]);
  }

  /** Hands out the results. */
  #finish(plan: ClusterPlan): void {
    const { devices } = this.#environment;
    const arrays = new Map<NdArray, TensorValue>();
    /** A value with a reference for the caller. */
    const resolve = (result: Result): Value => {
      switch (result.kind) {
        case "root":
          return this.#at(plan, plan.placement.roots[result.root]!).retain();
        case "input":
          return this.#inputs[result.input]!.retain();
        case "variable":
          return this.#old[result.variable]!.retain();
        case "array": {
          const { array } = result;
          const again = arrays.get(array);
          if (again !== undefined) return again.retain();
          const value = new TensorValue(devices, array.dtype, array.shape, array);
          arrays.set(array, value);
          return value;
        }
        case "shape":
          return new TensorValue(devices, "float32", result.dims);
        case "ref":
          return { kind: "ref", variable: this.#variables[result.variable]! };
      }
    };
    const outputs = plan.lowered.outputs.map(resolve);
    const assigned = plan.lowered.assigned.map(
      ({ variable, value }) => [variable, resolve(value) as TensorValue] as const,
    );
    for (const [variable, value] of assigned) this.#variables[variable]!.assign(value);
    for (const [i, { slot }] of this.#cluster.outputs.entries()) this.#slots[slot] = outputs[i]!;
    this.#abandon(plan);
  }

  /** Gives up the results of the segments and the plan. */
  #abandon(plan: ClusterPlan): void {
    if (this.#left) return;
    this.#left = true;
    for (const results of this.#results) for (const value of results ?? []) value.release();
    this.#results.length = 0;
    leavePlan(plan);
  }
}

/** The variable that a Ref or a resource handle leads to. */
export function variableIn(value: Value): VariableState {
  if (value.kind === "ref") return value.variable;
  const handle = value.kind === "tensor" ? (value.host?.data as unknown[] | undefined)?.[0] : undefined;
  if (handle === undefined)
    throw new TfError("INVALID_ARGUMENT", "A resource handle that leads to no variable was used as one");
  return handle as VariableState;
}
