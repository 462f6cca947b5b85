// A step's kernel, as its device prepares it.
import type { Executable } from "@org/hlo";
import type { Device } from "./device.ts";
import { isRefusal, type Step } from "./segment.ts";

/** Prepares a step's kernel, with or without donation; false where the device refuses. */
export function prepareStep(device: Device, step: Step, inPlace: boolean): boolean | Promise<boolean> {
  const donated = inPlace ? step.donated : step.outputs.map(() => -1);
  const take = (prepared: Executable | { refused: string }): boolean => {
    if (isRefusal(prepared)) {
      step.refusal = prepared.refused;
      return false;
    }
    if (inPlace) step.inPlace = prepared;
    else step.copying = prepared;
    return true;
  };
  const prepared = device.backend.prepare(step.fusion, donated);
  return prepared instanceof Promise ? prepared.then(take) : take(prepared);
}
