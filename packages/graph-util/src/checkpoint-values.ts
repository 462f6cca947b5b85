// Values of variables straight out of a checkpoint, one at a time.
import { type CheckpointReader, nearestNames, type TensorSlice } from "@org/checkpoint";
import { TfError } from "@org/errors";
import type { NdArray } from "@org/tensor";
import { checkedValue, type FrozenVariable } from "./frozen-variable.ts";

/** Where a variable's value lies in a checkpoint. */
export interface CheckpointKey {
  readonly key: string;
  /** The part of it, where the variable is a slice of what was saved. */
  readonly slice?: TensorSlice;
}

/** What of a checkpoint is asked for here. */
export type ValueReader = Pick<CheckpointReader, "has" | "names" | "get" | "prefix">;

/**
 * Yields the value of each of `variables` from `reader`, in order. A variable lies under the key that `keys` gives, else its own name, else its
 * `shared_name` (what an imported resource was called before).
 * Throws TfError NOT_FOUND "Key <name> not found in checkpoint" before anything is read, with all that are missing and the nearest keys as hint;
 * INVALID_ARGUMENT where type or shape are others; and what the reader throws.
 */
export async function* checkpointValues(
  reader: ValueReader,
  variables: readonly FrozenVariable[],
  keys: ReadonlyMap<string, CheckpointKey> = new Map(),
  signal?: AbortSignal,
): AsyncGenerator<readonly [FrozenVariable, NdArray]> {
  const found = variables.map((variable) => ({ variable, at: keyOf(variable, reader, keys) }));
  const missing = found.filter(({ at }) => !reader.has(at.key));
  if (missing.length > 0) throw missingKeys(missing, reader);
  for (const { variable, at } of found) {
    const { key, slice } = at;
    const value = await reader.get(key, { ...(slice ? { slice } : {}), ...(signal ? { signal } : {}) });
    yield [variable, checkedValue(variable, value, key)];
  }
}

function keyOf(
  { name, node }: FrozenVariable,
  reader: ValueReader,
  keys: ReadonlyMap<string, CheckpointKey>,
): CheckpointKey {
  const given = keys.get(name);
  if (given !== undefined || reader.has(name)) return given ?? { key: name };
  const shared = new TextDecoder().decode(node.attr?.shared_name?.s ?? new Uint8Array(0));
  return { key: shared !== "" && reader.has(shared) ? shared : name };
}

function missingKeys(
  missing: readonly { readonly variable: FrozenVariable; readonly at: CheckpointKey }[],
  reader: ValueReader,
): TfError {
  const [first] = missing;
  const near = nearestNames(first!.at.key, reader.names());
  const all = missing.map(({ at }) => at.key);
  return new TfError("NOT_FOUND", `Key ${first!.at.key} not found in checkpoint`, {
    key: first!.at.key,
    node: first!.variable.name,
    file: reader.prefix,
    hint: [
      all.length > 1
        ? `Missing are ${all.length}: ${all.slice(0, 10).join(", ")}${all.length > 10 ? " ..." : ""}.`
        : "",
      near.length > 0 ? `The checkpoint has ${near.map((name) => JSON.stringify(name)).join(", ")}.` : "",
      "Pass the SaverDef (a MetaGraphDef has one) if names were changed on saving.",
    ]
      .filter((part) => part !== "")
      .join(" "),
  });
}
