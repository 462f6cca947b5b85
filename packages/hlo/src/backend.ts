// The contract between the runtime and what computes. A backend gets fusions (small HloComputations that
// run as one kernel), buffers are untyped handles that it counts references of. Nothing here throws for bad
// data: that is a fault, read afterwards. `@org/hlo/testing` is the test-suite that a backend passes.
import type { NumericData } from "@org/tensor";
import type { Fusion, FusionKind } from "./fusion.ts";
import type { HloDType, Opcode } from "./instruction.ts";

/** Memory on a backend: an opaque handle with one reference when it is made. */
export interface DeviceBuffer {
  readonly byteLength: number;
  /** True once its device was lost, and what it held with it. */
  readonly isLost?: boolean;
}

/** A compiled fusion, bound to the extents of the Fusion that it was prepared from. */
export interface Executable {
  readonly fusion: Fusion;
}

/** Why a backend will not run a fusion (bindings, sizes, types): the planner cuts it or places it on the next one. */
export interface Refusal {
  readonly refused: string;
}

/** Bad data that a kernel met; what it wrote instead is in OPERATIONS.md (0, or nothing for a scatter). */
export interface KernelFault {
  readonly reason: "indexOutOfRange" | "divisionByZero";
  /** What `launch` was given as `site`. */
  readonly site: number;
  /** The offending index and its position among the indices; the dividend and its element for a division. */
  readonly value: number;
  readonly position: number;
}

export interface BackendStats {
  /** Kernels compiled since the start; a new batch size compiles none. */
  readonly compiled: number;
  readonly launches: number;
  readonly bytesUploaded: number;
  readonly bytesDownloaded: number;
  /** Buffers alive and their bytes. */
  readonly buffers: number;
  readonly bytesInUse: number;
  /** Batches of commands that were handed to the device, of a backend that batches. */
  readonly submits?: number;
}

/** What a backend tells and does whose device can be lost. */
export interface DeviceRecovery {
  /** Devices lost so far. Whatever was made before a loss is gone: buffers may still be released, all else with them throws UNAVAILABLE. */
  readonly losses: number;
  /**
   * Opens another device in the place of a lost one; nothing to do where it is not lost (any more). Rejects with TfError UNAVAILABLE where
   * there is none to be had.
   */
  recover(): Promise<void>;
}

export interface Backend {
  /** Device type as in placement logs: "CPU", "GPU", "EVALUATOR", or a third party's own. */
  readonly name: string;

  /** Whether instructions of this opcode with these types (result first, then operands) can run here at all. */
  supports(opcode: Opcode, dtypes: readonly HloDType[]): boolean;

  /** Kinds of fusions that `prepare` takes beside loop, reduce, dot and single; none unless given. */
  readonly alsoFuses?: readonly FusionKind[];
  /** Inputs and outputs that a kernel may have together; no bound but the planner's own unless given. */
  readonly maxBuffers?: number;

  /**
   * Compiles a fusion, or takes the kernel of an earlier one with the same `key` (then nothing is compiled:
   * extents and strides are launch arguments). `donated[i]` is the input whose buffer output i reuses, or -1.
   */
  prepare(fusion: Fusion, donated: readonly number[]): Executable | Refusal | Promise<Executable | Refusal>;

  /**
   * Runs it. Output buffers are allocated by the caller; a donated one is the input's own handle. Order of
   * launches is order of effects. `site` comes back in a fault.
   */
  launch(
    executable: Executable,
    inputs: readonly DeviceBuffer[],
    outputs: readonly DeviceBuffer[],
    site: number,
  ): void;

  /** New memory of undefined content with one reference. Throws TfError RESOURCE_EXHAUSTED. */
  allocate(byteLength: number): DeviceBuffer;
  retain(buffer: DeviceBuffer): void;
  /** Drops a reference; the last one frees. Releasing too often throws TfError INTERNAL. */
  release(buffer: DeviceBuffer): void;

  /** A new buffer with a copy of `data`. */
  upload(data: NumericData): DeviceBuffer;
  /** Copies a whole buffer out, after all launches so far. */
  download(buffer: DeviceBuffer): Promise<Uint8Array>;
  /** The same at once, where the backend can (CPU, evaluator). `into`, at least as long, may be what the bytes are put in. */
  downloadSync?(buffer: DeviceBuffer, into?: Uint8Array): Uint8Array;

  /** The first fault since the last call, if any; for a backend that learns late, at the latest after `settle` or a download. */
  takeFault(): KernelFault | undefined;
  /** Of a backend that learns late: fulfilled when the faults of all launches so far are known. Rejects as `download`. */
  settle?(): Promise<void>;

  /** Of a backend whose device can be lost. */
  readonly recovery?: DeviceRecovery;

  stats(): BackendStats;
  /** Frees everything; later calls throw TfError FAILED_PRECONDITION. */
  close(): Promise<void>;
}
