// Checkpoints of tf.train.Checkpoint, whose keys are paths through objects ("model/kernel/.ATTRIBUTES/VARIABLE_VALUE"): the object
// graph in them says which variable name stands behind a key, so that a Saver, which goes by names, can read them.
// Source: python/training/saver.py (object_graph_key_mapping, saver_from_object_based_checkpoint).
import { openCheckpoint } from "@org/checkpoint";
import { TfError } from "@org/errors";
import type { FileSystem } from "@org/io";
import { decode, TrackableObjectGraph } from "@org/proto";
import type { SaveableObject } from "./saveable.ts";

const objectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";

/** Variable names with their keys in the checkpoint `prefix`; undefined where it is not an object-based one. As object_graph_key_mapping. */
export async function objectGraphKeys(
  prefix: string,
  fs?: FileSystem,
): Promise<ReadonlyMap<string, string> | undefined> {
  const reader = await openCheckpoint(prefix, fs ? { fs } : {});
  try {
    if (!reader.has(objectGraphKey)) return undefined;
    const { data } = await reader.get(objectGraphKey);
    const graph = decode(TrackableObjectGraph, data[0] as Uint8Array);
    return new Map(
      graph.nodes.flatMap((node) =>
        node.attributes.map((attribute) => [attribute.fullName, attribute.checkpointKey] as const),
      ),
    );
  } finally {
    await reader.close();
  }
}

/**
 * `saveables` under the checkpoint's keys in place of their names.
 * Throws TfError NOT_FOUND, naming both sides, where a name is not in the checkpoint.
 */
export function underObjectKeys(
  saveables: readonly SaveableObject[],
  keys: ReadonlyMap<string, string>,
): SaveableObject[] {
  const names = new Set(saveables.flatMap((saveable) => saveable.specs.map((spec) => spec.name)));
  const missing = [...names].filter((name) => !keys.has(name)).sort();
  if (missing.length > 0) {
    const extra = [...keys.keys()].filter((name) => !names.has(name)).sort();
    throw new TfError(
      "NOT_FOUND",
      `Existing variables not in the checkpoint: ${missing.join(", ")}. Variables names when this checkpoint was written which don't exist now: ${extra.join(", ")}. (${names.size - missing.length} variable name(s) did match) Could not find some variables in the checkpoint (see names above).`,
      {
        key: missing[0]!,
        hint: "This is an object-based checkpoint (tf.train.Checkpoint). Pass the variables that are in it as varList; a dict renames them.",
      },
    );
  }
  return saveables.map((saveable) => ({
    op: saveable.op,
    name: saveable.name,
    restore: (tensors, shapes) => saveable.restore(tensors, shapes),
    specs: saveable.specs.map((spec) => ({ ...spec, name: keys.get(spec.name)! })),
  }));
}
