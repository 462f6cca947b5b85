// What `prepare` makes of a fusion, and what kernels are made with: the door between the backend and its generators.
import type { Executable, Fusion, Refusal, RunningSums } from "@org/hlo";
import type { GpuBuffer, GpuMemory } from "./buffers.ts";
import type { Constants } from "./constants.ts";
import type { GpuDevice } from "./gpu-device.ts";
import type { Pipelines } from "./pipelines.ts";
import type { Recorder } from "./recorder.ts";

/** What generators work with. */
export interface Workshop {
  readonly device: GpuDevice;
  readonly limits: GPUSupportedLimits;
  readonly pipelines: Pipelines;
  readonly recorder: Recorder;
  /** For memory between the dispatches of one launch: released when the last of them is recorded. */
  readonly memory: GpuMemory;
  readonly constants: Constants;
  /** See GpuOptions. */
  readonly runningSums: RunningSums | undefined;
}

/** Records a kernel's dispatches and copies on these buffers. `site` goes to dispatches that may find faults. */
export type Run = (inputs: readonly GpuBuffer[], outputs: readonly GpuBuffer[], site: number) => void;

export interface Prepared {
  readonly run: Run;
}

/** An executable of this backend. */
export interface GpuExecutable extends Executable {
  /** What it was made with: its device may be another one than the backend has now. */
  readonly workshop: Workshop;
  readonly run: Run;
}

export type Preparing = Prepared | Refusal | Promise<Prepared | Refusal>;

/** Makes a kernel for a fusion; `donated[i]` is the input that output i overwrites, or -1. */
export type Preparer = (workshop: Workshop, fusion: Fusion, donated: readonly number[]) => Preparing;

/** Continues with a value, at once where it is there. */
export function andThen<T, R>(value: T | Promise<T>, next: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** All of them, at once where they are there. */
export function together<T>(values: readonly (T | Promise<T>)[]): readonly T[] | Promise<readonly T[]> {
  return values.some((value) => value instanceof Promise) ? Promise.all(values) : (values as readonly T[]);
}
