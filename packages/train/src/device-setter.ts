// replicaDeviceSetter: a device function that puts variables on parameter servers in turn, and the rest on a worker.
// Source: python/training/device_setter.py of TensorFlow 1.15.
import { deviceToString, mergeDevices, type Operation, parseDevice } from "@org/graph";

export interface ReplicaDeviceOptions {
  /** How many parameter servers there are; told by `cluster` where that is given. */
  readonly psTasks?: number | undefined;
  /** Default "/job:ps"; "" for none. */
  readonly psDevice?: string | undefined;
  /** Default "/job:worker"; "" for none. */
  readonly workerDevice?: string | undefined;
  /** false: leave ops alone that have a device already. Default true. */
  readonly mergeDevices?: boolean | undefined;
  /** Addresses of the tasks of each job. */
  readonly cluster?:
    | Readonly<Record<string, readonly string[] | Readonly<Record<number, string>>>>
    | undefined;
  /** Op types that parameter servers hold; variables and tables unless given. */
  readonly psOps?: readonly string[] | undefined;
  /** The parameter server of an op; each in turn unless given. */
  readonly psStrategy?: ((op: Operation) => number) | undefined;
}

const standardPsOps: readonly string[] = [
  "Variable",
  "VariableV2",
  "AutoReloadVariable",
  "MutableHashTable",
  "MutableHashTableV2",
  "MutableHashTableOfTensors",
  "MutableHashTableOfTensorsV2",
  "MutableDenseHashTable",
  "MutableDenseHashTableV2",
  "VarHandleOp",
  "BoostedTreesEnsembleResourceHandleOp",
  "BoostedTreesQuantileStreamResourceHandleOp",
  "ResourceConditionalAccumulator",
];

function inTurn(tasks: number): () => number {
  let next = 0;
  return () => {
    const task = next;
    next = (next + 1) % tasks;
    return task;
  };
}

/**
 * tf.train.replica_device_setter: a function for `device(...)`; undefined where there are no parameter servers.
 * Throws a TypeError where `psStrategy` is no function; TfError INVALID_ARGUMENT for malformed devices.
 */
export function replicaDeviceSetter(
  options: ReplicaDeviceOptions = {},
): ((op: Operation) => string) | undefined {
  const { psDevice = "/job:ps", workerDevice = "/job:worker", cluster, psOps = standardPsOps } = options;
  const server = parseDevice(psDevice);
  let tasks = options.psTasks ?? 0;
  if (cluster) {
    const job = server.job === undefined ? undefined : cluster[server.job];
    if (job === undefined) return undefined;
    tasks = Object.keys(job).length;
  }
  if (tasks === 0) return undefined;
  const strategy = options.psStrategy ?? inTurn(tasks);
  if (typeof strategy !== "function") throw new TypeError("ps_strategy must be callable");
  const held = new Set(psOps);
  return (op) => {
    const { device } = op;
    if (options.mergeDevices === false && device !== "") return device;
    if (psDevice === "" || !held.has(op.type)) return mergeDevices(workerDevice, device);
    const { job } = parseDevice(device);
    const chosen = server.job !== undefined && (job === undefined || job === server.job);
    return mergeDevices(chosen ? deviceToString({ ...server, task: strategy(op) }) : psDevice, device);
  };
}
