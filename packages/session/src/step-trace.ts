// What ran when in one run, as a StepStats message: one entry for each execution of a kernel or host kernel. A kernel of several
// nodes is listed under the node that it ends in, its label has the types of all: "y = Mul+Add(w, x)". Backends that work in their own
// time (GPUs) are asked no more than when they were given the work. Source: core/common_runtime/step_stats_collector.cc.

import type { Tensor } from "@org/graph";
import { create, type INodeExecStats, type INodeOutput, StepStats } from "@org/proto";
import { type DType, dtypeToProto } from "@org/tensor";
import type { Cluster } from "./cluster.ts";
import type { ClusterPlan } from "./cluster-plan.ts";
import { hostDeviceName } from "./device-names.ts";
import type { PlanNode } from "./plan-node.ts";
import type { NodeUnit, RunPlan } from "./run-plan.ts";
import type { Segment } from "./segment.ts";
import { byteLengthOf, type Value } from "./values.ts";
import type { VariableState } from "./variable-state.ts";

/** Op types that a label has before it ends in "...". */
const labelledTypes = 6;

/** One array that an entry made. */
interface Output {
  readonly slot: number;
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Bytes taken for it; 0 where it is in memory that was there. */
  readonly allocated: number;
}

export class StepTrace {
  readonly #plan: RunPlan;
  readonly #feedNames: readonly string[];
  /** By name, those that the plan uses. */
  readonly #variables: ReadonlyMap<string, VariableState>;
  readonly #entries: Map<string, INodeExecStats[]> = new Map();
  readonly #valueNames: WeakMap<Segment, readonly (string | undefined)[]> = new WeakMap();

  constructor(plan: RunPlan, feeds: readonly Tensor[]) {
    this.#plan = plan;
    this.#feedNames = feeds.map(shortName);
    const used = [
      ...plan.clusters.flatMap(({ variables }) => variables.map(({ variable }) => variable)),
      ...plan.units.flatMap((unit) => (unit.kind === "node" ? unit.variables : [])),
    ];
    this.#variables = new Map(used.flatMap((variable) => (variable ? [[variable.name, variable]] : [])));
    const known = plan.nodes.filter((node) => node.kind === "const" || node.kind === "variable");
    const start = performance.now();
    // What is known before the run is put before it, a microsecond apart: viewers open a lane for each of two that begin together.
    known.forEach((node, i) => {
      const at = start - (known.length - i) * 1e-3;
      this.#add(hostDeviceName, node.op.name, nodeLabel(node), at, at, this.#knownOutputs(node));
    });
  }

  /** Notes that a single node ran from `start` to `end` (of performance.now()) and has put its outputs into `slots`. */
  node(unit: NodeUnit, start: number, end: number, slots: readonly (Value | undefined)[]): void {
    const { node } = unit;
    const outputs = unit.outputs.flatMap((at, slot): Output[] => {
      const value = at < 0 ? undefined : slots[at];
      if (value?.kind !== "tensor") return [];
      const { dtype, dims } = value;
      return [{ slot, dtype, dims, allocated: node.kind === "host" ? byteLengthOf(dtype, dims) : 0 }];
    });
    this.#add(hostDeviceName, node.op.name, nodeLabel(node), start, end, outputs);
  }

  /** Notes a launch of kernel `at` of a segment; `donated` tells outputs that were written over an input. */
  kernel(
    cluster: Cluster,
    plan: ClusterPlan,
    segment: number,
    at: number,
    donated: boolean,
    start: number,
    end: number,
  ): void {
    const own = plan.segments[segment]!;
    const step = own.steps[at]!;
    const node = this.#plan.nodes[step.site];
    const name = node?.op.name ?? cluster.nodes[0]!.op.name;
    const names = this.#namesOf(cluster, plan, segment);
    const inputs = new Set(step.inputs.flatMap((value) => names[value] ?? []));
    const types = new Set<string>();
    for (const { site } of step.fusion.computation.instructions) {
      const type = site === undefined ? undefined : this.#plan.nodes[site]?.op.type;
      if (type !== undefined) types.add(type);
    }
    const listed = [...types].slice(0, labelledTypes).join("+");
    const label = `${name} = ${listed}${types.size > labelledTypes ? "+..." : ""}(${[...inputs].join(", ")})`;
    const outputs = step.outputs.map((value, slot): Output => {
      const { dtype, dims } = own.plan.values[value]!;
      const inPlace = donated && step.donated[slot]! >= 0;
      return { slot, dtype, dims, allocated: inPlace ? 0 : own.byteLengths[value]! };
    });
    this.#add(own.device.fullName, name, label, start, end, outputs);
  }

  /** Everything that was noted, by device. */
  stepStats(): StepStats {
    return create(StepStats, {
      devStats: [...this.#entries].map(([device, nodeStats]) => ({ device, nodeStats })),
    });
  }

  #knownOutputs(node: PlanNode): Output[] {
    if (node.kind === "const") {
      const { dtype, shape } = node.op.attrs.tensor("value");
      return [{ slot: 0, dtype, dims: shape, allocated: 0 }];
    }
    const value = this.#variables.get(node.op.attrs.string("shared_name") || node.op.name)?.value;
    return value === undefined ? [] : [{ slot: 0, dtype: value.dtype, dims: value.dims, allocated: 0 }];
  }

  /** By value of a segment's plan: the tensor that it is. */
  #namesOf(cluster: Cluster, plan: ClusterPlan, at: number): readonly (string | undefined)[] {
    const segment = plan.segments[at]!;
    const known = this.#valueNames.get(segment);
    if (known !== undefined) return known;
    const names: (string | undefined)[] = new Array(segment.plan.values.length);
    this.#valueNames.set(segment, names);
    const inputNames: string[] = [];
    for (const [key, index] of cluster.inputAt) inputNames[index] = this.#sourceName(key);
    segment.plan.parameters.forEach((value, i) => {
      const place = plan.placement.parameters[at]![i]!;
      if ("segment" in place) {
        const root = plan.segments[place.segment]!.plan.roots[place.root]!;
        names[value] = this.#namesOf(cluster, plan, place.segment)[root];
        return;
      }
      const parameter = plan.lowered.parameters[place.parameter]!;
      names[value] =
        "input" in parameter
          ? inputNames[parameter.input]
          : cluster.variables[parameter.variable]!.variable?.name;
    });
    for (const step of segment.steps)
      step.outputs.forEach((value, slot) => {
        const name = this.#plan.nodes[step.site]?.op.name;
        if (name !== undefined) names[value] = slot === 0 ? name : `${name}:${slot}`;
      });
    return names;
  }

  /** The tensor that a `sourceKey` names. */
  #sourceName(key: string): string {
    if (key.startsWith("feed ")) return this.#feedNames[Number(key.slice(5))]!;
    const [index, output] = key.split(":");
    const { name } = this.#plan.nodes[Number(index)]!.op;
    return output === "0" ? name : `${name}:${output}`;
  }

  #add(
    device: string,
    nodeName: string,
    timelineLabel: string,
    start: number,
    end: number,
    outputs: readonly Output[],
  ): void {
    const allocatorName = allocatorOf(device);
    const total = outputs.reduce((sum, { allocated }) => sum + allocated, 0);
    const begun = BigInt(Math.round((performance.timeOrigin + start) * 1e3));
    const took = BigInt(Math.round((end - start) * 1e6));
    const entry: INodeExecStats = {
      nodeName,
      timelineLabel,
      allStartMicros: begun,
      opEndRelMicros: took / 1000n,
      allEndRelMicros: took / 1000n,
      scheduledMicros: begun,
      allStartNanos: begun * 1000n,
      opEndRelNanos: took,
      allEndRelNanos: took,
      scheduledNanos: begun * 1000n,
      memory: total === 0 ? [] : [{ allocatorName, totalBytes: total, peakBytes: total, liveBytes: total }],
      output: outputs.map((output) => described(output, allocatorName)),
    };
    const entries = this.#entries.get(device);
    if (entries) entries.push(entry);
    else this.#entries.set(device, [entry]);
  }
}

function described({ slot, dtype, dims, allocated }: Output, allocatorName: string): INodeOutput {
  return {
    slot,
    tensorDescription: {
      dtype: dtypeToProto(dtype),
      shape: { dim: dims.map((size) => ({ size })) },
      allocationDescription: {
        requestedBytes: byteLengthOf(dtype, dims),
        allocatedBytes: allocated,
        allocatorName,
      },
    },
  };
}

/** "cpu" of "/job:localhost/replica:0/task:0/device:CPU:0". */
function allocatorOf(device: string): string {
  return device.slice(device.indexOf("device:") + 7, device.lastIndexOf(":")).toLowerCase();
}

const shortName = (tensor: Tensor): string =>
  tensor.valueIndex === 0 ? tensor.op.name : `${tensor.op.name}:${tensor.valueIndex}`;

/** "sum = Add(a, b:1, ^c)", as TensorFlow writes it. */
function nodeLabel({ op, isFetch, inputs }: PlanNode): string {
  const names = isFetch
    ? inputs.map(({ tensor }) => shortName(tensor))
    : [...op.inputs.map(shortName), ...op.controlInputs.map(({ name }) => `^${name}`)];
  return `${op.name} = ${op.type}(${names.join(", ")})`;
}
