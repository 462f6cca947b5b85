// What a session has planned, compiled, launched and moved.
import type { BackendStats } from "@org/hlo";
import type { Device } from "./device.ts";

export interface SessionStats {
  /** Runs that were begun. */
  readonly runs: number;
  /** Run plans made so far, and clusters in those kept now. */
  readonly runPlans: number;
  readonly clusters: number;
  /** Cluster plans made so far: one for each cluster and set of shapes. */
  readonly clusterPlans: number;
  /** Executions of host kernels. */
  readonly hostKernels: number;
  /** Stacks and tensor arrays that runs hold now: 0 when none is running. */
  readonly held: number;
  /** Kernels compiled and launches, over all backends. */
  readonly compiled: number;
  readonly launches: number;
  /** Bytes moved to and from backends. */
  readonly bytesUploaded: number;
  readonly bytesDownloaded: number;
  /** Buffers alive on all backends and their bytes: variables, constants of plans; without the free ones that are kept. */
  readonly buffers: number;
  readonly bytesInUse: number;
  /** The same by backend, in the session's order. */
  readonly backends: readonly (BackendStats & { readonly name: string })[];
}

/** What a session counts itself. */
export type RunCounts = {
  -readonly [K in "runs" | "runPlans" | "clusterPlans" | "hostKernels" | "held"]: SessionStats[K];
};

/** The statistics of a session with `clusters` clusters in the plans that it keeps. */
export function collectStats(
  devices: readonly Device[],
  counts: Readonly<RunCounts>,
  clusters: number,
): SessionStats {
  const backends = devices.map((device) => {
    const { buffers, bytesInUse, ...stats } = device.backend.stats();
    const { pooled } = device;
    return {
      name: device.name,
      ...stats,
      buffers: buffers - pooled.buffers,
      bytesInUse: bytesInUse - pooled.bytes,
    };
  });
  const total = (
    of: "compiled" | "launches" | "bytesUploaded" | "bytesDownloaded" | "buffers" | "bytesInUse",
  ): number => backends.reduce((sum, stats) => sum + stats[of], 0);
  return {
    ...counts,
    clusters,
    compiled: total("compiled"),
    launches: total("launches"),
    bytesUploaded: total("bytesUploaded"),
    bytesDownloaded: total("bytesDownloaded"),
    buffers: total("buffers"),
    bytesInUse: total("bytesInUse"),
    backends,
  };
}
