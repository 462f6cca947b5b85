// Whether the devices that nodes name are there: what TensorFlow's placer checks where soft placement is off. A session places by what
// backends support; this only refuses. Source: core/common_runtime/placer.cc.
import { TfError } from "@org/errors";
import { parseDevice } from "@org/graph";
import type { PlanNode } from "./plan-node.ts";

const local = "/job:localhost/replica:0/task:0/device:";

/**
 * Throws TfError INVALID_ARGUMENT for the first node whose device string no device fits. `types` are the backends' names: "gpu" stands
 * for GPU:0; the CPU is always there.
 */
export function checkDevices(nodes: readonly PlanNode[], types: readonly string[]): void {
  const there = new Set(["CPU:0", ...types.map((type) => `${type.toUpperCase()}:0`)]);
  for (const { op } of nodes) {
    if (op.device === "") continue;
    const { job, replica, task, type, index } = parseDevice(op.device);
    const fits =
      (job ?? "localhost") === "localhost" &&
      (replica ?? 0) === 0 &&
      (task ?? 0) === 0 &&
      (type === undefined || there.has(`${type.toUpperCase()}:${index ?? 0}`));
    if (!fits)
      throw new TfError(
        "INVALID_ARGUMENT",
        `Cannot assign a device for operation ${op.name}: {{node ${op.name}}} was explicitly assigned to ${op.device} but available devices are [ ${[...there].map((device) => local + device).join(", ")} ]. Make sure the device specification refers to a valid device.`,
        {
          node: op.name,
          op: op.type,
          hint: "Import with { clearDevices: true }, or leave softPlacement on.",
        },
      );
  }
}
