// What a session has planned, compiled, launched and moved.
import type { BackendStats } from "@org/hlo";

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
