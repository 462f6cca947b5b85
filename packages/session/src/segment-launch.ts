// One launch of a segment: its kernels in order, each with memory for what it writes, and the roots as values. What was written over in
// place is the variable's from then on, whatever happens afterwards.
import type { DeviceBuffer, Executable } from "@org/hlo";
import type { Cluster } from "./cluster.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import type { ClusterEnvironment } from "./cluster-run.ts";
import { faultError, memoryError } from "./faults.ts";
import type { Place } from "./placement.ts";
import type { PlanNode } from "./plan-node.ts";
import type { Segment, Step } from "./segment.ts";
import { TensorValue } from "./values.ts";

/** The execution of a cluster that a segment is launched for. */
export interface LaunchContext {
  readonly cluster: Cluster;
  readonly environment: ClusterEnvironment;
  /** By ClusterVariable: the values when the cluster began. */
  readonly old: readonly (TensorValue | undefined)[];
  /** The value at `place`: a parameter of the computation, or a result of an earlier segment. */
  valueAt(plan: ClusterPlan, place: Place): TensorValue;
}

type Buffers = (DeviceBuffer | undefined)[];

/** The node that a step is for. */
export function nodeOf(
  { environment, cluster }: LaunchContext,
  step: Step | undefined,
): PlanNode | undefined {
  return environment.nodes[step?.site ?? -1] ?? cluster.nodes[0];
}

/**
 * Whether nobody but the variables has the values that `step` would write over, and nothing can fail any more when it does: neither
 * a later segment, nor this one behind our back.
 */
export function mayWrite(run: LaunchContext, plan: ClusterPlan, at: number, step: Step): boolean {
  const { mayFail, device } = plan.segments[at]!;
  if (at < plan.segments.length - 1 || (mayFail && device.isLate)) return false;
  const places = plan.placement.parameters[at]!;
  for (const parameter of step.donatedParameters)
    if (parameter >= 0 && !run.valueAt(plan, places[parameter]!).unshared) return false;
  return true;
}

/**
 * Launches segment `at` with the buffers of its parameters, and gives its roots; the kernels' sites begin at `firstSite`. Throws TfErrors
 * that name the node: of a fault, if the device knows at once, and RESOURCE_EXHAUSTED.
 */
export function launchSegment(
  run: LaunchContext,
  plan: ClusterPlan,
  at: number,
  parameters: readonly (DeviceBuffer | undefined)[],
  firstSite: number,
): TensorValue[] {
  const segment = plan.segments[at]!;
  const { device, steps } = segment;
  const { backend, isLate } = device;
  const { trace } = run.environment;
  const buffers: Buffers = new Array(segment.plan.values.length);
  const places = segment.plan.parameters;
  for (let i = 0; i < places.length; i++) buffers[places[i]!] = parameters[i];
  for (const { value, data } of segment.plan.constants) buffers[value] = device.constant(data.data);
  const slots: Buffers = new Array(segment.slotBytes.length);
  const made: Buffers = [];
  let step: Step | undefined;
  try {
    for (let s = 0; s < steps.length; s++) {
      step = steps[s]!;
      if (s === segment.checksFirst && !isLate) checkFaults(run, segment, firstSite);
      const inPlace = step.donates && mayWrite(run, plan, at, step);
      // A backend that works later may keep the lists.
      const inputs = listOf(isLate ? [] : inputLists, step.inputs.length);
      const outputs = listOf(isLate ? [] : outputLists, step.outputs.length);
      for (let i = 0; i < inputs.length; i++) inputs[i] = buffers[step.inputs[i]!]!;
      for (let i = 0; i < outputs.length; i++) {
        const value = step.outputs[i]!;
        const slot = step.slots[i]!;
        let buffer: DeviceBuffer | undefined;
        if (inPlace && step.donated[i]! >= 0) buffer = inputs[step.donated[i]!]!;
        else if (slot >= 0) buffer = slots[slot] ??= room(run, segment, step, value);
        else buffer = made[value] = room(run, segment, step, value);
        buffers[value] = buffer;
        outputs[i] = buffer;
      }
      const executable = (inPlace ? step.inPlace : step.copying) as Executable;
      if (trace === undefined) backend.launch(executable, inputs, outputs, firstSite + s);
      else {
        const start = performance.now();
        backend.launch(executable, inputs, outputs, firstSite + s);
        trace.kernel(run.cluster, plan, at, s, inPlace, start, performance.now());
      }
      if (inPlace) takeOver(run, plan, at, step, made);
    }
    if (!isLate) checkFaults(run, segment, firstSite);
  } catch (error) {
    // What was written over in place is whole, and is the variable's.
    keepDonated(run, plan, at, made);
    for (const buffer of made) if (buffer !== undefined) device.give(buffer);
    throw memoryError(error, nodeOf(run, step), device);
  } finally {
    for (let i = 0; i < slots.length; i++) if (slots[i] !== undefined) device.give(slots[i]!);
  }
  return rootValues(run, plan, at, made);
}

/** Lists that launches fill, by length: one launch after another. */
const inputLists: DeviceBuffer[][] = [];
const outputLists: DeviceBuffer[][] = [];

function listOf(lists: DeviceBuffer[][], length: number): DeviceBuffer[] {
  let list = lists[length];
  if (list === undefined) {
    list = new Array(length);
    lists[length] = list;
  }
  return list;
}

/** Memory for a value that a step makes. */
function room(
  run: LaunchContext,
  { device, byteLengths, plan }: Segment,
  step: Step,
  value: number,
): DeviceBuffer {
  try {
    return device.take(byteLengths[value]!);
  } catch (error) {
    throw memoryError(error, nodeOf(run, step), device, plan.values[value]!);
  }
}

/** Takes a donated buffer from the old value: it is a result now. */
function takeOver(run: LaunchContext, plan: ClusterPlan, at: number, step: Step, made: Buffers): void {
  const { device } = plan.segments[at]!;
  step.donatedParameters.forEach((parameter, output) => {
    if (parameter < 0) return;
    const value = run.valueAt(plan, plan.placement.parameters[at]![parameter]!);
    made[step.outputs[output]!] = value.takeBuffer(device);
  });
}

/** After a failure: gives variables whose old value was written over their new one. */
function keepDonated(run: LaunchContext, plan: ClusterPlan, at: number, made: Buffers): void {
  const segment = plan.segments[at]!;
  for (const { variable, value } of plan.lowered.assigned) {
    const old = run.old[variable];
    if (value.kind !== "root" || old === undefined || old.isAnywhere) continue;
    const place = plan.placement.roots[value.root]!;
    if (!("segment" in place) || place.segment !== at) continue;
    const index = segment.plan.roots[place.root]!;
    if (made[index] !== undefined) old.putBuffer(segment.device, made[index]);
    made[index] = undefined;
  }
}

/** The segment's roots as values. */
function rootValues(run: LaunchContext, plan: ClusterPlan, at: number, made: Buffers): TensorValue[] {
  const segment = plan.segments[at]!;
  const { devices } = run.environment;
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
      wrapped[root] = run.valueAt(plan, plan.placement.parameters[at]![parameter]!).reshaped(dims);
    else {
      const { data } = constants.find(({ value }) => value === index)!;
      wrapped[root] = new TensorValue(devices, dtype, dims, { ...data, shape: dims });
    }
  }
  return wrapped;
}

/** Throws for a fault of the segment's kernels, whose sites begin at `firstSite`. */
export function checkFaults({ environment }: LaunchContext, segment: Segment, firstSite: number): void {
  const fault = segment.device.faults.takeFault(firstSite, segment.steps.length);
  if (fault === undefined) return;
  const step = segment.steps[fault.site - firstSite];
  throw faultError(fault, step?.faulty, environment.nodes[step?.site ?? -1]);
}
