// Writes tensors into a file of any format: what `convert` and `rename` have in common.
import { convertCheckpoint, createCheckpointWriter, fullSlice, writeV1Parts } from "@org/checkpoint";
import { TfError } from "@org/errors";
import { outputting, refuseOverwriting, refuseOverwritingCheckpoint, streamOutput } from "../files/output.ts";
import { writeNpz } from "./npz.ts";
import { writeSafetensors } from "./safetensors.ts";
import {
  byteSize,
  readInTurn,
  type TensorSource,
  type TensorToWrite,
  type WriteOptions,
} from "./tensor-file.ts";

/** How tensors can be written. */
export const tensorFormats = ["v1", "v2", "npz", "safetensors"] as const;
export type TensorFormat = (typeof tensorFormats)[number];

/** The format that an output's name asks for; a name without a known suffix is the prefix of a V2 checkpoint. */
export function formatOfName(path: string): TensorFormat {
  if (path.endsWith(".npz")) return "npz";
  return path.endsWith(".safetensors") ? "safetensors" : "v2";
}

export interface WriteTensorsOptions extends WriteOptions {
  /** Which tensors to take, by their old names; default: all. */
  readonly filter?: (name: string) => boolean;
  /** The new name of a tensor; default: its own. */
  readonly rename?: (name: string) => string;
  /** Deflate what goes into a .npz file. */
  readonly compress?: boolean;
}

/** A tensor that was written, or would be. */
export interface Written {
  readonly from: string;
  readonly to: string;
}

/** What is going to be written, in order of the old names. Throws TfError INVALID_ARGUMENT where two would have one name. */
export function planTensors(source: TensorSource, { filter, rename }: WriteTensorsOptions): Written[] {
  const plan = source.entries
    .map(({ name }) => name)
    .filter((name) => filter?.(name) ?? true)
    .map((from) => ({ from, to: rename?.(from) ?? from }));
  const seen = new Map<string, string>();
  for (const { from, to } of plan) {
    if (to === "") throw new TfError("INVALID_ARGUMENT", `An empty name for ${from}`, { key: from });
    const other = seen.get(to);
    if (other !== undefined)
      throw new TfError("INVALID_ARGUMENT", `Adding duplicate key: ${to}`, {
        key: to,
        file: source.path,
        hint: `Both "${other}" and "${from}" would have that name.`,
      });
    seen.set(to, from);
  }
  return plan;
}

/** Throws OutputError where what would be written is there, and is not to be overwritten. */
export const refuseTensors = (
  path: string,
  format: TensorFormat,
  flags: { readonly force?: boolean },
): Promise<void> =>
  format === "v2" || format === "v1"
    ? refuseOverwritingCheckpoint(path, flags)
    : refuseOverwriting(path, flags);

/**
 * Writes the tensors of `source`, one in memory at a time; nothing is at `path` before the last one. From checkpoint to checkpoint, partitioned
 * variables stay in their parts. Throws TfError as `planTensors`, as the source does on reading, UNIMPLEMENTED for types that a format lacks.
 */
export async function writeTensors(
  source: TensorSource,
  path: string,
  format: TensorFormat,
  options: WriteTensorsOptions = {},
): Promise<Written[]> {
  const plan = planTensors(source, options);
  const { signal, onProgress } = options;
  const writing = { signal, onProgress };
  if (format === "v1" || format === "v2") {
    if (/^V\d checkpoint$/.test(source.format)) {
      const { filter, rename } = options;
      const version = format === "v1" ? "V1" : "V2";
      await convertCheckpoint(source.path, path, { ...writing, version, filter, rename });
      return plan;
    }
    const tensors = tensorsOf(source, plan);
    await (format === "v1" ? writeAsV1 : writeAsV2)(path, tensors, writing);
    return plan;
  }
  await streamOutput(path, (sink) =>
    format === "npz"
      ? writeNpz(sink, tensorsOf(source, plan), {
          ...writing,
          ...(options.compress ? { compress: true } : {}),
        })
      : writeSafetensors(sink, tensorsOf(source, plan), writing),
  );
  return plan;
}

function tensorsOf(source: TensorSource, plan: readonly Written[]): TensorToWrite[] {
  const entries = new Map(source.entries.map((entry) => [entry.name, entry]));
  return plan.map(({ from, to }) => ({
    ...entries.get(from)!,
    name: to,
    read: (options) => source.get(from, options),
  }));
}

/** In the order that a Saver has: bytewise by name. */
const byKey = (tensors: readonly TensorToWrite[]): TensorToWrite[] =>
  [...tensors].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));

async function writeAsV2(
  path: string,
  tensors: readonly TensorToWrite[],
  options: WriteOptions,
): Promise<void> {
  const total = tensors.reduce((sum, tensor) => sum + byteSize(tensor), 0);
  const writer = await outputting(path, () => createCheckpointWriter(path, { ...options, total }));
  try {
    for await (const [{ name }, value] of readInTurn(byKey(tensors), { signal: options.signal }))
      await writer.add(name, value);
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function writeAsV1(
  path: string,
  tensors: readonly TensorToWrite[],
  options: WriteOptions,
): Promise<void> {
  const total = tensors.reduce((sum, tensor) => sum + byteSize(tensor), 0);
  let loaded = 0;
  const parts = byKey(tensors).map((tensor) => ({
    name: tensor.name,
    dtype: tensor.dtype,
    fullShape: tensor.shape,
    slice: fullSlice(tensor.shape.length),
    read: async () => {
      const value = await tensor.read({ signal: options.signal });
      loaded += byteSize(tensor);
      options.onProgress?.({ loaded, total, name: tensor.name });
      return value;
    },
  }));
  await writeV1Parts(path, parts, options.signal ? { signal: options.signal } : {});
}
