// One execution of a cluster: finds or makes its plan, launches the kernels, hands out the results and assigns its
// variables. At once wherever backends work at once; otherwise a promise.
import { TfError } from "@org/errors";
import type { DeviceBuffer } from "@org/hlo";
import type { NdArray } from "@org/tensor";
import type { Cluster } from "./cluster.ts";
import type { ClusterShapes, Result } from "./cluster-lowering.ts";
import { type ClusterPlan, findPlan, leavePlan } from "./cluster-plan.ts";
import type { Device } from "./device.ts";
import { memoryError } from "./faults.ts";
import { makePlan } from "./make-plan.ts";
import type { Place } from "./placement.ts";
import type { PlanNode } from "./plan-node.ts";
import { prepareStep } from "./prepare-step.ts";
import { checkFaults, type LaunchContext, launchSegment, mayWrite, nodeOf } from "./segment-launch.ts";
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
  let pending: Promise<unknown>[] | undefined;
  const { inputs } = cluster;
  for (let i = 0; i < inputs.length; i++) {
    if (!inputs[i]!.host) continue;
    const array = (slots[inputs[i]!.slot] as TensorValue).onHost();
    if (!(array instanceof Promise)) continue;
    pending ??= [];
    pending.push(array);
  }
  if (pending !== undefined)
    return Promise.all(pending).then(() => new ClusterRun(cluster, slots, environment).start());
  return new ClusterRun(cluster, slots, environment).start();
}

/** Marks all outputs of a cluster dead. */
export function killOutputs(cluster: Cluster, slots: (Value | undefined)[]): void {
  for (const { slot } of cluster.outputs) slots[slot] = dead;
}

const none: readonly never[] = [];

/** Thrown where a run has to begin again. */
const stale: unique symbol = Symbol("stale");

class ClusterRun implements LaunchContext {
  readonly cluster: Cluster;
  readonly #slots: (Value | undefined)[];
  readonly environment: ClusterEnvironment;
  readonly #inputs: TensorValue[];
  readonly #variables: VariableState[];
  /** The variables' values when the cluster begins; held by the variables themselves. */
  readonly old: (TensorValue | undefined)[];
  /** Results of the segments that have run: by segment, by root. */
  readonly #results: TensorValue[][] = [];
  /** Of the segment that was launched last. */
  #firstSite = 0;
  /** Values of arrays that were known while planning. */
  #arrays: Map<NdArray, TensorValue> | undefined;
  #left = false;

  constructor(cluster: Cluster, slots: (Value | undefined)[], environment: ClusterEnvironment) {
    this.cluster = cluster;
    this.#slots = slots;
    this.environment = environment;
    const { inputs, variables } = cluster;
    this.#inputs = new Array(inputs.length);
    for (let i = 0; i < inputs.length; i++) this.#inputs[i] = slots[inputs[i]!.slot] as TensorValue;
    this.#variables = variables.length === 0 ? (none as never[]) : new Array(variables.length);
    this.old = variables.length === 0 ? (none as never[]) : new Array(variables.length);
    for (let i = 0; i < variables.length; i++) {
      const { variable, slot } = variables[i]!;
      this.#variables[i] = variable ?? variableIn(slots[slot]!);
      this.old[i] = this.#variables[i]!.value;
    }
  }

  start(): void | Promise<void> {
    const found = findPlan(this.cluster, this.#inputs, this.old);
    if (found !== undefined) return this.#run(found);
    const shapes: ClusterShapes = {
      inputDims: this.#inputs.map(({ dims }) => dims),
      inputArrays: this.cluster.inputs.map(({ host }, i) =>
        host ? (this.#inputs[i]!.host as NdArray) : undefined,
      ),
      variableDims: this.old.map((value) => value?.dims),
      variableNames: this.#variables.map(({ name }) => name),
    };
    const { onPlan, counts } = this.environment;
    const made = makePlan(this.cluster, shapes, this.environment);
    counts.clusterPlans++;
    if (!(made instanceof Promise)) {
      onPlan(made);
      return this.#run(made);
    }
    return made.then((plan) => {
      onPlan(plan);
      // Variables may have changed meanwhile.
      return new ClusterRun(this.cluster, this.#slots, this.environment).start();
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
        return new ClusterRun(this.cluster, this.#slots, this.environment).start();
      });
  }

  /** Whether another run has assigned a variable while this one waited. */
  get #isStale(): boolean {
    return this.#variables.some((variable, i) => variable.value !== this.old[i]);
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
      for (const step of segment.donating) {
        const inPlace = mayWrite(this, plan, at, step);
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
      this.#firstSite = segment.device.faults.takeSites(segment.steps.length);
      this.#results[at] = launchSegment(this, plan, at, buffers, this.#firstSite);
      if (segment.mayFail && segment.device.isLate) return this.#settle(plan, at);
    }
  }

  /** Waits for what a backend learns late of segment `at`, and goes on with the next one. */
  async #settle(plan: ClusterPlan, at: number): Promise<void> {
    const segment = plan.segments[at]!;
    // What will be fetched is read back together with the faults.
    await Promise.all([segment.device.backend.settle!(), ...this.#fetched(plan, at)]);
    checkFaults(this, segment, this.#firstSite);
    if (this.#isStale) throw stale;
    await this.#segments(plan, at + 1);
  }

  /** The buffer of parameter `i` of a segment. Throws TfError RESOURCE_EXHAUSTED, naming a node that reads it, where there is no room. */
  #onDevice(plan: ClusterPlan, at: number, i: number): DeviceBuffer | Promise<DeviceBuffer> {
    const segment = plan.segments[at]!;
    const value = this.valueAt(plan, plan.placement.parameters[at]![i]!);
    try {
      return value.onDevice(segment.device);
    } catch (error) {
      const index = segment.plan.parameters[i]!;
      const reader = segment.steps.find(({ inputs }) => inputs.includes(index));
      throw memoryError(error, nodeOf(this, reader), segment.device, value);
    }
  }

  /** Downloads of what the run fetches of segment `at`; the values keep them. */
  #fetched(plan: ClusterPlan, at: number): (NdArray | Promise<NdArray>)[] {
    const { fetches = [] } = this.environment;
    return this.cluster.outputs.flatMap(({ slot }, i) => {
      const result = plan.lowered.outputs[i]!;
      if (result.kind !== "root" || !fetches.includes(slot)) return [];
      const place = plan.placement.roots[result.root]!;
      return "segment" in place && place.segment === at ? [this.valueAt(plan, place).onHost()] : [];
    });
  }

  /** The value at `place`: a parameter of the computation, or a result of an earlier segment. */
  valueAt(plan: ClusterPlan, place: Place): TensorValue {
    if ("segment" in place) return this.#results[place.segment]![place.root]!;
    const parameter = plan.lowered.parameters[place.parameter]!;
    return "input" in parameter ? this.#inputs[parameter.input]! : this.old[parameter.variable]!;
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
    for (let i = 0; i < values.length; i++) this.#slots[this.cluster.outputs[i]!.slot] = values[i]!;
    this.#abandon(plan);
  }

  /** A result with a reference for the caller. */
  #resolve(plan: ClusterPlan, result: Result): Value {
    switch (result.kind) {
      case "root":
        return this.valueAt(plan, plan.placement.roots[result.root]!).retain();
      case "input":
        return this.#inputs[result.input]!.retain();
      case "variable":
        return this.old[result.variable]!.retain();
      case "array": {
        const { array } = result;
        const again = this.#arrays?.get(array);
        if (again !== undefined) return again.retain();
        const value = new TensorValue(this.environment.devices, array.dtype, array.shape, array);
        this.#arrays ??= new Map();
        this.#arrays.set(array, value);
        return value;
      }
      case "shape":
        return new TensorValue(this.environment.devices, "float32", result.dims);
      case "ref":
        return { kind: "ref", variable: this.#variables[result.variable]! };
    }
  }

  /** Gives up the results of the segments and the plan. */
  #abandon(plan: ClusterPlan): void {
    if (this.#left) return;
    this.#left = true;
    for (let at = 0; at < this.#results.length; at++) {
      const results = this.#results[at];
      if (results !== undefined) for (let i = 0; i < results.length; i++) results[i]!.release();
    }
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
