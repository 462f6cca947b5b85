// What `prepare` makes of a fusion: a closure that runs it on buffers.
import type { Executable, Fusion, Refusal } from "@org/hlo";
import type { Target } from "./kernel-source.ts";
import type { Entry, Kernels } from "./kernels.ts";
import type { CpuBuffer, CpuMemory } from "./memory.ts";
import type { Team } from "./threads/team.ts";

/** What kernels are made with. */
export interface Workshop {
  readonly memory: CpuMemory;
  readonly kernels: Kernels;
  readonly target: Target;
  /** Address and size of the block that arguments are written to before a launch. */
  readonly argumentAddress: number;
  readonly argumentBytes: number;
  /** Threads to share work with, if more than one was asked for. */
  readonly team: Team | undefined;
  /** 192 bytes for the last columns of matrix products. */
  readonly tileAddress: number;
  /** 1 KiB for constant operands of single instructions. */
  readonly constantOperandsAddress: number;
}

export type Run = (inputs: readonly CpuBuffer[], outputs: readonly CpuBuffer[]) => void;

/** An executable of this backend. */
export interface CpuExecutable extends Executable {
  readonly run: Run;
  /** Whether the fault record must be looked at after a launch. */
  readonly mayFault: boolean;
}

export interface Prepared {
  readonly run: Run;
  readonly mayFault: boolean;
}

export type Preparing = Prepared | Refusal | Promise<Prepared | Refusal>;

/** Continues with a kernel's exports, at once where they are there. */
export function withEntry<T>(
  exports: ReturnType<Kernels["get"]>,
  next: (exports: Readonly<Record<string, Entry>>) => T,
): T | Promise<T> {
  return exports instanceof Promise ? exports.then(next) : next(exports);
}

/** Makes a kernel for a fusion; `donated[i]` is the input that output i overwrites, or -1. */
export type Preparer = (workshop: Workshop, fusion: Fusion, donated: readonly number[]) => Preparing;
