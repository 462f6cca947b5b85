// One NoOp that runs others: tf.group, by device as TensorFlow groups. Source: python/ops/control_flow_ops.py, group.
import type { Graph, Operation, Tensor } from "@org/graph";

/**
 * An operation that is done when all `inputs` are. With inputs on several devices there is a NoOp for each
 * device ("init/NoOp", "init/NoOp_1" ...), in the order of the device names.
 */
export function group(
  graph: Graph,
  inputs: readonly (Operation | Tensor)[],
  options: { readonly name?: string | undefined } = {},
): Operation {
  return graph.nameScope(options.name ?? "group_deps", (scope) => {
    if (inputs.length === 0) return graph.createOp("NoOp", [], { name: scope });
    const byDevice = new Map<string, (Operation | Tensor)[]>();
    for (const input of inputs) {
      const same = byDevice.get(input.device);
      if (same) same.push(input);
      else byDevice.set(input.device, [input]);
    }
    const noOp = (device: string, deps: readonly (Operation | Tensor)[], name: string) =>
      graph.controlDependencies(deps, () => graph.device(device, () => graph.createOp("NoOp", [], { name })));
    const devices = [...byDevice.keys()].sort();
    if (devices.length === 1) return noOp(devices[0]!, inputs, scope);
    const perDevice = devices.map((device) => noOp(device, byDevice.get(device)!, "NoOp"));
    return graph.controlDependencies(perDevice, () => graph.createOp("NoOp", [], { name: scope }));
  });
}
