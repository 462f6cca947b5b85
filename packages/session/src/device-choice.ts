// Which devices a node may run on: the one that its device string names comes first; where that is soft, others follow.
// Source: core/common_runtime/placer.cc, core/common_runtime/colocation_graph.cc.
import { TfError } from "@org/errors";
import { type DeviceSpec, parseDevice } from "@org/graph";
import type { Device } from "./device.ts";
import { deviceAttributes } from "./device-names.ts";
import type { PlanNode } from "./plan-node.ts";

/** Names a device of this process, or nothing that it is not. */
function isLocal({ job, replica, task }: DeviceSpec): boolean {
  return (job ?? "localhost") === "localhost" && (replica ?? 0) === 0 && (task ?? 0) === 0;
}

/** Whether `spec` admits a device. */
function admits(spec: DeviceSpec, type: string, ordinal: number): boolean {
  if (!isLocal(spec)) return false;
  if (spec.type === undefined) return true;
  return spec.type.toUpperCase() === type.toUpperCase() && (spec.index ?? ordinal) === ordinal;
}

/**
 * Devices in the order in which a node that names `device` tries them. `soft`: those that it names, then all others. Otherwise those that
 * it names; the evaluator computes on the host, so that CPU:0 names it, too.
 */
export function devicesFor(device: string, devices: readonly Device[], soft: boolean): readonly Device[] {
  if (device === "") return devices;
  const spec = parseDevice(device);
  const named = devices.filter(({ name, ordinal }) => admits(spec, name, ordinal));
  const others = devices.filter((other) => !named.includes(other));
  if (soft) return [...named, ...others];
  return admits(spec, "CPU", 0) ? [...named, ...others.filter(({ name }) => name === "EVALUATOR")] : named;
}

/**
 * What placement without softness demands before a run: throws TfError INVALID_ARGUMENT for the first node whose device is not there, and
 * for a host kernel that is to run elsewhere than on a CPU.
 */
export function checkDevices(nodes: readonly PlanNode[], devices: readonly Device[]): void {
  const there = deviceAttributes(devices).map(({ name }) => name);
  const specs = there.map((name) => parseDevice(name));
  for (const node of nodes) {
    const { op, kind } = node;
    if (op.device === "") continue;
    const spec = parseDevice(op.device);
    if (!specs.some(({ type, index }) => admits(spec, type!, index!)))
      throw new TfError(
        "INVALID_ARGUMENT",
        `Cannot assign a device for operation ${op.name}: {{node ${op.name}}} was explicitly assigned to ${op.device} but available devices are [ ${there.join(", ")} ]. Make sure the device specification refers to a valid device.`,
        {
          node: op.name,
          op: op.type,
          hint: "Import with { clearDevices: true }, or leave softPlacement on.",
        },
      );
    if (kind === "host" && spec.type !== undefined && spec.type.toUpperCase() !== "CPU") throw noKernel(node);
  }
}

/** The error for a node whose device is there and cannot run it. */
export function noKernel({ op }: PlanNode): TfError {
  const type = parseDevice(op.device).type ?? op.device;
  return new TfError(
    "INVALID_ARGUMENT",
    `Cannot assign a device for operation ${op.name}: Could not satisfy explicit device specification '${op.device}' because no supported kernel for ${type} devices is available.`,
    { node: op.name, op: op.type, hint: "Leave softPlacement on: it runs on another device then." },
  );
}
