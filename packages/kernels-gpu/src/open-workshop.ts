// A device with all that kernels are made with on it. When a device is lost, so is all of this; the next one gets another.
import { maxBuffers } from "./arrangement.ts";
import { GpuMemory } from "./buffers.ts";
import { Constants } from "./constants.ts";
import { type GpuOptions, openDevice } from "./gpu-device.ts";
import { Pipelines } from "./pipelines.ts";
import type { Workshop } from "./prepared.ts";
import { Recorder } from "./recorder.ts";

/** A workshop, and how many buffers its kernels bind. */
export interface OpenWorkshop extends Workshop {
  readonly maxBuffers: number;
}

/** Opens a device. Throws as `openDevice`. */
export async function openWorkshop(options: GpuOptions): Promise<OpenWorkshop> {
  const device = await openDevice(options);
  const memory = new GpuMemory(device, options.maximumBytes ?? Number.POSITIVE_INFINITY);
  return {
    device,
    limits: device.limits,
    maxBuffers: maxBuffers(device.limits),
    pipelines: new Pipelines(device),
    recorder: new Recorder(device, memory),
    memory,
    constants: new Constants(memory),
    runningSums: options.runningSums,
  };
}

/** What was counted on a device; numbers of several add up. */
export interface DeviceCounts {
  readonly compiled: number;
  readonly bytesUploaded: number;
  readonly bytesDownloaded: number;
  readonly submits: number;
}

/** The counts of a workshop on top of earlier ones. */
export function countsOf({ pipelines, recorder }: Workshop, before: DeviceCounts): DeviceCounts {
  return {
    compiled: before.compiled + pipelines.compiled,
    bytesUploaded: before.bytesUploaded + recorder.bytesUploaded,
    bytesDownloaded: before.bytesDownloaded + recorder.bytesDownloaded,
    submits: before.submits + recorder.submits,
  };
}
