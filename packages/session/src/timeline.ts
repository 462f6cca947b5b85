// Timeline: StepStats as a Chrome trace: a process for each device's work and one for its tensors, lanes for what overlaps, arrows along
// tensors, counters of memory. Reads the StepStats of a TensorFlow as well. Source: python/client/timeline.py.
import {
  DataType,
  type IDeviceStepStats,
  type INodeExecStats,
  type IStepStats,
  type ITensorDescription,
} from "@org/proto";
import { ChromeTrace } from "./chrome-trace.ts";

export interface TimelineOptions {
  /** Arrows from what makes a tensor to what uses it: true unless given. */
  readonly showDataflow?: boolean;
  /** Tensors as objects, and counters of each allocator. */
  readonly showMemory?: boolean;
}

/** The most that was allocated at a time. */
export interface AllocationMaximum {
  /** Microseconds; 0 where nothing was allocated. */
  readonly timestamp: number;
  readonly numBytes: number;
  /** Names of the tensors that were there. */
  readonly tensors: ReadonlySet<string>;
}

export interface StepStatsAnalysis {
  readonly chromeTrace: ChromeTrace;
  /** By allocator; empty without `showMemory`. */
  readonly allocatorMaximums: ReadonlyMap<string, AllocationMaximum>;
}

interface TrackedTensor {
  readonly name: string;
  readonly id: number;
  readonly pid: number;
  readonly allocator: string;
  readonly bytes: number;
  readonly created: number;
  lastUse: number;
  /** Where it was made. */
  readonly from: { readonly pid: number; readonly tid: number; readonly ts: number };
}

/** What is shown of the steps in a StepStats. */
export class Timeline {
  readonly #devices: readonly IDeviceStepStats[];

  /** `stepStats`: of a run with `options: { traceLevel }` and `runMetadata`. */
  constructor(stepStats: IStepStats) {
    this.#devices = stepStats.devStats ?? [];
  }

  /** The trace as JSON text, for chrome://tracing or Perfetto. */
  generateChromeTraceFormat({ showDataflow = true, showMemory = false }: TimelineOptions = {}): string {
    return this.analyzeStepStats({ showDataflow, showMemory }).chromeTrace.formatToString(true);
  }

  /** The trace, and each allocator's maximum. */
  analyzeStepStats({ showDataflow = true, showMemory = true }: TimelineOptions = {}): StepStatsAnalysis {
    return new Analysis(this.#devices, showDataflow, showMemory).run();
  }
}

class Analysis {
  readonly #trace = new ChromeTrace();
  readonly #devices: readonly IDeviceStepStats[];
  readonly #showDataflow: boolean;
  readonly #showMemory: boolean;
  readonly #lanes: Map<INodeExecStats, number> = new Map();
  readonly #tensors: Map<string, TrackedTensor> = new Map();
  #flows = 0;

  constructor(devices: readonly IDeviceStepStats[], showDataflow: boolean, showMemory: boolean) {
    this.#devices = devices;
    this.#showDataflow = showDataflow;
    this.#showMemory = showMemory;
  }

  run(): StepStatsAnalysis {
    this.#trace.process("Allocators", 0);
    this.#devices.forEach(({ device }, i) => {
      this.#trace.process(`${device ?? ""} Compute`, computePid(i));
      this.#trace.process(`${device ?? ""} Tensors`, tensorsPid(i));
    });
    for (const device of this.#devices) this.#assignLanes(device);
    this.#devices.forEach((device, i) => {
      for (const node of device.nodeStats ?? []) this.#track(node, i);
    });
    this.#devices.forEach(({ device, nodeStats }, i) => {
      const tracer = /\/stream:|\/memcpy/.test(device ?? "");
      for (const node of nodeStats ?? []) this.#show(node, computePid(i), tracer);
    });
    return {
      chromeTrace: this.#trace,
      allocatorMaximums: this.#showMemory ? this.#countMemory() : new Map(),
    };
  }

  /** The first lane whose last activity has ended; a new one where none has. */
  #assignLanes({ nodeStats }: IDeviceStepStats): void {
    const busyUntil = [0];
    for (const node of nodeStats ?? []) {
      const { start, end } = times(node);
      const free = busyUntil.findIndex((until) => start > until);
      const lane = free < 0 ? busyUntil.length : free;
      busyUntil[lane] = end;
      this.#lanes.set(node, lane);
    }
  }

  #track(node: INodeExecStats, device: number): void {
    const { start, end } = times(node);
    const tid = this.#lanes.get(node)!;
    const pid = tensorsPid(device);
    (node.output ?? []).forEach(({ tensorDescription }, i) => {
      const name = i === 0 ? nameOf(node) : `${nameOf(node)}:${i}`;
      const allocation = tensorDescription?.allocationDescription;
      const tensor: TrackedTensor = {
        name,
        id: this.#tensors.size,
        pid,
        allocator: allocation?.allocatorName ?? "",
        bytes: Number(allocation?.requestedBytes ?? 0),
        created: start,
        lastUse: end,
        from: { pid: computePid(device), tid, ts: end },
      };
      this.#tensors.set(name, tensor);
      if (!this.#showMemory) return;
      this.#trace.objectCreated("Tensor", name, { pid, tid, ts: start }, tensor.id);
      const snapshot = { tensor_description: descriptionText(tensorDescription ?? {}) };
      this.#trace.objectSnapshot("Tensor", name, { pid, tid, ts: end - 1 }, tensor.id, snapshot);
    });
  }

  #show(node: INodeExecStats, pid: number, tracer: boolean): void {
    const { start, end } = times(node);
    const tid = this.#lanes.get(node)!;
    const received = nameOf(node) === "RecvTensor";
    const label = parseLabel(node.timelineLabel ?? "");
    let name = nameOf(node);
    let { op, inputs } = received ? { op: "RecvTensor", inputs: [] } : label;
    // Names on a GPU tracer's devices are "name:op".
    if (tracer) [name, op, inputs] = [name.split(":")[0]!, name.split(":")[1] ?? "unknown", []];
    const args: Record<string, string> = { name, op };
    inputs.forEach((input, i) => {
      args[`input${i}`] = input;
    });
    this.#trace.region({ pid, tid, ts: start }, end - start, "Op", op, args);
    if (tracer || received) return;
    for (const input of inputs) {
      const cut = input.lastIndexOf("/_");
      // A partitioned graph has Send and Recv nodes, whose names are the tensor's with a number.
      const tensor =
        this.#tensors.get(input) ?? (cut > 0 ? this.#tensors.get(input.slice(0, cut)) : undefined);
      if (tensor === undefined) continue;
      tensor.lastUse = Math.max(tensor.lastUse, end - 1);
      const { from } = tensor;
      if (this.#showDataflow && (from.pid !== pid || from.tid !== tid))
        this.#trace.flow(tensor.name, from, { pid, tid, ts: start }, this.#flows++);
    }
  }

  #countMemory(): Map<string, AllocationMaximum> {
    const changes = new Map<string, { time: number; bytes: number; name: string }[]>();
    for (const { name, id, pid, allocator, bytes, created, lastUse } of this.#tensors.values()) {
      this.#trace.objectDeleted("Tensor", name, { pid, tid: 0, ts: lastUse }, id);
      let list = changes.get(allocator);
      if (list === undefined) {
        list = [];
        changes.set(allocator, list);
      }
      list.push({ time: created, bytes, name }, { time: lastUse, bytes: -bytes, name });
    }
    const maximums = new Map<string, AllocationMaximum>();
    for (const [allocator, list] of changes) {
      list.sort((a, b) => a.time - b.time || a.bytes - b.bytes || (a.name < b.name ? -1 : 1));
      const present = new Set<string>();
      let total = 0;
      let most: AllocationMaximum = { timestamp: 0, numBytes: 0, tensors: new Set() };
      for (const { time, bytes, name } of list) {
        total += bytes;
        if (bytes < 0) present.delete(name);
        else present.add(name);
        if (total > most.numBytes) most = { timestamp: time, numBytes: total, tensors: new Set(present) };
        this.#trace.counter("Memory", allocator, { pid: 0, tid: 0, ts: time }, total);
      }
      maximums.set(allocator, most);
    }
    return maximums;
  }
}

const computePid = (device: number): number => 1 + 2 * device;
const tensorsPid = (device: number): number => 2 + 2 * device;
const nameOf = ({ nodeName }: INodeExecStats): string => nodeName ?? "";

function times({ allStartMicros, allEndRelMicros }: INodeExecStats): { start: number; end: number } {
  const start = Number(allStartMicros ?? 0);
  return { start, end: start + Number(allEndRelMicros ?? 0) };
}

/** Op and inputs of "name = op(input, input)". */
function parseLabel(label: string): { op: string; inputs: readonly string[] } {
  const equals = label.lastIndexOf(" = ", label.lastIndexOf("("));
  const open = label.lastIndexOf("(");
  const close = label.lastIndexOf(")");
  if (equals < 0 || open < equals || close < open) return { op: "unknown", inputs: [] };
  const inputs = label.slice(open + 1, close);
  return { op: label.slice(equals + 3, open), inputs: inputs === "" ? [] : inputs.split(", ") };
}

const typeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(DataType).map(([name, number]) => [number, name]),
);

/** A TensorDescription in text format without quotes. */
function descriptionText({ dtype, shape, allocationDescription }: ITensorDescription): string {
  let text = dtype ? `dtype: ${typeNames.get(dtype) ?? dtype}\n` : "";
  if (shape) {
    const dims = (shape.dim ?? []).map(({ size }) => `  dim {\n${size ? `    size: ${size}\n` : ""}  }\n`);
    text += `shape {\n${dims.join("")}}\n`;
  }
  if (!allocationDescription) return text;
  const { requestedBytes, allocatedBytes, allocatorName, allocationId, hasSingleReference, ptr } =
    allocationDescription;
  const fields = [
    ["requested_bytes", requestedBytes],
    ["allocated_bytes", allocatedBytes],
    ["allocator_name", allocatorName],
    ["allocation_id", allocationId],
    ["has_single_reference", hasSingleReference],
    ["ptr", ptr],
  ] as const;
  const lines = fields.flatMap(([name, value]) => (value ? `  ${name}: ${value}\n` : ""));
  return `${text}allocation_description {\n${lines.join("")}}\n`;
}
