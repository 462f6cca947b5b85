// Opening a session: its backends are made, and become devices.
import { TfError } from "@org/errors";
import type { Graph } from "@org/graph";
import { type Backend, evaluatorBackend } from "@org/hlo";
import { Device } from "./device.ts";
import { Session } from "./session.ts";
import type { SessionOptions } from "./session-options.ts";

/**
 * Opens a session on `graph`. Backends given as functions are made now, and one whose device was lost gets another; what a backend
 * throws that cannot be made comes through.
 * Throws TfError INVALID_ARGUMENT where there is neither a backend nor the evaluator.
 */
export async function createSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  const devices: Device[] = [];
  const add = (backend: Backend, isMade: boolean): void => {
    const ordinal = devices.filter(({ name }) => name === backend.name).length;
    devices.push(new Device(devices.length, backend, isMade, ordinal));
  };
  try {
    for (const backend of options.backends ?? [])
      if (typeof backend === "function") add(await backend(), true);
      else {
        const given = await backend;
        // Another session may have left it without a device.
        await given.recovery?.recover();
        add(given, false);
      }
  } catch (error) {
    for (const device of devices) await device.close();
    throw error;
  }
  if (options.fallback ?? true) add(evaluatorBackend(), true);
  if (devices.length === 0)
    throw new TfError("INVALID_ARGUMENT", "A session needs a backend", {
      hint: "Pass backends to createSession, or leave the fallback to the evaluator on.",
    });
  return new Session(graph, devices, options);
}
