// One execution of a cluster: finds or makes its plan, launches the kernels, hands out the results and assigns its
// variables. At once wherever backends work at once; otherwise a promise.
import { TfError } from "@org/errors";
import type { DeviceBuffer, Executable } from "@org/hlo";
import type { NdArray } from "@org/tensor";
import type { Cluster } from "./cluster.ts";
import type { ClusterShapes, Result } from "./cluster-lowering.ts";
import { type ClusterPlan, findPlan, leavePlan } from "./cluster-plan.ts";
import type { Device } from "./device.ts";
import { faultError, memoryError } from "./faults.ts";
import { makePlan } from "./make-plan.ts";
import type { Place } from "./placement.ts";
import type { PlanNode } from "./plan-node.ts";
import { prepareStep } from "./prepare-step.ts";
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
  /** Slots that the run fetches. */
  readonly fetches?: readonly number[];
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
  /** Of the segment that was launched last. */
  #firstSite = 0;
  /** Values of arrays that were known while planning. */
  #arrays: Map<NdArray, TensorValue> | undefined;
  #left = false;

  constructor(cluster: Cluster, slots: (Value | undefined)[], environment: ClusterEnvironment) {
    this.#cluster = cluster;
    this.#slots = slots;
    this.#environment = environment;
    const { inputs, variables } = cluster;
    this.#inputs = new Array(inputs.length);
    for (let i = 0; i < inputs.length; i++) this.#inputs[i] = slots[inputs[i]!.slot] as TensorValue;
    this.#variables = new Array(variables.length);
    this.#old = new Array(variables.length);
    for (let i = 0; i < variables.length; i++) {
      const { variable, slot } = variables[i]!;
      this.#variables[i] = variable ?? variableIn(slots[slot]!);
      this.#old[i] = this.#variables[i]!.value;
    }
  }

  start(): void | Promise<void> {
    const found = findPlan(this.#cluster, this.#inputs, this.#old);
    if (found !== undefined) return this.#run(found);
    const shapes: ClusterShapes = {
      inputDims: this.#inputs.map(({ dims }) => dims),
      inputArrays: this.#cluster.inputs.map(({ host }, i) =>
        host ? (this.#inputs[i]!.host as NdArray) : undefined,
      ),
      variableDims: this.#old.map((value) => value?.dims),
      variableNames: this.#variables.map(({ name }) => name),
    };
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
      let pending: Promise<unknown>[] | undefined;
      const buffers: (DeviceBuffer | undefined)[] = new Array(parameters.length);
      for (let i = 0; i < parameters.length; i++) {
        if (!segment.parameterUsed[i]) continue;
        const buffer = this.#onDevice(plan, at, i);
        if (buffer instanceof Promise) {
          pending ??= [];
          pending.push(buffer);
        } else buffers[i] = buffer;
      }
      for (const step of segment.steps) {
        const inPlace = step.donates && this.#mayWrite(plan, at, step);
        if ((inPlace ? step.inPlace : step.copying) !== undefined) continue;
        const ready = prepareStep(segment.device, step, inPlace);
        if (ready instanceof Promise) {
          pending ??= [];
          pending.push(ready);
        }
      }
      if (pending !== undefined)
        return Promise.all(pending).then(() => {
          if (this.#isStale) throw stale;
          return this.#segments(plan, at);
        });
      this.#results[at] = this.#launch(plan, at, buffers);
      if (segment.mayFail && segment.device.isLate) return this.#settle(plan, at);
    }
  }

  /** Waits for what a backend learns late of segment `at`, and goes on with the next one. */
  async #settle(plan: ClusterPlan, at: number): Promise<void> {
    const segment = plan.segments[at]!;
    // What will be fetched is read back together with the faults.
    await Promise.all([segment.device.backend.settle!(), ...this.#fetched(plan, at)]);
    this.#check(segment, this.#firstSite);
    if (this.#isStale) throw stale;
    await this.#segments(plan, at + 1);
  }

  /** The buffer of parameter `i` of a segment. Throws TfError RESOURCE_EXHAUSTED, naming a node that reads it, where there is no room. */
  #onDevice(plan: ClusterPlan, at: number, i: number): DeviceBuffer | Promise<DeviceBuffer> {
    const segment = plan.segments[at]!;
    const value = this.#at(plan, plan.placement.parameters[at]![i]!);
    try {
      return value.onDevice(segment.device);
    } catch (error) {
      const index = segment.plan.parameters[i]!;
      const reader = segment.steps.find(({ inputs }) => inputs.includes(index));
      throw memoryError(error, this.#nodeOf(reader), segment.device, value);
    }
  }

  #nodeOf(step: Step | undefined): PlanNode | undefined {
    return this.#environment.nodes[step?.site ?? -1] ?? this.#cluster.nodes[0];
  }

  /** Downloads of what the run fetches of segment `at`; the values keep them. */
  #fetched(plan: ClusterPlan, at: number): (NdArray | Promise<NdArray>)[] {
    const { fetches = [] } = this.#environment;
    return this.#cluster.outputs.flatMap(({ slot }, i) => {
      const result = plan.lowered.outputs[i]!;
      if (result.kind !== "root" || !fetches.includes(slot)) return [];
      const place = plan.placement.roots[result.root]!;
      return "segment" in place && place.segment === at ? [this.#at(plan, place).onHost()] : [];
    });
  }

  /** The value at `place`: a parameter of the computation, or a result of an earlier segment. */
  #at(plan: ClusterPlan, place: Place): TensorValue {
    if ("segment" in place) return this.#results[place.segment]![place.root]!;
    const parameter = plan.lowered.parameters[place.parameter]!;
    return "input" in parameter ? this.#inputs[parameter.input]! : this.#old[parameter.variable]!;
  }

  /**
   * Whether nobody but the variables has the values that `step` would write over, and nothing can fail any more when it does: neither
   * a later segment, nor this one behind our back.
   */
  #mayWrite(plan: ClusterPlan, at: number, step: Step): boolean {
    const { mayFail, device } = plan.segments[at]!;
    if (at < plan.segments.length - 1 || (mayFail && device.isLate)) return false;
    return step.donatedParameters.every(
      (parameter) => parameter < 0 || this.#at(plan, plan.placement.parameters[at]![parameter]!).unshared,
    );
  }

  #launch(plan: ClusterPlan, at: number, parameters: readonly (DeviceBuffer | undefined)[]): TensorValue[] {
    const segment = plan.segments[at]!;
    const { device, steps } = segment;
    const { backend } = device;
    const { trace } = this.#environment;
    const buffers: (DeviceBuffer | undefined)[] = new Array(segment.plan.values.length);
    const places = segment.plan.parameters;
    for (let i = 0; i < places.length; i++) buffers[places[i]!] = parameters[i];
    for (const { value, data } of segment.plan.constants) buffers[value] = device.constant(data.data);
    const slots: (DeviceBuffer | undefined)[] = new Array(segment.slotBytes.length);
    const made: (DeviceBuffer | undefined)[] = [];
    const firstSite = device.faults.takeSites(steps.length);
    this.#firstSite = firstSite;
    let step: Step | undefined;
    try {
      for (let s = 0; s < steps.length; s++) {
        step = steps[s]!;
        if (s === segment.checksFirst && !device.isLate) this.#check(segment, firstSite);
        const inPlace = step.donates && this.#mayWrite(plan, at, step);
        const count = step.inputs.length;
        const inputs: DeviceBuffer[] = new Array(count);
        for (let i = 0; i < count; i++) inputs[i] = buffers[step.inputs[i]!]!;
        const results = step.outputs.length;
        const outputs: DeviceBuffer[] = new Array(results);
        for (let i = 0; i < results; i++) {
          const value = step.outputs[i]!;
          const donated = inPlace ? step.donated[i]! : -1;
          const slot = step.slots[i]!;
          let buffer: DeviceBuffer | undefined;
          if (donated >= 0) buffer = inputs[donated]!;
          else if (slot >= 0) buffer = slots[slot] ??= this.#room(segment, step, value);
          else buffer = made[value] = this.#room(segment, step, value);
          buffers[value] = buffer;
          outputs[i] = buffer;
        }
        const start = trace === undefined ? 0 : performance.now();
        backend.launch((inPlace ? step.inPlace : step.copying) as Executable, inputs, outputs, firstSite + s);
        trace?.kernel(this.#cluster, plan, at, s, inPlace, start, performance.now());
        if (inPlace) this.#takeOver(plan, at, step, made);
      }
      if (!device.isLate) this.#check(segment, firstSite);
    } catch (error) {
      // What was written over in place is whole, and is the variable's.
      this.#keepDonated(plan, at, made);
      for (const buffer of made) if (buffer !== undefined) device.give(buffer);
      throw memoryError(error, this.#nodeOf(step), device);
    } finally {
      for (const buffer of slots) if (buffer !== undefined) device.give(buffer);
    }
    return this.#wrap(segment, made, plan, at);
  }

  /** Memory for a value that a step makes. */
  #room({ device, byteLengths, plan }: Segment, step: Step, value: number): DeviceBuffer {
    try {
      return device.take(byteLengths[value]!);
    } catch (error) {
      throw memoryError(error, this.#nodeOf(step), device, plan.values[value]!);
    }
  }

  /** Takes a donated buffer from the old value: it is a result now. */
  #takeOver(plan: ClusterPlan, at: number, step: Step, made: (DeviceBuffer | undefined)[]): void {
    const { device } = plan.segments[at]!;
    step.donatedParameters.forEach((parameter, output) => {
      if (parameter < 0) return;
      const value = this.#at(plan, plan.placement.parameters[at]![parameter]!);
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
    const { roots, parameters, values, constants } = segment.plan;
    const wrapped: TensorValue[] = new Array(roots.length);
    for (let root = 0; root < roots.length; root++) {
      const index = roots[root]!;
      const { dims } = segment.rootDims[root]!;
      const buffer = made[index];
      const { dtype } = values[index]!;
      if (buffer !== undefined) {
        const before = root === 0 ? -1 : roots.lastIndexOf(index, root - 1);
        wrapped[root] =
          before >= 0
            ? wrapped[before]!.reshaped(dims)
            : TensorValue.over(devices, dtype, dims, segment.device, buffer);
        continue;
      }
      const parameter = parameters.indexOf(index);
      if (parameter >= 0)
        wrapped[root] = this.#at(plan, plan.placement.parameters[at]![parameter]!).reshaped(dims);
      else {
        const { data } = constants.find(({ value }) => value === index)!;
        wrapped[root] = new TensorValue(devices, dtype, dims, { ...data, shape: dims });
      }
    }
    return wrapped;
  }

  /** Throws for a fault of the segment's kernels, whose sites begin at `firstSite`. */
  #check(segment: Segment, firstSite: number): void {
    const fault = segment.device.faults.takeFault(firstSite, segment.steps.length);
    if (fault === undefined) return;
    const step = segment.steps[fault.site - firstSite];
    throw faultError(fault, step?.faulty, this.#environment.nodes[step?.site ?? -1]);
  }

  /** Hands out the results. */
  #finish(plan: ClusterPlan): void {
    const { outputs, assigned } = plan.lowered;
    const values: Value[] = new Array(outputs.length);
    for (let i = 0; i < outputs.length; i++) values[i] = this.#resolve(plan, outputs[i]!);
    if (assigned.length > 0) {
      const resolved = assigned.map(({ value }) => this.#resolve(plan, value) as TensorValue);
      for (let i = 0; i < resolved.length; i++) this.#variables[assigned[i]!.variable]!.assign(resolved[i]!);
    }
    for (let i = 0; i < values.length; i++) this.#slots[this.#cluster.outputs[i]!.slot] = values[i]!;
    this.#abandon(plan);
  }

  /** A result with a reference for the caller. */
  #resolve(plan: ClusterPlan, result: Result): Value {
    switch (result.kind) {
      case "root":
        return this.#at(plan, plan.placement.roots[result.root]!).retain();
      case "input":
        return this.#inputs[result.input]!.retain();
      case "variable":
        return this.#old[result.variable]!.retain();
      case "array": {
        const { array } = result;
        const again = this.#arrays?.get(array);
        if (again !== undefined) return again.retain();
        const value = new TensorValue(this.#environment.devices, array.dtype, array.shape, array);
        this.#arrays ??= new Map();
        this.#arrays.set(array, value);
        return value;
      }
      case "shape":
        return new TensorValue(this.#environment.devices, "float32", result.dims);
      case "ref":
        return { kind: "ref", variable: this.#variables[result.variable]! };
    }
  }

  /** Gives up the results of the segments and the plan. */
  #abandon(plan: ClusterPlan): void {
    if (this.#left) return;
    this.#left = true;
    for (const results of this.#results)
      if (results !== undefined) for (const value of results) value.release();
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
