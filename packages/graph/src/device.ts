// Device strings: "/job:worker/task:3/device:GPU:0" parsed, merged and written again as TensorFlow does.
// Source: python/framework/device_spec.py.
import { TfError } from "@org/errors";

/** Parts of a device name; what is absent is not constrained. */
export interface DeviceSpec {
  readonly job?: string;
  readonly replica?: number;
  readonly task?: number;
  readonly type?: string;
  /** Absent: any device of the type. */
  readonly index?: number;
}

const legacyTypes = new Set([
  "CPU",
  "GPU",
  "TPU",
  "TPU_SYSTEM",
  "XLA_CPU",
  "XLA_GPU",
  "XLA_GPU_JIT",
  "XLA_CPU_JIT",
  "SYCL",
]);

const parsed = new Map<string, DeviceSpec>([["", {}]]);

function whole(text: string, spec: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || text.trim() === "")
    throw new TfError("INVALID_ARGUMENT", `invalid literal for int() with base 10: '${text}'`, {
      hint: `Device '${spec}' is malformed.`,
    });
  return value;
}

/**
 * Reads "/job:a/replica:0/task:1/device:GPU:0", and the old "/gpu:0". "" constrains nothing.
 * Throws TfError INVALID_ARGUMENT: "Unknown attribute: 'x' in '/x:1'".
 */
export function parseDevice(text: string): DeviceSpec {
  const cached = parsed.get(text);
  if (cached !== undefined) return cached;
  const spec: { job?: string; replica?: number; task?: number; type?: string; index?: number } = {};
  for (const part of text.split("/")) {
    const fields = part.split(":");
    const key = fields[0]!;
    if (fields.length === 2 && key === "job") spec.job = fields[1]!;
    else if (fields.length === 2 && key === "replica") spec.replica = whole(fields[1]!, text);
    else if (fields.length === 2 && key === "task") spec.task = whole(fields[1]!, text);
    else {
      const legacy = fields.length <= 2 && legacyTypes.has(key.toUpperCase());
      if (legacy || (fields.length === 3 && key === "device")) {
        if (spec.type !== undefined)
          throw new TfError("INVALID_ARGUMENT", `Cannot specify multiple device types: ${text}`);
        spec.type = legacy ? key.toUpperCase() : fields[1]!;
        const index = fields[legacy ? 1 : 2];
        if (index !== undefined && index !== "*") spec.index = whole(index, text);
      } else if (key !== "")
        throw new TfError("INVALID_ARGUMENT", `Unknown attribute: '${key}' in '${text}'`);
    }
  }
  if (parsed.size > 1000) parsed.clear();
  parsed.set(text, spec);
  return spec;
}

/** The canonical string: "/device:CPU:0", "*" for any index. */
export function deviceToString(spec: DeviceSpec): string {
  let text = "";
  if (spec.job !== undefined) text += `/job:${spec.job}`;
  if (spec.replica !== undefined) text += `/replica:${spec.replica}`;
  if (spec.task !== undefined) text += `/task:${spec.task}`;
  if (spec.type !== undefined) text += `/device:${spec.type}:${spec.index ?? "*"}`;
  return text;
}

/** Canonical form of a device string. Throws as parseDevice does. */
export function canonicalDevice(text: string): string {
  return deviceToString(parseDevice(text));
}

/** `outer` where `inner` says nothing, canonical: what a `device(outer)` scope does to an op on `inner`. */
export function mergeDevices(outer: string, inner: string): string {
  return deviceToString({ ...parseDevice(outer), ...parseDevice(inner) });
}
