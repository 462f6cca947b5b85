// Full names of a session's devices: "/job:localhost/replica:0/task:0/device:CPU:0". Host kernels run on CPU:0, which is there
// whether a backend computes on it or not. Source: core/common_runtime/direct_session.cc (ListDevices).
import type { Device } from "./device.ts";

const localTask = "/job:localhost/replica:0/task:0";

/** The name of device number `ordinal` of its type. */
export function fullDeviceName(type: string, ordinal: number): string {
  return `${localTask}/device:${type}:${ordinal}`;
}

/** Where host kernels run. */
export const hostDeviceName: string = fullDeviceName("CPU", 0);

/** A device of a session. */
export interface DeviceAttributes {
  readonly name: string;
  /** A backend's name: "CPU", "GPU", "EVALUATOR", or a third party's own. */
  readonly deviceType: string;
}

/** The devices in order of preference; the host comes last where no backend is named CPU. */
export function deviceAttributes(devices: readonly Device[]): readonly DeviceAttributes[] {
  const listed = devices.map(({ fullName: name, name: deviceType }) => ({ name, deviceType }));
  if (!listed.some(({ name }) => name === hostDeviceName))
    listed.push({ name: hostDeviceName, deviceType: "CPU" });
  return listed;
}
