// What the executor itself does for control flow: Switch hands its data to one output and kills the other, Merge takes the input that
// is alive. Source: core/kernels/control_flow_ops.cc.

import { TfError } from "@org/errors";
import type { NdArray } from "@org/tensor";
import type { Device } from "./device.ts";
import type { NodeUnit } from "./run-plan.ts";
import { type RunSlots, share } from "./run-slots.ts";
import { dead, TensorValue, type Value } from "./values.ts";

function notScalar({ node }: NodeUnit, shape: readonly number[]): TfError {
  const sentence = `The second input must be a scalar, but it has shape [${shape.join(",")}]`;
  return new TfError("INVALID_ARGUMENT", sentence, {
    node: node.op.name,
    op: node.op.type,
    hint: "Reduce the predicate to one truth value (reduceAll, reduceAny) before it decides.",
  });
}

const flagByte = new Uint8Array(1);
/** Memory for a predicate, which is looked at as soon as it is there. */
const oneByte = (byteLength: number): Uint8Array =>
  byteLength === 1 ? flagByte : new Uint8Array(byteLength);

/** Runs a Switch; a promise only where the predicate has to be downloaded in the backend's own time. */
export function runSwitch(unit: NodeUnit, slots: RunSlots): void | Promise<void> {
  const [data, predicate] = unit.inputs as readonly [number, number];
  const choose = (flag: NdArray): void => {
    if (flag.shape.length > 0) throw notScalar(unit, flag.shape);
    const taken = (flag.data as Uint8Array)[0] ? 1 : 0;
    slots.put(unit.outputs[1 - taken]!, dead);
    slots.put(unit.outputs[taken]!, share(slots.values[data]!));
  };
  const array = (slots.values[predicate] as TensorValue).glance(oneByte);
  return array instanceof Promise ? array.then(choose) : choose(array);
}

/** Runs a Merge on what is alive of its inputs, or on `carried`, what the loop's last iteration gave; false where nothing is. */
export function runMerge(
  unit: NodeUnit,
  carried: Value | undefined,
  slots: RunSlots,
  devices: readonly Device[],
): boolean {
  let index = 0;
  let value: Value = dead;
  if (carried !== undefined) {
    index = unit.backEdge;
    value = carried;
  } else
    for (let i = 0; i < unit.inputs.length; i++) {
      const input = slots.values[unit.inputs[i]!];
      if (i === unit.backEdge || input === undefined || input === dead) continue;
      index = i;
      value = input;
      break;
    }
  if (value === dead) {
    slots.kill(unit.outputs);
    return false;
  }
  slots.put(unit.outputs[0]!, share(value));
  const chosen = unit.outputs[1];
  if (chosen !== undefined && chosen >= 0) {
    const array = { dtype: "int32", shape: [], data: Int32Array.of(index) } as const;
    slots.put(chosen, new TensorValue(devices, "int32", [], array));
  }
  return true;
}
